"""The command ``init``: each written config loads, and gives the classes, rows and gaps that pandas gives."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.config.data_section import plain
from pipeline.config.read import load_config
from pipeline.data.load import load
from pipeline.errors import PipelineError, listing
from pipeline.init.command import init
from pipeline.init.commented import draft_lines
from tests.conftest import ROOT
from tests.init.invented import CASES, chosen, frame, numbers

CLINIC = Path(__file__).parent / "clinic.csv"
Call = Callable[..., tuple[int, dict, str]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def setting(config: Any, key: str) -> Any:
    """Return what stands under a dotted key, as it was written."""
    values = config.model_dump(mode="json", exclude_unset=True)
    values = values["data"] | values
    for part in key.split("."):
        values = values[part]
    return values


@pytest.mark.parametrize("name", CASES)
def test_a_config_loads_and_counts_what_pandas_counts(name: str) -> None:
    case = CASES[name]
    Path("mine.csv").write_text(case.text(), encoding="utf-8")
    path, draft = init("mine.csv", target=case.target)
    config = load_config(path)
    table, frame = load(config.data), case.read()
    missing = frame.map(lambda cell: pd.isna(cell) or cell == "")
    labelled = ~missing[config.data.target]
    classes = frame.loc[labelled, config.data.target].astype(str).map(plain).value_counts().to_dict()
    assert {name: count for name, count in table.counts().items() if count} == classes
    gaps = dict(zip(table.features, np.isnan(table.values).sum(axis=0).tolist(), strict=True))
    assert gaps == {feature: int(missing.loc[labelled, feature].sum()) for feature in table.features}
    for key, value in case.settings.items():
        assert setting(config, key) == value
    assert set(case.left) <= set(draft.left)
    assert not set(case.left) & set(table.features)
    for words in case.told:
        assert any(words in sentence for sentence in (*draft.look, *draft.assumed)), (draft.look, draft.assumed)
    roles = {config.data.target, *config.data.redundant, *(config.data.patient or ()), *config.data.features, *draft.left}
    assert roles == set(frame.columns)
    text = Path(path).read_text()
    assert all(name.replace("\n", " ")[:30] in text for name in frame.columns)
    lines = draft_lines(draft, path, "train")
    assert len(lines) <= 20
    assert max(map(len, lines)) <= 80


REFUSED = {
    "a repeated header": (
        pd.concat([frame()[:9].astype(str), pd.DataFrame([["x", "y", "t"]], columns=["x", "y", "t"])]),
        "line 11",
    ),
    "a row of units": (pd.concat([pd.DataFrame([["mmol/L", "years", ""]], columns=["x", "y", "t"]), frame()]), "(line 2)"),
    "a row of sums": (pd.concat([frame(z=numbers()), pd.DataFrame([{"x": "Total", "y": 99}])]), "row 81 (line 82)"),
    "a row of means": (pd.concat([frame(), pd.DataFrame([{"x": 5, "y": 40, "t": "Mean:"}])]), "row 81 (line 82)"),
    "a continuous target": (frame(t=numbers()), "data.cut"),
    "one class": (frame(t=["ill"] * 80), "no column can be the target"),
    "a row too long": ("x,t\n1,a\n2,b,c\n", "row 2 (line 3)"),
    "two columns of one name": ("t,x,x\na,1,2\nb,2,1\na,1,2\nb,1,1\n", "comes several times"),
    "no rows": ("x,t\n", "no row below"),
    "nothing": ("", "empty"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_for_certain_is_refused_in_lines_and_nothing_is_written(name: str) -> None:
    table, words = REFUSED[name]
    Path("mine.csv").write_text(table if isinstance(table, str) else table.to_csv(index=False))
    with pytest.raises(PipelineError) as error:
        init("mine.csv", target="t" if "continuous" in name else None)
    assert any(words in problem and "mine.csv" in problem for problem in error.value.problems), error.value.problems
    assert not Path("mine.yaml").exists()


def test_a_file_without_names_gets_some_and_says_where_to_put_better_ones() -> None:
    Path("mine.csv").write_text(frame(z=chosen("yes", "no")).to_csv(index=False, header=False))
    path, draft = init("mine.csv")
    table, frame_read = load(load_config(path).data), pd.read_csv("mine.csv", header=None)
    assert table.features == ("column 1", "column 2", "column 3")
    assert table.counts() == frame_read[3].value_counts().to_dict()
    np.testing.assert_array_equal(table.values[:, 0], frame_read[0])
    assert "header: [column 1, column 2, column 3, column 4]  # the file has no line of names" in Path(path).read_text()
    assert any("has no line of names" in sentence for sentence in draft.assumed)


def test_near_spellings_of_classes_are_joined() -> None:
    kinds = ["Type1", "type 1", "TYPE1", "Normal"] * 20
    Path("mine.csv").write_text(frame(t=kinds).to_csv(index=False))
    path, draft = init("mine.csv")
    data = load_config(path).data
    assert data.merge == {"Normal": ("Normal",), "Type1": ("Type1", "type 1", "TYPE1")}
    assert load(data).counts() == {"Normal": 20, "Type1": 60}
    assert any("differ in case or blanks only" in sentence for sentence in draft.look)


def test_a_cut_that_is_given_makes_the_classes(in_process: Call) -> None:
    Path("mine.csv").write_text(frame(HbA1c=numbers(5, 8, 1)).drop(columns="t").to_csv(index=False))
    words = ["init", "mine.csv", "--target", "3", "--set", "data.cut={at: [6.5], classes: [no, yes]}"]
    code, out, err = in_process(*words)
    assert code == 0, err
    assert (out["config"], out["target"], out["features"]) == ("mine.yaml", "HbA1c", ["x", "y"])
    values = pd.read_csv("mine.csv")["HbA1c"]
    assert load(load_config("mine.yaml").data).counts() == {"no": (values < 6.5).sum(), "yes": (values >= 6.5).sum()}


@pytest.mark.parametrize("target", ["Type", "type", "4"])
def test_a_target_is_named_in_any_case_or_by_its_number(target: str) -> None:
    Path("mine.csv").write_text(frame(outcome=["0", "1"] * 40).rename(columns={"t": "Type"}).to_csv(index=False))
    assert init("mine.csv", target=target)[1].target == "Type"


def test_several_equally_good_targets_are_listed_and_asked_for_in_a_terminal(in_process: Call) -> None:
    random = np.random.default_rng(2)
    kinds = {name: random.choice(["a", "b"], 80) for name in ("Outcome", "Diagnosis")}
    Path("mine.csv").write_text(frame(**kinds).to_csv(index=False))
    code, _, err = in_process("init", "mine.csv")
    assert code == 2
    assert '"Outcome" (3), "Diagnosis" (4); name one with --target' in err
    asked: list[str] = []
    assert init("mine.csv", ask=lambda question: asked.append(question) or "Diagnosis")[1].target == "Diagnosis"
    assert "Outcome" in asked[0]


@pytest.mark.parametrize(
    ("names", "target", "asked"),
    [
        (("dm", "classification"), "classification", ("dm",)),  # CKD
        (("Prediabetes", "Class Label(GDM /Non GDM)"), "Class Label(GDM /Non GDM)", ("Prediabetes",)),
        (("sick", "binaryClass"), "binaryClass", ("sick",)),
        (("heart_disease", "diabetes"), "diabetes", ("heart_disease",)),
        (("diabetes", "TenYearCHD"), "TenYearCHD", ("diabetes",)),
        (("class", "target"), "target", ("class",)),
        (("outcome", "diabetes status"), "outcome", ("diabetes status",)),
        (("diabetes", "z"), "diabetes", ("z",)),
        (("outcome", "z"), "outcome", ()),
    ],
)
def test_of_several_targets_one_is_taken_and_the_others_are_asked_about(names, target, asked, in_process: Call) -> None:
    random = np.random.default_rng(2)
    table = pd.DataFrame({"x": random.normal(size=80).round(3)} | {name: random.choice(["a", "b"], 80) for name in names})
    table.to_csv("mine.csv", index=False)
    draft = init("mine.csv")[1]
    assert draft.target == target
    assert draft.look == [f"is {target} the target? {listing(asked)} may be; --target names it" for _ in asked[:1]]
    table[[names[-2], "x", *names[:-2], names[-1]]].rename(columns={names[-1]: "z"}).to_csv("first.csv", index=False)
    assert init("first.csv")[1].target == names[0]


@pytest.mark.parametrize(
    ("names", "asked"),
    [
        ("age,bmi,diagnosis*,readmitted", ["readmitted"]),
        ("survived,age,fare,class*,sex", ["survived"]),
        ("label*,age,bmi,hba1c,diabetes", ["diabetes"]),
        ("group*,age,bmi,hba1c,relapse", ["relapse"]),
        ("age,Gruppe*,bmi,relapse", ["relapse"]),
        ("age,los,diagnosis*,died,weekend", ["died"]),
        ("diagnosis*,age,bmi,relapse", []),
        ("diabetes*,age,bmi,relapse", []),
    ],
)
def test_a_plain_name_and_an_arm_do_not_hide_another_target(names: str, asked: list[str]) -> None:
    random, target = np.random.default_rng(2), next(name for name in names.split(",") if "*" in name).strip("*")
    known = [name.strip("*") for name in names.split(",")]
    numbers = {name: random.integers(20, 60, 80) for name in ("age", "bmi", "fare", "los")}
    cells = {name: numbers.get(name, random.choice(["a", "b"], 80)) for name in known}
    pd.DataFrame(cells).to_csv("mine.csv", index=False)
    draft = init("mine.csv")[1]
    assert draft.target == target
    assert draft.look == [f"is {target} the target? {listing([name])} may be; --target names it" for name in asked]


def test_the_commands_of_a_draft_are_whole_and_work_as_typed() -> None:
    name, random = "Serum ferritin at the baseline visit, in ng per ml [x=y]", np.random.default_rng(1)
    cells = {
        name: random.permutation(range(150_000, 150_160)) * 7,
        "z": ["V  57, see note" if row % 40 == 4 else round(row / 7, 1) for row in range(160)],
        "lab": random.choice(["5-10", "10-15", "<5", "7", "8", "12"], 160),
    }
    pd.concat([frame(), frame()], ignore_index=True).assign(**cells).to_csv("mine.csv", index=False)
    path, draft = init("mine.csv", "my own.yaml", target="t")
    shown = [line.strip("# ") for line in Path(path).read_text().splitlines()] + draft_lines(draft, path, "")
    commands = sorted({line.strip() for line in shown if "--set" in line})
    assert len(commands) == 3
    for command, feature in zip(commands, (name, "lab", "z"), strict=True):
        *words, setting = shlex.split(command)
        assert words == ["diabetes-pipeline", "train", path, "--set"]
        data = load_config(path, [setting]).data
        assert load(data).features[-1 if feature != "lab" else 2] == feature
        assert not data.features[feature].categories


def test_nothing_is_overwritten_without_force(in_process: Call) -> None:
    Path("mine.csv").write_text(CASES["plain"].text())
    Path("mine.yaml").write_text("mine")
    code, _, err = in_process("init", "mine.csv")
    assert (code, Path("mine.yaml").read_text()) == (2, "mine")
    assert "--force" in err
    assert in_process("init", "mine.csv", "--force")[0] == 0
    load_config("mine.yaml")


def test_settings_of_the_command_line_stand_in_the_config(in_process: Call) -> None:
    Path("mine.csv").write_text(CASES["plain"].text())
    assert in_process("init", "mine.csv", "x.yaml", "--set", "network.hidden=[5]", "--set", "data.features.y.unit=years")[0] == 0
    config = load_config("x.yaml")
    assert config.network.hidden == (5,)
    assert config.data.features["y"].unit == "years"
    code, _, err = in_process("init", "mine.csv", "y.yaml", "--set", "network.hiden=[5]")
    assert code == 2
    assert 'did you mean "hidden"' in err


def test_without_data_it_writes_what_ships_and_overwrites_nothing(in_process: Call) -> None:
    code, out, _ = in_process("init")
    assert code == 0
    for name in out["written"]:
        assert Path(name).read_bytes() == (ROOT / name).read_bytes()
    assert (out["config"], out["target"]) == ("configs/default.yaml", "Type")
    assert len(load(load_config("configs/default.yaml").data)) == 1009
    code, _, err = in_process("init")
    assert code == 2
    assert "--force" in err
    assert in_process("init", "--force")[0] == 0
    assert in_process("init", "--target", "x")[0] == 2


def test_the_terminal_names_the_next_command(printed: Callable[..., tuple[int, str, str]]) -> None:
    Path("mine.csv").write_text(CASES["a number for missing"].text())
    code, out, err = printed("init", "mine.csv")
    assert code == 0, err
    assert out.splitlines()[-1].endswith(" train mine.yaml")
    assert "z: -999 (2 rows) taken for missing" in out


def test_the_file_of_the_readme() -> None:
    _, draft = init(CLINIC, "clinic.yaml")
    table = load(load_config("clinic.yaml").data)
    frame = pd.read_csv(CLINIC, sep=";", decimal=",", na_values=["?"])
    assert list(table.features) == [name for name in frame.columns if name not in ("Case", "Diabetes")]
    assert table.counts() == frame["Diabetes"].value_counts().to_dict()
    gaps = dict(zip(table.features, np.isnan(table.values).sum(axis=0).tolist(), strict=True))
    assert gaps == frame[list(table.features)].isna().sum().to_dict()
    np.testing.assert_allclose(np.nanmean(table.values[:, -1]), frame["Triglycerides"].mean())
    assert draft.left == {"Case": "a text that is different in every row: it names the rows"}
