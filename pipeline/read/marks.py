"""The decimal mark of a file, decided by the cells of its columns; and what they leave in doubt."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.config.data_section import ABSENT, DASHES, Absent, ReadSection
from pipeline.errors import DataError
from pipeline.read.arrow import to_text
from pipeline.read.columns import cell_text, clip, is_text, short

_WORDS = {".": "point", ",": "comma"}
_OTHER = {".": ",", ",": "."}
_DOUBTFUL = ("doubtful .", "doubtful ,")
_ROWS = 1000  # looked at first
_ENOUGH = 0.8  # of a column's cells must look like numbers for its marks to count where no config names it


@dataclass(frozen=True)
class Cells:
    """How the cells of a file are read.

    Attributes:
        decimal: a point or a comma.
        thousands: the mark between groups of three digits, if there is one: a point, a comma, a blank or an apostrophe.
        missing: what means "no value": texts, compared in lower case, and numbers, compared by value.
        doubtful: those of them that mean it only where numbers stand, not among categories and classes.
        sure: the decimal mark is known from elsewhere than this file, so that no cell leaves it in doubt.
    """

    decimal: str = "."
    thousands: str | None = None
    missing: Absent = frozenset((*ABSENT, *DASHES))
    doubtful: Absent = frozenset(DASHES)
    sure: bool = False


_SPACE = r"[\s\x{a0}\x{2009}\x{202f}]*"


def _pattern(body: str) -> str:
    return rf"^{_SPACE}[+\-\x{{2212}}]?(?:{body}){_SPACE}$"


def _clear(mark: str, other: str) -> str:
    """Return a pattern of numbers in which ``mark`` can only be the decimal mark, or ``other`` only that of thousands."""
    exponent, group = r"[eE][+-]?\d+", rf"(?:[{other}'\x{{2019}} \x{{a0}}\x{{2009}}\x{{202f}}]\d{{3}})+"
    bodies = [rf"(?:0\d*|\d{{4,}})[{mark}]\d{{3}}", rf"\d+[{mark}](?:\d{{0,2}}|\d{{4,}})", rf"[{mark}]\d+"]
    bodies += [rf"\d+[{mark}]\d*{exponent}", rf"\d{{1,3}}{group}[{mark}]\d*", rf"\d{{1,3}}(?:[{other}]\d{{3}}){{2,}}"]
    return _pattern("|".join(bodies))


_LIKE_NUMBERS = _pattern(r"[\d.,'\x{2019} \x{a0}\x{202f}]*\d[\d.,]*(?:[eE][+-]?\d+)?")
_KINDS = {
    ".": _clear(".", ","),  # the decimal mark can only be a point
    ",": _clear(",", "."),
    "doubtful .": _pattern(r"[1-9]\d{0,2}\.\d{3}"),  # it may also stand between thousands
    "doubtful ,": _pattern(r"[1-9]\d{0,2},\d{3}"),
    "whole": _pattern(r"\d+"),
    "fraction": _pattern(r"\d{1,3}[.,](?:[1-9]\d\d|\d[1-9]\d|\d\d[1-9])"),
}


@dataclass(frozen=True)
class Evidence:
    """What the marks in the cells of a column say: of each kind that occurs how many there are, and one of them."""

    counts: Counter[str] = field(default_factory=Counter)
    cells: Mapping[str, str] = field(default_factory=dict)

    def __add__(self, other: "Evidence") -> "Evidence":
        return Evidence(self.counts + other.counts, {**other.cells, **self.cells})

    @property
    def mark(self) -> str:
        """The decimal mark that most clear cells have; nothing where there are none."""
        return max(".,", key=lambda mark: self.counts[mark]) if self.counts["."] + self.counts[","] else ""


def evidence(column: pa.Array) -> Evidence:
    """Return what the marks of a column's cells say; a typed number has none."""
    if not is_text(column.type):
        return Evidence()
    column = column.cast(pa.string())
    content = memoryview(column.buffers()[2] or b"").tobytes()
    for mark, other in ((".", ","), (",", ".")):
        if mark.encode() in content and other.encode() not in content and (found := _counted(column[:_ROWS], [mark])).cells:
            return found  # nothing else can tell more
    return _counted(column, _KINDS if b"." in content or b"," in content else ["whole"])


def _counted(column: pa.StringArray, kinds: Iterable[str]) -> Evidence:
    matches = {kind: column.filter(pc.match_substring_regex(column, _KINDS[kind])) for kind in kinds}
    found = {kind: cells for kind, cells in matches.items() if len(cells)}
    counts = Counter({kind: len(cells) for kind, cells in found.items()})
    return Evidence(counts, {kind: cell_text(cells[0]) for kind, cells in found.items()})


def doubt(name: str, found: Evidence, cells: Cells) -> str | None:
    """Return a problem where the marks of a column leave open what its numbers are, else None."""
    unclear = found.cells.get(f"doubtful {cells.decimal}")
    if cells.sure or cells.decimal in found.cells or not unclear or "whole" not in found.cells:
        return None
    return _open(name, unclear, cells.decimal)


def refuse_doubts(path: str, found: Mapping[str, Evidence], cells: Cells) -> None:
    """Raise DataError for each column whose marks leave open what its numbers are."""
    problems = [problem for name, own in found.items() if (problem := doubt(name, own, cells))]
    if problems:
        raise DataError(*(f"{path}: {problem}" for problem in problems))


def decided(
    path: str, read: ReadSection, columns: Mapping[str, pa.Array], chosen: Iterable[str] | None, like: ReadSection | None
) -> tuple[Cells, list[str]]:
    """Return how the cells of a file are read, of which these are some, and what is to be said about it.

    The ``chosen`` columns must hold numbers; None stands for those that seem to. ``like`` is how the training's file was read.

    Raises:
        DataError: the cells contradict the config, or one another, or can be read in two ways.
    """
    names = [name for name, column in columns.items() if _like_numbers(column)] if chosen is None else chosen
    found = {name: evidence(columns[name]) for name in names if name in columns}
    said = {
        own.mark: f'column "{clip(name)}" has decimal {_WORDS[own.mark]}s ({short(own.cells[own.mark])})'
        for name, own in reversed(found.items())
        if own.mark
    }
    fixed = read.decimal if read.decimal != "auto" else _OTHER.get(read.thousands or "")
    if fixed:
        if _OTHER[fixed] in said and fixed not in said:
            key = f'data.read.decimal is "{fixed}"' if read.decimal != "auto" else f'data.read.thousands is "{read.thousands}"'
            raise DataError(f"{path}: {said[_OTHER[fixed]]}, but {key}; correct the setting, or set it to auto")
        return Cells(fixed, read.thousands, *read.absent(), sure=True), []
    if len(said) == 2:
        pair = f"{said['.']}, {said[',']}"
        raise DataError(f"{path}: {pair}; one file has one decimal mark: correct the cells, or set data.read.decimal")
    clear = next(iter(said), None)
    known = like is not None and clear in (None, like.decimal)
    cells = Cells(clear or (like.decimal if like else "."), read.thousands, *read.absent(), sure=known)
    told = [] if clear else _unclear(path, found, cells, like)
    refuse_doubts(path, found, cells)
    return cells, told


def _unclear(path: str, found: Mapping[str, Evidence], cells: Cells, like: ReadSection | None) -> list[str]:
    """Return what is to be said where no cell tells the decimal mark.

    Raises:
        DataError: a mark may stand between thousands, and neither the training nor the other cells say that it does not.
    """
    points, commas = ({name: own.cells[kind] for name, own in found.items() if kind in own.cells} for kind in _DOUBTFUL)
    contrary, mark = (points, ".") if cells.decimal == "," else (commas, ",")
    if like and (points or commas) and not contrary:
        return [f"{path}: decimal {_WORDS[cells.decimal]}, as in training; the file alone does not tell"]
    whole = {name: cell for name, cell in points.items() if "fraction" not in found[name].cells}
    for name, cell in contrary.items() or whole.items():
        how = f"write decimal {_WORDS[cells.decimal]}s, as in training" if like else ""
        raise DataError(f"{path}: {_open(name, cell, mark if contrary else '.', how)}")
    return [f'{path}: {short(cell)} in column "{clip(name)}" is read with a decimal point' for name, cell in points.items()][:1]


def _open(name: str, cell: str, mark: str, how: str = "") -> str:
    text = f'column "{clip(name)}" holds {short(cell)}, where the {_WORDS[mark]} may be a decimal mark or separate thousands'
    how = how or f'set data.read.decimal: "{mark}" or data.read.thousands: "{mark}"'
    return f"{text}; {how}"


def _like_numbers(column: pa.Array) -> bool:
    if not is_text(column.type):
        return False
    column = column.cast(pa.string())
    absent = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(column)), to_text([*ABSENT, *DASHES]))
    filled: int = len(column) - (pc.sum(absent).as_py() or 0) - column.null_count
    like = pc.sum(pc.match_substring_regex(column, _LIKE_NUMBERS)).as_py() or 0
    return filled > 0 and like >= _ENOUGH * filled
