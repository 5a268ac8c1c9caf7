"""Files scored by ``predict``: nothing lost, nothing reordered, what passes through unchanged."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.predict import file as module
from pipeline.predict.file import Counts, predict, rejected_path
from pipeline.predict.score import notes, score_rows
from pipeline.predict.writers import lines_of
from pipeline.read.cells import Cells
from pipeline.runs.place import resolve_run
from pipeline.runs.saved import Scoring, load_scoring
from tests.conftest import ROOT, command

Printed = Callable[..., tuple[int, str, str]]

Call = Callable[..., tuple[int, dict, str]]
NAMES = ["Age", "BS Fast", "BS pp", "Plasma R", "Plasma F", "HbA1c"]
SOUND = "45,5.2,6.8,10.9,4.2,33"
ADDED = ["predicted Type", "probability Normal", "probability Type1", "probability Type2", "possible Type", "notes"]


@pytest.fixture(scope="session")
def run(small_run: Path) -> Scoring:
    """What scores, read once."""
    return load_scoring(resolve_run(small_run / "models/latest"))


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def scored(run: Scoring, folder: Path, text: str | bytes, output: str = "out.csv") -> tuple[Counts, Path]:
    source, target = folder / "in.csv", folder / output
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    return predict(run, source, target), target


def test_who_scores_the_file_of_the_training_is_told_how_much_of_it_was_trained_on(trained: Path, printed: Printed) -> None:
    text = Path("data/diabetes.csv").read_text(encoding="utf-8")
    Path("copy.csv").write_text(text, encoding="utf-8")
    Path("other.csv").write_text(text.replace("\n", " \n"), encoding="utf-8")
    told = "807 of these 1,009 rows are training rows"
    for command_line, unknown in (
        (("predict", "{}.csv", "out.csv"), "not checked: whether some of these rows are training rows"),
        (("evaluate", "models/latest", "--data", "{}.csv"), "whether training rows are among them"),
    ):
        copy, other = (" ".join(printed(*(word.format(name) for word in command_line))[1].split()) for name in ("copy", "other"))
        assert told in copy
        assert unknown in other
        assert told not in other
        assert unknown not in copy
    assert told not in " ".join(printed("evaluate")[1].split())


def test_the_twin_gets_the_answers_of_the_run_and_its_accuracy(trained: Path, in_process: Call) -> None:
    code, said, _ = in_process("predict", "data/diabetes.csv", "out.csv")
    assert code == 0
    frame, read = pd.read_csv("data/diabetes.csv"), pd.read_csv("out.csv", keep_default_na=False, na_values=[""])
    assert list(read) == [*frame, *ADDED]
    pd.testing.assert_frame_equal(read[list(frame)], frame)
    run = load_scoring("models/latest")
    scores = score_rows(run, frame[NAMES])
    assert (read["predicted Type"] == np.array(list(run.config.data.codes))[scores.answers]).all()
    np.testing.assert_allclose(read[ADDED[1:4]], scores.probabilities, rtol=1e-6)
    names, least = np.array(list(run.config.data.codes)), np.array(run.model.limits(tuple(run.config.data.codes)))
    assert read["possible Type"].tolist() == [" or ".join(names[row >= least]) for row in scores.probabilities]
    assert read["possible Type"].str.contains(" or ").any()
    numbers, texts = notes(run, scores)
    assert read["notes"].fillna("").tolist() == [texts[number] for number in numbers]
    assert (said["rows"], said["rejected"], said["rejected_rows"]) == (1009, 0, None)
    assert said["accuracy"] == (read["predicted Type"] == read["Type"]).mean()
    assert said["run"] == str(resolve_run("models/latest"))
    assert said["trained_on"] == 807
    figures = in_process("evaluate", "--data", "out.csv")[1]["accuracy"]
    assert said["accuracy"] == figures["test"] or figures["train"] is not None


def test_columns_in_any_order_and_others_beside_them_pass_through(run, tmp_path):
    mixed = 'id,HbA1c,Plasma F,remark,Plasma R,BS pp,BS Fast,Age\n007,33,4.20,"a, ""b""\n c",10.9,6.8,5.2,45\n'
    counts, target = scored(run, tmp_path, mixed)
    _, plain = scored(run, tmp_path, ",".join(NAMES) + "\n" + SOUND + "\n", "plain.csv")
    assert counts == Counts(1, 0, 0, 0)
    assert rows_of(target)[1][:8] == ["007", "33", "4.20", 'a, "b"\n c', "10.9", "6.8", "5.2", "45"]
    assert rows_of(target)[1][8:] == rows_of(plain)[1][6:]


def test_a_column_that_holds_other_things_than_in_training_is_told(run, tmp_path):
    rows = "".join(f"{row}\n" for row in ("45,520,6.8,10.9,4.2,33", "46,510,6.8,10.9,4.2,33", SOUND))
    counts, _ = scored(run, tmp_path, ",".join(NAMES) + "\n" + rows)
    assert counts.said(run.config.data) == ['column "BS Fast" is implausible in 2 of 3 rows; is it in another unit?']
    counts, _ = scored(run, tmp_path, ",".join(NAMES) + "\n" + rows + SOUND + "\n")
    assert counts.said(run.config.data) == []


def test_classes_that_differ_in_case_only_are_counted_and_told(run, tmp_path):
    header, rows = ",".join([*NAMES, "Type"]), [f"{SOUND},{name}" for name in ("NORMAL", "normal ", "Type 1", "Typ1", "")]
    counts, target = scored(run, tmp_path, "\n".join([header, *rows, ""]))
    answers = [row[7] for row in rows_of(target)[1:]]
    truth = ["Normal", "Normal", "Type1"]
    assert counts.known == 3
    assert counts.right == sum(own == answer for own, answer in zip(truth, answers, strict=False))
    told = [
        f'column "Type": "{text}" is taken for "{name}"' for text, name in zip(("NORMAL", "normal", "Type 1"), truth, strict=True)
    ]
    assert counts.said(run.config.data) == told


BAD = {
    f"{SOUND},9": "has 7 cells, the header has 6",
    "45,5.2": "has 2 cells",
    "45,high,6.8,10.9,4.2,33": "column \"BS Fast\" must hold a finite number or nothing; it holds 'high'",
    "45,5.2,inf,10.9,4.2,33": 'column "BS pp"',
    "45,1e999,6.8,10.9,4.2,33": 'column "BS Fast"',
    '45,"5,2",6.8,10.9,4.2,33': "the decimal mark of this file is a point",
    "45,0x5,6.8,10.9,4.2,33": 'column "BS Fast"',
    "45,-nan,6.8,10.9,4.2,33": 'column "BS Fast"',
    "45,5.2,6.8,10.9,4.2,\x0033": "NUL",
}


@pytest.mark.parametrize("many", [0, 5000])
@pytest.mark.parametrize("output", ["out.csv", "out.parquet"])
def test_rows_that_cannot_be_read_are_kept_apart_with_line_and_reason(run, tmp_path, many, output):
    lines = [",".join(NAMES), *[SOUND] * many, "", *BAD, *[SOUND] * many, "+45,.5e1,6.,10.9,NA,none", b"45\xff".decode("latin-1")]
    text = "\n".join(lines).encode("latin-1") + b"\n"
    counts, target = scored(run, tmp_path, text, output)
    assert counts == Counts(2 * many + 1, len(BAD) + 1, 0, 0)
    kept = pq.read_table(target).num_rows if output.endswith("parquet") else len(rows_of(target)) - 1
    assert kept == 2 * many + 1
    with rejected_path(target).open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        header, *rejected = csv.reader(file)
    assert header == ["line", "reason", "row"]
    for place, ((line, reason, row), (bad, why)) in enumerate(zip(rejected, BAD.items(), strict=False)):
        assert (int(line), row) == (many + 3 + place, bad)
        assert why in reason
    assert "UTF-8" in rejected[-1][1]


def test_a_clean_file_leaves_no_rejected_rows_of_an_earlier_one(run, tmp_path):
    header = ",".join(NAMES) + "\n"
    _, target = scored(run, tmp_path, header + "x,y\n")
    assert rejected_path(target).exists()
    scored(run, tmp_path, header + SOUND)
    assert sorted(os.listdir(tmp_path)) == ["in.csv", "out.csv"]


LINES = st.lists(
    st.one_of(
        st.just(SOUND),
        st.just("45,,6.8,NaN, 4.2 ,33"),
        st.lists(
            st.text(st.sampled_from(list('19."x -\néN')), max_size=4) | st.text(st.sampled_from(list(',"x \né')), max_size=4),
            min_size=5,
            max_size=7,
        ).map(lambda cells: ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)),
        st.lists(st.text(st.sampled_from(list("19.x -éa")), max_size=4), min_size=5, max_size=7).map(",".join),
    ),
    max_size=40,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]))
def test_no_row_is_lost_or_moved_whatever_the_file_holds(run, tmp_path, lines, newline):
    lines = [line.replace("\n", " ") if newline == "\r" else line for line in lines]
    text = newline.join([",".join(NAMES), *lines, ""])
    counts, target = scored(run, tmp_path, text)
    every = list(filter(None, csv.reader(io.StringIO(text, newline=""))))[1:]
    kept = [row[:6] for row in rows_of(target)[1:]]
    texts = rows_of(rejected_path(target))[1:] if counts.rejected else []
    bad = [next(csv.reader(io.StringIO(row, newline=""))) for _, _, row in texts]
    assert (counts.rows, counts.rejected) == (len(kept), len(bad))
    assert [row for row in every if readable(row)] == kept
    assert [row for row in every if not readable(row)] == bad


def readable(cells: list[str]) -> bool:
    """Return what Python's own float says of a row."""
    try:
        numbers = [0.0 if cell.strip().lower() in Cells().missing else float(cell) for cell in cells]
    except ValueError:
        return False
    return len(cells) == 6 and bool(np.isfinite(numbers).all())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(st.lists(st.floats(-1e9, 1e9) | st.just(float("nan")), min_size=6, max_size=6), min_size=1, max_size=5))
def test_numbers_are_read_to_the_last_bit_row_by_row_as_in_columns(run, tmp_path, rows):
    body = "\n".join(",".join("" if cell != cell else repr(cell) for cell in row) for row in rows)
    header = ",".join(NAMES) + "\n"
    for text in (header + body, header + body + "\nbad"):
        _, target = scored(run, tmp_path, text, "out.parquet")
        table = pq.read_table(target).select(NAMES).to_pandas().to_numpy()
        np.testing.assert_array_equal(table, np.array(rows))


def test_parquet_in_and_out_keeps_types_and_order_and_rejects_by_row_number(run, tmp_path):
    table = pa.table(
        {
            "when": pa.array([1, 2, 3, None], pa.timestamp("ms")),
            "Type": pa.array(["Normal", "Type1", "other", None]).dictionary_encode(),
            **{name: pa.array([45, 5, None, 6], pa.int64()) for name in NAMES[:4]},
            "Plasma F": ["4.2", "high", " NA ", "+6"],
            "HbA1c": pa.array([33, 33, np.nan, np.inf], pa.float32()),
            "tags": [["a"], [], None, ["b", "c"]],
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    target = tmp_path / "out.parquet"
    assert predict(run, tmp_path / "in.parquet", target).rows == 2
    read = pq.read_table(target)
    passed = read.select(table.column_names)
    assert passed.schema.types == table.schema.types
    assert str(passed.to_pydict()) == str(table.take([0, 2]).to_pydict())  # as text, for a NaN does not equal itself
    assert read.column_names == [*table.column_names, *ADDED]
    rejected = rows_of(rejected_path(target))
    assert [row[0] for row in rejected[1:]] == ["2", "4"]
    assert "Plasma F" in rejected[1][1]
    assert "HbA1c" in rejected[2][1]
    assert json.loads(next(csv.reader([rejected[2][2]]))[-1]) == ["b", "c"]


def test_csv_and_parquet_give_the_same_in_every_direction(run, tmp_path, small_run):
    table = pyarrow.csv.read_csv(small_run / "data/diabetes.csv")
    pq.write_table(table, tmp_path / "twin.parquet", row_group_size=300)
    found = []
    for source in (small_run / "data/diabetes.csv", tmp_path / "twin.parquet"):
        for target in (tmp_path / "a.csv", tmp_path / "a.parquet"):
            assert predict(run, source, target).rows == 1009
            read = pq.read_table(target) if target.suffix == ".parquet" else pyarrow.csv.read_csv(target)
            found.append(read.select(ADDED).to_pandas().fillna({"notes": ""}))
    for other in found[1:]:
        pd.testing.assert_frame_equal(found[0].astype(other.dtypes), other)


@pytest.mark.parametrize("output", ["out.csv", "out.parquet"])
def test_a_file_with_notes_of_its_own_keeps_them(run, tmp_path, output):
    text = ",".join([*NAMES, "notes"]) + f"\n{SOUND},thirsty\n45,5.2,,10.9,4.2,33,well\n"
    target = scored(run, tmp_path, text, output)[1]
    frame = pd.read_csv(target) if output == "out.csv" else pd.read_parquet(target)
    assert frame["notes"].tolist() == ["thirsty", "well"]
    assert frame.columns[-1] == "notes Type"
    assert frame["notes Type"].astype(str).str.contains("BS pp missing").tolist() == [False, True]


def test_where_nothing_fills_a_gap_there_is_no_answer_and_it_counts_as_wrong(run, tmp_path):
    from dataclasses import replace

    steps = replace(run.model.preprocessor, fill=np.full(6, np.nan))
    bare = replace(run, model=replace(run.model, preprocessor=steps))
    text = ",".join([*NAMES, "Type"]) + f"\n{SOUND},Normal\n45,,6.8,10.9,4.2,33,Normal\n45,,6.8,10.9,4.2,33,else\n"
    counts, target = scored(bare, tmp_path, text)
    assert (counts.rows, counts.known) == (3, 2)
    assert counts.right == (rows_of(target)[1][7] == "Normal")
    assert rows_of(target)[2][7:] == ["", "", "", "", "", "BS Fast missing, so there is no answer"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("Age BS Fast BS pp Plasma R Plasma F HbA1c\n", "separated by"),
        ("Age,BS fasst,BS pp,Plasma R,Plasma F,HbA1c\n", 'did you mean "BS fasst"'),
        (",".join([*NAMES, "predicted Type"]) + "\n", 'already has "predicted Type"'),
        (",".join([*NAMES, "notes", "notes Type"]) + "\n", 'already has "notes Type"'),
        ("\xff\xfeA", "UTF-16"),
    ],
    ids=["empty", "semicolons", "misspelt", "taken", "taken notes", "bytes"],
)
def test_a_file_that_is_no_such_table_is_one_line_and_leaves_nothing(run, trained, in_process, text, said):
    Path("in.csv").write_text(text, encoding="latin-1")
    code, printed, err = in_process("predict", "in.csv", "out.csv")
    assert code == 2
    assert said in printed["error"][0]
    assert "in.csv" in printed["error"][0]
    assert len(err.splitlines()) == 1
    assert not list(Path().glob("*out.csv*"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none.csv", "out.csv"), "none.csv: cannot be read"),
        (("data/diabetes.csv", "out.xlsx"), "must end in .csv or .parquet"),
        (("data/diabetes.csv", "nowhere/out.csv"), "nowhere/out.csv: cannot be written"),
        (("data/diabetes.csv", "data/diabetes.csv"), "OUTPUT is INPUT"),
        (("data/diabetes.csv", "out.csv", "--run", "models/none"), "there is no run here"),
        (("data/diabetes.csv", "out.csv", "--dask", "local:2"), "Parquet files of a folder"),
        (("data", "out"), "there is no file below it"),
    ],
    ids=str,
)
def test_a_wrong_call_is_one_line(trained, in_process, words, said):
    before = sorted(map(str, Path().rglob("*")))
    code, printed, _ = in_process("predict", *words)
    assert (code, len(printed["error"])) == (2, 1)
    assert said in printed["error"][0]
    assert sorted(map(str, Path().rglob("*"))) == before


def test_it_imports_only_what_it_uses_and_no_pickle(trained):
    program = (
        "import sys; from pipeline.cli import app\n"
        "app(['predict', 'data/diabetes.csv', 'out.csv', '--json'], standalone_mode=False)\n"
        "unused = 'tensorflow', 'sklearn', 'scipy', 'joblib', 'pandas', 'rich', 'pyarrow.parquet'\n"
        "print([name for name in unused if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def folder_of_parts(folder: Path, small_run: Path) -> pa.Table:
    table = pyarrow.csv.read_csv(small_run / "data/diabetes.csv")
    for number, first in enumerate(range(0, 1009, 300)):
        part = folder / f"year={number}" / "part.parquet"
        part.parent.mkdir(parents=True)
        pq.write_table(table.slice(first, 300), part)
    (folder / "_hidden").mkdir()
    (folder / "_hidden" / "x.parquet").write_bytes(b"")
    return table


@pytest.mark.parametrize(
    "dask", [pytest.param((), id="here"), pytest.param(("--dask", "local:2"), id="cluster", marks=pytest.mark.slow)]
)
def test_a_folder_of_parts_is_scored_part_by_part(small_run, trained, dask):
    table = folder_of_parts(Path("parts"), small_run)
    done = command("predict", "parts", "scored", *dask, "--json", folder=trained)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["rows"], said["rejected"]) == (1009, 0)
    whole = predict(load_scoring("models/latest"), small_run / "data/diabetes.csv", Path("whole.csv"))
    assert said["accuracy"] == whole.right / whole.known
    read = pa.concat_tables(pq.ParquetFile(path).read() for path in sorted(Path("scored").rglob("*.parquet")))
    assert read.select(table.column_names).equals(table)
    assert sorted(str(path.relative_to("scored")) for path in Path("scored").rglob("*.*")) == [
        f"year={number}/part.parquet" for number in range(4)
    ]
    again = command("predict", "parts", "scored", folder=trained)
    assert again.returncode == 2
    assert "must be a new folder" in again.stderr


def test_rejected_rows_of_a_folder_tell_their_file(run, trained, in_process):
    Path("parts").mkdir()
    for name in ("a", "b"):
        columns = {each: pa.array([45.0, np.inf if each == "Age" else 1.0]) for each in NAMES}
        pq.write_table(pa.table(columns), f"parts/{name}.parquet")
    code, said, _ = in_process("predict", "parts", "scored")
    assert (code, said["rows"], said["rejected"]) == (0, 2, 2)
    assert [row[:2] for row in rows_of(Path(said["rejected_rows"]))] == [["file", "line"], ["a.parquet", "2"], ["b.parquet", "2"]]


def test_more_pieces_than_fit_in_memory_at_once_stay_in_order(run, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.read.records.SIZE", 500)
    rows = "\n".join(f"{20 + number % 70},5.2,6.8,10.9,4.2,33,{number}" for number in range(3000))
    counts, target = scored(run, tmp_path, ",".join([*NAMES, "number"]) + "\n" + rows)
    assert counts.rows == 3000
    assert [int(row[6]) for row in rows_of(target)[1:]] == list(range(3000))


def test_a_full_disk_leaves_the_older_output_as_it_was(run, tmp_path, monkeypatch):
    header = ",".join(NAMES) + "\n"
    _, target = scored(run, tmp_path, header + SOUND)
    before = target.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.machine.files.flush", full)
    with pytest.raises(module.PipelineError, match=r"out\.csv: cannot be written: No space left"):
        scored(run, tmp_path, header + SOUND + "\n" + SOUND)
    assert target.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["in.csv", "out.csv"]


@pytest.mark.parametrize("name", ["out.csv", "out.csv.rejected.csv"])
def test_a_file_that_would_be_replaced_is_no_input(trained, in_process, name):
    Path(name).write_text(",".join(NAMES) + "\n" + SOUND + "\n")
    before = Path(name).read_bytes()
    code, printed, _ = in_process("predict", name, "out.csv")
    assert code == 2
    assert "is INPUT, which would be lost" in printed["error"][0]
    assert Path(name).read_bytes() == before


@pytest.mark.parametrize("many", [0, 5000])
def test_a_quote_left_open_in_the_last_cell_swallows_nothing(run, tmp_path, many):
    lines = [f"{SOUND},{number}" for number in range(many)] + [f'{SOUND},"oops'] + [f"{SOUND},end"]
    counts, target = scored(run, tmp_path, "\n".join([",".join([*NAMES, "remark"]), *lines]) + "\n")
    assert (counts.rows, counts.rejected) == (many + 1, 1)
    assert len(rows_of(target)) == many + 2
    assert "quote" in rows_of(rejected_path(target))[1][1]


def test_rows_that_two_stray_quotes_enclose_are_scored_as_they_are_without_them(run, tmp_path):
    lines = [",".join([*NAMES, "remark"]), *(f"{SOUND},{number}" for number in range(9))]
    _, target = scored(run, tmp_path, "\n".join(lines))
    expected = pd.read_csv(target).drop(index=3)
    lines[4], lines[7] = f'{SOUND},"3', f'{SOUND},6"'
    counts, target = scored(run, tmp_path, "\n".join(lines))
    found = pd.read_csv(target)
    assert (counts.rows, counts.rejected) == (8, 1)
    pd.testing.assert_frame_equal(found.drop(columns="remark"), expected.drop(columns="remark").reset_index(drop=True))
    assert rows_of(rejected_path(target))[1][0] == "5"


def test_a_row_without_an_end_is_refused_before_it_fills_the_memory(run, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.read.records._LONGEST", 1000)
    monkeypatch.setattr("pipeline.read.records.SIZE", 500)
    with pytest.raises(module.DataError, match=r"in\.csv: a row near line 3 must end within 1,000 bytes"):
        scored(run, tmp_path, ",".join(NAMES) + "\n" + SOUND + "\n" + "1" * 5000)
    assert os.listdir(tmp_path) == ["in.csv"]


def columns(**others: pa.Array) -> pa.Table:
    return pa.table({name: pa.array([45.0, 46.0, 47.0]) for name in NAMES} | others)


def broken(*texts: bytes) -> pa.Array:
    """Text that says of itself that it is UTF-8."""
    return pa.array(list(texts), pa.binary()).view(pa.string())


@pytest.mark.parametrize("output", ["out.csv", "out.parquet"])
def test_text_that_is_none_is_rejected_where_it_is_needed_and_passes_elsewhere(run, tmp_path, output):
    table = columns(Type=broken(b"Normal", b"\xff", b"Type1"), remark=broken(b"a", b"b", b"\xfe"), raw=pa.array([b"\xff"] * 3))
    pq.write_table(table, tmp_path / "in.parquet")
    counts = predict(run, tmp_path / "in.parquet", tmp_path / output)
    assert (counts.rows, counts.rejected, counts.known) == (2, 1, 2)
    assert rows_of(rejected_path(tmp_path / output))[1][:2] == ["2", "must hold UTF-8 text"]


def test_a_number_that_is_no_text_is_rejected(run, tmp_path):
    table = columns().set_column(0, "Age", broken(b"45", b"\xff", b"46"))
    pq.write_table(table, tmp_path / "in.parquet")
    assert predict(run, tmp_path / "in.parquet", tmp_path / "out.csv").rows == 2
    line, reason, _ = rows_of(rejected_path(tmp_path / "out.csv"))[1]
    assert line == "2"
    assert "UTF-8" in reason


def test_a_target_that_can_be_no_class_is_one_line(run, tmp_path):
    pq.write_table(columns(Type=pa.array([["a"], [], None])), tmp_path / "in.parquet")
    with pytest.raises(module.DataError, match='column "Type" must hold the names of classes'):
        predict(run, tmp_path / "in.parquet", tmp_path / "out.csv")


def test_a_folder_with_something_else_in_it_is_refused(trained, in_process):
    Path("parts").mkdir()
    pq.write_table(columns(), "parts/a.parquet")
    Path("parts/b.parq").write_bytes(b"")
    code, printed, _ = in_process("predict", "parts", "scored")
    assert code == 2
    assert '"b.parq"' in printed["error"][0]
    for words in (("", "out.csv"), (".", "out")):
        assert in_process("predict", *words)[0] == 2


def test_files_that_workers_wrote_elsewhere_are_not_taken_for_done(run, trained, monkeypatch):
    from pipeline.predict import command as scoring

    Path("parts").mkdir()
    pq.write_table(columns(), "parts/a.parquet")
    monkeypatch.setattr(scoring, "_one", lambda run, task: Counts(3))
    with pytest.raises(module.PipelineError, match="do all workers see the same folder"):
        scoring.scored(Path("models/latest"), Path("parts"), Path("out"))
    assert not Path("out").exists()


def test_a_folder_or_nothing_as_output_is_refused_and_leaves_nothing(trained, in_process):
    Path("out.csv").mkdir()
    code, printed, _ = in_process("predict", "data/diabetes.csv", "out.csv")
    assert code == 2
    assert "OUTPUT is a folder" in printed["error"][0]
    assert not Path("out.csv.rejected.csv").exists()


def test_what_a_killed_process_left_of_the_output_is_swept(run, tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    old, young, other = (
        tmp_path / f".unfinished-{number}-{'0' * 16}-{name}"
        for number, name in ((dead.pid, "out.csv"), (os.getpid(), "out.csv"), (dead.pid, "else.csv"))
    )
    for each in (old, young, other):
        each.write_text("x")
        os.utime(each, (0, 0))
    scored(run, tmp_path, ",".join(NAMES) + "\n" + SOUND)
    assert [each.exists() for each in (old, young, other)] == [False, True, True]


@pytest.mark.parametrize("output", ["out.csv", "out.parquet"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n"])
def test_a_header_without_rows_gives_a_header_without_rows(run, tmp_path, output, end):
    counts, target = scored(run, tmp_path, ",".join(NAMES) + end, output)
    assert counts == Counts()
    read = pq.read_table(target) if output.endswith("parquet") else pyarrow.csv.read_csv(target)
    assert (read.num_rows, read.column_names) == (0, [*NAMES, *ADDED])


def test_a_mark_at_the_beginning_stays_there_and_cells_keep_their_text(run, tmp_path):
    rows = [" 45 ,5.2,6.8,10.9,NA,33,é", '45,5.2,6.8,10.9,"",+3.3e1,"a, ""b""\r\nc"', '45,5.2,6.8,10.9,nan,33.,5" tall']
    counts, target = scored(run, tmp_path, "\ufeff" + ",".join([*NAMES, '"a ""name"""']) + "\r\n" + "\r\n\r\n".join(rows))
    assert (counts.rows, counts.rejected) == (3, 0)
    assert target.read_text(encoding="utf-8").startswith("\ufeffAge,")
    assert [row[:7] for row in rows_of(target)[1:]] == [next(csv.reader(io.StringIO(row, newline=""))) for row in rows]


@pytest.mark.parametrize("kinds", ["dd", "ds", "sd", "d", "s", "sdd", "many"])
def test_lines_say_what_the_cells_hold_whatever_is_a_dictionary(kinds: str) -> None:
    random, width = np.random.default_rng(0), 2 if kinds == "many" else len(kinds)
    cells = [random.choice(['a "b"', "c,d", "", "e\nf", "plain", None], width).tolist() for _ in range(300)]
    if kinds == "many":
        cells = [[f"{row % 200},", f"{row % 170}"] for row in range(300)]
    columns = [pa.array(column, pa.string()) for column in zip(*cells, strict=True)]
    coded = [column if kind == "s" else column.dictionary_encode() for column, kind in zip(columns, kinds, strict=False)]
    lines = "".join(lines_of(column.slice(3) for column in coded).to_pylist())
    assert [row or [""] for row in csv.reader(io.StringIO(lines))] == [[cell or "" for cell in row] for row in cells[3:]]
