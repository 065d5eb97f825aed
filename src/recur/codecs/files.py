"""JSON files of a codec: written whole or not at all, read with one sentence when they are damaged."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

from recur.atomic import write_text
from recur.errors import RunError

Value = TypeVar("Value")


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write a dictionary as readable JSON."""
    write_text(path, json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def read_text(path: Path) -> str:
    """Read a UTF-8 file of a run.

    Raises
    ------
    RunError
        When it is missing or is not text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RunError(f"{path} is missing, so this is not a complete run folder") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read: {error}") from error


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of a run.

    Raises
    ------
    RunError
        When the file is missing, cut short or not a JSON object.
    """
    text = read_text(path)
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise RunError(f"{path} is damaged: it is not JSON ({error}); copy the run folder again") from error
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
    # bool is an int to Python, not to a reader of the file
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
    """Return the SHA-256 of a text, to notice an altered file."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
