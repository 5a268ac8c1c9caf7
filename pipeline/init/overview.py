"""The columns of a file, read once: the different cells of each, and which of them every row holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.config.data_section import Feature, folded, plain
from pipeline.config.remedy import Call
from pipeline.errors import DataError
from pipeline.machine.arrays import Flags, Floats, Integers
from pipeline.read.arrow import integers, to_arrow
from pipeline.read.cells import Cells, labels, numbers
from pipeline.read.columns import cell_text, is_text
from pipeline.read.rows import Source

_LOOKED = 2000  # different cells looked at where a column has more


@dataclass(frozen=True, eq=False)
class Column:
    """One column of R rows: its (K,) different cells as the file holds them, and (R,) which of them each row has, -1 for nothing.

    ``settled``: what stands for "missing" is given, and in ``cells``, by which cells are read.
    """

    name: str
    different: pa.Array
    places: Integers
    cells: Cells
    settled: bool = False

    @cached_property
    def counts(self) -> Integers:
        """How many rows hold each of the K cells."""
        return np.bincount(self.places + 1, minlength=len(self.different) + 1)[1:]

    @cached_property
    def sample(self) -> pa.Array:
        """Some of the different cells, evenly spread; all of them where they are few."""
        step = -(-len(self.different) // _LOOKED) or 1
        return self.different.take(to_arrow(np.arange(0, len(self.different), step)))

    @cached_property
    def parsed(self) -> Floats:
        """(K,) what each cell is as a number: NaN where it counts as missing, infinite where it is none."""
        values = numbers(self.sample, self.cells)
        if len(values) == len(self.different) or np.isfinite(values).sum() * 2 > np.isinf(values).sum():
            return numbers(self.different, self.cells)
        return np.full(len(self.different), np.inf)  # texts, and so many that reading each takes long

    @cached_property
    def beyond(self) -> Flags:
        """(K,) which cells are results beyond a limit, such as ``<0.1``."""
        odd = np.isinf(self.parsed)
        if not odd.any() or not is_text(self.different.type):
            return np.zeros_like(odd)
        found = pc.match_substring_regex(self.different.cast(pa.string()), r"^\s*[<>\x{2264}\x{2265}]\s*=?\s*[.,]?[0-9]")
        limits = numbers(self.different.filter(found), self.cells, Feature(censored="bound"))
        return odd & np.isin(np.arange(len(odd)), np.flatnonzero(found.to_pylist())[np.isfinite(limits)])

    @cached_property
    def values(self) -> Floats:
        """(R,) what each row holds as a number, as in ``parsed``."""
        return np.append(self.parsed, np.nan)[self.places]

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """(K,) each cell as a class or category is compared; empty where it counts as missing."""
        texts, which = labels(self.different, self.cells)
        return tuple(plain(texts[place] or "") for place in which.tolist())

    @cached_property
    def levels(self) -> tuple[tuple[str, ...], Integers]:
        """The different texts, in the order of the file, and (R,) which of them each row holds; -1 for missing."""
        rank = {text: place for place, text in enumerate(dict.fromkeys(filter(None, self.texts)))}
        places = np.array([rank.get(text, -1) for text in (*self.texts, "")], dtype=np.int64)[self.places]
        return tuple(rank), places

    @property
    def level_rows(self) -> dict[str, int]:
        """How many rows hold each of the different texts."""
        texts, places = self.levels
        return dict(zip(texts, np.bincount(places[places >= 0], minlength=len(texts)).tolist(), strict=True))

    @property
    def present(self) -> int:
        """How many rows hold something that counts as no missing value, be it what it may."""
        few = len(self.different) <= _LOOKED
        return int(self.counts[np.array(self.texts, dtype=object).astype(bool) if few else ~np.isnan(self.parsed)].sum())

    def shown(self, place: int) -> str:
        """Return one of the different cells as the file has it, without blanks around it."""
        return cell_text(self.different[place])

    def rows(self, some: Flags) -> Integers:
        """Return the numbers of the rows, from 0, that hold one of ``some`` (K,) of the different cells."""
        return np.flatnonzero(np.append(some, False)[self.places])


@dataclass(frozen=True, eq=False)
class Overview:
    """A file: how it is laid out, how many rows it has, and what is in its columns.

    ``nameless`` holds the columns that the config cannot name (-> the reason), ``header`` the names made up for a file without,
    ``config`` the path of the config in the making.
    """

    path: str
    source: Source
    rows: int
    columns: dict[str, Column]
    nameless: dict[str, str]
    header: tuple[str, ...] | None
    config: str

    def training(self, setting: str) -> str:
        """Return the command that trains the config with a setting."""
        return Call(path=self.config, settings=(setting,)).with_settings({})

    @property
    def told(self) -> list[str]:
        """What was detected of the file's layout that is not the plain case."""
        made_up = f"{self.path} has no line of names: its columns are called column 1 to column {len(self.columns)}"
        grouped = f'{self.path}: "{self.source.read.thousands}" stands between thousands, as the decimal mark shows'
        return [*self.source.told, *([made_up] if self.header else []), *([grouped] if self.source.read.thousands else [])]

    def place(self, row: int) -> str:
        """Return how a message names a row, counted from 0, and its line of the file."""
        lines = chain.from_iterable(read().lines().tolist() for read in self.source.pieces())
        return f"row {row + 1} (line {next(islice(lines, row, None))})"


def look(path: str, source: Source, header: tuple[str, ...] | None, given: Mapping[str, Feature], config: str) -> Overview:
    """Read the rows of an opened file; ``given`` says what is missing in a column, the others are as in ``Overview``.

    Raises:
        DataError: there is no row, or one that has too many or too few cells.
    """
    parts: dict[str, list[Any]] = {name: [] for name in source.spelt}
    nameless = dict(_nameless(source))
    row = 0
    for read in source.pieces():
        rows = read()
        if rows.rejected:
            first = rows.rejected[0]
            row += int((rows.lines() < first.line).sum())
            raise DataError(f"{path}, row {row + 1} (line {first.line}): {first.reason}; correct the row")
        for name, column in zip(source.spelt, rows.columns.columns, strict=True):
            if (plain_cells := _plain(column)) is None:
                nameless[name] = f"its cells are of a kind ({column.type}) that is neither number nor text"
            else:
                parts[name].append(plain_cells.dictionary_encode())
        row += len(rows.columns)
    if not row:
        raise DataError(f"{path}: there is a header but no row below it; name a file that holds rows")
    if len(nameless) == len(source.spelt):
        raise DataError(f"{path}: no column can be named", *(f"{path}: {reason}" for reason in [*nameless.values()][:5]))
    columns = {name: _column(name, parts[name], source.cells, given.get(name)) for name in source.spelt if name not in nameless}
    return Overview(path, source, row, columns, nameless, header, config)


def _plain(column: pa.Array) -> pa.Array | None:
    """Return cells whose different ones can be listed; None for what is neither number, text nor date."""
    types = pa.types
    column = column.dictionary_decode() if types.is_dictionary(column.type) else column
    if is_text(column.type):
        return column.cast(pa.string())
    column = column.cast(pa.float32()) if types.is_float16(column.type) else column
    return column if types.is_primitive(column.type) or types.is_decimal(column.type) else None


def _column(name: str, parts: list[Any], cells: Cells, given: Feature | None) -> Column:
    chunks = pa.chunked_array(parts).unify_dictionaries().chunks
    nothing = to_arrow(np.array([-1], dtype=np.int32))[0]
    places = np.concatenate([integers(pc.fill_null(chunk.indices.cast(pa.int32()), nothing)) for chunk in chunks])
    settled = given is not None and "missing" in given.model_fields_set
    if given and settled:
        own = folded(given.missing)
        cells = replace(cells, missing=cells.missing | own, doubtful=cells.doubtful - own)
    return Column(name, chunks[-1].dictionary, places, cells, settled)


def _nameless(source: Source) -> Iterator[tuple[str, str]]:
    """Yield the columns without a name of their own, and why the config cannot name them."""
    owns = [name.partition("\0")[0] for name in source.spelt]
    for number, (name, own) in enumerate(zip(source.spelt, owns, strict=True), start=1):
        if not own:
            yield name, f"column {number} has no name; give it one in the file"
        elif owns.count(own) > 1:
            yield name, f'column {number}: the name "{own}" comes several times in the header; rename them in the file'
