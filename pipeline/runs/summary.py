"""What a run says, typed: the terminal, ``--json``, the report, run.json and MLflow are drawn from it."""

from dataclasses import dataclass
from typing import Any

from pipeline.config.remedy import Call
from pipeline.config.schema import CardSection
from pipeline.data.profiles import UNSEEN_WORDS, Copies
from pipeline.findings.finding import Finding
from pipeline.network.recipe import PenaltyPath
from pipeline.runs.parts import (
    Accuracy,
    AdviceSummary,
    ColumnSummary,
    DataSummary,
    Figure,
    NetworkSummary,
    Part,
    ProbabilitiesSummary,
    ScoresSummary,
    Seconds,
    SetsSummary,
    Sides,
    StandingSummary,
    SubgroupSummary,
    Text,
    UnseenSummary,
)


@dataclass(frozen=True)
class Origin:
    """Where a run's config came from: the file, the overrides and ``--data``."""

    path: Text
    settings: tuple[Text, ...] = ()
    data: Text | None = None

    def call(self, command: str = "train") -> Call:
        """Return a call of a command with the same config."""
        return Call(command=command, path=self.path, settings=self.settings, data=self.data)


class Summary(Part):
    """The JSON object of ``train`` and ``evaluate``; without figures, and without ``run``, where training was refused.

    ``comparison`` has the "network" too; ``columns`` and ``subgroups`` are by column; ``tracking`` is what ``track`` returned.
    """

    run: str | None
    verdict: tuple[str, ...]
    clear: bool
    interval_note: str
    engine: str
    data: DataSummary
    network: NetworkSummary
    accuracy: Accuracy
    keras_accuracy: Sides[Figure]
    metrics: Sides[ScoresSummary]
    baselines: dict[str, Figure]
    comparison: dict[str, StandingSummary]
    unseen: UnseenSummary | None
    probabilities: ProbabilitiesSummary | None
    sets: SetsSummary | None = None
    choice: PenaltyPath | None = None
    subgroups: dict[str, tuple[SubgroupSummary, ...]]
    advice: AdviceSummary | None
    copies: Copies
    columns: dict[str, ColumnSummary]
    card: CardSection
    findings: tuple[Finding, ...]
    sound: bool
    seconds: Seconds
    notes: tuple[str, ...]
    tracking: dict[str, Any] | None

    @property
    def unseen_words(self) -> str:
        """What the rows are called that ``accuracy.unseen_profiles`` is of."""
        return UNSEEN_WORDS[self.unseen.kind if self.unseen else "rows"]
