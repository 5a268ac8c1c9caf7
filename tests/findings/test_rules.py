"""Each code: facts that provoke it, with the evidence, and facts that do not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config.read import load_config
from pipeline.config.schema import Config
from pipeline.data.load import load
from pipeline.data.split import Split, split
from pipeline.data.table import Table
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.registry import RULES, find
from pipeline.findings.training_rules import TrainingFacts
from pipeline.network.coding import Coding
from pipeline.network.train import Trained
from tests.findings import builders
from tests.tables import table_of

DEFAULT = Path(__file__).parents[2] / "configs/default.yaml"
CODES = {"Normal": 0.0, "Type1": 1.0, "Type2": -1.0}
LEVELS = {
    **dict.fromkeys(("C101", "C102", "C104", "T301", "T302", "T303", "E401"), "error"),
    **dict.fromkeys(("C103", "D201", "D202", "D204", "D205", "D206", "D207", "D208", "D209"), "warning"),
    **dict.fromkeys(("T304", "T305", "E402", "E403", "E404", "E405", "E406", "E407", "E408"), "warning"),
    **dict.fromkeys(("D210", "D211", "D213", "D214", "D215", "D216", "D217"), "warning"),
    **dict.fromkeys(("D203", "D212"), "info"),
}


def config(codes=CODES, redundant=(), network=None, training=None, preprocess=None) -> Config:
    features = {"BS pp": {"range": [2, 40]}, "HbA1c": {"range": [15, 200]}}
    data = {"path": "x.csv", "target": "Type", "redundant": redundant, "codes": codes, "features": features}
    sections = {"network": network or {}, "training": training or {}, "preprocess": preprocess or {}}
    return Config.model_validate({"data": data, **sections})


def only(findings, code):
    """The finding of a code, or None; a second one would be a fault."""
    found = [each for each in findings if each.code == code]
    assert len(found) <= 1
    return found[0] if found else None


CROSS, BINARY = {"loss": "categorical_crossentropy"}, {"loss": "binary_crossentropy"}
SOFTMAX = {"output": "softmax"}
C_CASES = [
    ("C101", config(training=CROSS), {"loss": "categorical_crossentropy", "outputs": 1}),
    ("C101", config(training=CROSS, network=SOFTMAX), None),
    ("C101", config(), None),
    ("C101", config({"a": -1.0, "b": 1.0}, network={"alpha": 0.0}), {"loss": "ordinal", "outputs": 1}),
    ("C101", config({"a": -2.0, "b": -1.0}, network={"alpha": 1e-300}), {"loss": "ordinal", "outputs": 1}),
    ("C101", config({"a": -2.0, "b": -1.0}, network={"alpha": 1e-3}), None),
    ("C101", config({"a": -1.0, "b": 0.0}, network={"alpha": [0.3, 0.0]}), {"loss": "ordinal", "outputs": 1}),
    ("C101", config({"a": -1.0, "b": 1.0}, network={"alpha": [0.0, 0.3]}), None),
    ("C101", config({"a": -1.0, "b": 1.0}, network={"alpha": 0.0}, training={"loss": "squared_error"}), None),
    ("C101", config({"a": -1.0, "b": 1.0}, network={"alpha": 0.0, **SOFTMAX}), None),
    ("C101", config({"a": 1.0, "b": 2.0}, network={"alpha": 0.0}), None),
    ("C102", config(network={"alpha": 0.0}), {"classes": {"Type2": -1.0}, "slope": 0.0}),
    ("C102", config(network={"alpha": [0.3, 0.0]}), {"classes": {"Type2": -1.0}, "slope": 0.0}),
    ("C102", config(network={"alpha": [0.0, 0.3]}), None),
    ("C102", config(network={"alpha": 0.0, **SOFTMAX}), None),
    ("C102", config({"no": 0.0, "yes": 1.0}, network={"alpha": 0.0}), None),
    ("C103", config(), {"classes": {"Type2": -1.0}}),
    ("C103", config({"a": 2.0, "b": 0.0, "c": 0.5}), {"classes": {"a": 2.0, "c": 0.5}}),
    ("C103", config({"no": 0.0, "yes": 1.0}), None),
    ("C103", config(network=SOFTMAX), None),
    ("C104", config(training=CROSS), {"classes": {"Type2": -1.0}, "loss": "categorical_crossentropy"}),
    ("C104", config({"a": 0.0, "b": 2.0}, training=BINARY), {"classes": {"b": 2.0}, "loss": "binary_crossentropy"}),
    ("C104", config({"no": 0.0, "yes": 1.0}, training=BINARY), None),
    ("C104", config(training=CROSS, network=SOFTMAX), None),
    ("C104", config(), None),
]


@pytest.mark.parametrize(("code", "facts", "evidence"), C_CASES)
def test_the_config_rules(code, facts, evidence):
    finding = only(find("C", facts, ()), code)
    assert (finding.evidence if finding else None) == evidence


@pytest.mark.parametrize("codes", [(0.0, 1.0, -1.0), (-1.0, 5.0), (-3.0, -1.0, 5.0), (-2.0, -1.0), (-1.0, 1.0), (1.0, -1.0)])
def test_c102_names_exactly_the_classes_that_no_output_of_relu_decodes_to(codes):
    names = tuple(f"class {code:g}" for code in codes)
    answered = Coding(names, codes).decode(np.append(np.linspace(0, 20, 20_001), np.inf)[:, None])
    lost = [name for index, name in enumerate(names) if index not in answered]
    finding = only(find("C", config(dict(zip(names, codes, strict=True)), network={"alpha": 0.0}), ()), "C102")
    assert list(finding.evidence["classes"] if finding else []) == lost


def table(pp=(5.0, 9.0, 4.0), hba1c=(30.0, 60.0, 60.0), types=("Normal", "Type1", "Type2"), others=("0", "1", "1")) -> Table:
    features = pd.DataFrame({"BS pp": pp, "HbA1c": hba1c}, dtype=np.float64)
    outside = pd.DataFrame({"BS pp": (features["BS pp"] < 2) | (features["BS pp"] > 40), "HbA1c": False})
    return table_of(features, types, list(CODES), {"Class": others}, outside)


def scored(rows: Table, settings: Config) -> DataFacts:
    """Facts about a file that nothing is trained on."""
    return DataFacts(rows, Split(train=np.arange(0), test=np.arange(len(rows))), settings)


GAPS, ZEROS = table(pp=(np.nan, 9.0, np.nan), hba1c=(30.0, np.nan, 60.0)), table(pp=(0.0, 9.0, 41.0))
UNFILLED, KEPT = {"impute": None}, {"impute": None, "implausible": "keep"}
CLASS = {"redundant": ["Class"]}
D_CASES = [
    ("D201", GAPS, config(), {"columns": {"BS pp": 2, "HbA1c": 1}}, "warning"),
    ("D201", GAPS, config(preprocess=UNFILLED), {"columns": {"BS pp": 2, "HbA1c": 1}}, "error"),
    ("D201", ZEROS, config(preprocess=UNFILLED), {"columns": {}, "implausible": {"BS pp": 2}}, "error"),
    ("D201", ZEROS, config(preprocess=KEPT), None, None),
    ("D201", ZEROS, config(), None, None),
    ("D201", table(), config(preprocess=UNFILLED), None, None),
    ("D202", ZEROS, config(), {"columns": {"BS pp": 2}}, "warning"),
    ("D202", ZEROS, config(preprocess=KEPT), {"columns": {"BS pp": 2}}, "warning"),
    ("D202", GAPS, config(), None, None),
    ("D202", table(pp=(2.0, 40.0, 3.0)), config(), None, None),
    (
        "D203",
        table(),
        config(**CLASS),
        {"columns": ["Class"], "values": {"Class": {"Normal": "0", "Type1": "1", "Type2": "1"}}},
        "info",
    ),
    ("D203", table(types=("Normal", "Type1", "Type1"), others=("0", "1", "2")), config(**CLASS), {"columns": ["Class"]}, "error"),
    ("D203", table(types=("Normal", "Type1", "Type1"), others=("0", "1", "")), config(**CLASS), {"columns": ["Class"]}, "error"),
    ("D203", table(), config(), None, None),
]


@pytest.mark.parametrize(("code", "rows", "settings", "evidence", "level"), D_CASES)
def test_the_data_rules(code, rows, settings, evidence, level):
    finding = only(find("D", scored(rows, settings), ()), code)
    told = finding.evidence if finding else None
    if code == "D202" and told:
        assert told.pop("row_numbers") == [1, 3]
    assert told == evidence
    assert (finding.level if finding else None) == level


def test_the_real_files_have_the_gaps_and_damage_that_were_counted(article, complete):
    """FACTS, section 3: gaps 36+11+11 and 54+13+13, damage 134 zeros and 133 values above 30."""
    for path, gaps in ((article, {"BS pp": 58, "Plasma F": 80}), (complete, None)):
        settings = load_config(DEFAULT, data=str(path))
        rows = load(settings.data)
        findings = find("D", DataFacts(rows, split(rows, settings.split), settings), ())
        assert (only(findings, "D201").evidence["columns"] if gaps else only(findings, "D201")) == gaps
        damage = only(findings, "D202").evidence
        assert (damage["columns"], len(damage["row_numbers"])) == ({"BS Fast": 267}, 267)
        assert only(findings, "D203").evidence["values"] == {"Class": {"Normal": "0", "Type1": "1", "Type2": "1"}}


INITIAL = np.arange(50, dtype=np.float32).reshape(2, 25)
SOUND = TrainingFacts(
    Trained(INITIAL + 1, INITIAL, np.ones((3, 2), dtype=np.float32), np.array([0.5, 0.2]), 1),
    answers=np.array([0, 1, 2]),
    dead=[(), ()],
    agreement=np.array([0.95, 1.0]),
    config=config(),
)


def facts(weights=None, final=None, answers=None) -> TrainingFacts:
    trained = replace(SOUND.trained, weights=SOUND.trained.weights if weights is None else weights)
    trained = replace(trained, final_loss=trained.final_loss if final is None else np.array(final))
    return replace(SOUND, trained=trained, answers=SOUND.answers if answers is None else np.array(answers))


def spoilt(start: int, value: float) -> np.ndarray:
    weights = SOUND.trained.weights.copy()
    weights[start, 3] = value
    return weights


T_CASES = [
    ("T301", facts(spoilt(1, np.nan)), {"loss": 0.2, "weights": 1, "of": 25, "finite_starts": 2}),
    ("T301", facts(spoilt(1, -np.inf)), {"loss": 0.2, "weights": 1, "of": 25, "finite_starts": 2}),
    ("T301", facts(final=[np.nan, np.inf]), {"loss": None, "weights": 0, "of": 25, "finite_starts": 0}),
    ("T301", facts(spoilt(0, np.nan)), None),
    ("T301", SOUND, None),
    ("T302", facts(INITIAL.copy()), {"weights": 25, "moved": 0}),
    ("T302", facts(np.stack([INITIAL[0] + 1, INITIAL[1]])), {"weights": 25, "moved": 0}),
    ("T302", facts(np.nextafter(INITIAL, np.float32(np.inf))), None),
    ("T302", facts(np.stack([INITIAL[0], INITIAL[1] + 1])), None),
    ("T302", SOUND, None),
    ("T303", facts(answers=[2, 2, 2]), {"class": "Type2", "rows": 3}),
    ("T303", facts(answers=[-1, -1]), {"class": None, "rows": 2}),
    ("T303", facts(answers=[0, 0, -1]), None),
    ("T303", SOUND, None),
]


@pytest.mark.parametrize(("code", "seen", "evidence"), T_CASES)
def test_the_training_rules(code, seen, evidence):
    finding = only(find("T", seen, ()), code)
    assert (finding.evidence if finding else None) == evidence


def test_accepting_a_code_shows_it_and_lets_it_pass_and_no_other():
    both = config(training=CROSS)
    for accept, blocking in (((), {"C101", "C104"}), (("C101", "D201"), {"C104"}), (("C101", "C104"), set())):
        findings = find("C", both, accept)
        assert {each.code for each in findings} == {"C101", "C103", "C104"}
        assert {each.code for each in findings if each.accepted} == {"C101", "C104"} & set(accept)
        assert {each.code for each in findings if each.blocks} == blocking


def test_an_error_raised_from_a_warning_blocks_and_a_warning_does_not():
    assert only(find("D", scored(GAPS, config(preprocess=UNFILLED)), ()), "D201").blocks
    assert not only(find("D", scored(GAPS, config()), ()), "D201").blocks


@pytest.mark.parametrize(("part", "told"), [("empty_test", "test"), ("empty_train", "training")])
@pytest.mark.parametrize("bad", [np.nan, 99.0])
def test_d201_names_a_column_without_a_value_in_one_part_of_the_split(part, told, bad):
    values = np.arange(20.0)
    tested = np.arange(20) % 5 == 0
    values[tested if part == "empty_test" else ~tested] = bad
    given = builders.facts({"a": values, "b": np.arange(20.0)}, ["x", "y"] * 10, {"a": {"range": [0, 50]}})
    finding = only(find("D", given, ()), "D201")
    assert finding.level == "warning"
    assert finding.evidence[part] == ["a"]
    assert {"empty", "empty_test", "empty_train"} & set(finding.evidence) == {part}
    assert f'no usable value among the {told} rows in 1 column: "a"' in finding.message
    assert finding.fix.startswith("diabetes-pipeline train --set '~data.features.a'")


def test_d201_calls_a_column_empty_in_the_whole_file_just_that():
    given = builders.facts({"a": np.full(20, np.nan), "b": np.arange(20.0)}, ["x", "y"] * 10)
    assert only(find("D", given, ()), "D201").evidence == {"columns": {"a": 20}, "empty": ["a"]}


def test_every_code_has_its_level_here():
    assert set(LEVELS) == set(RULES)


@pytest.mark.parametrize(("code", "level"), LEVELS.items())
def test_a_code_has_the_level_of_the_design_and_a_page_that_explains_it(code, level):
    rule = RULES[code]
    assert rule.level == level
    for part in ("What", "Why it matters", "How it is tested", "How to fix", "Source"):
        texts = [paragraph for paragraph in rule.page.split("\n\n") if paragraph.startswith(f"{part}: ")]
        assert len(texts) == 1, part
        assert len(texts[0]) > len(part) + 20, part
    assert rule.page.startswith(rule.title)
    assert len(rule.title) < 100
