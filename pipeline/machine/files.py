"""Files that appear whole or not at all, and files of others that are read with care."""

import errno
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

UNFINISHED = ".unfinished-"
"""How the name of what is still being written starts."""

_IDLE = 60.0  # seconds; a process of another machine that writes here is not known by its number


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a hidden path beside ``path`` to write to; it is flushed to the disk and renamed at the end, or deleted on an error.

    The hidden file is there, empty and new: nobody can have put a link to another file in its place. A link in the place of
    ``path`` is replaced, not followed.

    Raises:
        OSError: the file cannot be written.
    """
    if not path.name:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    sweep(path)
    hidden = hidden_beside(path)
    os.close(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    try:
        yield hidden
        flush(hidden)
        hidden.replace(path)
        flush(path.parent)  # or a loss of power might undo the renaming, and not what is deleted afterwards
    finally:
        with suppress(OSError):
            hidden.unlink(missing_ok=True)


def hidden_beside(path: Path) -> Path:
    """Return a new name beside ``path`` for what is to become it."""
    return path.with_name(f"{UNFINISHED}{os.getpid()}-{secrets.token_hex(8)}-{path.name}")


def sweep(path: Path) -> None:
    """Delete what killed processes left of ``path`` beside it: whoever wrote it is gone, and for a minute nobody wrote to it."""
    own = re.compile(rf"{re.escape(UNFINISHED)}(\d+)-[0-9a-f]{{16}}-{re.escape(path.name)}")
    with suppress(OSError):
        for each in path.parent.iterdir():
            found = own.fullmatch(each.name)
            if found and not _runs(int(found[1])) and time.time() - each.lstat().st_mtime > _IDLE:
                shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


@contextmanager
def regular(path: Path, most: int) -> Iterator[BufferedReader]:
    """Open a regular file of at most ``most`` bytes; a link is not followed, and nothing waits for a pipe.

    Raises:
        OSError: it is something else, is larger, or cannot be read.
    """
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        if found.st_size > most:
            raise OSError(errno.EFBIG, f"it has {found.st_size:,} bytes, and {most:,} at most are expected")
        yield file


def flush(path: Path) -> None:
    """Have a file or folder on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
