"""What 20,000 fresh rows of the same population say to a training: do they contradict its findings?"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from pipeline.config.read import load_config
from pipeline.config.schema import Config
from pipeline.data.load import load
from pipeline.data.preprocess import Task
from pipeline.data.split import split
from pipeline.data.table import Table
from pipeline.judge.calibration import log_odds
from pipeline.model import prepare
from pipeline.runs.saved import load_run
from pipeline.runs.summary import Summary
from tests.planted.asked import CONFIG, counts, trained
from tests.planted.clean import Case, Places, fresh
from tests.tables import answer_all

ROWS = 20_000
LEAD = 0.02  # over the largest class, from which a network clearly is better
CODES = ("E401", "E402", "E403", "E404", "E405", "E406", "E407", "E408")


@dataclass(frozen=True)
class Trial:
    """A training, what its network answers to fresh rows (class numbers, -1 for none), and with which probabilities."""

    case: Case
    config: Config
    summary: Summary
    table: Table
    answers: Places
    everybody: Places
    chances: np.ndarray

    @property
    def accuracy(self) -> float:
        """On fresh rows."""
        return float((self.answers == self.table.truth).mean())

    @property
    def one_answer(self) -> bool:
        """Whether all fresh rows, or all rows of the file, get the same class."""
        return min(len(np.unique(self.answers)), len(np.unique(self.everybody))) < 2


def tried(case: Case, seed: int) -> Trial:
    """Train on a table and let the network answer fresh rows; the run is removed.

    Raises:
        PipelineError: the table is refused.
    """
    summary, config = trained(case), load_config(CONFIG)
    fresh(case, ROWS, seed).to_csv("fresh.csv", index=False)
    table, own = (load(config.data.model_copy(update={"path": path}), (), True) for path in ("fresh.csv", config.data.path))
    if summary.run is None:
        nothing = np.full(len(table), -1)
        return Trial(case, config, summary, table, nothing, nothing, np.full((len(table), len(table.classes)), np.nan))
    model = load_run(summary.run).model
    answers, everybody = (model.answers(model.output(rows.values), table.classes) for rows in (table, own))
    shutil.rmtree(summary.run)
    Path("models/latest").unlink(missing_ok=True)
    return Trial(case, config, summary, table, answers, everybody, model.probabilities(model.output(table.values), table.classes))


def contradictions(trial: Trial) -> Iterator[tuple[str, bool]]:
    """Yield each finding E that fresh rows can judge, and whether they contradict it."""
    for finding in trial.summary.findings:
        if finding.code in JUDGES and counts(finding):
            yield finding.code, JUDGES[finding.code](trial, finding.evidence)


def _not_majority(trial: Trial, evidence: dict[str, Any]) -> bool:
    """E401 says that the network is not shown to be better: it clearly is."""
    counted = np.bincount(trial.table.truth)
    return trial.accuracy >= counted.max() / counted.sum() + LEAD


def _rival_no_better(trial: Trial, evidence: dict[str, Any]) -> bool:
    """E402 says that a rival is better: fitted on the same training rows, it is not."""
    best, truth = evidence["best"], trial.table.truth
    if best == "majority":
        return trial.accuracy >= np.bincount(truth).max() / len(truth)
    table = load(trial.config.data)
    prepared = prepare(table, split(table, trial.config.split), trial.config.data, trial.config.preprocess)
    task = Task(prepared.task.train, prepared.task.truth, prepared.preprocessor.transform(trial.table.values))
    answers = answer_all([task], trial.config.network.hidden, trial.config.training.seed)[0][best].classes
    return trial.accuracy >= float((answers == truth).mean())


def _no_worse_unseen(trial: Trial, evidence: dict[str, Any]) -> bool:
    """E403 says how much worse it is on unseen rows: on fresh ones less than half of that is left."""
    return bool(evidence["test"] - trial.accuracy < (evidence["test"] - evidence["unseen"]) / 2)


def _no_gap(trial: Trial, evidence: dict[str, Any]) -> bool:
    """E404 says how far training and test accuracy are apart: on fresh rows less than half of that is left."""
    gap = evidence["train"] - evidence["test"]
    return bool(np.sign(gap) * (evidence["train"] - trial.accuracy) < abs(gap) / 2)


def _wrong_labels(trial: Trial, evidence: dict[str, Any]) -> bool:
    """E405 says that labels are wrong: in a clean table none is."""
    return True


def _meant(trial: Trial, evidence: dict[str, Any]) -> bool:
    """E406 says that the probabilities of a class are too sure or not sure enough: on fresh rows less than half of it is left."""
    for name, detail in evidence["details"].items():
        place = trial.table.classes.index(name)
        logit, hit = log_odds(trial.chances[:, place]), trial.table.truth == place
        slope = LogisticRegression(C=np.inf).fit(logit[:, None], hit).coef_.item()
        large = trial.chances[:, place].mean() - hit.mean()
        said = detail["predicted"] - detail["observed"]
        if abs(np.log(max(slope, 0.01))) < abs(np.log(max(detail["slope"], 0.01))) / 2 and abs(large) < abs(said) / 2:
            return True
    return False


def _no_worse_group(trial: Trial, evidence: dict[str, Any]) -> bool:
    """E407 says that errors are commoner in groups: in one of them less than half of that is left."""
    wrong, groups = trial.answers != trial.table.truth, dict(members(trial))
    for name, detail in evidence["details"].items():
        inside = groups[name]
        if wrong[inside].mean() - wrong[~inside].mean() < (detail["wrong"] - detail["others"]) / 2:
            return True
    return False


def _found(trial: Trial, evidence: dict[str, Any]) -> bool:
    """E408 says that a class is hardly found: a third of its rows, or as many as by naming a class at random, are."""
    names = trial.table.classes
    limit = min(1 / 3, 1 / len(names))
    places = [names.index(name) for name in evidence["classes"]]
    return any(float((trial.answers[trial.table.truth == place] == place).mean()) >= limit for place in places)


def members(trial: Trial) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each subgroup that the configuration declares, and which fresh rows are in it."""
    for name, cuts in trial.config.evaluation.subgroups.items():
        values = trial.table.column(name)
        for low, high in pairwise([None, *cuts, None]):
            start, end = (-np.inf if low is None else low), (np.inf if high is None else high)
            ends = f"below {high:g}" if low is None else f"from {low:g} on" if high is None else f"from {low:g} to {high:g}"
            yield f"{name} {ends}", (values >= start) & (values < end)


JUDGES: dict[str, Callable[[Trial, dict[str, Any]], bool]] = dict(
    zip(
        CODES,
        (_not_majority, _rival_no_better, _no_worse_unseen, _no_gap, _wrong_labels, _meant, _no_worse_group, _found),
        strict=True,
    )
)
