"""Settings of the section ``data`` that make no sense together; each is one line that names the key and says what to do."""

from pathlib import Path

import pytest

from pipeline.config.read import load_config
from pipeline.errors import ConfigError

PLAIN = """data:
  path: mine.csv
  target: kind
  codes: {well: 0, ill: 1}
  features:
    age: {unit: years, range: [0, 120]}
    sex: {categories: [female, male]}
"""

MERGE, CUT = "merge: {well: [0], ill: [1]}", "\n  cut: {at: [1], classes: [well, ill]}"
KIND, READ = "kind\n  ", "mine.csv\n  read: "

FAULTS: dict[str, tuple[str, list[str], str, str]] = {
    "merge and cut": ("data.cut", ["data.merge", "choose"], "kind", KIND + MERGE + CUT),
    "other classes": ("data.merge", ['"sick"', '"ill"', "the same"], "kind", KIND + "merge: {well: [0], sick: [1]}"),
    "a value twice": ("data.merge", ['"1.0"', 'also as "1"', "one class"], "kind", KIND + "merge: {well: [0, 1], ill: [2, 1.0]}"),
    "limits descend": ("data.cut.at", ["ascend"], "kind", KIND + "cut: {at: [2, 1], classes: [well, ill, well]}"),
    "classes lack": ("data.cut.classes", ["one class more", "got 2"], "kind", KIND + "cut: {at: [1, 2], classes: [well, ill]}"),
    "equal classes": ("data.codes.1.0", ['"1"', "same class", "remove"], "{well: 0, ill: 1}", "{1: 0, 1.0: 1}"),
    "equal truths": ("data.codes.TRUE", ['"true"', "same class"], "{well: 0, ill: 1}", "{true: 0, TRUE: 1}"),
    "equal categories": ("data.features.sex.categories", ['"2.0"', 'as "2"'], "[female, male]", "[1, 2, 2.0]"),
    "missing category": ("data.features.sex.missing", ['"male"', "also a category"], "male]", "male], missing: [male]"),
    "unit of categories": ("data.features.sex.unit", ["no effect", "categories"], "{categories", "{unit: years, categories"),
    "range of categories": ("data.features.sex.range", ["no effect", "categories"], "{categories", "{range: [0, 1], categories"),
    "one mark for two": ("data.read.thousands", ['","', "decimal"], "mine.csv", READ + '{decimal: ",", thousands: ","}'),
    "a name twice": ("data.read.header", ['"age"', "twice"], "mine.csv", READ + "{header: [age, age, sex, kind]}"),
    "a name lacks": ("data.read.header", ['"kind"', "not among"], "mine.csv", READ + "{header: [age, sex, kid]}"),
    "one category": ("data.features.sex.categories", ["2 items"], "[female, male]", "[female]"),
    "no mark": ("data.read.decimal", ["'.'", "';'"], "mine.csv", READ + '{decimal: ";"}'),
}


def test_the_plain_one_is_valid(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(PLAIN)
    data = load_config(tmp_path / "my.yaml").data
    assert data.columns() == ("age", "sex=male")
    assert data.bounds() == ([0, 0], [120, 1])


@pytest.mark.parametrize("name", FAULTS)
def test_a_contradiction_is_one_line_that_names_the_key(name: str, tmp_path: Path) -> None:
    key, parts, old, new = FAULTS[name]
    assert old in PLAIN
    (tmp_path / "my.yaml").write_text(PLAIN.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "my.yaml")
    told = [problem for problem in caught.value.problems if f" {key}: " in problem]
    assert told, caught.value.problems
    assert all(part in told[0] for part in parts), told[0]
    assert "\n" not in told[0]


def test_a_column_has_as_many_inputs_as_it_needs(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(PLAIN.replace("[female, male]", "[a, true, 3]") + "preprocess: {pca: 4}\n")
    data = load_config(tmp_path / "my.yaml").data
    assert data.columns() == ("age", "sex=a", "sex=true", "sex=3")
    assert data.widths() == (1, 3)
    (tmp_path / "my.yaml").write_text(PLAIN.replace("[female, male]", "{never: 0, often: 2.5}") + "preprocess: {pca: 3}\n")
    with pytest.raises(ConfigError, match="number of inputs, 2; got 3"):
        load_config(tmp_path / "my.yaml")
