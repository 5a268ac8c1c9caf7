"""The rows of a file, some at a time: the one reader of every command."""

import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

import pyarrow as pa

from pipeline.config.data_section import DataSection, ReadSection
from pipeline.config.yaml_text import canonical
from pipeline.errors import DataError, counted
from pipeline.read.cells import Cells
from pipeline.read.columns import cell_text, clip, is_number, is_text, spellings, stored
from pipeline.read.csv_file import open_csv
from pipeline.read.marks import decided
from pipeline.read.opened import Opened, Rows
from pipeline.read.packed import unpacked
from pipeline.read.records import BOM
from pipeline.read.sheet import open_sheet

__all__ = ["Rows", "Source", "open_rows"]

_ROWS = 200  # by which a column is full
_OTHERS = {
    "JSON": rb"\{\s*\"|\[\s*[\[{]",
    "HTML or XML": rb"<(!doctype|!--|html|head|meta|table|\?xml)",
    "a file of Stata": rb"<stata_dta>|[\x6c-\x73][\x01\x02]\x01\x00",
    "a file of SAS": rb"HEADER RECORD\*|\x00{12}\xc2\xea\x81\x60",
    "a file of SPSS": rb"\$FL[23]@",
    "a file of R": rb"RD[AX]\d\n",
    "ARFF": rb"@relation\b",
    "PDF": rb"%PDF-",
    "a picture": rb"\x89PNG|\xff\xd8\xff",
    "compressed with 7z, bzip2, xz or zstd": rb"7z\xbc\xaf|BZh\d|\xfd7zXZ|\x28\xb5\x2f\xfd",
}
_MARKS = {"PAR1": b"PAR1", "zip": b"PK\x03\x04", "xls": b"\xd0\xcf\x11\xe0"}


@dataclass(frozen=True)
class Source:
    """A file of rows, opened.

    Attributes:
        spelt: the name of each column, without blanks around it, and as it stands in the file.
        header: the record of a CSV file that names them, as it stands there; None where there is none.
        pieces: gives functions that read the rows, in their order, piece by piece; several threads may call them. It raises
            DataError where the file is damaged, or a record is too long to be one.
        read: how it is laid out; nothing is left open.
    """

    spelt: dict[str, str]
    schema: pa.Schema
    header: str | None
    pieces: Callable[[], Iterator[Callable[[], Rows]]]
    cells: Cells
    read: ReadSection
    told: tuple[str, ...]


def open_rows(
    path: str,
    file: BinaryIO,
    section: DataSection | ReadSection | None,
    names: Iterable[str],
    like: ReadSection | None = None,
) -> Source:
    """Look at the columns of a file.

    Args:
        path: the file as it was named.
        file: its bytes; they are needed as long as rows are read.
        section: which columns are features and target, and how the file is read; only that, or None, to look at any file.
        names: of the columns that must be there.
        like: how the file was read that the network was trained on; it decides where this one does not tell.

    Raises:
        DataError: it is no such table, or not as the section says; or nothing tells how it is to be read.
    """
    names, full = [*names], section if isinstance(section, DataSection) else None
    read = section.read if isinstance(section, DataSection) else section or ReadSection()
    if like:  # the settings of the training are a habit, no law
        read = read.model_copy(update={"decimal": "auto"})
        try:
            return _source(path, file, full, read, names, like)
        except DataError:
            read = read.model_copy(update={"separator": "auto", "encoding": "auto", "thousands": None, "sheet": None})
    return _source(path, file, full, read, names, like)


def _source(
    path: str, file: BinaryIO, section: DataSection | None, read: ReadSection, names: list[str], like: ReadSection | None
) -> Source:
    named = [*dict.fromkeys([*names, *section.named(), *(section.patient or ())])] if section else []
    numeric = [name for name, own in section.features.items() if own.categories is None] if section else None
    numeric = [*numeric, section.target] if section and section.cut and numeric is not None else numeric
    grid = _opened(path, file, read, named, like is None)
    spelt = _spelt(grid, names, named)
    schema = pa.schema([*zip(spelt, grid.types, strict=True)])
    if section:
        _refuse_types(path, schema, section.target, numeric or [], named)
    cells, told = decided(path, read, dict(zip(spelt, grid.sample, strict=bool(grid.sample))), numeric, like)
    layout = [*grid.told, *(["decimal comma"] if cells.decimal == "," and read.decimal == "auto" and not read.thousands else [])]
    told = [*([f"{path}: {', '.join(layout)}"] if layout else []), *told]
    told += [
        f'{path}: column "{clip(spelling)}" is taken for "{name}"'
        for name, spelling in spelt.items()
        if "\0" not in name and canonical(spelling) != name
    ]
    missing = tuple(sorted(cells.missing, key=str)) if "auto" in read.missing else read.missing
    found = {"separator": ",", "encoding": "utf-8", "decimal": cells.decimal, "missing": missing, **grid.found}
    rows = partial(grid.pieces, schema, cells.decimal)
    return Source(spelt, schema, grid.header, rows, cells, read.model_copy(update=found), tuple(told))


def _spelt(grid: Opened, names: list[str], named: list[str]) -> dict[str, str]:
    """Return the file's own spelling of each column; raise DataError where its names are missing, or none."""
    try:
        if not named:
            _refuse_title(grid)
        return spellings(grid.place, grid.names, names, named)
    except DataError:
        _refuse_title(grid)
        if not (grid.nameless and named):
            raise
    shown = ", ".join(clip(name) for name in grid.names[:3])
    text = f"seems to hold data, not names ({shown}, ...); give data.read.header: [...] the names of its columns"
    raise DataError(f"{grid.place} {text}")


def _opened(path: str, file: BinaryIO, read: ReadSection, named: list[str], trained: bool) -> Opened:
    """Look at a file whose first bytes tell what it is."""
    content = unpacked(path, file)
    content.seek(0)
    start = content.read(64)
    content.seek(0)
    if content is not file and start.startswith(tuple(_MARKS.values())):
        content = io.BytesIO(content.read())  # these are read from their end
    if start.startswith(_MARKS["PAR1"]):
        from pipeline.read.parquet import open_parquet

        return open_parquet(path, content)
    if start.startswith((_MARKS["zip"], _MARKS["xls"])):
        return open_sheet(path, content, read, trained)
    if read.sheet is not None:
        raise DataError(f"{path}: is no spreadsheet, but data.read.sheet names a sheet; remove that setting")
    for kind, sign in _OTHERS.items():
        if re.match(sign, start.removeprefix(BOM).lstrip(), re.IGNORECASE):
            raise DataError(f"{path}: is {kind}, which is not read; save it as CSV")
    return open_csv(path, content, file, read, named)


def _refuse_title(grid: Opened) -> None:
    """Raise DataError where a full column below names has none, unless it is the first, which may number the rows."""
    columns = [*zip(grid.names[1:], grid.sample[1:], strict=bool(grid.sample))]
    unnamed = [column[:_ROWS] for name, column in columns if not name.strip() and not grid.nameless]
    if any(2 * sum(map(bool, map(cell_text, column))) > len(column) for column in unnamed):
        names = sum(map(bool, map(str.strip, grid.names)))
        text = f"{counted(names, 'name')} there, above {len(grid.names)} columns"
        raise DataError(f"{grid.place}: {text}; remove what is above the header, and give each column a name")


def _refuse_types(path: str, schema: pa.Schema, target: str, numeric: list[str], named: list[str]) -> None:
    """Raise DataError for the columns that hold what they cannot be used for."""
    problems = []
    for name in named:
        kind = stored(schema.field(name).type) if name in schema.names else pa.null()
        other = name not in numeric and (pa.types.is_boolean(kind) or pa.types.is_temporal(kind))
        sound = is_number(kind) or is_text(kind) or other
        what = "numbers" if name in numeric else "the names of classes" if name == target else "text"
        problems += [] if sound else [f'{path}: column "{name}" must hold {what}; its type is {kind}']
    if problems:
        raise DataError(*problems)
