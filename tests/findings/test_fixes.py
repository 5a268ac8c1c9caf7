"""Every fix is done as it says, on a table that provokes its code: the code is gone, and no error has come.

Commands are typed through the command line, lines of YAML are put where they say, and what the file has to have is edited
into it by the case, from nothing but what the finding names.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

InProcess = Callable[..., tuple[int, dict[str, Any], str]]
Edit = Callable[[pd.DataFrame, dict[str, Any], str], pd.DataFrame]
CONFIG, FILE = "some configs/it's.yaml", "a file.csv"
OWN = "card.users='nurses: it''s \"all\" of them, $HOME'"
"""What the user has set, and a fix keeps."""
ADVICE = ("nothing to do", "read `accuracy`", "use ")
"""What says how to live with a finding; nothing is gone by it."""


@dataclass(frozen=True)
class Case:
    """A table and a config that provoke a code; ``edit`` does to the table what the words of the fix ask for.

    ``left`` is the level with which the finding stays where a command mends only the worst of it.
    """

    code: str
    table: pd.DataFrame
    features: dict[str, Any]
    sections: dict[str, Any] = field(default_factory=dict)
    edit: Edit | None = None
    left: str | None = None

    def write(self, table: pd.DataFrame) -> None:
        data = {"path": "other.csv", "target": "Type", "codes": {"no": 0, "yes": 1}, "features": self.features}
        sections = {"data": data | self.sections.get("data", {})}
        sections |= {name: section for name, section in self.sections.items() if name != "data"}
        Path(CONFIG).parent.mkdir(exist_ok=True)
        Path(CONFIG).write_text(yaml.safe_dump(sections, sort_keys=False))
        table.to_csv(FILE, index=False)


def rows_of(size: int, seed: int = 0, **columns: Any) -> pd.DataFrame:
    """Overlapping classes of "a", "b" and "c", in no order and without copies."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({name: np.round(rng.normal(50, 10, size), 3) for name in "abc"})
    table["Type"] = np.where(table["a"] + rng.normal(0, 10, size) > 50, "yes", "no")
    return table.assign(**columns)


def without_rows(table: pd.DataFrame, evidence: dict[str, Any], words: str) -> pd.DataFrame:
    shown = re.search(r"rows? ([\d, ]*\d)", words)
    assert shown
    numbers = evidence.get("row_numbers") or list(map(int, shown[1].split(", ")))
    assert list(map(int, shown[1].split(", "))) == numbers[:5]
    assert len(numbers) <= 5 or f"({len(numbers):,} in all)" in words
    return table.drop(index=[number - 1 for number in numbers])


def complete_rows(table: pd.DataFrame, evidence: dict[str, Any], words: str) -> pd.DataFrame:
    gaps = table.index[table[["a", "b"]].isna().any(axis=1)]
    assert str(gaps[0] + 1) in words
    return table.dropna(subset=["a", "b"])


def gaps(column: str, rows: Any, **more: Any) -> pd.DataFrame:
    table = rows_of(400, **more)
    table.loc[rows, column] = np.nan
    return table


def put(table: pd.DataFrame, column: str, rows: Any, value: Any) -> pd.DataFrame:
    table.loc[rows, column] = value
    return table


def repeated(size: int, times: int) -> pd.DataFrame:
    table = rows_of(size)
    return pd.concat([table, table.head(times)], ignore_index=True).sample(frac=1, random_state=1, ignore_index=True)


def conflicting() -> pd.DataFrame:
    table = rows_of(400)
    other = table.head(60).assign(Type=table["Type"].head(60).map({"yes": "no", "no": "yes"}))
    return pd.concat([table, other], ignore_index=True).sample(frac=1, random_state=1, ignore_index=True)


def of_classes(no: int, yes: int) -> pd.DataFrame:
    table = rows_of(4 * (no + yes))
    parts = [table[table["Type"] == name].head(count) for name, count in (("no", no), ("yes", yes))]
    return pd.concat(parts).sample(frac=1, random_state=1, ignore_index=True)


def more_of_a_class(table: pd.DataFrame, evidence: dict[str, Any], words: str) -> pd.DataFrame:
    more = rows_of(4000, 7)
    for count, name in re.findall(r'([\d,]+) more rows? of "(\w+)"', words):
        new = more[more["Type"] == name].head(int(count.replace(",", "")))
        table = pd.concat([table, new], ignore_index=True)
    return table.sample(frac=1, random_state=2, ignore_index=True)


def cleared(table: pd.DataFrame, evidence: dict[str, Any], words: str) -> pd.DataFrame:
    (column,) = evidence["columns"]
    value = evidence["details"][column]["value"]
    assert f'{evidence["columns"][column]} cells of "{column}" that hold {value:g}' in words
    return table.replace({column: {value: np.nan}})


def converted(table: pd.DataFrame, evidence: dict[str, Any], words: str) -> pd.DataFrame:
    (told,) = evidence["details"].values()
    assert f"({told['rows']} in all) by {told['factor']:g}" in words
    return put(table, "a", [n - 1 for n in told["row_numbers"]], table["a"] / told["factor"])


def shuffled(table: pd.DataFrame, evidence: dict[str, Any], words: str) -> pd.DataFrame:
    assert "shuffle" in words
    return table.sample(frac=1, random_state=3, ignore_index=True)


def filled(table: pd.DataFrame, evidence: dict[str, Any], words: str) -> pd.DataFrame:
    count = int(re.search(r'fill (\d+) cells? of "c"', words)[1])
    holes = table.index[table["c"].isna()][:count]
    return put(table, "c", holes, np.random.default_rng(3).normal(50, 10, count).round(3))


def unlike() -> pd.DataFrame:
    """The rows that the seed 5 tests have higher values."""
    from sklearn.model_selection import train_test_split

    table = rows_of(400)
    tested = train_test_split(np.arange(400), test_size=0.2, random_state=5)[1]
    return put(table, "b", tested, table["b"] + 12)


RNG = np.random.default_rng(0)
ABC: dict[str, Any] = {"a": {}, "b": {}, "c": {}}
AB: dict[str, Any] = {"a": {}, "b": {}}
CROSS = {"training": {"loss": "categorical_crossentropy"}}
PLAIN = rows_of(400)
HBA1C = put(rows_of(400), "a", slice(None), np.where(PLAIN["Type"] == "yes", PLAIN["b"].round(1) + 20, PLAIN["b"].round(1) - 25))
CRITERION = {"a": {"unit": "mmol/mol", "criterion": "hba1c", "range": [0, 200]}, "b": {}, "c": {}}
LEAK = rows_of(400, leak=np.where(PLAIN["Type"] == "yes", 10, 0) + RNG.normal(0, 1, 400).round(3))
DRIFT = rows_of(400, c=np.round(np.linspace(0, 30, 400) + RNG.normal(0, 3, 400), 3))
UNITS = put(rows_of(400), "a", slice(None), np.round(np.exp(RNG.normal(1.6, 0.2, 400)), 2))
CHECKED = [
    Case("C101", PLAIN, ABC, CROSS),
    Case("C101", PLAIN, ABC, {"data": {"codes": {"no": -1, "yes": 1}}, "network": {"alpha": [0.3, 0.0]}}),
    Case("C101", PLAIN, ABC, {"data": {"codes": {"no": -1, "yes": 1}}, "network": {"hidden": [], "alpha": 0.0}}),
    Case(
        "C102",
        PLAIN,
        ABC,
        {"data": {"codes": {"no": 0, "yes": -1}}, "network": {"alpha": 0.0}, "training": {"loss": "squared_error"}},
    ),
    Case("C103", PLAIN, ABC, {"data": {"codes": {"no": 0, "yes": -1}}, "training": {"engine": "keras"}}),
    Case("C104", PLAIN, ABC, {"data": {"codes": {"no": 0, "yes": 2}}, "training": {"loss": "binary_crossentropy"}}),
    Case("D201", gaps("a", [3, 7]), AB, {}, complete_rows),
    Case("D201", gaps("a", range(0, 90, 3)), AB, {"preprocess": {"impute": None}}, complete_rows, "warning"),
    Case("D201", gaps("c", slice(None)), ABC, {"evaluation": {"unseen": {"group_by": ["c", "b"]}}}),
    Case("D201", gaps("c", range(1, 400)), ABC),
    Case("D202", put(rows_of(400), "a", range(0, 40, 3), 999), {"a": {"range": [0, 200]}, "b": {}}, {}, without_rows),
    Case("D203", rows_of(400, Class=PLAIN["Type"] == "yes"), ABC, {"data": {"redundant": ["Class"]}}),
    Case("D203", rows_of(400, Class=PLAIN["a"] > 50), ABC, {"data": {"redundant": ["Class"]}}),
    Case("D204", repeated(300, 100), ABC, {}, without_rows),
    Case("D205", repeated(300, 100), ABC),
    Case("D205", repeated(300, 100), ABC, {"evaluation": {"unseen": {"group_by": ["a", "b"]}}, "split": {"stratify": True}}),
    Case(
        "D206",
        LEAK,
        ABC | {"leak": {}},
        {"evaluation": {"unseen": {"group_by": ["leak", "a"]}, "subgroups": {"leak": [0], "a": [50]}}, "preprocess": {"pca": 4}},
    ),
    Case("D206", LEAK, ABC | {"leak": {}}, {"evaluation": {"unseen": {"group_by": ["leak"]}}}),
    Case(
        "D207",
        HBA1C,
        CRITERION,
        {"data": {"reference": "no"}, "evaluation": {"unseen": {"group_by": ["a", "b"]}}, "preprocess": {"implausible": "keep"}},
    ),
    Case("D208", conflicting(), ABC, {}, without_rows),
    Case("D209", of_classes(300, 60), ABC, {}, more_of_a_class),
    Case("D209", of_classes(300, 30), ABC, {}, more_of_a_class),
    Case("D211", rows_of(400, number=range(400)), ABC | {"number": {}}),
    Case("D212", rows_of(400, same=1.5, total=PLAIN["a"] + PLAIN["b"]), ABC | {"same": {}, "total": {}}),
    Case("D213", put(rows_of(400), "a", range(0, 400, 9), 0), ABC),
    Case("D213", put(rows_of(400), "a", range(0, 400, 9), 50.5), ABC, {"preprocess": {"impute": None}}, cleared),
    Case("D214", put(UNITS, "a", range(0, 400, 5), (UNITS["a"] * 18.016).round(1)), ABC, {}, converted),
    Case("D215", DRIFT, ABC, {}, shuffled),
    Case("D215", PLAIN.sort_values("Type"), ABC, {}, shuffled),
    Case("D216", unlike(), ABC),
    Case("D217", gaps("c", RNG.permutation(400)[:250]), ABC, {}, filled),
]


def first_run(case: Case, command: str, in_process: InProcess) -> tuple[dict[str, Any], dict[str, Any]]:
    case.write(case.table)
    _, shown, err = in_process(command, CONFIG, "--data", FILE, "--set", OWN)
    assert "findings" in shown, err
    (finding,) = [finding for finding in shown["findings"] if finding["code"] == case.code]
    return finding, shown


def errors(shown: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in shown["findings"] if finding["level"] == "error"}


def done(case: Case, finding: dict[str, Any], choice: str, command: str, in_process: InProcess) -> dict[str, Any]:
    """Do one after the other what a fix asks for, and run the program again."""
    table, words = case.table, [command, CONFIG, "--data", FILE]
    case.write(table)
    for step in choice.split(", then "):
        if step.startswith("diabetes-pipeline "):
            words = shlex.split(step)[1:]
            assert words[:2] == [command, CONFIG]
            assert words[2:4] == ["--data", FILE]
            assert OWN in words
        elif line := re.fullmatch(r"in (.*), under ([\w.]+): (.*)", step):
            path, section, text = line.groups()
            written = yaml.safe_load(Path(path).read_text())
            place = written
            for part in section.split("."):
                place = place[part]
            place.update(yaml.safe_load(f"{{{text}}}"))
            Path(path).write_text(yaml.safe_dump(written, sort_keys=False))
        else:
            assert case.edit, step
            table = case.edit(table.copy(), finding["evidence"], step)
    table.to_csv(FILE, index=False)
    _, shown, err = in_process(*words)
    assert "findings" in shown, err
    return shown


def mends(case: Case, command: str, in_process: InProcess) -> None:
    finding, before = first_run(case, command, in_process)
    choices = [choice for choice in finding["fix"].split("; or ") if not choice.startswith(ADVICE)]
    assert choices
    for choice in choices:
        after = done(case, finding, choice, command, in_process)
        left = {other["level"] for other in after["findings"] if other["code"] == case.code}
        assert left <= ({case.left} if choice.startswith("diabetes") else set()), (choice, after["findings"])
        assert errors(after) <= errors(before) - {case.code}, choice


@pytest.mark.parametrize("case", CHECKED, ids=lambda case: case.code)
def test_a_fix_of_the_config_or_the_table_mends_it(case: Case, workplace: Path, in_process: InProcess) -> None:
    mends(case, "check", in_process)
