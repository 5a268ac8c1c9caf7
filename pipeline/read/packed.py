"""Compressed files: what is in a .gz, or in a .zip with one file."""

import gzip
import io
import zipfile
import zlib
from typing import IO, Any, BinaryIO

from pipeline.errors import DataError, counted

_FREE = 2**26  # bytes that may come out of any file
_RATIO = 100  # beyond them, times the size of the file
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
"""What a damaged file makes of zipfile and gzip."""


def unpacked(path: str, file: BinaryIO) -> BinaryIO:
    """Return the content of a compressed file, to be read from its begin; any other file is returned as it is.

    Raises:
        DataError: it is damaged, holds several files, or another compressed one.
    """
    size = file.seek(0, 2)
    content = _inside(path, file)
    if content is None:
        return file
    buffered = io.BufferedReader(_Unpacked(path, content, size), 2**20)
    start = buffered.peek(4)[:4]
    if start.startswith(b"\x1f\x8b") or (start == b"PK\x03\x04" and not is_sheet(path, io.BytesIO(buffered.read()))):
        raise DataError(f"{path}: holds a compressed file, which is not unpacked again; unpack it first")
    buffered.seek(0)
    return buffered


def _inside(path: str, file: BinaryIO) -> IO[bytes] | gzip.GzipFile | None:
    """Return what is in a compressed file; None for another one, as a spreadsheet is."""
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    try:
        if start.startswith(b"\x1f\x8b"):
            return gzip.open(file)
        if start != b"PK\x03\x04" or is_sheet(path, file):
            return None
        archive = zipfile.ZipFile(file)
        hidden = ("__MACOSX/", ".DS_Store")
        names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith(hidden)]
        if len(names) == 1:
            return archive.open(names[0])
    except BROKEN as error:
        raise DataError(f"{path}: cannot be unpacked: {error}; export or download it again") from None
    shown = f" ({', '.join(names[:3])}{', ...' * (len(names) > 3)})" if names else ""
    raise DataError(f"{path}: must hold one file; it holds {counted(len(names), 'file')}{shown}; unpack it, and name one")


def is_sheet(path: str, file: BinaryIO) -> bool:
    """Return whether a file that begins like a .zip is a spreadsheet.

    Raises:
        DataError: it is damaged, or unfolds to far more than it is large.
    """
    size = file.seek(0, 2)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except BROKEN as error:
        raise DataError(f"{path}: cannot be unpacked: {error}; export or download it again") from None
    if not {member.filename for member in members} & {"[Content_Types].xml", "mimetype", "content.xml"}:
        return False
    _refuse_bomb(path, sum(member.file_size for member in members), size)
    return True


def _refuse_bomb(path: str, unfolded: int, size: int) -> None:
    if unfolded > max(_FREE, _RATIO * size):
        text = f"unfolds to more than {_RATIO} times its size, as no table does; unpack it by hand and look at it"
        raise DataError(f"{path}: {text}")


class _Unpacked(io.RawIOBase):
    """The bytes of a compressed file; what is wrong with them is a DataError."""

    def __init__(self, path: str, content: Any, size: int) -> None:
        self._path, self._content, self._size = path, content, size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._content.seek(offset, whence))

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            chunk = self._content.read(len(buffer))
        except BROKEN as error:
            raise DataError(f"{self._path}: is damaged or incomplete: {error}; export or download it again") from None
        buffer[: len(chunk)] = chunk
        _refuse_bomb(self._path, self._content.tell(), self._size)
        return len(chunk)
