"""The oracles are json (every JSON text is YAML 1.2), PyYAML where 1.1 and 1.2 agree, the YAML 1.2 core schema, and line
numbers that the documents hold themselves."""

import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.yaml_text import YamlSource, canonical, dump_yaml, override, read_yaml

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85", max_codepoint=0xFFFF), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
LOOKALIKES = [
    "No",
    "yes",
    "on",
    "1e3",
    "1e-3",
    "0",
    "007",
    "1_000",
    "0x1F",
    "12:30",
    "2024-01-31",
    "~",
    "null",
    "",
    " ",
    "=",
    "<<",
]
LOOKALIKES += [
    ".inf",
    ".nan",
    "true",
    "-",
    "- a",
    "a: b",
    "# a",
    "&a",
    "*a",
    "!a",
    "a #b",
    "'",
    '"',
    "|",
    "\ufeff",
    "\u2028",
]
WORDS = TEXT | st.sampled_from(LOOKALIKES)
KEYS = WORDS.map(canonical).filter(lambda key: max(map(ord, key), default=0) <= 0xFFFF)  # JSON escapes others in two parts
VALUES = st.recursive(SCALARS | WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=4)


def read(text: str) -> YamlSource:
    source = read_yaml(text, "my.yaml")
    assert source.problems == []
    return source


def problem(text: str) -> str:
    (only,) = read_yaml(text, "my.yaml").problems
    assert "\n" not in only
    return only


@settings(deadline=None)
@given(MAPPINGS, st.sampled_from([None, 2]))
def test_every_json_object_is_read_as_json_reads_it(values: dict[str, Any], indent: int | None) -> None:
    text = json.dumps(values, indent=indent)
    assert repr(read(text).values) == repr(json.loads(text))


@settings(deadline=None)
@given(MAPPINGS)
def test_what_is_dumped_is_read_back_equal_types_and_order_included(values: dict[str, Any]) -> None:
    assert repr(read(dump_yaml(values)).values) == repr(values)


def test_the_line_break_that_only_yaml_1_1_knows_is_read_back_equal() -> None:
    assert read(dump_yaml({"a": "b\x85c"})).values == {"a": "b\x85c"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "---\na: 1\n...\n",
        "a: {b: [1, 2.5, {c: true}], d: null}  # why\n'e': \"\\u00e9\\n\"\n",
        "a:\n  - 1\n  -\n    - x\n    - y: 2\nb: >\n  folded\n  text\n\n  end\nc: |-\n  kept\n   as is\nd: plain\n  goes on\n",
        "a: !!str 5\nb: !!int '5'\nc: !!float 1\n? d\n: 1\n",
        "a: [\n  1,\n  2,\n]\nb: 'it''s'\nlong: " + "x" * 5000,
    ],
)
def test_documents_are_read_as_pyyaml_reads_them(text: str) -> None:
    assert read(text).values == (yaml.safe_load(text) or {})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, text) for text in ("No", "yes", "on", "off", "y", "tRue", "1_000", "12:30", "2024-01-31", "1e", "e3", "+", ".")),
        *((text, float(text)) for text in ("1e-3", "1E3", "+1e3", "-.5", "5.", "1.5e+3", "6.02e23", "0.1")),
        *((text, int(text)) for text in ("0", "-7", "+12", "0123", "999999999999999999")),
        *((text, None) for text in ("~", "null", "Null", "NULL", "")),
        *((text, True) for text in ("true", "True", "TRUE")),
        *((text, False) for text in ("false", "False", "FALSE")),
        *((text, math.inf) for text in (".inf", "+.Inf", ".INF")),
        ("-.inf", -math.inf),
        ("'1e-3'", "1e-3"),
        ('"null"', "null"),
        ("9" * 5000, math.inf),
    ],
)
def test_plain_scalars_follow_the_core_schema_of_yaml_1_2(text: str, value: Any) -> None:
    got = read(f"a: {text}").values["a"]
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan_is_a_number_that_is_none(text: str) -> None:
    assert math.isnan(read(f"a: {text}").values["a"])


@pytest.mark.parametrize("key", ["No", "0", "1e3", "~", "null", "true", "3.10", "2024-01-31"])
def test_a_key_is_text_whatever_it_looks_like(key: str) -> None:
    assert read(f"{key}: 1\nb: {{{key}: 2}}").values == {key: 1, "b": {key: 2}}


@settings(deadline=None)
@given(
    st.recursive(st.none(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner)), st.data()
)
def test_each_place_is_the_line_that_was_written(shape: Any, data: st.DataObject) -> None:
    lines: list[str] = []

    def write(value: Any, depth: int, lead: str) -> None:
        lines.extend(["", "# a comment"][: data.draw(st.integers(0, 2))])
        holds = f"{lead} {len(lines) + 1}" if not value else lead
        lines.append("  " * depth + holds)
        for key, item in value.items() if isinstance(value, dict) else enumerate(value or ()):
            write(item, depth + 1, f"{key}:" if isinstance(value, dict) else "-")

    write(shape, 0, "top:")
    source = read("\n".join(lines))

    def look(value: Any, location: tuple[str | int, ...]) -> None:
        if isinstance(value, int):
            assert source.place(location) == source.place((*location, "absent")) == f"my.yaml:{value}"
        for key, item in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
            look(item, (*location, key))

    look(source.values["top"], ("top",))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a: 1\nb: 2\na: 3\n", ['my.yaml:3: duplicate key "a"', "my.yaml:1"]),
        ("a:\n  b: {c: 1,\n  c: 2}\n", ['my.yaml:3: duplicate key "c"', "my.yaml:2"]),
        ("a: &x 1\nb: *x\n", ["my.yaml:2", "alias"]),
        ("a: &x\n  b: *x\n", ["my.yaml:2", "alias"]),
        ("a: &a [x]\nb: [*a, *a, *a]\n", ["my.yaml:2", "alias"]),
        ("a:\n\tb: 1\n", ["my.yaml:2", "not valid YAML"]),
        ("a: [1,\nb: 2\n", ["my.yaml:", "not valid YAML"]),
        ("a: 'open\n", ["my.yaml:", "not valid YAML"]),
        ("a: 1\n---\nb: 2\n", ["my.yaml:2", "another document"]),
        ("a: 1\n b: 2\n", ["my.yaml:2", "not valid YAML"]),
        ("a: b: c\n", ["my.yaml:1", "not valid YAML"]),
        ("a: \x00\n", ["my.yaml", "not valid YAML"]),
        ("- a\n- b\n", ["my.yaml:1", "sections", "list"]),
        ("only words\n", ["my.yaml:1", "sections", "text"]),
        ("a: 1\n? [b]\n: 2\n", ["my.yaml:2", "key must be text"]),
        ("a: 1\nb: !!int x\n", ["my.yaml:2", "tag"]),
        ("a: 1\nb: !!python/name:os.system x\n", ["my.yaml:2", "tag"]),
        ("a: 1\nb: !!python/object/apply:os.system [echo]\n", ["my.yaml:2", "tag"]),
        ("a: 1\nb: !!set {c, d}\n", ["my.yaml:2", "tag"]),
        ("a: 1\nb: !mine {c: d}\n", ["my.yaml:2", "tag"]),
        ("a: " + "[" * 5000 + "]" * 5000, ["my.yaml", "deep"]),
        ("".join(f"{' ' * depth}a:\n" for depth in range(3000)), ["my.yaml", "deep"]),
    ],
)
def test_what_cannot_be_read_is_one_line_that_says_where_and_why(text: str, parts: list[str]) -> None:
    found = problem(text)
    assert all(part in found for part in parts), found


def test_several_problems_are_collected_each_with_its_line() -> None:
    found = read_yaml("a: 1\na: 2\nb: !!int x\n? [c]\n: 1\nd: {e: 1, e: 2}\n", "my.yaml").problems
    assert [each.split(": ")[0] for each in found] == ["my.yaml:2", "my.yaml:3", "my.yaml:4", "my.yaml:6"]


def test_a_billion_laughs_are_refused_at_the_first() -> None:
    text = "a0: &a0 [ha, ha]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    assert problem(text).startswith("my.yaml:2: ")


def test_a_key_is_the_same_however_its_spaces_and_letters_are_made() -> None:
    source = read("data: {Gro\u0308\u00dfe\u00a0x: 1, b: 2}")
    override(source, ['data."Gr\u00f6\u00dfe  x"=3'])
    assert source.values == {"data": {"Gr\u00f6\u00dfe x": 3, "b": 2}}
    assert source.problems == []
    assert 'duplicate key "a b"' in problem("a b: 1\n'a\u2009b ': 2\n")


@settings(deadline=None)
@given(st.lists(st.text("ab.\u00e9 ", min_size=1), min_size=1, max_size=4).filter(lambda key: all(map(str.strip, key))), VALUES)
def test_an_override_is_read_as_if_it_stood_in_the_file(parts: list[str], value: Any) -> None:
    source = read("other: {a: 1}")
    expected: Any = json.loads(json.dumps(value))
    for part in reversed(parts):
        expected = {canonical(part): expected}
    override(source, [".".join(f'"{part}"' for part in parts) + f"={json.dumps(value)}"])
    assert source.problems == []
    assert repr(source.values) == repr({"other": {"a": 1}} | expected)


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("a.b=2", {"a": {"b": 2, "c": 1}, "d": 0}),
        ("a.c=1e-3", {"a": {"b": 1, "c": 0.001}, "d": 0}),
        ("a={b: x=y}", {"a": {"b": "x=y"}, "d": 0}),
        ("a=", {"a": None, "d": 0}),
        ("d=[1, null, No]", {"a": {"b": 1, "c": 1}, "d": [1, None, "No"]}),
        ('a."x.y".z=1', {"a": {"b": 1, "c": 1, "x.y": {"z": 1}}, "d": 0}),
    ],
)
def test_an_override_changes_its_key_alone(setting: str, values: dict[str, Any]) -> None:
    source = read("a: {b: 1, c: 1}\nd: 0\n")
    override(source, [setting])
    assert source.problems == []
    assert source.values == values


@pytest.mark.parametrize(
    ("setting", "part"),
    [
        *((setting, "KEY=VALUE") for setting in ("a", "=1", "", "a..b=1", ".a=1", "a.=1")),
        ("d.e=1", "d is a number"),
        ("a=[1", "not valid YAML"),
        ("a=b: c", "not valid YAML"),
        ("a={x: 1, x: 2}", "duplicate"),
    ],
)
def test_a_faulty_override_is_one_line_that_names_it(setting: str, part: str) -> None:
    source = read("a: {b: 1}\nd: 0\n")
    override(source, [setting])
    (found,) = source.problems
    assert found.startswith("--set ")
    assert part in found


def test_later_overrides_win_and_places_follow() -> None:
    source = read("a: {b: 1, c: 1}\n")
    override(source, ["a.b=2", "a={b: 3}", "a.b=4"])
    assert source.values == {"a": {"b": 4}}
    assert [source.place(("a", key)) for key in "bc"] == ["--set a.b", "--set a"]


def test_deep_nesting_is_refused_before_it_takes_long():
    for text in ("[" * 200 + "]" * 200, "{a: " * 100_000, "[" * 100_000):
        source = read_yaml(f"# first\na: {text}", "deep.yaml")
        assert source.broken
        assert source.problems == ["deep.yaml:2: not valid YAML: nested too deeply"]
