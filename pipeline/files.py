"""Files that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UNFINISHED = ".unfinished-"
"""How the name of what is still being written starts."""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a hidden path beside ``path`` to write to; it is flushed to the disk and renamed at the end, or deleted on an error.

    Raises:
        OSError: the file cannot be written.
    """
    hidden = path.with_name(f"{UNFINISHED}{os.getpid()}-{path.name}")
    try:
        yield hidden
        flush(hidden)
        hidden.replace(path)
        flush(path.parent)  # or a loss of power might undo the renaming, and not what is deleted afterwards
    finally:
        with suppress(OSError):
            hidden.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Have a file or folder on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
