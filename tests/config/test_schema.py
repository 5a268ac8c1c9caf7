"""The oracles are PyYAML on configs/default.yaml, the line at which a fault was written, hypothesis, and DESIGN.md."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.data_section import DataSection, Feature
from pipeline.config.read import load_config, validate
from pipeline.config.schema import Code, Config, UnseenSection
from pipeline.config.yaml_text import canonical, read_yaml
from pipeline.errors import ConfigError
from pipeline.findings.registry import RULES

ROOT = Path(__file__).parents[2]
DEFAULT = (ROOT / "configs" / "default.yaml").read_text()
WRITTEN = yaml.safe_load(DEFAULT)
UNSEEN = "unseen: {group_by: [BS pp, Plasma R, Plasma F, HbA1c], folds: 6}"
SMALL = """\
data:
  path: mine.csv
  target: t
  codes: {No: 0, 0: 1, 1e3: 2, ~: 3, true: 4}
  features: {x: , No: {unit: g}, 7: {range: [0, 1]}}
"""
Load = Callable[..., Config]
Problems = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def call(text: str | bytes, *overrides: str, data: str | None = None) -> Config:
        path = tmp_path / "my.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_config(path, overrides, data)

    return call


@pytest.fixture
def problems(load: Load, tmp_path: Path) -> Problems:
    def call(text: str | bytes, *overrides: str, data: str | None = None) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(text, *overrides, data=data)
        assert not any("\n" in problem for problem in caught.value.problems)
        return [problem.replace(f"{tmp_path}/", "") for problem in caught.value.problems]

    return call


WRONG_COUNTS = {"many": "'many'", "'500'": "'500'", "1.5": "1.5", "true": "True", "null": "null", "[5]": "[5]"}

FAULTS: list[tuple[str, list[str], list[tuple[str, str]]]] = [
    # key, parts of the message, edits of default.yaml: the first one stands where the fault is
    ("network.alhpa", ['did you mean "alpha"'], [("alpha: 0.05", "alhpa: 0.05")]),
    ("trainning", ['did you mean "training"'], [("training:\n", "trainning:\n")]),
    ("data.features.Age.unti", ['did you mean "unit"'], [("Age:      {unit", "Age:      {unti")]),
    ("split.zebra", ["test_size", "seed", "stratify", "group_by"], [("stratify: false", "zebra: false")]),
    ("training.engine", ['did you mean "compiled"', "keras"], [("engine: compiled", "engine: compield")]),
    ("data.features.Plasma R.criterion", ['did you mean "random"'], [("criterion: random", "criterion: randon")]),
    *(("training.epochs", ["integer", shown], [("epochs: auto", f"epochs: {value}")]) for value, shown in WRONG_COUNTS.items()),
    ("training.epochs", ["greater than or equal to 1", "0"], [("epochs: auto", "epochs: 0")]),
    ("training.learning_rate", ["inf"], [("learning_rate: 0.0", "learning_rate: .inf # ")]),
    ("training.learning_rate", ["greater than 0", "-0.001"], [("learning_rate: 0.0", "learning_rate: -1e-3 # ")]),
    ("split.stratify", ["'No'"], [("stratify: false", "stratify: No")]),
    ("split.test_size", ["less than 1"], [("test_size: 0.2", "test_size: 1")]),
    ("split.seed", ["4294967296"], [("seed: 5 ", "seed: 4294967296 ")]),
    ("network.alpha", ["less than or equal to 1", "1.5"], [("alpha: 0.05", "alpha: 1.5")]),
    ("network.alpha", ["nan"], [("alpha: 0.05", "alpha: .nan")]),
    ("network.alpha.1", ["number", "'x'"], [("alpha: 0.05", "alpha: [0.1, x]")]),
    ("network.hidden", ["3"], [("hidden: [3]", "hidden: 3")]),
    ("network.hidden.1", ["greater than or equal to 1"], [("hidden: [3]", "hidden: [3, 0]")]),
    ("data.features.Age.range", ["[0]"], [("range: [0, 120]", "range: [0]")]),
    ("data.features.Age.range", ["[0, 1, 2]"], [("range: [0, 120]", "range: [0, 1, 2]")]),
    ("evaluation.interval", ["less than or equal to 0.998", "95"], [("interval: 0.95", "interval: 95")]),
    ("evaluation.unseen.group_by", ["required", "missing"], [(UNSEEN, "unseen: {folds: 6}")]),
    ("data.path", ["required", "missing"], [("data:\n  path: data/diabetes.csv", "data:\n ")]),
    ("tracking.mlflow", ["http://host:5000", "'host:5000'"], [("mlflow: null", "mlflow: host:5000")]),
    ("tracking.mlflow", ["sqlite:///mlflow.db", "'file:mlruns'"], [("mlflow: null", "mlflow: file:mlruns")]),
    ("tracking.mlflow", ["MLFLOW_TRACKING_USERNAME"], [("mlflow: null", "mlflow: http://me:secret@host")]),
    # contradictions
    ("data.features.HbA1c", ["data.target", "remove"], [("HbA1c:  ", "HbA1c:  "), ("target: Type", "target: HbA1c")]),
    ("data.redundant.1", ['"Type"', "data.target"], [("redundant: [Class]", "redundant: [Class, Type]")]),
    ("data.redundant.0", ['"Age"', "feature"], [("redundant: [Class]", "redundant: [Age]")]),
    ("data.features.Age.range", ["lowest", "120", "0"], [("range: [0, 120]", "range: [120, 0]")]),
    ("data.features.Age.range", ["lowest", "7"], [("range: [0, 120]", "range: [7, 7]")]),
    ("data.codes.Type1", ['"Normal"'], [("Type1: 1", "Type1: -0.0")]),
    ("data.reference", ['did you mean "Normal"', '"Type1"'], [("reference: Normal", "reference: normal")]),
    ("data.features.Age.criterion", ['"mmol/mol"', '"%"', "years"], [("unit: years, ", "unit: years, criterion: hba1c, ")]),
    ("data.features.HbA1c.criterion", ['"mmol/mol"', '"%"'], [("unit: mmol/mol,", "unit: null,")]),
    ("network.alpha", ["2", "3", "output layer"], [("alpha: 0.05", "alpha: [0.1, 0.1, 0.1]")]),
    ("network.alpha", ["1", "2", "softmax"], [("alpha: 0.05", "alpha: [0.1, 0.1]"), ("output: code", "output: softmax")]),
    ("preprocess.pca", ["6", "7"], [("pca: null", "pca: 7")]),
    ("split.stratify", ["group_by", "choose"], [("stratify: false", "stratify: true"), ("group_by: null", "group_by: [Class]")]),
    ("evaluation.unseen.group_by.1", ['did you mean "HbA1c"'], [(UNSEEN, "unseen: {group_by: [HbA1c, Hba1]}")]),
    ("findings.accept.1", ['"D2O1"', 'did you mean "D2'], [("accept: []", "accept: [D201, D2O1]")]),
    ("findings.accept.0", ['"x"', "explain"], [("accept: []", "accept: [x]")]),
    ("data.redundant.1", ["twice"], [("redundant: [Class]", "redundant: [Class, Class]")]),
    ("split.group_by.1", ["twice"], [("group_by: null", "group_by: [Age, Age]")]),
    ("split.group_by", ["data.target"], [("group_by: null", "group_by: [Type]")]),
    (
        "training.loss",
        ["softmax", "categorical_crossentropy"],
        [("loss: auto", "loss: binary_crossentropy"), ("output: code", "output: softmax")],
    ),
    ("data.codes.Type1", ["1000"], [("Type1: 1", "Type1: 1e39")]),
    # settings without effect
    (
        "data.reference",
        ["no effect", "criterion"],
        [
            ("reference: Normal", "reference: Normal"),
            (", criterion: random", ""),
            (", criterion: fasting", ""),
            (", criterion: hba1c", ""),
        ],
    ),
    (
        "network.alpha",
        ["no effect"],
        [("alpha: 0.05", "alpha: 0.1"), ("hidden: [3]", "hidden: []"), ("output: code", "output: softmax")],
    ),
    (
        "data.features.HbA1c.criterion",
        ["no effect", "data.reference"],
        [("HbA1c:  ", "HbA1c:  "), ("reference: Normal", "reference: null")],
    ),
]


def edited(edits: list[tuple[str, str]]) -> tuple[str, int]:
    """Return default.yaml with the edits, and the line of the first."""
    text = DEFAULT
    for old, new in edits:
        # the study's grid names cells in the words of other sections; everywhere else a text stands once
        assert 1 in (text.count(old), text[: text.index("\nstudy:")].count(old)), old
        text = text.replace(old, new, 1)
    return text, DEFAULT[: DEFAULT.index(edits[0][0])].count("\n") + 1


def fault_id(value: Any) -> str:
    return value if isinstance(value, str) else value[0][1] if isinstance(value[0], tuple) else ""


@pytest.mark.parametrize(("key", "parts", "edits"), FAULTS, ids=fault_id)
def test_a_fault_is_named_with_its_line_its_key_and_a_hint(
    problems: Problems, key: str, parts: list[str], edits: list[tuple[str, str]]
) -> None:
    text, line = edited(edits)
    found = problems(text)
    (mine,) = [problem for problem in found if problem.startswith(f"my.yaml:{line}: {key}: ")] or [str(found)]
    assert all(part in mine for part in [f"my.yaml:{line}: {key}: ", *parts]), mine


def test_every_problem_is_reported_at_once_each_with_its_own_line(problems: Problems) -> None:
    single = [edit for _, _, (edit, *more) in FAULTS if not more and "\n" not in edit[0]]
    chosen = {DEFAULT[: DEFAULT.index(old)].count("\n") + 1: (old, new) for old, new in single}  # one a line
    text, _ = edited([*chosen.values(), ("# the grid", "# the grid\n  seeds: 100\n #")])
    duplicate = DEFAULT[: DEFAULT.index("  seeds: 28")].count("\n") + 3
    assert {int(problem.split(":")[1]) for problem in problems(text)} == {*chosen, duplicate}
    assert len(chosen) > 15


def test_contradictions_are_reported_beside_wrong_types(problems: Problems) -> None:
    text, _ = edited([("epochs: auto", "epochs: many"), ("pca: null", "pca: 7"), ("Type2: -1", "Type2: 1")])
    assert [problem.split(": ")[1] for problem in problems(text)] == ["data.codes.Type2", "preprocess.pca", "training.epochs"]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"data: \xff\n", ["my.yaml", "UTF-8"]),
        (DEFAULT.encode("utf-16"), ["my.yaml", "UTF-8"]),
        ("data: {path: [", ["my.yaml:1", "not valid YAML"]),
        ("data: " + "[" * 5000, ["my.yaml", "deep"]),
        (SMALL + "split: &a {seed: 1}\nstudy: *a\n", ["my.yaml:7", "alias"]),
        ("- data\n", ["my.yaml:1", "sections", "list"]),
        ("", ["my.yaml", "data", "missing"]),
        (SMALL.replace("target: t", "target: t\n  target: u"), ["my.yaml:4", 'duplicate key "target"', "my.yaml:3"]),
        (SMALL + "split: 3\n", ["my.yaml:6", "split", "section", "3"]),
        (SMALL + "split:\n", ["my.yaml:6", "split", "section", "null"]),
        (SMALL + "training: {learning_rate: '1e-3'}\n", ["my.yaml:6", "training.learning_rate", "'1e-3'"]),
    ],
)
def test_a_file_that_is_no_configuration_has_one_problem(problems: Problems, content: str | bytes, parts: list[str]) -> None:
    (problem,) = problems(content)
    assert all(part in problem for part in parts), problem


@pytest.mark.parametrize("name", ["absent.yaml", ""])
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot read") as caught:
        load_config(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize("text", ["1e-3", "1E-3", ".001", "0.001", "1.0e-03"])
def test_1e_3_is_a_number_in_the_file_and_on_the_command_line(load: Load, text: str) -> None:
    assert load(SMALL + f"training: {{learning_rate: {text}}}").training.learning_rate == 0.001
    assert load(SMALL, f"training.learning_rate={text}").training.learning_rate == 0.001


def test_class_and_column_names_stay_the_text_that_was_written(load: Load) -> None:
    config = load("\ufeff" + SMALL.replace("\n", "\r\n"), "data.reference=No", "data.features.x={unit: '%', criterion: hba1c}")
    assert list(config.data.codes) == ["No", "0", "1e3", "~", "true"]
    assert list(config.data.features) == ["x", "No", "7"]
    assert config.data.reference == "No"


@pytest.mark.parametrize(
    ("setting", "old", "new"),
    [
        ("network.alpha=0.1", "alpha: 0.05", "alpha: 0.1"),
        ("network.alpha=[0.1, 0]", "alpha: 0.05", "alpha: [0.1, 0]"),
        ("network.hidden=[4, 2]", "hidden: [3]", "hidden: [4, 2]"),
        ("network.hidden=[]", "hidden: [3]", "hidden: []"),
        ("preprocess.impute=null", "impute: median", "impute: ~"),
        ("preprocess.scale=", "scale: standard", "scale:"),
        ("preprocess.pca=6", "pca: null", "pca: 6"),
        ("split.stratify=true", "stratify: false", "stratify: true"),
        ('data.features."BS pp".range=[1, 9]', "mmol/L,   range: [2, 40]}", "mmol/L,   range: [1, 9]}"),
        ("data.features.BS pp.range=[1, 9]", "mmol/L,   range: [2, 40]}", "mmol/L,   range: [1, 9]}"),
        ('data.features."Na.K".unit="%"', "    Age:  ", "    Na.K: {unit: '%'}\n    Age:  "),
        ("evaluation.unseen=null", UNSEEN, "unseen: null"),
        ("evaluation.unseen={group_by: [HbA1c], folds: 3}", UNSEEN, "unseen: {group_by: [HbA1c], folds: 3}"),
        ("evaluation.unseen.group_by=[HbA1c]", UNSEEN, "unseen: {group_by: [HbA1c]}"),
    ],
)
def test_set_gives_the_config_that_the_edited_file_gives(load: Load, setting: str, old: str, new: str) -> None:
    assert load(DEFAULT, setting) == load(edited([(old, new)])[0]) != load(DEFAULT)


@pytest.mark.parametrize(
    ("setting", "parts"),
    [
        ("network.alhpa=1", ["network.alhpa", 'did you mean "alpha"']),
        ("netwrok.alpha=1", ["netwrok", 'did you mean "network"']),
        ("network.alpha=2", ["network.alpha", "less than or equal to 1", "2"]),
        ("network.alpha=[0.1]", ["network.alpha", "2", "1"]),
        ("training.epochs=", ["training.epochs", "integer", "null"]),
        ("preprocess.pca=9", ["preprocess.pca", "6", "9"]),
        ("findings.accept=[C999]", ["findings.accept", '"C999"']),
        ('data.features."A.b".unti=x', ["data.features", "A.b", 'did you mean "unit"']),
        ("network.alpha.x=1", ["network.alpha", "number"]),
        ("network.alpha", ["KEY=VALUE"]),
        ("network.alpha=0.1: 2", ["network.alpha", "not valid YAML"]),
    ],
)
def test_a_faulty_set_is_one_problem_that_names_it(problems: Problems, setting: str, parts: list[str]) -> None:
    (problem,) = problems(DEFAULT, setting)
    assert problem.startswith("--set ")
    assert all(part in problem for part in parts), problem


def test_data_replaces_the_path_and_nothing_else(load: Load, problems: Problems) -> None:
    assert load(SMALL, data="other.csv") == load(SMALL, "data.path=other.csv")
    assert load(SMALL.replace("  path: mine.csv\n", ""), data="other.csv") == load(SMALL, data="other.csv")
    assert len(problems("split: {}\n", data="other.csv")) == 1


def test_default_yaml_spells_every_key_and_its_default() -> None:
    assert list(WRITTEN) == list(Config.model_fields)
    assert list(WRITTEN["data"]) == list(DataSection.model_fields)
    for name, section in Config.model_fields.items():
        if name not in ("data", "card"):  # a card has no default, and every project its own
            defaults = section.default.model_dump()
            written = {key: tuple(value) if isinstance(value, list) else value for key, value in WRITTEN[name].items()}
            # the columns are those of this file, so the schema can have no default for them
            assert (written | {"unseen": "auto", "subgroups": {}} if name == "evaluation" else written) == defaults


def test_default_yaml_explains_every_key_in_a_comment() -> None:
    lines = DEFAULT.splitlines()
    for name, section in Config.model_fields.items():
        below = lines[lines.index(next(line for line in lines if line.startswith(f"{name}:"))) :]
        for key in section.annotation.model_fields:
            line = next(line for line in below if line.startswith(f"  {key}:"))
            assert len(line.partition("#")[2]) > 3, f"{name}.{key}"
    for key in (*Feature.model_fields, *UnseenSection.model_fields):
        assert any(f"{key}:" in line.partition("#")[2] for line in lines), key


@pytest.mark.parametrize("name", ["default", "article"])
def test_the_shipped_files_load_and_survive_the_round_trip(name: str) -> None:
    config = load_config(ROOT / "configs" / f"{name}.yaml")
    assert validate(Config, read_yaml(config.to_yaml(), "again.yaml")) == config


def test_article_yaml_is_the_literal_article() -> None:
    written = yaml.safe_load((ROOT / "configs" / "article.yaml").read_text())
    config = load_config(ROOT / "configs" / "article.yaml")
    assert config.training.engine == "keras"
    assert (config.training.loss, config.training.epochs, config.training.batch_size) == ("categorical_crossentropy", 100, 10)
    assert (config.training.starts, config.split.seed, config.split.test_size) == (1, 5, 0.2)
    assert config.preprocess.model_dump() == {"implausible": "keep", "impute": None, "scale": None, "pca": None}
    assert written["findings"]["accept"] == ["C101", "C104", "D201", "T301", "T302", "T303", "E401"]


def test_the_codes_that_can_be_accepted_are_those_of_the_findings() -> None:
    assert sorted(get_args(Code)) == sorted(RULES)


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85"), max_size=8).map(canonical) | st.sampled_from(
    ["No", "1e3", "~", "0"]
)
NUMBERS = st.floats(-1e9, 1e9)
GROUPS = st.lists(NAMES, min_size=1, max_size=3)
FEATURE = st.fixed_dictionaries(
    {},
    optional={
        "unit": st.none() | NAMES,
        "range": st.none() | st.lists(NUMBERS, min_size=2, max_size=2),
        "criterion": st.sampled_from([None, "fasting", "hba1c"]),
    },
)
VALUES = st.fixed_dictionaries(
    {
        "data": st.fixed_dictionaries(
            {
                "path": NAMES,
                "target": NAMES,
                "redundant": st.lists(NAMES, max_size=2),
                "reference": st.none() | NAMES,
                "codes": st.dictionaries(NAMES, st.floats(-1e3, 1e3), min_size=2, max_size=4),
                "features": st.dictionaries(NAMES, FEATURE, min_size=1, max_size=4),
            }
        )
    },
    optional={
        "split": st.fixed_dictionaries({"test_size": st.floats(1e-9, 0.999), "group_by": st.none() | GROUPS}),
        "preprocess": st.fixed_dictionaries({"impute": st.sampled_from([None, "mean"]), "pca": st.none() | st.integers(1, 9)}),
        "network": st.fixed_dictionaries(
            {"hidden": st.lists(st.integers(1, 99)), "alpha": st.floats(0, 1) | st.lists(st.floats(0, 1))}
        ),
        "training": st.fixed_dictionaries({"learning_rate": st.floats(1e-300, 1e9), "seed": st.integers(0, 2**32 - 1)}),
        "evaluation": st.fixed_dictionaries({"unseen": st.none() | st.fixed_dictionaries({"group_by": GROUPS})}),
    },
)


@settings(deadline=None)
@given(VALUES)
def test_any_config_survives_the_round_trip_through_its_yaml(values: dict[str, Any]) -> None:
    config = Config.model_validate(values)
    again = validate(Config, read_yaml(config.to_yaml(), "again.yaml"))
    assert again == config
    assert again.to_yaml() == config.to_yaml()


@pytest.mark.parametrize(
    "uri", ["http://me:secret@host", "https://me:sec/ret@host", "{uri: http://me:secret@host}", "x://secret@y"]
)
def test_a_password_in_an_address_is_refused_and_not_shown(uri: str, problems: Problems) -> None:
    (told,) = problems(DEFAULT.replace("mlflow: null", f"mlflow: {uri}"))
    assert "tracking.mlflow" in told
    assert "secret" not in told
    assert "sec/ret" not in told


@pytest.mark.parametrize(
    "uri", ["http://localhost:5000", "https://mlflow.example.org/team/a", "http://[::1]:5000", "sqlite:///m.db"]
)
def test_an_address_of_mlflow_is_taken(uri: str, load: Load) -> None:
    assert load(DEFAULT, f"tracking.mlflow={uri}").tracking.mlflow == uri
