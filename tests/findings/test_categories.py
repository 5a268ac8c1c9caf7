"""What the D rules say of categories; the oracles are pandas, SciPy, scikit-learn, and the same categories in another order."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, chi2_contingency
from sklearn.metrics import balanced_accuracy_score

from pipeline.findings.association import ranked
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.distribution import chi_squared_tail, other_shares
from pipeline.findings.registry import find
from tests.findings.builders import categorical, facts

ROWS = 600
RNG = np.random.default_rng(0)
ILL = RNG.random(ROWS) < 0.5
LABELS = np.where(ILL, "ill", "well")
TESTED = np.arange(ROWS) % 5 == 0
NUMBER = RNG.normal(50, 10, ROWS).round(2)


def drawn(*texts: str, seed: int = 1, rows: int = ROWS) -> np.ndarray:
    return np.random.default_rng(seed).choice(np.array(texts, dtype=object), rows)


def found(code: str, columns: dict, labels=LABELS, features=None, **sections):
    given = facts(columns, list(labels), features, **sections)
    return next((each for each in find("D", given, ()) if each.code == code), None)


@pytest.mark.parametrize("freedom", [1, 2, 3, 6, 7, 40, 501])
@pytest.mark.parametrize("distance", [0.0, 0.3, 5.0, 40.0, 900.0])
def test_the_tail_is_that_of_scipy(freedom: int, distance: float) -> None:
    assert chi_squared_tail(distance, freedom) == pytest.approx(chi2.sf(distance, freedom), rel=1e-9, abs=1e-300)


def test_shares_are_compared_as_scipy_does_and_rare_categories_are_one() -> None:
    texts = np.where(TESTED & (RNG.random(ROWS) < 0.3), "c", drawn("a", "b", "c"))
    given = facts({"x": texts}, list(LABELS)).columns["x"]
    table = pd.crosstab(texts, TESTED)
    assert other_shares(given, TESTED) == pytest.approx(chi2_contingency(table, correction=False).pvalue, rel=1e-9)
    rare = np.where(np.arange(ROWS) % 97 == 0, "d", np.where(np.arange(ROWS) % 89 == 0, "e", texts))
    pooled = pd.crosstab(np.where(np.isin(rare, ["d", "e"]), "rare", rare), TESTED)
    smallest = pooled.sum(axis=1).drop("rare").idxmin()
    pooled = pd.crosstab(np.where(np.isin(rare, ["d", "e", smallest]), "rare", rare), TESTED)
    column = facts({"x": rare}, list(LABELS)).columns["x"]
    assert other_shares(column, TESTED) == pytest.approx(chi2_contingency(pooled, correction=False).pvalue, rel=1e-9)
    few = ranked(np.array([0.0, 1.0] * 8 + [np.nan]))
    assert other_shares(few, np.arange(17) < 8) == other_shares(ranked(np.full(3, np.nan)), np.arange(3) < 2) == 1.0


def test_test_rows_of_other_categories_are_told() -> None:
    texts = np.where(TESTED & (RNG.random(ROWS) < 0.6), "c", drawn("a", "b", "c"))
    finding = found("D216", {"x": texts, "y": drawn("u", "v", seed=3)})
    p = chi2_contingency(pd.crosstab(texts, TESTED), correction=False).pvalue
    assert finding.evidence["columns"] == ["x"]
    assert finding.evidence["details"]["x"]["p_value"] == pytest.approx(p * (2 + 2), rel=1e-6)


ONLY = np.where(ILL & (RNG.random(ROWS) < 0.5), "insulin", drawn("diet", "pills"))
TELLING = np.where(RNG.random(ROWS) < 0.01, "b", np.where(ILL, drawn("a", "c"), drawn("b", "d")))
SPOILT = np.where(~ILL & (RNG.random(ROWS) < 0.3), None, drawn("a", "b", "c"))


@pytest.mark.parametrize("kind", [list, dict])
def test_d206_tells_a_category_that_one_class_has_alone(kind: type) -> None:
    texts = ["diet", "pills", "insulin"]
    declared = texts if kind is list else {"diet": 0, "pills": 5, "insulin": 1}
    finding = found("D206", {"x": ONLY, "number": NUMBER}, features={"x": {"categories": declared}})
    table = pd.crosstab(ONLY, LABELS)
    sign = finding.evidence["details"]["x"]["category"]
    assert (sign["class"], sign["category"], sign["rows"]) == ("ill", "insulin", table.loc["insulin", "ill"])
    assert table.loc["insulin", "well"] == 0
    rest = f"another class in {table['well'].sum()} of the {ROWS - sign['rows']} other rows"
    assert f'"x" with "insulin" is always "ill", in {sign["rows"]} rows, and {rest}' in finding.message
    assert "'~data.features.x'" in finding.fix


def test_d206_tells_categories_that_nearly_decide() -> None:
    finding = found("D206", {"x": TELLING, "number": NUMBER})
    sign = finding.evidence["details"]["x"]["categories"]
    given = np.isin(TELLING, sign["categories"]) == (sign["class"] == "ill")
    assert sign["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(ILL, given))
    assert '"a" and "c"' in finding.message or '"b" and "d"' in finding.message


def test_d206_tells_a_class_whose_categories_are_missing_and_nothing_of_a_strong_risk() -> None:
    assert list(found("D206", {"x": SPOILT}).evidence["details"]["x"]) == ["empty"]
    risk = np.where(RNG.random(ROWS) < np.where(ILL, 0.6, 0.15), "smoker", "other")
    assert found("D206", {"x": risk, "number": NUMBER}) is None


SITE = np.array(["first"] * 300 + ["second"] * 300)
PLANTED = [
    ("D201", {"x": SPOILT}, "gaps are filled with the most frequent category of the training rows"),
    ("D201", {"x": SPOILT, "n": np.where(TESTED, np.nan, NUMBER)}, "filled with the median or the most frequent category of"),
    ("D211", {"x": [f"{row}" for row in range(ROWS)]}, '"x" numbers the rows: "x" differs in every row'),
    ("D212", {"x": ["only"] * (ROWS - 3) + ["other"] * 3, "n": NUMBER}, '"x" is "only" in all but 3 rows'),
    ("D212", {"x": ONLY, "y": pd.Series(ONLY).map({"diet": "a", "pills": "z", "insulin": "b"})}, '"y" equals "x"'),
    ("D212", {"x": ONLY, "y": pd.Series(ONLY).map({"diet": 7, "pills": 1, "insulin": 3})}, '"y" equals "x"'),
    (
        "D215",
        {"x": np.where(SITE == "first", drawn("a", "b"), drawn("a", "b", "c")), "n": NUMBER},
        '"x" changes along the file: most clearly around row 301',
    ),
    ("D217", {"x": np.where(np.arange(ROWS) % 3 > 0, None, ONLY)}, "filled with the most frequent category they all hold one"),
]


@pytest.mark.parametrize(("code", "columns", "words"), PLANTED, ids=[f"{code} {words[:20]}" for code, _, words in PLANTED])
def test_a_planted_fault_is_told_in_the_texts_of_the_file(code: str, columns: dict, words: str) -> None:
    assert words in found(code, columns).message


def test_places_among_categories_are_no_numbers() -> None:
    """A code far outside, a sum of two columns, an order of the file: of numbers each would be told."""
    scale = RNG.integers(0, 6, ROWS)
    far = np.where(np.arange(ROWS) % 20 == 0, 99, scale)
    assert found("D213", {"x": far, "n": NUMBER}) is not None
    names = {"x": {"categories": {f"c {value}": float(value) for value in [*range(6), 99]}}}
    assert found("D213", {"x": [f"c {value}" for value in far], "n": NUMBER}, features=names) is None
    one, two = RNG.integers(0, 9, (2, ROWS))
    numbers = {"a": one, "b": two, "sum": one + two}
    assert found("D212", numbers) is not None
    texts = {name: [f"{value:02}" for value in values] for name, values in numbers.items()}
    assert found("D212", texts) is None


@pytest.mark.parametrize("same", [True, False])
def test_near_copies_are_of_the_same_categories(same: bool) -> None:
    values = {name: RNG.normal(50, 10, 500) for name in "abc"}
    site = drawn("u", "v", "w", rows=500)
    copies = {name: np.append(own, own[:60] + RNG.normal(0, 0.001, 60)) for name, own in values.items()}
    moved = site[:60] if same else pd.Series(site[:60]).map({"u": "v", "v": "w", "w": "u"})
    labels = [*LABELS[:500], *LABELS[:60]]
    finding = found("D210", copies | {"site": np.append(site, moved)}, labels)
    assert (finding is not None) is same
    assert not same or set(finding.evidence["row_numbers"]) == set(range(501, 561))


def test_rows_with_equal_categories_are_copies() -> None:
    columns = {"site": drawn("u", "v", "w"), "number": NUMBER, "other": NUMBER[::-1]}
    twice = {name: np.append(values, values[:50]) for name, values in columns.items()}
    finding = found("D204", twice, [*LABELS, *LABELS[:50]])
    assert (finding.level, finding.evidence["row_numbers"]) == ("warning", list(range(601, 651)))


@pytest.mark.parametrize("seed", range(12))
def test_the_order_in_which_categories_are_listed_changes_nothing(seed: int) -> None:
    """Planted faults among them, so that there is something to say."""
    given = categorical(seed)
    rng, table, declared = np.random.default_rng(seed), given.table, given.config.data.features
    values, features = table.values.copy(), dict(declared)
    for place, name in enumerate(table.features):
        if name in table.levels:
            order = rng.permutation(len(table.levels[name]))
            features[name] = declared[name].model_copy(update={"categories": tuple(table.levels[name][old] for old in order)})
            values[:, place] = np.append(np.argsort(order), np.nan)[np.nan_to_num(table.values[:, place], nan=-1).astype(int)]
    data = given.config.data.model_copy(update={"features": features})
    moved = replace(table, values=values, levels=data.levels())
    other = DataFacts(moved, given.parts, given.config.model_copy(update={"data": data}))
    told = [(each.code, each.level, each.message, each.fix) for each in find("D", given, ())]
    assert told == [(each.code, each.level, each.message, each.fix) for each in find("D", other, ())]


@pytest.mark.parametrize("given", [(500.0, 850.0, 1000.0), (1.5, 4.0)])
@pytest.mark.parametrize("turned", [1.0, -1.0])
def test_d206_tells_a_dose_that_one_class_has_alone_as_it_tells_a_category(given: tuple[float, ...], turned: float) -> None:
    treated = ILL & (np.random.default_rng(8).random(ROWS) < 0.6)
    dose = turned * np.where(treated, np.random.default_rng(9).choice(given, ROWS), 0.0) + 0.0
    finding = found("D206", {"x": dose, "number": NUMBER})
    table = pd.crosstab(treated, LABELS)
    sign = finding.evidence["details"]["x"]["rest"]
    assert (sign["class"], sign["common"], sign["rows"], table["well"][True]) == ("ill", 0.0, table["ill"][True], 0)
    rest = f"another class in {table['well'].sum()} of the {ROWS - sign['rows']} other rows"
    assert f'"x" at any value but 0 is always "ill", in {sign["rows"]} rows, and {rest}' in finding.message
    spoilt = np.where(np.arange(ROWS) == np.flatnonzero(~ILL)[0], turned * given[0], dose)
    assert found("D206", {"x": spoilt, "number": NUMBER}) is None
    for sign_of_disease in (np.sign(dose), np.searchsorted(np.unique(dose), dose)):  # present or absent, or in grades
        assert found("D206", {"x": sign_of_disease.astype(float), "number": NUMBER}) is None
