"""The oracle is section 3 of FACTS.md, counted here with pandas on the twin and, where it lies, on the real file."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.data.synthesize import synthesize, write_twin
from pipeline.data.twin_config import load_twin
from pipeline.errors import ConfigError, DataError

ROOT = Path(__file__).parents[2]
TWIN = ROOT / "configs" / "twin.yaml"
LAB = ["BS pp", "Plasma R", "Plasma F", "HbA1c"]
FACTS = """\
| Normal | 5.6 | 10.2 | 5.4 | 32 | 94 | 5.2 |
| Normal | 5.8 | 10.7 | 4.8 | 28 | 104 | 5.7 |
| Normal | 5.8 | 10.7 | 4.8 | 49 | 2 | 5.7 |
| Normal | 6.3 | 7.9 | 3.9 | 40 | 102 | 5.2 |
| Normal | 6.8 | 10.9 | 4.2 | 33 | 108 | 5.2 |
| Normal | 7.4 | 8.7 | 5.6 | 41 | 99 | 5.2 |
| Normal | 7.7 | 11.0 | 6.1 | 36 | 119 | 4.8 |
| Normal | 7.7 | 11.0 | 7.2 | 36 | 3 | none |
| Type1 | 6.3 | 12.6 | 8.1 | 49 | 39 | 5.8 |
| Type1 | 7.2 | 11.4 | 8.4 | 53 | 20 | 5.6 |
| Type1 | 7.2 | 12.2 | 7.8 | 57 | 25 | 5.6 |
| Type1 | 7.8 | 13.1 | 9.1 | 58 | 35 | 6.7 |
| Type1 | 8.7 | 11.6 | 7.4 | 69 | 13 | 6.7 |
| Type1 | 8.8 | 11.2 | 7.2 | 58 | 1 | 6.8 |
| Type1 | 8.8 | 11.2 | 7.2 | 62 | 40 | 6.8 |
| Type2 | 4.2 | 11.4 | 8.4 | 53 | 37 | 5.8 |
| Type2 | 4.2 | 12.2 | 7.8 | 57 | 38 | 6.3 |
| Type2 | 4.8 | 13.1 | 9.1 | 58 | 29 | 6.8 |
| Type2 | 5.7 | 12.6 | 8.1 | 49 | 31 | 6.1 |
| Type2 | 8.2 | 11.6 | 7.4 | 69 | 33 | 6.8 |
| Type2 | 8.4 | 11.2 | 7.2 | 62 | 37 | 6.9 |
"""
REAL = os.environ.get("DIABETES_DATA_DIR", "absent")
needs_real = pytest.mark.skipif(REAL == "absent", reason="DIABETES_DATA_DIR is not set")


@pytest.fixture(params=["twin", pytest.param("real", marks=needs_real)])
def gapped(request: pytest.FixtureRequest) -> pd.DataFrame:
    """The twin, and the file that it stands for: the facts hold for both."""
    return pd.read_csv(ROOT / "data" / "diabetes.csv" if request.param == "twin" else Path(REAL) / "article.csv")


@pytest.fixture(params=["twin", pytest.param("real", marks=needs_real)])
def whole(request: pytest.FixtureRequest) -> pd.DataFrame:
    """The same without gaps."""
    if request.param == "real":
        return pd.read_csv(Path(REAL) / "complete.csv")
    table = synthesize(load_twin(TWIN).model_copy(update={"gaps": ()}))
    return table.astype(dict.fromkeys(["Age", "BS Fast", *LAB, "Class"], float))


def test_the_shipped_file_is_regenerated_byte_for_byte(tmp_path: Path) -> None:
    assert write_twin(load_twin(TWIN), tmp_path / "again.csv") == 1009
    assert (tmp_path / "again.csv").read_bytes() == (ROOT / "data" / "diabetes.csv").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["again.csv"]


def test_columns_rows_and_classes_are_those_of_the_facts(gapped: pd.DataFrame) -> None:
    assert list(gapped.columns) == ["Age", "BS Fast", *LAB, "Type", "Class"]
    assert gapped["Type"].value_counts().to_dict() == {"Normal": 631, "Type1": 173, "Type2": 205}
    assert ((gapped["Class"] == 0) == (gapped["Type"] == "Normal")).all()
    assert gapped["Class"].isin([0, 1]).all()


def test_profiles_and_their_rows_are_those_of_the_facts(whole: pd.DataFrame) -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in FACTS.splitlines()]
    expected = {(label, *map(float, lab)): int(count) for label, *lab, count, _ in rows}
    assert whole.groupby(["Type", *LAB]).size().to_dict() == expected
    clean = {(label, *map(float, lab)): fast for label, *lab, _, fast in rows if fast != "none"}
    usual = whole[whole.index < 158].groupby(["Type", *LAB])["BS Fast"].agg(lambda values: values.mode()[0])
    wrong = {profile: fast for profile, fast in usual.items() if profile in clean and float(clean[profile]) != fast}
    assert wrong == {}


def test_the_damage_is_that_of_the_facts(gapped: pd.DataFrame) -> None:
    fast, normal = gapped["BS Fast"], gapped["Type"] == "Normal"
    assert [(fast == 0).sum(), fast.between(11, 54).sum(), (normal & fast.between(4.8, 10)).sum()] == [134, 342, 155]
    assert (fast > 30).sum() == 133
    assert normal[(fast == 0) | (fast > 10)].all()
    assert np.flatnonzero((fast == 0) | (fast > 10)).min() >= 158
    assert fast[~normal].between(5.6, 6.9).all()


def test_the_gaps_are_those_of_the_facts(gapped: pd.DataFrame) -> None:
    gaps = gapped.isna()
    assert gaps.groupby(gapped["Type"])["BS pp"].sum().to_dict() == {"Normal": 36, "Type1": 11, "Type2": 11}
    assert gaps.groupby(gapped["Type"])["Plasma F"].sum().to_dict() == {"Normal": 54, "Type1": 13, "Type2": 13}
    assert (gaps["BS pp"] & gaps["Plasma F"]).sum() == 10
    assert gaps.to_numpy().sum() == 58 + 80


def test_the_quartiles_of_age_are_within_two_years_of_the_facts(gapped: pd.DataFrame) -> None:
    expected = {"Normal": [23, 27, 37], "Type1": [28, 35, 45], "Type2": [29, 36, 45]}
    for label, quartiles in expected.items():
        np.testing.assert_allclose(gapped.loc[gapped["Type"] == label, "Age"].quantile([0.25, 0.5, 0.75]), quartiles, atol=2)
    assert gapped["Age"].between(21, 82).all()


def test_the_twins_rows_are_no_copy_of_the_real_file(article: Path) -> None:
    twin, real = pd.read_csv(ROOT / "data" / "diabetes.csv"), pd.read_csv(article)
    same = ((twin == real) | (twin.isna() & real.isna())).all(axis=1)
    assert same.mean() < 0.01


def test_another_seed_gives_another_table_with_the_same_counts() -> None:
    config = load_twin(TWIN)
    one, other = synthesize(config), synthesize(config.model_copy(update={"seed": 1}))
    assert not one.equals(other)
    assert one.groupby(["Type", "Class", "HbA1c"]).size().to_dict() == other.groupby(["Type", "Class", "HbA1c"]).size().to_dict()


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("\ndamage:", "\ndamages:", ["damages", 'did you mean "damage"']),
        ("rows: 94", "rows: many", ["profiles.0.rows", "'many'"]),
        ("seed: 20261124", "seed: -1", ["seed", "-1"]),
        ("columns: [Age,", "columns: [Agee,", ["Agee"]),
        ("label: Normal, rows: 94", "label: Norml, rows: 94", ["Norml"]),
        ("{column: BS Fast", "{column: BS Fst", ["BS Fst"]),
        ("label: Normal, from_row: 158, rows: 7,", "label: Norml, from_row: 158, rows: 7,", ["Norml"]),
        ("from_row: 158, rows: 134", "from_row: 158, rows: 700", ["700", "BS Fast"]),
        ("values: [7, 10]", "values: [10, 7]", ["10", "7"]),
        ("[BS pp, Plasma F], label: Type2", "[BSpp, Plasma F], label: Type2", ["BSpp"]),
        ("[BS pp], label: Normal, rows: 32", "[BS pp], label: Normal, rows: 900", ["900", "BS pp"]),
        ('Type1: "1", Type2: "1"}', 'Type1: "1"}', ["Class", "Type2"]),
        ("  quantiles:\n    Normal:", "  quantiles:\n    Norml:", ["Normal"]),
        ('Type1:  {"0": 21', 'Type1:  {"low": 21', ["low"]),
        ('"0.25": 23, "0.5": 27', '"0.5": 27, "0.25": 23', ["Normal"]),
        ("BS Fast: 5.2, BS pp: 5.6,", "BS pp: 5.6,", ["BS Fast"]),
    ],
)
def test_a_fault_in_the_twins_yaml_is_a_config_error_with_its_line(tmp_path: Path, old: str, new: str, parts: list[str]) -> None:
    text = TWIN.read_text()
    assert old in text
    path = tmp_path / "twin.yaml"
    path.write_text(text.replace(old, new, 1))
    line = text[: text.index(old)].count("\n") + old.startswith("\n") + 1
    with pytest.raises(ConfigError) as caught:
        write_twin(load_twin(path), tmp_path / "twin.csv")
    message = str(caught.value)
    assert f"{path}:{line}: " in message
    assert all(part in message for part in parts), message
    assert not (tmp_path / "twin.csv").exists()


def test_a_folder_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        write_twin(load_twin(TWIN), tmp_path / "nowhere" / "twin.csv")
