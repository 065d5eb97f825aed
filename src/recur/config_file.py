"""The configuration as TOML text: written with a comment on every key, read with every problem named at once."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from recur.bounded import MIB, parse_toml, read_text
from recur.config import Config, nested, shown
from recur.config import options as known_options
from recur.config.problems import choices, expected, explain
from recur.config.upgrade import upgraded
from recur.errors import ConfigError, did_you_mean

__all__ = ["changes", "from_mapping", "from_options", "from_toml", "read", "to_toml"]

LARGEST = MIB
"""Bytes of a configuration file; one with every key has some ten thousand."""
_FEW = 3


def to_toml(config: Config, *, heading: str = "") -> str:
    """Write a configuration as TOML with each option's description above it.

    Parameters
    ----------
    config : Config
        What to write. Options that are unset are written as comments that say what could be put there.
    heading : str
        Lines of comment for the top of the file.

    Returns
    -------
    str
        Text that ``from_toml`` reads back to an equal configuration.
    """
    lines = [f"# {line}".rstrip() for line in heading.splitlines()]
    table: tuple[str, ...] = ()
    for one in known_options().values():
        if table != one.path[:-1]:
            table = one.path[:-1]
            lines += ["", f"[{'.'.join(table)}]"] if lines else [f"[{'.'.join(table)}]"]
        value, key = one.of(config), one.path[-1]
        lines.append(f"# {one.description}{choices(one.field)}")
        lines.append(f"# {key} = {expected(one.field)}" if value is None else f"{key} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def from_toml(text: str, name: str = "config.toml", *, note: Callable[[str], None] | None = None) -> Config:
    """Read a configuration from TOML text.

    Raises
    ------
    ConfigError
        When the text is not TOML, or when keys are unknown or values of a wrong type. All problems are
        in one message, each with its line and the nearest right name.
    """
    values = parse_toml(text, name, error=ConfigError)
    return from_mapping(values, name=name, text=text, note=note)


def warn(text: str) -> None:
    """Warn the caller of a function that reads a configuration file."""
    warnings.warn(text, stacklevel=6)


def read(path: Path | str, *, note: Callable[[str], None] | None = warn) -> Config:
    """Read a configuration file.

    Parameters
    ----------
    path : path
    note : callable, optional
        Told in one sentence when the file was written for an older version, and read as it was meant; default: a
        warning of Python.

    Raises
    ------
    ConfigError
        When there is no such file, or it is not a valid configuration.
    """
    path = Path(path)
    try:
        text = read_text(path, LARGEST, error=ConfigError)
    except ConfigError as error:
        raise ConfigError(
            f"the configuration file {error.message}", hint="give the path of a TOML file, such as RUN/config.toml"
        ) from error.__cause__
    return from_toml(text, name=str(path), note=note)


def from_mapping(
    values: Mapping[str, Any], *, name: str = "configuration", text: str = "", note: Callable[[str], None] | None = None
) -> Config:
    """Check a nested mapping ``{"training": {"epochs": 3}}`` and return the configuration.

    Parameters
    ----------
    values : mapping
        Tables of this version, or the flat ones of older versions.
    name : str
        What the values are, for messages.
    text : str
        The file that they were read from, for the numbers of lines.
    note : callable, optional
        Told in one sentence when the values were those of an older version.

    Raises
    ------
    ConfigError
        Naming every unknown key and every wrong value.
    """
    present, renames = upgraded(values)
    config = _checked(present, lambda error: explain(error, name=name, text=text, before=renames))
    if renames and note is not None:
        note(_renames_note(name, renames))
    return config


def from_options(options: Mapping[str, Any], base: Config | None = None) -> Config:
    """Return ``base`` with options by their flat names: ``{"epochs": 3, "cell": "gru"}``.

    A path or a tuple stands for a text or a list; an option that takes a list also takes its only value.

    Raises
    ------
    ConfigError
        Naming every option that there is not, with the nearest one, and every wrong value.
    """
    home = known_options()
    unknown = [key for key in options if key not in home]
    if unknown:
        raise ConfigError("\n".join(f'unknown option "{key}".{did_you_mean(key, home)}' for key in unknown))
    plain = {
        key: str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
        for key, value in options.items()
    }
    values = nested(plain, (base or Config()).model_dump())
    return _checked(values, lambda error: explain(error, name="these options", flat=True))


def changes(old: Config, new: Config) -> dict[str, tuple[Any, Any]]:
    """Return ``{"training.epochs": (old, new)}`` for every option that differs."""
    return {
        ".".join(one.path): (one.of(old), one.of(new)) for one in known_options().values() if one.of(old) != one.of(new)
    }


def _checked(values: Mapping[str, Any], explained: Callable[[ValidationError], ConfigError]) -> Config:
    """The configuration of tables, or the error that names every problem."""
    try:
        return Config.model_validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        raise explained(error) from None
    except (ValueError, RecursionError) as error:
        # a number of thousands of digits, or values in one another without end
        raise ConfigError(f"a value cannot be read: {error}", hint="give plain values") from None


def _renames_note(name: str, renames: Mapping[str, str]) -> str:
    """What to say of a file of an older version."""
    shown = ", ".join(f"{old} is {new}" for old, new in list(renames.items())[:_FEW])
    more = f" and {len(renames) - _FEW} more" if len(renames) > _FEW else ""
    return f"{name} has the keys of an older version, and was read as such; now {shown}{more}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # TOML's basic strings take JSON's escapes; DEL is the one character that JSON leaves bare and TOML refuses
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, list) and shown(value) is not value:
        return _toml(shown(value))
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return str(value)
