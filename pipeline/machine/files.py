"""Files that appear whole or not at all, and files of others that are read with care."""

import errno
import hashlib
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
"""How the name of what is still being written starts; the number of the process that writes it follows."""

_made: set[Path] = set()  # names that ``hidden_beside`` has given
_IDLE = 60.0  # seconds; a process of another machine that writes here is not known by its number


@contextmanager
def whole(path: Path, folder: bool = False) -> Iterator[Path]:
    """Give a hidden path beside ``path`` to write to; it is flushed to the disk and renamed at the end, or deleted on an error.

    The hidden file, or the folder, is there, empty and new: nobody can have put a link to another file in its place. A link in
    the place of ``path`` is replaced, not followed.

    Raises:
        OSError: the file cannot be written.
    """
    if not path.name:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    sweep(path.parent, path.name)
    hidden = hidden_beside(path)
    hidden.mkdir() if folder else os.close(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    try:
        yield hidden
        flush(hidden)
        hidden.replace(path)
        flush(path.parent)  # or a loss of power might undo the renaming, and not what is deleted afterwards
    finally:
        with suppress(OSError):
            _delete(hidden)


def hidden_beside(path: Path) -> Path:
    """Return a new name beside ``path`` for what is to become it."""
    hidden = path.with_name(f"{UNFINISHED}{os.getpid()}-{secrets.token_hex(8)}-{path.name}")
    _made.add(hidden.absolute())
    return hidden


def discard_unfinished() -> None:
    """Delete what this process has begun to write and not finished."""
    for path in list(_made):
        with suppress(OSError):
            _delete(path)


def sweep(folder: Path, name: str | None = None) -> None:
    """Delete what killed processes left in a folder: whoever wrote it is gone, and for a minute nobody wrote to it.

    With a name, only what was to become the file or folder of this name.
    """
    pattern = re.compile(rf"{re.escape(UNFINISHED)}(\d+)-" + (".+" if name is None else rf"[0-9a-f]{{16}}-{re.escape(name)}"))
    for path in folder.glob(f"{UNFINISHED}*"):
        hidden = pattern.fullmatch(path.name)
        with suppress(OSError):  # another process may be deleting it too
            if hidden and not _runs(int(hidden[1])) and time.time() - _written(path) > _IDLE:
                _delete(path)


def _delete(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _written(path: Path) -> float:
    """Return when somebody last wrote to a file or folder."""
    return max(place.lstat().st_mtime for place in (path, *path.glob("*")))


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (OSError, OverflowError) as error:  # somebody else's process runs, though it cannot be signalled
        return not isinstance(error, ProcessLookupError)
    return True


@contextmanager
def regular(path: Path, most: int) -> Iterator[BufferedReader]:
    """Open a regular file of at most ``most`` bytes; a link is not followed, and nothing waits for a pipe.

    Raises:
        OSError: it is something else, is larger, or cannot be read.
    """
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        if facts.st_size > most:
            raise OSError(errno.EFBIG, f"it has {facts.st_size:,} bytes, and {most:,} at most are expected")
        yield file


def sha256_of(path: Path | str) -> str | None:
    """Return the SHA-256 of a file; None where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def flush(path: Path) -> None:
    """Have a file or folder on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
