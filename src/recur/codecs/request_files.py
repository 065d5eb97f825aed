"""Files within a request: their contents in base64 or as numbers, never a path.

A path would make a server open its own files for any caller.
"""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.codec import Codec
from recur.errors import DataError


def decode_data_url(codec: Codec, value: str) -> bytes:
    """Return the bytes of ``data:image/png;base64,...``, as browsers send it.

    Raises
    ------
    DataError
        For text of another form, such as a path.
    """
    head, comma, data = value.partition(",")
    if not (head.startswith("data:") and head.endswith(";base64") and comma):
        raise path_refused(codec)
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DataError(f"the data is not base64: {error}") from None


def pixel_values(codec: Codec, value: Any) -> np.ndarray:
    """Return rows of numbers from 0 to 255 as an array of uint8.

    Raises
    ------
    DataError
        For anything else.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise path_refused(codec) from None
    if array.dtype.kind not in "iu" or array.size == 0 or array.min() < 0 or array.max() > 255:
        raise path_refused(codec)
    return array.astype(np.uint8)


@contextmanager
def as_file(content: bytes, suffix: str, name: str) -> Iterator[Path]:
    """Yield the contents as a temporary file, for libraries that read only files; messages call it ``name``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sent{suffix}"
        path.write_bytes(content)
        try:
            yield path
        except DataError as error:
            raise type(error)(error.message.replace(str(path), name), hint=error.hint) from error


def path_refused(codec: Codec) -> DataError:
    """Return the error for a value that is a path in place of the contents of a file."""
    hint = codec.file.request_form if codec.file is not None else None
    return DataError(f"this network reads {codec.kind}, which must be in the request itself", hint=hint)
