"""What a run says, typed: the terminal, ``--json``, the report, run.json and MLflow are drawn from it."""

from dataclasses import dataclass
from typing import Any

from pipeline.config.remedy import Call
from pipeline.config.schema import CardSection
from pipeline.data.profiles import UNSEEN_WORDS, Copies
from pipeline.findings.finding import Finding
from pipeline.judge.sets import SetScores
from pipeline.network.recipe import PenaltyPath
from pipeline.runs import parts


@dataclass(frozen=True)
class Origin:
    """Where a run's config came from: the file, the overrides and ``--data``."""

    path: parts.Text
    settings: tuple[parts.Text, ...] = ()
    data: parts.Text | None = None

    def call(self, command: str = "train") -> Call:
        """Return a call of a command with the same config."""
        return Call(command=command, path=self.path, settings=self.settings, data=self.data)


class Summary(parts.Part):
    """The JSON object of ``train`` and ``evaluate``; without figures, and without ``run``, where training was refused.

    ``comparison`` has the "network" too; ``columns`` and ``subgroups`` are by column; ``tracking`` is what ``track`` returned.
    """

    run: str | None
    verdict: tuple[str, ...]
    clear: bool
    interval_note: str
    engine: str
    data: parts.DataSummary
    network: parts.NetworkSummary
    accuracy: parts.Accuracy
    keras_accuracy: parts.Sides[parts.Figure]
    metrics: parts.Sides[parts.ScoresSummary]
    baselines: dict[str, parts.Figure]
    comparison: dict[str, parts.StandingSummary]
    unseen: parts.UnseenSummary | None
    probabilities: parts.ProbabilitiesSummary | None
    sets: SetScores | None = None
    choice: PenaltyPath | None = None
    subgroups: dict[str, tuple[parts.SubgroupSummary, ...]]
    advice: parts.AdviceSummary | None
    copies: Copies
    columns: dict[str, parts.ColumnSummary]
    card: CardSection
    findings: tuple[Finding, ...]
    sound: bool
    seconds: parts.Seconds
    notes: tuple[str, ...]
    tracking: dict[str, Any] | None

    @property
    def unseen_words(self) -> str:
        """What the rows are called that ``accuracy.unseen_profiles`` is of."""
        return UNSEEN_WORDS[self.unseen.kind if self.unseen else "rows"]
