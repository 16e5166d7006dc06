"""One file with named arrays and a header, whose damage is noticed: magic bytes, length, SHA-256.

    bytes 0-7     b"HTINDEX1"
    bytes 8-15    length of the payload, little-endian
    bytes 16-47   SHA-256 of the payload
    then          the payload: NumPy's .npz with the arrays, and the header as JSON text

The file is written beside its place and then renamed, so a crash leaves the old file or the new
one. The checksum finds accidents: a cut file, a flipped bit. It does not prove who wrote the file.
Nothing is unpickled on reading, so a file cannot run code.

What this leaves out: appending, memory mapping, and a signature.
"""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

MAGIC = b"HTINDEX1"
START = len(MAGIC) + 8 + 32


class CorruptIndexError(ValueError):
    """An index file that is cut, changed, or no index file."""


def write_arrays(
    path: str | PathLike[str], kind: str, header: Mapping[str, Any], arrays: Mapping[str, Any]
) -> None:
    """Write `header` (JSON) and `arrays` to `path`; `kind` says what they are."""
    text = json.dumps({"kind": kind, **header})
    buffer = io.BytesIO()
    np.savez(buffer, __header__=np.frombuffer(text.encode(), np.uint8), **arrays)
    payload = buffer.getvalue()
    path = Path(path)
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with beside.open("wb") as file:
            file.write(MAGIC + len(payload).to_bytes(8, "little"))
            file.write(hashlib.sha256(payload).digest() + payload)
            file.flush()
            os.fsync(file.fileno())  # before the rename: else a crash could leave an empty file
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def read_arrays(
    path: str | PathLike[str], kind: str
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of a file that `write_arrays` made.

    Raises:
        CorruptIndexError: what is wrong with the file.
        FileNotFoundError: there is none.
    """
    data = Path(path).read_bytes()
    if len(data) < START or not data.startswith(MAGIC):
        raise CorruptIndexError(f"{path} is no index file: it does not begin with {MAGIC!r}")
    length = int.from_bytes(data[8:16], "little")
    payload = data[START:]
    if len(payload) != length:
        raise CorruptIndexError(
            f"{path} has {len(payload)} bytes of data and should have {length}: it was cut or "
            "added to; build the index again, or restore a copy"
        )
    if hashlib.sha256(payload).digest() != data[16:START]:
        raise CorruptIndexError(
            f"{path} has changed since it was written: its SHA-256 does not match; build the "
            "index again, or restore a copy"
        )
    try:
        with np.load(io.BytesIO(payload), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        header = json.loads(arrays.pop("__header__").tobytes())
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise CorruptIndexError(f"{path} holds no arrays and header: {error}") from error
    if header.pop("kind", None) != kind:
        raise CorruptIndexError(f"{path} holds another kind of index, not {kind!r}")
    return header, arrays
