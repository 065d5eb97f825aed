"""Bounded reading: regular files up to a size, JSON and TOML up to a depth; anything else is refused with a message.

Files may be untrusted. A named pipe or a device in the place of a file must not block or fill the memory, deeply
nested text must not exhaust the stack, and a duplicate key must not hide one of its values.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tomllib
from collections import Counter
from collections.abc import Iterable
from io import BufferedReader
from pathlib import Path
from typing import Any

from recur.errors import DataError, RecurError

MIB = 2**20
DEEPEST = 100  # levels of JSON; what recur writes has fewer than 10
DEEPEST_TOML = 20  # a configuration has 3
LONGEST_NUMBER = 400  # digits; the largest 64-bit float has 309

_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
# strings and comments of TOML; each alternative also matches without its end, which keeps the time linear
_TOML_TEXT = re.compile(
    r'''"""(?:[^\\]|\\.)*?(?:"""|\Z)|'{3}.*?(?:'{3}|\Z)|"(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?|\#[^\n]*''', re.DOTALL
)
_DOTTED = re.compile(rf"(?:\.[^.=\n\[\]{{}},]*){{{DEEPEST_TOML}}}")


def open_regular(
    path: Path, most: int | None = None, *, kind: str = "regular file", error: type[RecurError] = DataError,
    hint: str | None = None,
) -> BufferedReader:  # fmt: skip
    """Open a regular file for reading; a link to one is followed.

    Parameters
    ----------
    path : Path
    most : int, optional
        Largest size, in bytes.
    kind : str
        What the file is expected to be, for messages.
    error : type
        Type of the error that is raised.
    hint : str, optional
        What to type.

    Raises
    ------
    RecurError
        Of the type ``error``: when the file is missing, is not a regular file, or is larger than ``most``.
    """
    try:
        handle = os.open(path, os.O_RDONLY | _NO_WAIT)
    except FileNotFoundError:
        raise error(f"{path} is missing", hint=hint) from None
    except (OSError, ValueError) as refused:
        reason = (getattr(refused, "strerror", None) or str(refused)).lower()
        raise error(f"{path} cannot be read: {reason}", hint=hint) from refused
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise error(f"{path} is {_kind(status.st_mode)}, expected a {kind}", hint=hint or "name a file")
        if most is not None and status.st_size > most:
            raise error(
                f"{path} has {status.st_size:,} bytes, expected at most {most:,}", hint=hint or "name another file"
            )
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def regular(path: Path, *, kind: str, error: type[RecurError] = DataError, hint: str | None = None) -> Path:
    """Return the path of a file that a library may open by its name; see `open_regular`."""
    open_regular(path, kind=kind, error=error, hint=hint).close()
    return path


def read_bytes(
    path: Path, most: int, *, kind: str = "regular file", error: type[RecurError] = DataError, hint: str | None = None
) -> bytes:
    """Read a regular file of at most ``most`` bytes.

    Raises
    ------
    RecurError
        Of the type ``error``, as for `open_regular`.
    """
    with open_regular(path, most, kind=kind, error=error, hint=hint) as file:
        try:
            # one byte more, for a file that grows or whose size the system does not report
            content = file.read(most + 1)
        except OSError as refused:
            reason = (refused.strerror or str(refused)).lower()
            raise error(f"{path} cannot be read: {reason}", hint=hint) from refused
    if len(content) > most:
        raise error(f"{path} has more than {most:,} bytes, expected at most that", hint=hint or "name another file")
    return content


def fingerprint(path: Path, most: int | None = None, *, error: type[RecurError] = DataError) -> dict[str, Any]:
    """Return the size and SHA-256 of a regular file.

    Raises
    ------
    RecurError
        Of the type ``error``, as for `open_regular`.
    """
    with open_regular(path, most, error=error) as file:
        try:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as refused:
            raise error(f"{path} cannot be read: {(refused.strerror or str(refused)).lower()}") from refused
        return {"bytes": file.tell(), "sha256": digest}


def read_text(path: Path, most: int, *, error: type[RecurError] = DataError) -> str:
    """Read a regular file of at most ``most`` bytes of UTF-8.

    Raises
    ------
    RecurError
        Of the type ``error``.
    """
    try:
        return read_bytes(path, most, error=error).decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise error(
            f"{path} is not UTF-8 text: byte {wrong.start} is 0x{wrong.object[wrong.start]:02x}",
            hint="save it as UTF-8",
        ) from wrong


def read_json(path: Path, most: int, *, error: type[RecurError] = DataError) -> Any:
    """Read a JSON file of at most ``most`` bytes; see `parse_json`."""
    return parse_json(read_text(path, most, error=error), str(path), error=error)


def parse_json(text: str | bytes, name: str, *, deepest: int = DEEPEST, error: type[RecurError] = DataError) -> Any:
    """Parse JSON strictly: bounded depth, no duplicate keys, no NaN, no numbers of thousands of digits.

    Parameters
    ----------
    text : str or bytes
    name : str
        What the text is, for messages.
    deepest : int
        Largest number of nested arrays and objects.
    error : type
        Type of the error that is raised.

    Raises
    ------
    RecurError
        Of the type ``error``.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=_whole, parse_float=_finite
        )
    except RecursionError:
        raise error(f"{name} cannot be read as JSON: it is nested too deeply", hint=_shallower(deepest)) from None
    except MemoryError:
        raise error(f"{name} cannot be read as JSON: its {len(text):,} bytes exceed the memory") from None
    except ValueError as wrong:
        raise error(f"{name} cannot be read as JSON: {wrong}") from wrong
    if too_deep(value, deepest):
        raise error(f"{name} cannot be read as JSON: it is nested too deeply", hint=_shallower(deepest))
    return value


def parse_toml(text: str, name: str, *, error: type[RecurError] = DataError) -> dict[str, Any]:
    """Parse TOML of bounded depth.

    Raises
    ------
    RecurError
        Of the type ``error``.
    """
    deep = error(f"{name} cannot be read as TOML: it is nested too deeply", hint=_shallower(DEEPEST_TOML))
    # the time of the parser grows with the square of the number of parts of a key
    if _DOTTED.search(_TOML_TEXT.sub("", text)):
        raise deep
    try:
        value = tomllib.loads(text)
    except RecursionError:
        raise deep from None
    except ValueError as wrong:
        raise error(
            f"{name} is not valid TOML: {_short(str(wrong))}", hint='a line is `key = value`; texts are in "quotes"'
        ) from wrong
    if too_deep(value, DEEPEST_TOML):
        raise deep
    return value


def too_deep(value: Any, deepest: int = DEEPEST) -> bool:
    """Return whether lists and dictionaries are nested more than ``deepest`` levels deep."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(deepest):
        inside = (one.values() if isinstance(one, dict) else one for one in level)
        level = [item for items in inside for item in items if isinstance(item, (dict, list))]
        if not level:
            return False
    return bool(level)


def repeated_key(pairs: Iterable[tuple[str, Any]]) -> str:
    """Return the first key that an object of JSON gives more than once, of pairs among which there is one."""
    counts = Counter(key for key, _ in pairs)
    return next(key for key, count in counts.items() if count > 1)


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError(f'the key "{_short(repeated_key(pairs))}" is given twice')
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(digits):,} digits, expected at most {LONGEST_NUMBER}")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{_short(digits)} exceeds the largest 64-bit number")
    return value


def _shallower(deepest: int) -> str:
    return f"at most {deepest} levels are read"


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _kind(mode: int) -> str:
    for test, words in ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket")):
        if test(mode):
            return words
    return "a device"
