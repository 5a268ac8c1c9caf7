"""A CSV file cut into pieces gives the records that Python's csv module reads."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.predict import pieces as module
from pipeline.predict.pieces import pieces

CELLS = st.lists(st.sampled_from(["a", "é", ",", '"', "\n", "\r", "\r\n", " ", "1"]), max_size=6).map("".join)


def cut(content: bytes, size: int, monkeypatch: pytest.MonkeyPatch | None = None) -> list[tuple[int, bytes]]:
    """Return line and content of every record; the file is read so many bytes at a time."""
    before, module.SIZE = module.SIZE, size
    try:
        found = list(pieces(io.BytesIO(content), "x.csv"))
    finally:
        module.SIZE = before
    assert sum(piece.size for piece in found) == len(content)
    return [(piece.part(number, number).line, piece.record(number)) for piece in found for number in range(len(piece))]


def parsed(record: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(record.decode(), newline="")))


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=3), min_size=1, max_size=8),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_records_lines_and_line_breaks_are_those_of_the_csv_module(rows, newline, last):
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator=newline, quoting=csv.QUOTE_ALL).writerows(rows)
    text = written.getvalue()
    content = text.encode() if last else text.removesuffix(newline).encode()
    for size in (200, 1000):
        records = cut(content, size)
        assert [parsed(record) for _, record in records] == [[row] for row in rows]
        reader, starts = csv.reader(io.StringIO(content.decode(), newline="")), [1]
        for _ in reader:
            starts.append(starts[0] * reader.line_num + 1)
        if "\r" not in "".join(map("".join, rows)):
            assert [line for line, _ in records] == starts[:-1]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
def test_the_size_of_the_pieces_changes_no_record_without_quotes(size):
    content = b"a,b\r\n1,2\r\r\n3,4\n\n5,6\r7,8"
    assert [record for _, record in cut(content, size)] == [b"a,b", b"1,2", b"", b"3,4", b"", b"5,6", b"7,8"]
    assert [line for line, _ in cut(content, size)] == [1, 2, 3, 4, 5, 6, 7]


def test_a_quote_left_open_swallows_no_other_row():
    rows = b"".join(b"%d,x\n" % number for number in range(100))
    for content in (b'a,b\n1,"open\n' + rows, rows + b'1,"open\n' + rows):
        assert len(cut(content, 50)) == len(cut(content, 10**6)) == content.count(b"\n")
