"""Read a CSV file into a table of named, typed, validated columns."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from pipeline.config.schema import DataSection
from pipeline.data.columns import BOM, MISSING, bad_row, header_of, refuse_utf16, short, where
from pipeline.data.table import Labels, Table
from pipeline.errors import DataError, did_you_mean, listing


def load(section: DataSection, group_by: Sequence[str] = (), only_score: bool = False) -> Table:
    """Read the file that the config names.

    Args:
        section: path, columns, ranges and classes.
        group_by: columns of a grouped split; those that are no features are kept as text.
        only_score: the file is not trained on: it may lack redundant columns and hold a single class.

    Raises:
        DataError: with every problem that stops the file from being used, naming column and row. Rows are counted from 1
            below the header; the line is that of the file.
    """
    content = _read(section.path)
    others = list(dict.fromkeys([*section.redundant, *(name for name in group_by if name not in section.features)]))
    names = list(dict.fromkeys([*section.features, section.target, *others]))
    text = _parse(section.path, content, names, optional=others if only_score else ())
    problems: list[str] = []
    features = pd.DataFrame(
        {name: _numbers(section.path, content, text[name], problems) for name in section.features}, dtype=np.float64
    )
    target = _classes(section, content, text[section.target], problems)
    if problems:
        raise DataError(*problems)
    if target.nunique() < 2 and not only_score:
        raise DataError(
            f'{section.path}: column "{section.target}" holds only "{target.iloc[0]}"; two classes or more are needed'
        )
    kept = [name for name in others if name in text]
    sha256 = hashlib.sha256(content).hexdigest()
    return Table(features, target, text[kept], _implausible(features, section), section.path, sha256)


def _read(path: str) -> bytes:
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        hint = 'set data.path or --data, relative to the current folder; "make fetch" brings data/article.csv'
        raise DataError(f"{path}: cannot read the data: {getattr(error, 'strerror', error)}; {hint}") from None
    refuse_utf16(path, content)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f'{path}, line {line}: must be UTF-8 text; byte {error.start} is not; save it as "CSV UTF-8"') from None
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise DataError(f"{path}, line {line}: holds a NUL byte, so this is no CSV text; export it again")
    if not content.removeprefix(BOM).strip():
        raise DataError(f"{path}: the file is empty; a header and rows are needed")
    return content


def _parse(path: str, content: bytes, names: Sequence[str], optional: Sequence[str]) -> pd.DataFrame:
    """Return the named columns as text without blanks around them; optional ones only if they are there."""
    header = header_of(path, content, [name for name in names if name not in optional])
    names = [name for name in names if name in header]
    raw = [header[name] for name in names]
    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(content),
            # one block, for a cell may be longer than any smaller one
            read_options=pyarrow.csv.ReadOptions(block_size=min(len(content) + 1, 2**31 - 1)),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=raw, column_types=dict.fromkeys(raw, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise DataError(bad_row(path, content, error)) from None
    if table.num_rows == 0:
        raise DataError(f"{path}: there is a header but no row below it")
    columns = {name: pa.compute.utf8_trim_whitespace(table[header[name]]).to_pandas() for name in names}
    return pd.DataFrame(columns, columns=names)


def _numbers(path: str, content: bytes, text: Labels, problems: list[str]) -> "pd.Series[float]":
    """Return float64 with NaN for empty cells; note the first cell that is neither empty nor a finite number."""
    empty = text.str.lower().isin(MISSING)
    numbers = pd.to_numeric(text.mask(empty), errors="coerce").astype(np.float64)
    bad = ~empty & ~np.isfinite(numbers)
    if bad.any():
        index = int(np.argmax(bad.to_numpy()))
        value = str(text.iloc[index])
        comma = "; write decimals with a point" if "," in value else "; correct it, or leave the cell empty"
        more = f" (and {int(bad.sum()) - 1} more)" if bad.sum() > 1 else ""
        problems.append(f'{where(path, content, index)}: column "{text.name}" must hold numbers; got {short(value)}{more}{comma}')
    return numbers


def _classes(section: DataSection, content: bytes, text: Labels, problems: list[str]) -> Labels:
    """Return the class names as a category; note the first row of each unknown name."""
    known = list(section.codes)
    unknown = ~text.isin(known)
    for value in text[unknown].unique()[:5]:
        index = int(np.argmax((text == value).to_numpy()))
        hint = did_you_mean(value, known) or f"; data.codes has {listing(known)}"
        problems.append(
            f'{where(section.path, content, index)}: column "{section.target}" holds the unknown class {short(value)}{hint}'
        )
    return text if unknown.any() else cast(Labels, text.astype(pd.CategoricalDtype(known)))


def _implausible(features: pd.DataFrame, section: DataSection) -> pd.DataFrame:
    lowest, highest = section.bounds()
    return (features < lowest) | (features > highest)
