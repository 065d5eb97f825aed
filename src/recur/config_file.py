"""The configuration as TOML text: written with a comment on every key, read with every problem named at once."""

from __future__ import annotations

import json
import math
import re
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from recur.bounded import MIB, parse_toml, read_text
from recur.config import Config, Section
from recur.errors import ConfigError, did_you_mean

LARGEST = MIB
"""Bytes of a configuration file; one with every key has some ten thousand."""

_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text in quotes"}
_LIMITS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}


def to_toml(config: Config, *, heading: str = "") -> str:
    """Write a configuration as TOML with each field's description above it.

    Parameters
    ----------
    config : Config
        What to write. Fields that are unset stand as comments that say what could be put there.
    heading : str
        Lines of comment for the top of the file.

    Returns
    -------
    str
        Text that ``from_toml`` reads back to an equal configuration.
    """
    lines = [f"# {line}".rstrip() for line in heading.splitlines()]
    for name, section in _sections(config):
        lines += ["", f"[{name}]"] if lines else [f"[{name}]"]
        for key, field in type(section).model_fields.items():
            value = getattr(section, key)
            lines.append(f"# {field.description or key}{_choices(field)}")
            lines.append(f"# {key} = {_expected(field.annotation)}" if value is None else f"{key} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def from_toml(text: str, name: str = "config.toml") -> Config:
    """Read a configuration from TOML text.

    Raises
    ------
    ConfigError
        When the text is not TOML, or when keys are unknown or values of a wrong type. All problems are
        in one message, each with its line and the nearest right name.
    """
    values = parse_toml(text, name, error=ConfigError)
    return from_mapping(values, name=name, text=text)


def read(path: Path | str) -> Config:
    """Read a configuration file.

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
    return from_toml(text, name=str(path))


def from_mapping(values: Mapping[str, Any], *, name: str = "configuration", text: str = "") -> Config:
    """Check a nested mapping ``{"training": {"epochs": 3}}`` and return the configuration.

    Raises
    ------
    ConfigError
        Naming every unknown key and every wrong value.
    """
    try:
        return Config.model_validate_json(json.dumps(values, default=str), strict=True)
    except (ValueError, RecursionError) as error:
        if not isinstance(error, ValidationError):
            # a number of thousands of digits, or values in one another without end
            raise ConfigError(f"{name} has a value that cannot be read: {error}", hint="give plain values") from None
        raise explain(error, name=name, text=text) from None


def from_options(options: Mapping[str, Any], base: Config | None = None) -> Config:
    """Return ``base`` with flat options put into their sections: ``{"epochs": 3, "cell": "gru"}``.

    A path or a tuple stands for a text or a list; ``input`` and ``target`` take one name or many.

    Raises
    ------
    ConfigError
        Naming every option that no section has, with the nearest one, and every wrong value.
    """
    config = base or Config()
    values = config.model_dump()
    home = {key: name for name, section in _sections(config) for key in type(section).model_fields}
    unknown = [key for key in options if key not in home]
    if unknown:
        raise ConfigError("\n".join(f'unknown option "{key}".{did_you_mean(key, home)}' for key in unknown))
    for key, value in options.items():
        if isinstance(value, Path):
            value = str(value)
        elif isinstance(value, tuple):
            value = list(value)
        if isinstance(value, str) and key in ("input", "target", "exclude", "prompts", "augment"):
            value = [value]
        values[home[key]][key] = value
    return from_mapping(values, name="these options")


def changes(old: Config, new: Config) -> dict[str, tuple[Any, Any]]:
    """Return ``{"training.lr": (old, new)}`` for every field that differs."""
    return {
        f"{name}.{key}": (getattr(section, key), getattr(getattr(new, name), key))
        for name, section in _sections(old)
        for key in type(section).model_fields
        if getattr(section, key) != getattr(getattr(new, name), key)
    }


def explain(error: ValidationError, *, name: str, text: str = "") -> ConfigError:
    """Turn the schema's complaint into one error that names every problem and what was expected."""
    found: dict[tuple[str, ...], str] = {}
    for problem in error.errors(include_url=False):
        path = tuple(str(part) for part in problem["loc"][:2])
        found.setdefault(path, _problem(path, problem))
    lines = [f"{_line(text, path)}{'.'.join(path)}: {said}" if path else said for path, said in found.items()]
    if len(lines) == 1:
        return ConfigError(f"{name}: {lines[0]}")
    return ConfigError("\n  ".join([f"{name} has {len(lines)} problems:", *lines]))


def _sections(config: Config) -> Iterator[tuple[str, Section]]:
    for name in type(config).model_fields:
        yield name, getattr(config, name)


def _problem(path: tuple[str, ...], problem: Any) -> str:
    kind, given, context = problem["type"], problem.get("input"), problem.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(path)
    if not path:
        return f"a value cannot be read: {problem['msg']}"
    if kind == "value_error":
        return str(context.get("error", problem["msg"]))
    field = _field(path)
    if field is None:
        return f"expected a table, [{path[0]}] with its keys below it, got {_said(given)}"
    if kind == "literal_error":
        options = _literals(field.annotation)
        return f"expected one of {', '.join(options)}; got {_said(given)}.{_near(given, options)}"
    if kind in _LIMITS:
        limit, words = _LIMITS[kind]
        return f"must be {words} {context[limit]}, got {_said(given)}"
    if kind == "finite_number":
        return f"expected a finite number, got {_said(given)}"
    return f"expected {_expected(field.annotation)}, got {_said(given)}"


def _unknown(path: tuple[str, ...]) -> str:
    sections = dict(_sections(Config()))
    key = path[-1]
    if len(path) == 1:
        homes = [name for name, section in sections.items() if key in type(section).model_fields]
        if homes:
            return f"unknown table or key. It belongs below [{homes[0]}]"
        return f"unknown table.{did_you_mean(key, sections)}"
    homes = [name for name, section in sections.items() if key in type(section).model_fields]
    if homes:
        return f"unknown key. It belongs below [{homes[0]}]"
    return f"unknown key.{did_you_mean(key, type(sections[path[0]]).model_fields)}"


def _field(path: tuple[str, ...]) -> FieldInfo | None:
    if len(path) < 2:
        return None
    section = Config.model_fields[path[0]].annotation
    return section.model_fields.get(path[1]) if isinstance(section, type) and issubclass(section, Section) else None


def _literals(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [str(option) for option in get_args(annotation)]
    return [option for part in get_args(annotation) for option in _literals(part)]


def _near(given: Any, options: list[str]) -> str:
    said = did_you_mean(given, options) if isinstance(given, str) else ""
    return said if said.startswith(" Did") else ""


def _expected(annotation: Any) -> str:
    """What a field takes, in words."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    if get_origin(annotation) is list:
        plural = {int: "whole numbers", str: "texts in quotes", float: "numbers"}
        return f"a list of {plural.get(get_args(annotation)[0], 'values')}"
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(_expected(part) for part in get_args(annotation) if part is not type(None))
    options = _literals(annotation)
    return f"one of {', '.join(options)}" if options else "a value"


def _choices(field: FieldInfo) -> str:
    options = _literals(field.annotation)
    return f" ({', '.join(options)})" if options else ""


def _said(value: Any) -> str:
    """A value as it stands in a TOML file, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _line(text: str, path: tuple[str, ...]) -> str:
    """``'line 12: '`` where a key stands in the text, or nothing."""
    table = None
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[([^\[\]]+)\]", line)
        if header:
            table = header[1].strip()
            if (table,) == path:
                return f"line {number}: "
        elif re.match(rf"\s*[\"']?{re.escape(path[-1])}[\"']?\s*=", line) and table in (path[0], None):
            return f"line {number}: "
    return ""


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # TOML's basic strings take JSON's escapes; DEL is the one character that JSON leaves bare and TOML refuses
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return str(value)
