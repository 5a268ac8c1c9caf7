"""In which encoding a text file is written."""

import io
import re
from typing import BinaryIO

from pipeline.errors import DataError
from pipeline.read.records import BOM

_LOOKED_AT = 2**22  # bytes of a file that is not in memory
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_UTF_32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_HELP = 'save it as "CSV UTF-8"'
# bytes that Windows-1252 does not have, or has for marks that stand in no word, and letters without a plain one beside them
_UNLIKELY = re.compile(rb"[\x81\x8d\x8f\x90\x9d]|[A-Za-z][\x80-\x89\x8b\x91\x93-\x99\x9b][A-Za-z\xc0-\xff]|[\x80-\xff]{4}")


def encoding_of(path: str, file: BinaryIO, wanted: str, whole: bool = False) -> str:
    """Return ``utf-8``, ``utf-16`` or ``windows-1252``.

    Args:
        path: the file as it was named.
        file: its bytes.
        wanted: what the config says; ``auto`` where it leaves it open.
        whole: look at all of it, also where it is not in memory.

    Raises:
        DataError: the file is written in another encoding than the config says, or in none of these.
    """
    file.seek(0)
    content = bytes(file.getbuffer()) if isinstance(file, io.BytesIO) else file.read(-1 if whole else _LOOKED_AT)
    if len(content) == _LOOKED_AT:
        content = content[: content.rfind(b"\n") + 1]  # a letter may be cut there
    found = _found(content)
    start = content[:1000]
    if found not in ("utf-16", "utf-32") and 5 * abs(start[::2].count(0) - start[1::2].count(0)) > 2 * len(start):
        raise DataError(f"{path}: is UTF-16 without a byte order mark, which is not read; {_HELP}")
    if found == "utf-32":
        raise DataError(f"{path}: is UTF-32, which is not read; {_HELP}")
    if wanted == "auto" and found == "windows-1252" and _UNLIKELY.search(content):
        raise DataError(f"{path}: is neither UTF-8 nor Windows-1252; {_HELP}, or set data.read.encoding to one of them")
    if wanted == "auto" or found == wanted:
        return "utf-8" if found == "any" else found
    if wanted == "utf-16" or found == "utf-16" or (wanted, found) == ("windows-1252", "utf-8"):
        seen = {"any": "plain text", "utf-8": "UTF-8", "utf-16": "UTF-16", "windows-1252": "Windows-1252"}[found]
        raise DataError(f"{path}: is {seen}, but data.read.encoding is {wanted}; correct the setting, or set it to auto")
    return wanted  # a row that is none is rejected by itself


def _found(content: bytes) -> str:
    """Return the encoding, ``any`` where it makes no difference."""
    if content.startswith(_UTF_32):
        return "utf-32"
    if content.startswith(_UTF_16):
        return "utf-16"
    if content.isascii() or content.startswith(BOM):
        return "any" if content.isascii() else "utf-8"
    letters = not content.decode(errors="ignore").isascii()  # some are UTF-8 by their bytes
    return "utf-8" if letters or re.search(rb"[\0-\x08\x0e-\x1f]", content) else "windows-1252"
