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
from pipeline.read.columns import cell_text, clip, is_text, spellings
from pipeline.read.csv_file import open_csv
from pipeline.read.marks import decided
from pipeline.read.opened import Opened, Rows
from pipeline.read.packed import unpacked
from pipeline.read.parquet import open_parquet
from pipeline.read.records import BOM
from pipeline.read.sheet import open_sheet

__all__ = ["Rows", "Source", "open_rows"]

_PLAIN = ReadSection()
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
        schema: names and types of the columns, as they pass through.
        header: the record of a CSV file that names them, as it stands there; None where there is none.
        pieces: gives functions that read the rows, in their order, piece by piece; several threads may call them. It raises
            DataError where the file is damaged, or a record is too long to be one.
        cells: how its cells are read.
        read: how it is laid out; nothing is left open.
        told: what is to be said about it.
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
    names = [*names]
    read = section if isinstance(section, ReadSection) else section.read if section else _PLAIN
    section = None if isinstance(section, ReadSection) else section
    if like:  # the settings of the training are a habit, no law
        read = read.model_copy(update={"decimal": "auto"})
        try:
            return _source(path, file, section, read, names, like)
        except DataError:
            free = {"separator": "auto", "encoding": "auto", "thousands": None, "sheet": None}
            read = read.model_copy(update=free)
    return _source(path, file, section, read, names, like)


def _source(
    path: str, file: BinaryIO, section: DataSection | None, read: ReadSection, names: list[str], like: ReadSection | None
) -> Source:
    named = [*dict.fromkeys([*names, *section.named(), *(section.patient or ())])] if section else []
    grid = _opened(path, file, read, named)
    try:
        if not section:
            _refuse_title(grid)
        spelt = spellings(grid.place, grid.names, names, named)
    except DataError:
        _refuse_title(grid)
        if grid.nameless and section:
            shown = ", ".join(clip(name) for name in grid.names[:3])
            text = f"seems to hold data, not names ({shown}, ...); give data.read.header: [...] the names of its columns"
            raise DataError(f"{grid.place} {text}") from None
        raise
    schema = pa.schema([*zip(spelt, grid.types, strict=True)])
    _refuse_types(path, schema, section, named)
    sample = dict(zip(spelt, grid.sample, strict=bool(grid.sample)))
    cells, told = decided(path, read, sample, _numeric(section), like)
    layout = [*grid.told, *(["decimal comma"] if cells.decimal == "," and read.decimal == "auto" and not read.thousands else [])]
    told = [*([f"{path}: {', '.join(layout)}"] if layout else []), *told]
    renamed = {name: spelling for name, spelling in spelt.items() if "\0" not in name and canonical(spelling) != name}
    told += [f'{path}: column "{clip(spelling)}" is taken for "{name}"' for name, spelling in renamed.items()]
    missing = tuple(sorted(cells.missing, key=str)) if read.missing == "auto" or "auto" in read.missing else read.missing
    found = {"separator": ",", "encoding": "utf-8", "decimal": cells.decimal, "missing": missing, **grid.found}
    used = read.model_copy(update=found)
    return Source(spelt, schema, grid.header, partial(grid.pieces, schema, cells.decimal), cells, used, tuple(told))


def _opened(path: str, file: BinaryIO, read: ReadSection, named: list[str]) -> Opened:
    """Look at a file whose first bytes tell what it is."""
    content = unpacked(path, file)
    content.seek(0)
    start = content.read(64)
    content.seek(0)
    if content is not file and start.startswith(tuple(_MARKS.values())):
        content = io.BytesIO(content.read())  # these are read from their end
    if start.startswith(_MARKS["PAR1"]):
        return open_parquet(path, content)
    if start.startswith((_MARKS["zip"], _MARKS["xls"])):
        return open_sheet(path, content, read)
    if read.sheet is not None:
        raise DataError(f"{path}: is no spreadsheet, but data.read.sheet names a sheet; remove that setting")
    for kind, sign in _OTHERS.items():
        if re.match(sign, start.removeprefix(BOM).lstrip(), re.IGNORECASE):
            raise DataError(f"{path}: is {kind}, which is not read; save it as CSV")
    return open_csv(path, content, file, read, named)


def _refuse_title(grid: Opened) -> None:
    """Raise DataError where a full column below names has none, unless it is the first, which may number the rows."""
    full = [
        name
        for name, column in zip(grid.names[1:], grid.sample[1:], strict=bool(grid.sample))
        if not name.strip() and 2 * sum(bool(cell_text(cell)) for cell in column[:_ROWS]) > len(column[:_ROWS])
    ]
    if full and not grid.nameless:
        names = sum(map(bool, map(str.strip, grid.names)))
        text = f"{counted(names, 'name')} there, above {len(grid.names)} columns"
        raise DataError(f"{grid.place}: {text}; remove what stands above the header, and give each column a name")


def _numeric(section: DataSection | None) -> list[str] | None:
    """Return the columns that must hold numbers."""
    if section is None:
        return None
    features = [name for name, feature in section.features.items() if feature.categories is None]
    return [*features, *([section.target] if section.cut else [])]


def _refuse_types(path: str, schema: pa.Schema, section: DataSection | None, named: Iterable[str]) -> None:
    """Raise DataError for the columns that hold what they cannot be used for."""
    types, problems = pa.types, []
    for name in named:
        kind = schema.field(name).type if name in schema.names else pa.null()
        kind = kind.value_type if types.is_dictionary(kind) else kind
        number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or is_text(kind)
        if name in (_numeric(section) or ()) and not number:
            problems.append(f'{path}: column "{name}" must hold numbers; its type is {kind}')
        elif not (number or types.is_boolean(kind) or types.is_temporal(kind)):
            what = "the names of classes" if section and name == section.target else "text"
            problems.append(f'{path}: column "{name}" must hold {what}; its type is {kind}')
    if problems:
        raise DataError(*problems)
