"""Ways to spoil a text file. A case is decided by its number alone."""

import random
import re
from collections.abc import Callable, Sequence

Mutate = Callable[[random.Random, bytes], bytes]

CELLS = (
    "",
    " ",
    "nan",
    "NA",
    "null",
    "inf",
    "-inf",
    "1e308",
    "1e999",
    "-0",
    "1" * 400,
    "0." + "3" * 400,
    "1e-400",
    "0x10",
    "1_000",
    "1.5.2",
    "1,5",
    '"1,5"',
    '"1"',
    "+7",
    ".5",
    "5.",
    "1e3",
    "1E+2",
    "١٢",
    "\uff11\uff12",
    "²",
    "\u22125",
    "\ufeff7",
    "7\u00a0",
    "\u20077",
    "7\u2028",
    "\x857",
    "7\x0b",
    "7\x0c",
    "7\x1c",
    "\x1b[31m7",
    "True",
    "None",
    "x" * 100_000,
    '"a\nb"',
    '"a\r\nb"',
    '"a""b"',
    'a"b',
    '"a"b',
    '"',
    "'",
    "\\",
    "=1+1",
    "Normal",
    "normal",
    "Type3",
    "\u202e7",
    "\0",
)
LINES = ("", " ", ",", ",,,,,,,", "#", "\t", "sep=,", '"', "x", "\ufeff", "\x0c", "\u2028", "-" * 80)
VALUES = (
    "null",
    "~",
    "true",
    "yes",
    "1e-3",
    "1e400",
    "-1e400",
    ".inf",
    "-.INF",
    ".nan",
    "0",
    "-1",
    "0o17",
    "0x1f",
    "1_000",
    "12345678901234567890123",
    "9" * 5000,
    "1:30",
    "2001-01-01",
    "[]",
    "{}",
    "[1, 2",
    "{a: 1",
    "[[[]]]",
    "{? [a] : b}",
    "'open",
    '"\\ud800"',
    '"\\0"',
    '"\\x1b[31m"',
    '"\\u2028"',
    '"a\\nb"',
    "|",
    ">-",
    "&a x",
    "*a",
    "!!python/object/apply:os.system [id]",
    "!!binary aGk=",
    "!!int x",
    "!!str 5",
    "!!float 1",
    "!!null x",
    "!!set {a, b}",
    "!!timestamp 2001-01-01",
    "!local x",
    "<<",
    "=",
    "?",
    "- - - 1",
    "@x",
    "`x`",
    "%x",
    "x" * 10_000,
    "日本",
    "\u202ex",
    "..",
    "/dev/null",
    "",
    "# x",
    "a: b: c",
    "[" * 2000 + "]" * 2000,
    "{a: " * 400 + "1" + "}" * 400,
)
SNIPPETS = (
    "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b, *b]\n",
    "base: &base {alpha: 1}\nnetwork:\n  <<: *base\n",
    "---\n",
    "...\n",
    "--- x\n",
    "%YAML 1.1\n---\n",
    "%TAG ! tag:x,2000:\n---\n",
    "? a\n: b\n",
    "\t- x\n",
    "- x\n",
    "x\n",
    "data:\n",
    "data: {}\n",
    "network:\n  alpha: 0.1\n",
    "network: {alpha: [0.1, 0.2, 0.3]}\n",
    "training: {epochs: 1e2}\n",
    "card: {contact: |\n  x\n}\n",
    "findings: {accept: [C101, C101, Z999]}\n",
    "evaluation: {subgroups: {Age: [1, 0]}}\n",
    "evaluation: {subgroups: {x: [1]}, unseen: {group_by: [Age, Age], folds: 1000000}}\n",
    "split: {group_by: [Type], stratify: true}\n",
    "preprocess: {pca: 7, impute: null, scale: null}\n",
    "study: {alphas: [0.1, 0.1], reference: {alpha: 0.7}}\n",
    "\ufeff",
    "\u2028",
    "\x85",
    "\x07",
    "\u007f",
)


def spoiled(number: int, content: bytes, ways: Sequence[Mutate]) -> bytes:
    """Return the content after one to three changes."""
    draw = random.Random(number)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        content = draw.choice(ways)(draw, content)
    return content


def flip(draw: random.Random, content: bytes) -> bytes:
    """Change some bytes."""
    changed = bytearray(content or b"x")
    for _ in range(draw.choice((1, 1, 3, 20))):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def span(draw: random.Random, content: bytes) -> bytes:
    """Drop or double a span."""
    start, size = draw.randrange(len(content) + 1), draw.choice((1, 2, 10, 200))
    return content[:start] + content[start + size :] if draw.random() < 0.5 else content[: start + size] + content[start:]


def cut(draw: random.Random, content: bytes) -> bytes:
    """End early."""
    return content[: draw.choice((0, 1, 5, draw.randrange(len(content) + 1)))]


def lines(draw: random.Random, content: bytes) -> bytes:
    """Drop, double, swap, move or add a line."""
    each = content.splitlines(keepends=True) or [b""]
    one, two = draw.randrange(len(each)), draw.randrange(len(each))
    way = draw.randrange(4)
    if way == 0:
        del each[one]
    elif way == 1:
        each.insert(two, each[one])
    elif way == 2:
        each[one], each[two] = each[two], each[one]
    else:
        each.insert(one, draw.choice(LINES).encode() + b"\n")
    return b"".join(each)


def ends(draw: random.Random, content: bytes) -> bytes:
    """End lines in other ways."""
    marks = draw.choice(((b"\r\n",), (b"\r",), (b"\r\n", b"\n"), (b"\r", b"\n", b"\r\n"), (b"\n\n",), (b"\r\r\n",), (b"\x0b",)))
    parts = content.split(b"\n")
    return b"".join(part + draw.choice(marks) for part in parts[:-1]) + parts[-1]


def encoded(draw: random.Random, content: bytes) -> bytes:
    """Write the text in another encoding, or with a byte order mark."""
    text = content.decode("utf-8", "replace")
    encoding = draw.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig", "utf-7", "cp037", "shift_jis"))
    return text.encode(encoding, "replace")


def inserted(draw: random.Random, content: bytes) -> bytes:
    """Put something between two characters."""
    at = draw.randrange(len(content) + 1)
    what = draw.choice(
        (b"\0", b'"', b"'", b"\xef\xbb\xbf", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\t", b",", b"\r", b"\x1a", b"\\", b"{", b":")
    )
    return content[:at] + what * draw.choice((1, 1, 2, 1000)) + content[at:]


def _table(content: bytes) -> list[list[str]]:
    return [line.split(",") for line in content.decode("utf-8", "replace").split("\n")]


def _bytes(table: list[list[str]], delimiter: str = ",") -> bytes:
    return "\n".join(delimiter.join(cells) for cells in table).encode("utf-8", "replace")


def cells(draw: random.Random, content: bytes) -> bytes:
    """Write something else into some cells."""
    table = _table(content)
    for _ in range(draw.choice((1, 1, 1, 5, 50))):
        row = draw.choice(table)
        row[draw.randrange(len(row))] = draw.choice(CELLS)
    return _bytes(table)


def columns(draw: random.Random, content: bytes) -> bytes:
    """Drop, double, swap or rename a column, in the header only or in every row."""
    table = _table(content)
    one, two, way = draw.randrange(len(table[0])), draw.randrange(len(table[0])), draw.randrange(4)
    for row in table[:1] if draw.random() < 0.3 else table:
        if max(one, two) < len(row):
            if way == 0:
                del row[one]
            elif way == 1:
                row.insert(two, row[one])
            elif way == 2:
                row[one], row[two] = row[two], row[one]
            elif row is table[0]:
                row[one] = draw.choice((*CELLS, row[one].upper(), row[one] + " ", row[two], f'"{row[one]}"'))
    return _bytes(table)


def delimited(draw: random.Random, content: bytes) -> bytes:
    """Separate by something else, or quote every cell."""
    table = _table(content)
    mark = draw.choice((";", "\t", "|", ", ", " ,", ",,", "\0", " ", ","))
    quote = draw.choice(("", "", '"', "'"))
    return _bytes([[f"{quote}{cell}{quote}" for cell in row] for row in table], mark)


def values(draw: random.Random, content: bytes) -> bytes:
    """Put another value behind a key, or another key before a value."""
    each = content.decode("utf-8", "replace").split("\n")
    places = [place for place, line in enumerate(each) if re.match(r"^\s*[^#\s].*:", line)]
    if places:
        place = draw.choice(places)
        key, _, rest = each[place].partition(":")
        indent = key[: len(key) - len(key.lstrip())]
        each[place] = f"{key}: {draw.choice(VALUES)}" if draw.random() < 0.8 else f"{indent}{draw.choice(VALUES)}:{rest}"
    return "\n".join(each).encode("utf-8", "replace")


def indented(draw: random.Random, content: bytes) -> bytes:
    """Indent a line in another way."""
    each = content.split(b"\n")
    place = draw.randrange(len(each))
    each[place] = draw.choice((b" ", b"  ", b"\t", b"- ", b"", b"\xc2\xa0")) + each[place].lstrip(draw.choice((b"", b" ")))
    return b"\n".join(each)


def snippets(draw: random.Random, content: bytes) -> bytes:
    """Put a piece of YAML before, behind or between the lines."""
    each = content.split(b"\n")
    snippet = draw.choice(SNIPPETS).encode()
    place = draw.choice((0, len(each), draw.randrange(len(each) + 1)))
    return b"\n".join([*each[:place], snippet, *each[place:]])


def large(draw: random.Random, content: bytes) -> bytes:
    """Make it long or deep."""
    return content + draw.choice(
        (b"x: " + b"y" * 300_000, b"\n" * 100_000, b"[" * 20_000, b"- " * 20_000, b"a: {" * 5_000, b"#" * 10**6)
    )


CSV: tuple[Mutate, ...] = (
    flip,
    span,
    cut,
    lines,
    lines,
    ends,
    encoded,
    inserted,
    cells,
    cells,
    cells,
    cells,
    columns,
    columns,
    delimited,
)
YAML: tuple[Mutate, ...] = (
    flip,
    span,
    cut,
    lines,
    lines,
    ends,
    encoded,
    inserted,
    values,
    values,
    values,
    values,
    indented,
    snippets,
    large,
)
