"""What each model's probabilities are worth, with scikit-learn's own fits and figures as the oracle, kept with the run."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from pipeline.data.load import load
from pipeline.judge.baselines import FITTED
from pipeline.model import prepare
from pipeline.runs.saved import load_run
from tests.judge.test_baselines import own
from tests.torture.crafted import seal

Call = Callable[..., tuple[int, dict[str, Any], str]]


def by_scikit_learn(truth: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    return {
        "macro_auc": roc_auc_score(truth, probabilities, multi_class="ovr", average="macro"),
        "brier": brier_score_loss(truth, probabilities, scale_by_half=False),
        "log_loss": log_loss(truth, probabilities),
    }


def kept(out: dict[str, Any]) -> dict[str, dict[str, float] | None]:
    return {name: standing["probabilities"] for name, standing in out["comparison"].items()}


def test_every_models_probabilities_are_scored_as_by_scikit_learn(trained: Path, in_process: Call) -> None:
    run = load_run("models/latest")
    config, parts, table = run.config, run.split, load(run.config.data)
    task, truth = prepare(table, parts, config.data, config.preprocess).task, table.truth[parts.test]
    expected = {"network": run.model.probabilities(run.model.output(table.rows(parts.test)), tuple(config.data.codes))}
    expected["majority"] = DummyClassifier(strategy="prior").fit(task.train, task.truth).predict_proba(task.test)
    for name in FITTED:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the MLP stops short
            expected[name] = (
                own(name, config.network.hidden, config.training.seed).fit(task.train, task.truth).predict_proba(task.test)
            )
    figures = kept(in_process("evaluate")[1])
    assert figures.pop("ada_rule") is None
    assert figures.keys() == expected.keys()
    for name, probabilities in expected.items():
        assert figures[name] == pytest.approx(by_scikit_learn(truth, probabilities), rel=1e-5), name


def test_only_what_needs_no_fitting_is_known_of_another_file(trained: Path, in_process: Call) -> None:
    lines = Path("data/diabetes.csv").read_text().splitlines(keepends=True)
    Path("other.csv").write_text("".join(lines[:1] + lines[500:900]))
    figures = kept(in_process("evaluate", "--data", "other.csv")[1])
    assert {name for name, worth in figures.items() if worth} == {"network", "majority"}
    run, table = load_run("models/latest"), load(load_run("models/latest").config.data.model_copy(update={"path": "other.csv"}))
    shares = np.array([*run.yardsticks.counts.values()]) / len(run.split.train)
    assert figures["majority"] == pytest.approx(by_scikit_learn(table.truth, np.tile(shares, (len(table), 1))))


def test_a_run_from_before_these_figures_opens_without_them(trained: Path, in_process: Call, printed: Callable[..., Any]) -> None:
    now = in_process("evaluate")[1]
    seal(Path("models/latest").resolve(), lambda record: [row.pop("probabilities") for row in record["comparison"].values()])
    code, out, err = in_process("evaluate")
    assert code == 0, err
    figures, before = kept(out), kept(now)
    assert not any(figures[name] for name in ("ada_rule", *FITTED))
    assert (figures["network"], figures["majority"]) == (before["network"], before["majority"])
    assert out["baselines"] == now["baselines"]
    assert in_process("report")[0] == in_process("runs")[0] == 0
    assert printed("evaluate")[0] == 0
