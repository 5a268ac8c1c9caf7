"""A CSV file cut into pieces gives the records that Python's csv module reads."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.read import records as module
from pipeline.read.records import pieces, records

CELLS = st.lists(st.sampled_from(["a", "é", ",", '"', "\n", "\r", "\r\n", " ", "1"]), max_size=6).map("".join)


def cut(content: bytes, size: int) -> tuple[list[tuple[int, bytes]], list[tuple[int, str]]]:
    """Return line and content of every record, and those of every rejected one; the file is read so many bytes at a time."""
    before, module.SIZE = module.SIZE, size
    try:
        every = list(pieces("x.csv", io.BytesIO(content)))
    finally:
        module.SIZE = before
    kept = [(line, text) for piece in every for line, text, closed in records(piece.content, piece.line) if text.strip(b"\r\n")]
    assert all(closed for piece in every for _, _, closed in records(piece.content, piece.line))
    return kept, [(row.line, row.text) for piece in every for row in piece.rejected]


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
    reader, starts = csv.reader(io.StringIO(content.decode(), newline="")), [1]
    for _ in reader:
        starts.append(reader.line_num + 1)
    for size in (200, 1000):
        kept, rejected = cut(content, size)
        assert [parsed(record) for _, record in kept] == [[row] for row in rows]
        assert [line for line, _ in kept] == starts[:-1]
        assert not rejected


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
def test_the_size_of_the_pieces_changes_no_record_without_quotes(size):
    kept, rejected = cut(b"a,b\r\n1,2\r\r\n3,4\n\n5,6\r7,8", size)
    assert [record.strip() for _, record in kept] == [b"a,b", b"1,2", b"3,4", b"5,6", b"7,8"]
    assert [line for line, _ in kept] == [1, 2, 4, 6, 7]
    assert not rejected


def test_pieces_are_small_enough_for_caches_and_a_long_cell_in_quotes_is_whole_all_the_same() -> None:
    content = b"1,2\n" * 2**20
    assert max(len(piece.content) for piece in pieces("x.csv", io.BytesIO(content))) <= 2**20
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[1, "a\n" * 1_500_000], [2, "b"]])
    kept, rejected = cut(text.getvalue().encode(), module.SIZE)
    assert [record.decode()[:2] for _, record in kept] == ["1,", "2,"]
    assert b"".join(record for _, record in kept) == text.getvalue().encode()
    assert not rejected


def test_a_quote_left_open_swallows_no_other_row():
    rows = b"".join(b"%d,x\n" % number for number in range(100))
    quoted = b"".join(b'%d,"x, y"\n' % number for number in range(100))
    for others in (rows, quoted, rows + quoted):
        for content in (b'a,b\n1,"open\n' + others, others + b'1,"open\n' + others):
            for size in (200, 10**6):
                kept, rejected = cut(content, size)
                assert [text for _, text in rejected] == ['1,"open']
                assert len(kept) == content.count(b"\n") - 1


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_the_lines_behind_a_rejected_one_are_counted_as_bytes_splits_them(end):
    content = end.join([b"a,b", b"1,2", b'3,"open', b"4,5", b"", b"6,\xff", b"7,8", b""])
    lines = {text: line for line, text in enumerate(content.splitlines(), 1)}
    kept, rejected = cut(content, 1000)
    assert {text.strip(): line for line, text in kept} == {text: lines[text] for text in (b"a,b", b"1,2", b"4,5", b"7,8")}
    assert [line for line, _ in rejected] == [3, 6]


@given(st.lists(st.sampled_from(["a", ",", '"', '""', "\n", '"\n', ',"', "\r\n"]), max_size=40).map("".join), st.integers(1, 60))
def test_whatever_the_quotes_no_line_is_lost_and_pyarrow_reads_what_the_csv_module_reads(text, size):
    kept, rejected = cut(text.encode(), max(size, 3))
    lines = sorted([(line, record.decode()) for line, record in kept] + rejected)
    assert "".join(record.strip("\r\n") for _, record in lines).count("a") == text.count("a")
    for _, record in kept:
        (cells,) = parsed(record)
        read = module_read(record)
        assert read == cells


def module_read(record: bytes) -> list[str]:
    import pyarrow as pa
    import pyarrow.csv

    options = pyarrow.csv.ReadOptions(block_size=len(record) + 1, autogenerate_column_names=True)
    table = pyarrow.csv.read_csv(
        pa.BufferReader(record),
        options,
        pyarrow.csv.ParseOptions(newlines_in_values=True),
        pyarrow.csv.ConvertOptions(column_types={f"f{place}": pa.string() for place in range(99)}),
    )
    return [column[0].as_py() for column in table.columns]
