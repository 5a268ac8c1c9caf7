"""Two stray quotes make one cell of whole rows: it is told, and no row is lost that pandas reads where they are not."""

import gzip
import io
import re

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import DataError
from pipeline.init.command import init
from pipeline.read import records
from pipeline.read.rows import open_rows

ROWS = 60
LEGAL = (
    "Seen by Dr. X,\nthen home",
    "5.2, 30, male, 2024-01-05,\n7.1, 40, female, 2024-02-05, then home",
    "HbA1c 7,2\r\nbefore 6,5\n\n",
    "a,b,c,d,e\n\nv,w,x,y,z",
    ",,\n,,,,",
    "1\n2",
    'he said "no",\nand went',
)


def frame(seed: int, comment: str = "") -> pd.DataFrame:
    """Return a table of invented patients; its order of columns is drawn, and so are the comments where none is given."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "id": np.arange(1000, 1000 + ROWS),
            "age": random.integers(20, 90, ROWS),
            "glucose": random.normal(6, 1, ROWS).round(1),
            "sex": random.choice(["male", "female"], ROWS),
            "comment": random.choice(["ok", "fine", "seen again", "new"], ROWS) if not comment else [comment] * ROWS,
            "day": [f"2024-{month:02}-{day:02}" for month, day in random.integers(1, 13, (ROWS, 2))],
            "outcome": random.choice(["ill", "well"], ROWS),
        }
    )
    return table[random.permutation(table.columns)]


def enclosing(text: str, separator: str, place: int, first: int, last: int) -> str:
    """Return a table with a quote before a cell of the ``first`` line, from 0, and one behind that of the ``last``."""
    lines = text.splitlines(keepends=True)
    for at, write in ((first, '"{}'), (last, '{}"')):
        cells = lines[at].rstrip("\r\n").split(separator)
        cells[place] = write.format(cells[place])
        lines[at] = separator.join(cells) + lines[at][len(lines[at].rstrip("\r\n")) :]
    return "".join(lines)


def read(content: bytes) -> tuple[list[tuple[str, ...]], list[records.Rejected], list[int]]:
    """Return the rows, those rejected, and the lines of the others."""
    every = [piece() for piece in open_rows("mine.csv", io.BytesIO(content), None, ()).pieces()]
    rows = [row for each in every for row in zip(*(column.to_pylist() for column in each.columns.columns), strict=True)]
    lines = [line for each in every for line in each.lines().tolist()]
    return rows, [row for each in every for row in each.rejected], lines


@pytest.mark.parametrize("seed", range(60))
def test_the_line_on_which_a_quote_encloses_rows_is_rejected_and_no_other_row_is_lost(seed, monkeypatch):
    monkeypatch.setattr(records, "SIZE", 2**22 if seed % 2 else 1500)
    random, table, end = np.random.default_rng(seed), frame(seed), ["\n", "\r\n", "\r"][seed % 3]
    separator, first = [",", ";", "\t"][seed // 3 % 3], int(random.integers(1, ROWS - 10))
    last, place = first + int(random.integers(1, 9)), int(random.integers(table.shape[1]))
    text = table.to_csv(index=False, sep=separator, lineterminator=end)
    content = enclosing(text, separator, place, first, last).encode()
    assert len(pd.read_csv(io.BytesIO(content), sep=separator)) == ROWS - (last - first)  # as others read it
    rows, rejected, lines = read(gzip.compress(content) if seed % 5 == 0 else content)
    expected = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False).drop(index=first - 1)
    assert [tuple(cell.removesuffix('"') for cell in row) for row in rows] == [*expected.itertuples(index=False, name=None)]
    assert lines == (expected.index + 2).tolist()
    assert [row.line for row in rejected] == [first + 1]
    assert f"encloses rows in the next {last - first} line" in rejected[0].reason
    assert rejected[0].text == content.decode().splitlines()[first]


@pytest.mark.parametrize("comment", LEGAL)
@pytest.mark.parametrize("seed", range(10))
def test_a_comment_of_several_lines_passes_without_a_word(seed, comment):
    table = frame(seed, comment)
    rows, rejected, _ = read(table.to_csv(index=False).encode())
    assert not rejected
    assert rows == [*table.astype(str).itertuples(index=False, name=None)]


def test_the_line_that_is_named_is_that_of_the_quote_behind_a_comment_of_several_lines():
    begin, rest = "c,id,age,sex,y\n", "".join(f"x,{number},{20 + number},{'fm'[number % 2]},a\n" for number in range(30))
    stray = '"two\nlines",31,20,"f,a\nx,32,21,m",a\n'
    assert len(pd.read_csv(io.StringIO(begin + rest + stray))) == 31
    rows, rejected, lines = read((begin + rest + stray).encode())
    assert [(row.line, row.text) for row in rejected] == [(33, '"two\nlines",31,20,"f,a')]
    assert (len(rows), rows[-1], lines[-1]) == (31, ("x", "32", "21", 'm"', "a"), 34)


def test_a_quote_in_the_header_that_encloses_rows_is_refused():
    text = frame(1).to_csv(index=False)
    place = [*pd.read_csv(io.StringIO(text)).columns].index("comment")
    with pytest.raises(DataError, match=r"^mine\.csv, line 1 has a quote that encloses rows in the next 3 lines;"):
        read(enclosing(text, ",", place, 0, 3).encode())


def test_init_writes_no_config_for_a_file_with_rows_that_a_quote_encloses(tmp_path):
    path = tmp_path / "mine.csv"
    text = frame(2).to_csv(index=False)
    place = [*pd.read_csv(io.StringIO(text)).columns].index("comment")
    path.write_text(enclosing(text, ",", place, 7, 9))
    told = r"mine\.csv, row 7 \(line 8\): has a quote that encloses rows in the next 2 lines; remove it, or .*; correct the row$"
    with pytest.raises(DataError, match=told) as error:
        init(path, tmp_path / "mine.yaml", "outcome")
    assert not re.search(r"\n", str(error.value))
    assert not (tmp_path / "mine.yaml").exists()
