"""How a CSV file is laid out: what stands above its rows, what separates its cells, what names its columns."""

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from pipeline.config.data_section import ReadSection
from pipeline.errors import DataError, counted
from pipeline.read.columns import alike, short
from pipeline.read.header import enclosed, holds_names, looks_like_data
from pipeline.read.records import breaks, is_utf8, records

_SEPARATORS = {",": "commas", ";": '";"', "\t": "tabs", "|": '"|"'}
_ROWS = 200  # looked at
_NAMED = 5  # rows by which names of rows are known
_CLOSE = 0.6  # nearly as good as the best separator
_QUOTED = re.compile(r'(^|[,;\t|])"(?:[^"]|"")*"', re.MULTILINE)
_LINE = re.compile(rb"[^\r\n]*+(?:\n|\r\n?+)")
_SEP = re.compile(rb'"?sep=([,;\t|])"?\s*', re.IGNORECASE)
_LATE = re.compile(r'\s+".*"\s*')
_SINGLE = re.compile(r"\s*'.*'\s*")
_NUMBER = re.compile(r"\s*[+-]?[\d.,' ]*\d[\d.,]*(?:[eE][+-]?\d+)?\s*")


@dataclass(frozen=True)
class Layout:
    """What the first bytes of a CSV file tell.

    ``header`` is a record without its line break, None where the config gives the names; ``line`` is its line or else that of the
    first row, which stands in the line ``below``, with so many bytes ``above``. A file is ``nameless`` if its header may be data.
    """

    separator: str
    names: list[str]
    header: bytes | None
    line: int
    below: int
    above: int
    told: list[str]
    nameless: bool = False


def layout_of(path: str, head: bytes, read: ReadSection, named: Collection[str]) -> Layout:
    """Look at the first bytes of a file, in UTF-8; ``named`` are the columns that the config names, if there is one.

    Raises:
        DataError: there is no header, or nothing tells what separates the cells.
    """
    start, comments, mark = _above(head)
    if not head[start:].strip():
        what = "holds nothing but comments" if comments else "the file is empty"
        raise DataError(f"{path}: {what}; a header and rows are needed")
    wanted = {alike(name) for name in read.header or named}
    separator = _separator(f"{path}, line {breaks(head[:start]) + 1}", _text(head[start:]), read, mark, wanted)
    start = _begin(path, head, start, comments, separator, wanted, read)
    line, (first, *rows) = breaks(head[:start]) + 1, _parsed(_text(head[start:]), separator)
    place, given, named_rows = f"{path}, line {line}", [*(read.header or ())], _rows_are_named(first, rows)
    first = [""] * named_rows + first
    _refuse_odd(place, first, rows, separator, bool(wanted))
    told = [f"separated by {_SEPARATORS[separator]}"] if read.separator == "auto" and separator != "," and len(first) > 1 else []
    told += ["comments above the header are left out"] if any(comment < start for comment in comments) else []
    told += ["the first column has no name, as where R writes names of rows"] if named_rows else []
    if not holds_names(place, first, rows, given):
        return Layout(separator, given, None, line, line, start, told)
    told += ["the first row names the columns, as data.read.header does"] if given else []
    record = _header(place, head[start:], line, separator)
    below, above = line + breaks(record), start + len(record)
    header = separator.encode() * named_rows + record.rstrip(b"\r\n")
    return Layout(separator, first, header, line, below, above, told, looks_like_data(first, rows))


def _refuse_odd(place: str, first: list[str], rows: list[list[str]], separator: str, named: bool) -> None:
    """Raise DataError where quotes are not as CSV has them, or a header without a config has not the width of the rows."""
    for row in (first, *rows[:1]):
        if len(row) > 1 and all(_LATE.fullmatch(cell) for cell in row[1:]):
            raise DataError(f"{place}: there is a blank before a quote ({short(row[1])}); remove such blanks")
    if len(first) > 1 and all(map(_SINGLE.fullmatch, first)):
        raise DataError(f'{place}: cells are in single quotes ({first[0]}); write double ones ("), or none')
    for at, cell in enumerate(first):
        if reason := enclosed(cell, at, separator, [row for row in rows if len(row) == len(first)]):
            raise DataError(f"{place} {reason}")
    widths = {len(row) for row in rows}
    if not named and len(widths) == 1 and (width := widths.pop()) != len(first):
        text = f"{counted(len(first), 'name')} there, {counted(width, 'cell')} in each row below"
        raise DataError(f"{place}: {text}; give each column a name, and remove what is above them")


def _rows_are_named(first: list[str], rows: list[list[str]]) -> bool:
    """Say whether rows have a cell in front that the header lacks, and that numbers them upwards or names each."""
    if len(first) < 2 or len(rows) < _NAMED or {len(row) for row in rows} != {len(first) + 1}:
        return False
    if not all(row[-1].strip() for row in rows):  # what the header lacks may as well be the name of the last column
        return False
    cells = [row[0].strip() for row in rows]
    if all(map(str.isdecimal, cells)):
        return all(int(low) < int(high) for low, high in pairwise(cells))
    return len({*cells}) == len(cells) and not any(map(_NUMBER.fullmatch, cells)) and all(cells)


def _above(head: bytes) -> tuple[int, list[int], str]:
    """Return where the first row begins and where each comment above it, and the separator that Excel's line ``sep=;`` names."""
    start, comments, mark = 0, list[int](), ""
    while line := _LINE.match(head, start):
        named = _SEP.fullmatch(line[0])
        if line[0].startswith(b"#"):
            comments.append(start)
        elif line[0].strip() and not (named and not mark):
            break
        mark = named[1].decode() if named else mark
        start = line.end()
    return start, comments, mark


def _begin(
    path: str, head: bytes, start: int, comments: Sequence[int], separator: str, wanted: Collection[str], read: ReadSection
) -> int:
    """Return where the header, or the first row, begins: a line with # may be one, if it has as many cells as the rows.

    Raises:
        DataError: nothing tells whether it is.
    """
    first, *rows = _parsed(_text(head[start:]), separator)
    above = {place: next(_parsed(_text(head[place:]), separator)) for place in comments}
    above = {place: row for place, row in above.items() if len(row) == len(first) > 1}
    if read.header:
        return min(above, default=start)
    if wanted:
        return max([start, *above], key=lambda place: len(set(wanted) & set(map(alike, above.get(place, first)))))
    place = min(above, default=start)
    if len(above) > 1 or (above and not looks_like_data(first, rows) and head[place + 1 : place + 2].isspace()):
        text = "begins with # and has as many cells as the rows: is it a comment, the header or a row? Remove it, or its #"
        raise DataError(f"{path}, line {breaks(head[:place]) + 1}: {text}")
    return place


def _header(place: str, content: bytes, line: int, separator: str) -> bytes:
    _, record, closed = next(records(content, line, separator), (0, content, False))
    if not (closed and is_utf8(record)):
        reason = "must be UTF-8 text without NUL bytes" if closed else "has a quote that is left open"
        raise DataError(f"{place}: the header {reason}; is this a CSV file?")
    return record


def _separator(place: str, text: str, read: ReadSection, mark: str, wanted: Collection[str]) -> str:
    """Return what separates the cells: what gives the wanted columns, or as many cells in each row, and these look well."""
    scores = {separator: _score(text, separator, wanted, read) for separator in _SEPARATORS}
    best, other = sorted(scores, key=lambda separator: scores[separator], reverse=True)[:2]
    fixed = mark or read.separator
    if mark and read.separator not in ("auto", mark):
        raise DataError(f'{place}: the file says sep={mark}, but data.read.separator is "{read.separator}"; correct the setting')
    if fixed != "auto":
        if scores[best][1] > 0.5 > scores[fixed][1]:
            says = f"{'sep=' if mark else 'data.read.separator'} says {_SEPARATORS[fixed]}"
            raise DataError(f"{place}: is separated by {_SEPARATORS[best]}, but {says}; correct the setting, or set it to auto")
        return fixed
    if scores[best][0] == scores[other][0] and scores[other][1] > _CLOSE * scores[best][1]:
        pair = f"{_SEPARATORS[best]} or {_SEPARATORS[other]}"
        raise DataError(f"{place}: the columns may be separated by {pair}; set data.read.separator")
    return best if scores[best][1] else _lone(place, text)


def _score(text: str, separator: str, wanted: Collection[str], read: ReadSection) -> tuple[float, float]:
    """Return the share of the wanted columns in the first row, and how well the rows look; 0 for a single column."""
    names = next(_parsed(text, separator), [])
    rows = [*_parsed(_QUOTED.sub(r"\1q", text), separator)]  # what is in quotes is no separator
    if not rows or (width := len(rows[0])) < 2:
        return 0.0, 0.0
    found = len(set(wanted) & set(map(alike, names))) / len(wanted) if wanted else 0.0
    found = max(found, float(len(names) == len(read.header or ())))
    cells = [cell for row in rows for cell in row]
    others = "".join(_SEPARATORS).replace(separator, "")
    good = sum(not any(mark in cell for mark in others) or bool(_NUMBER.fullmatch(cell)) for cell in cells)
    return found, sum(len(row) == width for row in rows) / len(rows) * good / len(cells)


def _lone(place: str, text: str) -> str:
    """Return a separator for a file of one column."""
    for separator in _SEPARATORS:
        _, *rows = _parsed(text, separator)
        widths = {len(row) for row in rows}
        if len(widths) == 1 and (width := widths.pop()) > 1 and not all(_NUMBER.fullmatch(separator.join(row)) for row in rows):
            text = f"there is one name, but {width} cells in each row below; remove what is above the header"
            raise DataError(f"{place}: {text}")
    return next((separator for separator in _SEPARATORS if separator not in text), ",")


def _text(content: bytes) -> str:
    return content.decode(errors="replace")


def _parsed(text: str, separator: str) -> Iterator[list[str]]:
    """Yield the first rows that are not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        yield from islice(filter(None, reader), _ROWS)
    except csv.Error:  # a cell that never ends
        return
