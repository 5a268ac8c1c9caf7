"""Files of every kind with categories and gaps, scored: pandas writes them and reads what comes back."""

import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.predict.file import Counts, predict, rejected_path
from pipeline.predict.score import notes, score_rows, sets
from pipeline.runs.saved import Scoring, load_scoring
from tests.clinic import ADDED, FEATURES, clinic_rows
from tests.conftest import ROOT

ROWS = clinic_rows(60, seed=3)
ROWS.loc[[5, 9], "smoking"] = "a pipe"
ROWS.loc[7, "pain"] = "not asked"
ROWS.insert(1, "remark, free", ["a; b", 'says "no"', "", "x\ty", "p|q", "ä"] * 10)


@pytest.fixture(scope="module")
def run(clinic: Path) -> Scoring:
    return load_scoring(clinic / "models" / "latest")


def expected(run: Scoring, rows: pd.DataFrame = ROWS) -> pd.DataFrame:
    """Return what is added, from numbers that pandas made."""
    data = run.config.data
    values = [pd.to_numeric(rows["age"]), pd.to_numeric(rows["glucose"].replace("", None))]
    for name in FEATURES[2:]:
        numbers = data.features[name].numbers() | {"": np.nan, "not asked": np.nan, "2.0": 1.0}
        values.append(rows[name].map(lambda text, numbers=numbers: numbers.get(text, -np.inf)))
    scores = score_rows(run, np.array(values, dtype=np.float64).T)
    (places, named), (numbers, texts) = sets(run, scores), notes(run, scores)
    shares = scores.probabilities.astype(np.float32).T
    classes = [list(data.codes)[answer] for answer in scores.answers]
    columns = [classes, *shares, [named[place] for place in places], [texts[number] for number in numbers]]
    return pd.DataFrame(dict(zip(ADDED, columns, strict=True)))


def with_commas(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(glucose=rows["glucose"].str.replace(".", ","))


def typed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(age=pd.to_numeric(rows["age"]), glucose=pd.to_numeric(rows["glucose"].replace("", None)))


def csv_file(**how: object) -> Callable[[pd.DataFrame, Path], None]:
    return lambda rows, path: rows.to_csv(path, index=False, **how)


def sheet(rows: pd.DataFrame, path: Path) -> None:
    rows.to_excel(path, index=False, engine="xlsxwriter")


def packed(rows: pd.DataFrame, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("rows.csv", rows.to_csv(index=False, sep=";"))


KINDS = {
    "plain.csv": (csv_file(), str, ",", "."),
    "semicolons.csv": (csv_file(sep=";"), with_commas, ";", ","),
    "semicolons and points.csv": (csv_file(sep=";"), str, ";", "."),
    "tabs.tsv": (csv_file(sep="\t"), with_commas, "\t", ","),
    "bars.txt": (csv_file(sep="|"), str, "|", "."),
    "quoted commas.csv": (csv_file(), with_commas, ",", ","),
    "windows.csv": (csv_file(sep=";", encoding="cp1252"), with_commas, ";", ","),
    "utf16.csv": (csv_file(encoding="utf-16"), str, ",", "."),
    "rows.csv.gz": (lambda rows, path: path.write_bytes(gzip.compress(rows.to_csv(index=False).encode())), str, ",", "."),
    "rows.zip": (packed, with_commas, ";", ","),
    "rows.xlsx": (sheet, typed, ",", "."),
    "texts.xlsx": (sheet, with_commas, ",", ","),
    "rows.parquet": (lambda rows, path: rows.to_parquet(path), typed, ",", "."),
    "coded.parquet": (lambda rows, path: rows.astype({"sex": "category"}).to_parquet(path), typed, ",", "."),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file_is_scored_and_reads_back(run: Scoring, tmp_path: Path, name: str) -> None:
    write, change, separator, decimal = KINDS[name]
    rows = ROWS if change is str else change(ROWS)
    write(rows, tmp_path / name)
    more = expected(run)
    right = (more["predicted ill"] == ROWS["ill"]).sum()
    for output in ("out.csv", "out.parquet"):
        counts = predict(run, tmp_path / name, tmp_path / output)
        assert (counts.rows, counts.rejected, counts.known, counts.right) == (60, 0, 60, right)
    table = pd.read_parquet(tmp_path / "out.parquet")
    assert list(table) == [*ROWS, *ADDED]
    np.testing.assert_array_equal(table["glucose"], typed(ROWS)["glucose"])
    assert table["smoking"].fillna("").tolist() == ROWS["smoking"].tolist()
    pd.testing.assert_frame_equal(table[ADDED].astype(more.dtypes), more)
    read = pd.read_csv(tmp_path / "out.csv", sep=separator, decimal=decimal, keep_default_na=False, na_values={"glucose": ""})
    assert list(read) == [*ROWS, *ADDED]
    for column in ("remark, free", *FEATURES[2:5], "ill"):
        assert read[column].tolist() == ROWS[column].tolist()
    np.testing.assert_array_equal(read["glucose"], typed(ROWS)["glucose"])
    np.testing.assert_allclose(read[ADDED[1:3]], more[ADDED[1:3]], rtol=1e-6)
    assert read[ADDED[4]].tolist() == more["notes"].tolist()
    again = predict(run, scored_only(tmp_path / "out.csv", separator), tmp_path / "again.csv")
    assert (again.rows, again.right) == (60, right)


def scored_only(path: Path, separator: str) -> Path:
    """Take the added columns out again, as text."""
    rows = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False).drop(columns=ADDED)
    rows.to_csv(path, index=False, sep=separator)
    return path


def test_what_is_missing_or_unknown_is_told_in_the_notes(run: Scoring) -> None:
    told = expected(run)["notes"]
    fill = run.config.data.features["smoking"].levels[int(run.model.preprocessor.fill[3])]
    assert f"smoking of an unknown category, filled with {fill}" in told[5]
    assert "pain missing, filled with " in told[7]


@pytest.mark.parametrize("lacking", ["ill", None])
def test_a_file_may_lack_the_class_and_name_its_columns_otherwise(run: Scoring, tmp_path: Path, lacking: str | None) -> None:
    rows = ROWS.drop(columns=lacking) if lacking else ROWS.rename(columns={"age": " AGE", "smoking": "Smoking"})
    rows.to_csv(tmp_path / "in.csv", index=False, sep=";")
    counts = predict(run, tmp_path / "in.csv", tmp_path / "out.csv")
    assert (counts.rows, counts.known) == (60, 0 if lacking else 60)
    assert len(counts.told) == (1 if lacking else 3)
    read = pd.read_csv(tmp_path / "out.csv", sep=";", keep_default_na=False)
    assert read["notes"].tolist() == expected(run)["notes"].tolist()


def test_what_was_told_of_several_files_is_told_once() -> None:
    one, other = Counts(1, 0, 1, 1, ("a",)), Counts(2, 1, 1, 0, ("b", "a"))
    assert one + other == Counts(3, 1, 2, 1, ("a", "b"))


def streamed(folder: Path, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "pipeline", "predict", *words], cwd=folder, env=environment, input=given, capture_output=True
    )


def test_standard_input_and_output_hold_what_files_hold(clinic: Path, run: Scoring, tmp_path: Path) -> None:
    shutil.copytree(clinic / "models", tmp_path / "models", symlinks=True)
    content = with_commas(ROWS).to_csv(index=False, sep=";").encode()
    (tmp_path / "in.csv").write_bytes(content)
    predict(run, tmp_path / "in.csv", tmp_path / "out.csv")
    done = streamed(tmp_path, "-", "-", given=content)
    assert done.returncode == 0
    assert done.stdout == (tmp_path / "out.csv").read_bytes()
    told = done.stderr.decode().splitlines()
    assert told[0] == 'standard input: separated by ";", decimal comma'
    assert re.fullmatch(r"standard output: 60 rows scored in \d+\.\d s", told[1])
    assert told[2] == f"by {(clinic / 'models' / 'latest').resolve().relative_to((clinic).resolve())}"
    done = streamed(tmp_path, "in.csv", "-", "--json")
    assert done.stdout == (tmp_path / "out.csv").read_bytes()
    said = json.loads(done.stderr)
    assert (said["rows"], said["output"], said["notes"]) == (60, "-", ['in.csv: separated by ";", decimal comma'])
    done = streamed(tmp_path, "-", "out.parquet", "--json", given=content)
    assert json.loads(done.stdout)["rows"] == len(pd.read_parquet(tmp_path / "out.parquet")) == 60
    for given, words, line in (
        (b"", ("-", "-"), "error: standard input: the file is empty; a header and rows are needed\n"),
        (b"a,b\n1,2\n", ("-", "-", "--json"), None),
        (b"", ("models", "-"), None),
    ):
        done = streamed(tmp_path, *words, given=given)
        assert (done.returncode, done.stdout) == (2, b"")
        assert line in (None, done.stderr.decode())
    assert sorted(os.listdir(tmp_path)) == ["in.csv", "models", "out.csv", "out.parquet"]


def test_rows_rejected_on_the_way_to_standard_output_are_kept(clinic: Path, tmp_path: Path) -> None:
    shutil.copytree(clinic / "models", tmp_path / "models", symlinks=True)
    rows = with_commas(ROWS)
    rows.loc[4, "age"] = "old"
    done = streamed(tmp_path, "-", "-", given=rows.to_csv(index=False, sep=";").encode())
    assert len(pd.read_csv(io.BytesIO(done.stdout), sep=";")) == 59
    kept = tmp_path / "standard-output.rejected.csv"
    assert f"see {kept.name}" in done.stderr.decode()
    (row,) = pd.read_csv(kept).itertuples()
    assert row.line == 6
    assert row.row.startswith("old;p|q;")
    streamed(tmp_path, "-", "-", given=ROWS.to_csv(index=False).encode())
    assert not kept.exists()
    assert not rejected_path(Path("-")).exists()


def test_categories_are_scored_without_pandas_or_scikit_learn(clinic: Path, tmp_path: Path) -> None:
    ROWS.to_csv(tmp_path / "in.csv", index=False)
    script = (
        "import sys; from pathlib import Path; from pipeline.predict.command import scored\n"
        f"scored(Path({str(clinic / 'models' / 'latest')!r}), Path('in.csv'), Path('out.csv'))\n"
        "print([name for name in ('pandas', 'sklearn', 'scipy', 'tensorflow', 'python_calamine') if name in sys.modules])"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
