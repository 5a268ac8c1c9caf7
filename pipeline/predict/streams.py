"""Standard input and standard output in the place of files."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import DataError, PipelineError
from pipeline.machine.files import whole
from pipeline.predict.file import rejected_path

STREAM = Path("-")
"""Stands for standard input, or standard output."""
_REJECTED = Path("standard-output.rejected.csv")
_MOST = 2**36  # bytes of the temporary file
_SIZE = 2**20


@contextmanager
def received() -> Iterator[Path]:
    """Give a temporary file that holds standard input: it is read more than once.

    Raises:
        DataError: there is none, or there is more of it than a file may hold.
        PipelineError: the temporary file cannot be written.
    """
    with tempfile.NamedTemporaryFile(prefix="diabetes-pipeline-") as file:
        try:
            while chunk := sys.stdin.buffer.read(_SIZE) if sys.stdin else b"":
                if file.tell() + len(chunk) > _MOST:
                    raise DataError(f"standard input: must hold at most {_MOST:,} bytes; write it to a file, and give its name")
                file.write(chunk)
            file.flush()
        except OSError as error:
            raise PipelineError(f"{file.name}: cannot hold standard input: {error.strerror or error}") from None
        yield Path(file.name)


@contextmanager
def printed() -> Iterator[tuple[Path, Path]]:
    """Give a CSV file to write, which goes to standard output at the end, and where its rejected rows go."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "standard-output.csv"
        yield target, _REJECTED
        if rejected_path(target).exists():
            with whole(_REJECTED) as hidden:
                shutil.copyfile(rejected_path(target), hidden)
        else:
            _REJECTED.unlink(missing_ok=True)
        with target.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
