"""Read the plain arrays of an npz file that somebody else may have written: nothing is run, inflated or guessed."""

import io
import re
import struct
import zipfile
from math import prod
from typing import Any

import numpy as np

Arrays = dict[str, Any]
"""Arrays by name."""


def read_arrays(content: bytes) -> Arrays:
    """Return the arrays of an npz file as ``numpy.savez`` writes it, read-only.

    Every member must be a stored (not compressed) ``name.npy`` of numbers, truth values or text, as large as its header says;
    so the arrays together are never larger than the file.

    Raises:
        ValueError: it is none.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            members = file.infolist()
            if len({member.filename for member in members}) < len(members):
                raise ValueError("an array stands twice in it")
            if any(member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size for member in members):
                raise ValueError("an array is compressed; numpy.savez stores them plainly")
            if sum(member.file_size for member in members) > len(content):
                raise ValueError("its arrays overlap")
            if others := [member.filename for member in members if not member.filename.endswith(".npy")]:
                raise ValueError(f'"{others[0]}" is no .npy file')
            return {member.filename.removesuffix(".npy"): _array(member, file.read(member)) for member in members}
    # what zipfile raises for a damaged file
    except (zipfile.BadZipFile, struct.error, EOFError, RuntimeError, OSError, OverflowError, TypeError) as error:
        raise ValueError(f"no npz file: {error}") from None


_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<|][biufU][0-9]{1,9})', 'fortran_order': (True|False), "
    rb"'shape': \(((?:[0-9]{1,18},? ?)*)\), \} *\n",
    re.DOTALL,
)
"""What numpy.save writes before the values (format version 1.0)."""


def _array(member: zipfile.ZipInfo, content: bytes) -> Any:
    header = _HEADER.match(content)
    if not header or header.end() != int.from_bytes(content[8:10], "little") + 10:
        raise ValueError(f'"{member.filename}" is no array of numbers or text as numpy.save writes it')
    dtype, shape = np.dtype(header[1].decode()), tuple(map(int, re.findall(rb"[0-9]+", header[3])))
    if prod(shape) * dtype.itemsize != len(content) - header.end():
        raise ValueError(f'"{member.filename}" is not as large as its shape {shape} says')
    return np.ndarray(shape, dtype, content, header.end(), order="F" if header[2] == b"True" else "C")
