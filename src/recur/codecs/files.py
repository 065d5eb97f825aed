"""JSON files of a codec: written atomically, refused in one sentence when they are damaged."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from recur import bounded
from recur.atomic import write_bytes
from recur.bounded import MIB
from recur.errors import RunError

Value = TypeVar("Value")


LARGEST_JSON = 64 * MIB
LARGEST_TOKENIZER = 512 * MIB
"""Bytes of the files of a codec; a tokenizer needs some 25 for a word of its vocabulary."""


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write a dictionary as readable JSON.

    Raises
    ------
    RunError
        When the file would be too large to be read again.
    """
    content = (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace")
    check_size(path, len(content), LARGEST_JSON)
    write_bytes(path, content)


def check_size(path: Path, size: int, most: int) -> None:
    """Refuse to write a file that could not be read again.

    Raises
    ------
    RunError
    """
    if size > most:
        raise RunError(
            f"{path} would have {size:,} bytes, expected at most {most:,}",
            hint="a smaller vocabulary (--max-vocab, --min-count)",
        )


def digest_of(array: np.ndarray) -> str:
    """Return the shape of an array and a digest of its contents."""
    content = np.ascontiguousarray(array).tobytes()
    return f"{array.shape} {hashlib.blake2b(content, digest_size=16).hexdigest()}"


def read_text(path: Path) -> str:
    """Read a UTF-8 file of a run, a tokenizer's at most.

    Raises
    ------
    RunError
        When it is missing, too large or is not text.
    """
    return bounded.read_text(path, LARGEST_TOKENIZER, error=RunError)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of a run.

    Raises
    ------
    RunError
        When the file is missing, cut short or not a JSON object.
    """
    data = bounded.read_json(path, LARGEST_JSON, error=RunError)
    if not isinstance(data, dict):
        raise RunError(f"{path} is damaged: expected a JSON object, found {type(data).__name__}")
    return data


def field(data: dict[str, Any], key: str, kind: type[Value], path: Path) -> Value:
    """Return ``data[key]``, checked to be of a type.

    Raises
    ------
    RunError
        When the key is missing or holds something else.
    """
    value = data.get(key)
    # Python counts bool as int; in the file they are different types
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise RunError(f'{path} is damaged: "{key}" should be {kind.__name__}, found {type(value).__name__}')
    return value


def strings(data: dict[str, Any], key: str, path: Path) -> list[str]:
    """Return ``data[key]``, checked to be a list of texts."""
    values = field(data, key, list, path)
    if not all(isinstance(value, str) for value in values):
        raise RunError(f'{path} is damaged: "{key}" should hold texts only')
    return values


def digest(text: str) -> str:
    """Return the SHA-256 of a text, by which an altered file is detected."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
