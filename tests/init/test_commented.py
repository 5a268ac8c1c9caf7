"""YAML with comments reads back as the values that it was made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.yaml_text import canonical, read_yaml
from pipeline.init.commented import commented

NAMES = [
    "a",
    "x" * 150,
    "ü" * 1300,
    "q: \"x\" 'y'",
    "#h",
    "~",
    "true",
    "null",
    "1e3",
    "0",
    "a b: c",
    "- x",
    "? x",
    "a\\b",
    "{a}",
    "!t",
    "&a",
]
NAMES += [
    "*b",
    "%d",
    "@x",
    "`",
    "a #b",
    "=",
    "<<",
    "no",
    "0x1F",
    "-",
    ".",
    "a,b",
    "}",
    "é, [b]",
    "😀",
    "a\nb",
    "x\u2028y",
    "tab\there",
]


def values_of(name: str) -> dict[str, object]:
    return {
        "data": {
            "path": name,
            "read": {"separator": "\t", "missing": ["auto", name, -999]},
            "merge": {name: [name, "1"], "other": ["b"]},
            "codes": {name: 0, "other": -1},
            "features": {
                name: {"unit": None, "range": [0, 44000000], "missing": [name]},
                "other": {"categories": {name: 1, "b": 2.5}},
            },
        },
        "network": {"output": "softmax"},
    }


def check(name: str) -> None:
    expected, location = values_of(canonical(name)), ("data", "features", name)
    written = values_of(name)
    text = commented(
        written, {location: name, ("data",): "x " * 200, ("data", "codes", name): "c"}, {("data", "features"): [name]}
    )
    read = read_yaml(text, "x.yaml")
    assert read.problems == []
    assert keys_canonical(read.values) == keys_canonical(expected)
    assert all(len(line) <= 110 for line in text.splitlines() if line.lstrip().startswith("#"))


def keys_canonical(value: object) -> object:
    if isinstance(value, dict):
        return {canonical(key): keys_canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [keys_canonical(item) for item in value]
    return canonical(value) if isinstance(value, str) and value != "\t" else value


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_read_back(name: str) -> None:
    check(name)


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=160).filter(
        lambda name: canonical(name) not in ("", "other")
    )
)
def test_any_name_reads_back(name: str) -> None:
    check(name)


def test_whole_numbers_have_no_exponent_and_keys_keep_their_order() -> None:
    text = commented(values_of("a"), {}, {})
    assert "range: [0, 44000000]" in text
    assert text.index("unit") < text.index("range") < text.index("missing: [a]")
