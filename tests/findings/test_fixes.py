"""Every fix is done as it says, on a table that provokes its code: the code is gone, and no error has come.

Commands are typed through the command line, lines of YAML are put where they say, and what the file has to have is edited
into it by the case, from nothing but what the finding names.
"""

import re
import shlex
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from pipeline.findings.registry import RULES

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


def nearly_repeated() -> pd.DataFrame:
    table = rows_of(400)
    copies = table.head(60).assign(**{name: table[name].head(60) * (1 + 1e-7) for name in "abc"})
    return pd.concat([table, copies], ignore_index=True).sample(frac=1, random_state=1, ignore_index=True)


def visits() -> pd.DataFrame:
    """Four visits of each patient, alike."""
    rng, table = np.random.default_rng(3), rows_of(100).loc[lambda rows: rows.index.repeat(4)].reset_index(drop=True)
    for name in "abc":
        table[name] = (table[name] + rng.normal(0, 1, 400)).round(3)
    return table.assign(patient=rng.permutation(900)[:100].repeat(4)).sample(frac=1, random_state=1, ignore_index=True)


def mislabelled() -> pd.DataFrame:
    """Classes far apart, every eighth label the other one."""
    rng = np.random.default_rng(2)
    ill = rng.random(600) < 0.5
    table = rows_of(600, a=(50 + 25 * ill + rng.normal(0, 8, 600)).round(3), b=(50 + 20 * ill + rng.normal(0, 8, 600)).round(3))
    return table.assign(Type=np.where(ill ^ (rng.random(600) < 0.12), "yes", "no"))


def relabelled(table: pd.DataFrame, evidence: dict[str, Any], words: str) -> pd.DataFrame:
    rows = [number - 1 for number in evidence["row_numbers"]]
    table.loc[rows, "Type"] = table.loc[rows, "Type"].map({"yes": "no", "no": "yes"})
    return table


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
SEX = np.where(RNG.random(400) < 0.5, "f", "m")
INSULIN = np.where((PLAIN["Type"] == "yes") & (RNG.random(400) < 0.8), "insulin", SEX)
GROUPS = {"sex": {"categories": ["f", "m"]}, "group": {"categories": ["f", "m", "insulin"]}}
NAMES = [f"patient {row}" for row in range(60)]
UNLABELLED = {"data": {"unlabelled": "drop"}}
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
    Case("D210", nearly_repeated(), ABC, {}, without_rows),
    Case("D209", of_classes(300, 60), ABC, {}, more_of_a_class),
    Case("D209", of_classes(300, 30), ABC, {}, more_of_a_class),
    Case("D211", rows_of(400, number=range(400)), ABC | {"number": {}}),
    Case("D211", visits(), ABC),
    Case("D211", visits(), ABC | {"patient": {}}, {"split": {"stratify": True}}),
    Case("D212", rows_of(400, same=1.5, total=PLAIN["a"] + PLAIN["b"]), ABC | {"same": {}, "total": {}}),
    Case("D213", put(rows_of(400), "a", range(0, 400, 9), 0), ABC),
    Case("D213", put(rows_of(400), "a", range(0, 400, 9), 50.5), ABC, {"preprocess": {"impute": None}}, cleared),
    Case("D214", put(UNITS, "a", range(0, 400, 5), (UNITS["a"] * 18.016).round(1)), ABC, {}, converted),
    Case("D215", DRIFT, ABC, {}, shuffled),
    Case("D215", PLAIN.sort_values("Type"), ABC, {}, shuffled),
    Case("D216", unlike(), ABC),
    Case("D217", gaps("c", RNG.permutation(400)[:250]), ABC, {}, filled),
    Case(
        "D202",
        put(rows_of(400, sex=SEX, group=SEX), "a", range(0, 40, 3), 999),
        {"a": {"range": [0, 200]}} | GROUPS,
        {},
        without_rows,
    ),
    Case("D204", put(repeated(300, 100), "Type", range(0, 400, 9), None), ABC, UNLABELLED, without_rows),
    Case("D206", rows_of(400, sex=SEX, group=INSULIN), ABC | GROUPS, {"preprocess": {"pca": 7}}),
    Case(
        "D211", rows_of(60, name=[f"n {row}" for row in range(60)]), ABC | {"name": {"categories": [f"n {n}" for n in range(60)]}}
    ),
    Case("D212", rows_of(400, sex=SEX, gender=np.where(SEX == "f", 1, 2)), ABC | {"sex": GROUPS["sex"], "gender": {}}),
    Case("D215", rows_of(400, group=["f"] * 150 + ["m"] * 250), ABC | {"group": GROUPS["group"]}, {}, shuffled),
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
    assert choices, finding
    for choice in choices:
        after = done(case, finding, choice, command, in_process)
        left = {other["level"] for other in after["findings"] if other["code"] == case.code}
        assert left <= ({case.left} if choice.startswith("diabetes") else set()), (choice, after["findings"])
        assert errors(after) <= errors(before) - {case.code}, choice


@pytest.mark.parametrize("case", CHECKED, ids=lambda case: case.code)
def test_a_fix_of_the_config_or_the_table_mends_it(case: Case, workplace: Path, in_process: InProcess) -> None:
    mends(case, "check", in_process)


def until_tested(table: pd.DataFrame, evidence: dict[str, Any], words: str) -> pd.DataFrame:
    """Rows of the same kind, a fifth of which is tested; or a feature that tells the classes."""
    enough = re.search(r"until ([\d,]+) are tested", words)
    if not enough:
        return table.assign(a=np.where(table["Type"] == "yes", 60, 40) + np.random.default_rng(5).normal(0, 5, len(table)))
    return pd.concat([table, rows_of(5 * int(enough[1].replace(",", "")) - len(table), 7)], ignore_index=True)


def profiles(size: int, count: int) -> pd.DataFrame:
    """So many different rows, each met several times, all with the class that it got partly by chance."""
    rng, table = np.random.default_rng(1), rows_of(count, 1)
    return table.iloc[rng.integers(count, size=size)].reset_index(drop=True)


def reversed_from(limit: float, old: int, young: int, seed: int = 4) -> pd.DataFrame:
    """In patients from a limit of "a" on, "b" means the contrary."""
    rng, size = np.random.default_rng(seed), old + young
    age = np.round(np.where(np.arange(size) < old, limit + rng.uniform(5, 20, size), limit - rng.uniform(5, 20, size)), 3)
    table = rows_of(size, seed, a=age)
    table["Type"] = np.where((table["b"] > 50) == (age < limit), "yes", "no")
    return table.sample(frac=1, random_state=1, ignore_index=True)


def more_of_a_subgroup(table: pd.DataFrame, evidence: dict[str, Any], words: str) -> pd.DataFrame:
    count = int(re.search(r"add ([\d,]+) more rows with a from 60 on", words)[1].replace(",", ""))
    return pd.concat([table, reversed_from(60, count, 0, 9)], ignore_index=True)


def easy_to_test() -> pd.DataFrame:
    """Labels that mean nothing but in the rows that the seed 5 tests."""
    from sklearn.model_selection import train_test_split

    tested = train_test_split(np.arange(400), test_size=0.2, random_state=5)[1]
    return put(
        put(rows_of(400), "Type", slice(None), PLAIN["Type"]), "Type", tested, np.where(PLAIN["a"] > 50, "yes", "no")[tested]
    )


QUICK = {"starts": 4, "epochs": 10}
LAZY = {"starts": 1, "epochs": 1, "learning_rate": 1e-6}
UNSCALED = {"scale": None}
SQUARED = QUICK | {"loss": "squared_error"}
XOR = rows_of(400, Type=np.where((PLAIN["a"] > 50) == (PLAIN["b"] > 50), "yes", "no"))
NOISE = rows_of(120, Type=RNG.choice(["no", "yes"], 120))
RARE = of_classes(1900, 100).assign(Type=lambda table: np.random.default_rng(9).permutation(table["Type"]))  # nothing ranks it
TRAINED = [
    Case("T301", put(rows_of(200), "a", 4, 1e40), ABC, {"preprocess": UNSCALED, "training": SQUARED}, without_rows),
    Case("T301", PLAIN, ABC, {"preprocess": UNSCALED, "training": SQUARED | {"learning_rate": 1e30}}),
    Case(
        "T302", PLAIN, ABC, {"findings": {"accept": ["C101"]}, "training": QUICK | {"loss": "categorical_crossentropy", "l2": 0}}
    ),
    Case("T303", rows_of(200, Type=np.where(PLAIN["a"].head(200) > 55, "yes", "no")), ABC, {"training": LAZY}),
    Case("T304", PLAIN, ABC, {"network": {"alpha": 0.0, "hidden": [12]}, "preprocess": UNSCALED, "training": QUICK}),
    Case("T305", PLAIN, ABC, {"training": LAZY | {"starts": 4}}),
    Case("E401", PLAIN, ABC, {"training": LAZY}, until_tested),
    Case("E401", rows_of(100, 7), ABC, {"training": QUICK | {"l2": 0.001}, "evaluation": {"unseen": None}}, until_tested),
    Case("E402", XOR, ABC, {"network": {"hidden": [1]}, "training": QUICK}),
    Case(
        "E403",
        profiles(400, 40),
        ABC,
        {
            "network": {"hidden": [16]},
            "training": {"starts": 4, "epochs": 200, "l2": 0.001},
            "evaluation": {"unseen": {"group_by": ["a", "b"], "folds": 3}},
        },
    ),
    Case("E404", NOISE, ABC, {"network": {"hidden": [64]}, "training": {"starts": 4, "epochs": 300, "l2": 0}}),
    Case("E404", easy_to_test(), ABC, {"training": QUICK}),
    Case("E405", mislabelled(), ABC, {"training": QUICK}, relabelled),
    Case(
        "E406",
        rows_of(1500, 3, Type=np.where(rows_of(1500, 3)["a"] + 12 * RNG.normal(size=1500) > 50, "yes", "no")),
        ABC,
        {"split": {"test_size": 0.98}, "training": QUICK, "evaluation": {"unseen": None}},
    ),
    Case(
        "E407",
        reversed_from(60, 40, 1960),
        ABC,
        {
            "network": {"hidden": [8]},
            "training": QUICK | {"l2": 0.05, "batch_size": 40},
            "evaluation": {"subgroups": {"a": [60]}},
        },
        more_of_a_subgroup,
    ),
    Case("E408", RARE, ABC, {"training": QUICK}, more_of_a_class),
]


@pytest.mark.slow
@pytest.mark.parametrize("case", TRAINED, ids=lambda case: case.code)
def test_a_fix_of_a_training_mends_it(
    case: Case, workplace: Path, in_process: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    if case.code not in ("E402", "E405"):
        monkeypatch.setattr(
            "pipeline.stages.fitting", lambda tasks, hidden, seed: nullcontext(lambda progress: [{} for _ in tasks])
        )
    mends(case, "train", in_process)


def test_every_code_has_a_case() -> None:
    assert {case.code for case in CHECKED + TRAINED} == set(RULES)
