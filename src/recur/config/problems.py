"""Messages about wrong configurations: every problem with its place, what was expected and what was given."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from recur.config.base import OneOrMany, Section, inner
from recur.config.schema import Config, options, section_at
from recur.errors import ConfigError, did_you_mean

__all__ = ["choices", "expected", "explain", "literals"]

_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text in quotes"}
_PLURAL = {int: "whole numbers", str: "texts in quotes", float: "numbers"}
_NEAR = " Did"
_MOST = 20  # problems that are written out
_LIMITS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}


def explain(
    error: ValidationError, *, name: str, text: str = "", before: Mapping[str, str] | None = None, flat: bool = False
) -> ConfigError:
    """Turn a validation error into one error that names every problem and what was expected.

    Parameters
    ----------
    error : ValidationError
    name : str
        What was checked.
    text : str
        The file that it was read from, for the numbers of lines.
    before : mapping, optional
        Places of an older version to those that they were read as.
    flat : bool
        Name options as flags and keywords do, and not by their tables.
    """
    written = {new: tuple(old.split(".")) for old, new in (before or {}).items()}
    problems: dict[tuple[str, ...], str] = {}
    hint = None
    for problem in error.errors(include_url=False):
        path = _path(problem["loc"])
        hint = getattr(problem.get("ctx", {}).get("error"), "hint", None)
        problems.setdefault(written.get(".".join(path), path), _problem(path, problem))
    lines = []
    for path, sentence in list(problems.items())[:_MOST]:
        shown = next((one.name for one in options().values() if flat and one.path == path), ".".join(path))
        # what a table as a whole is refused for names its options
        named = bool(path) and not (flat and section_at(path) is not None and shown not in options())
        lines.append(f"{_line(text, path)}{shown}: {sentence}" if named else sentence)
    if len(lines) == 1:
        return ConfigError(f"{name}: {lines[0]}", hint=hint)
    have = "have" if flat else "has"
    if len(problems) > len(lines):
        lines.append(f"and {len(problems) - len(lines):,} more")
    return ConfigError("\n  ".join([f"{name} {have} {len(problems):,} problems:", *lines]))


def _path(place: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the tables and the key of a problem, without the places within a value."""
    path: tuple[str, ...] = ()
    section: type[Section] | None = Config
    for part in map(str, place):
        if section is None:
            break
        path = (*path, part)
        field = section.model_fields.get(part)
        section = None if field is None else inner(field)
    return path


def _problem(path: tuple[str, ...], problem: Any) -> str:
    kind, value, context = problem["type"], problem.get("input"), problem.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(path)
    if not path:
        return f"a value cannot be read: {problem['msg']}"
    if kind == "value_error":
        return str(context.get("error", problem["msg"]))
    if section_at(path) is not None:
        return f"expected a table, [{'.'.join(path)}] with its keys below it, got {_said(value)}"
    above = section_at(path[:-1])
    field = above.model_fields[path[-1]] if above is not None else FieldInfo()
    if kind == "literal_error":
        allowed = literals(field.annotation)
        return f"expected one of {', '.join(allowed)}; got {_said(value)}.{_near(value, allowed)}"
    if kind in _LIMITS:
        limit, words = _LIMITS[kind]
        return f"must be {words} {context[limit]}, got {_said(value)}"
    if kind == "finite_number":
        return f"expected a finite number, got {_said(value)}"
    return f"expected {expected(field)}, got {_said(value)}"


def _unknown(path: tuple[str, ...]) -> str:
    """Return the sentence about a key that its table does not have."""
    key, what = path[-1], "table or key" if len(path) == 1 else "key"
    homes = [one for one in options().values() if one.name == key]
    homes += [one for one in options().values() if one.path[-1] == key]
    if homes:
        *tables, name = homes[0].path
        place = f"[{'.'.join(tables)}]"
        return f"unknown {what}. It {'belongs' if name == key else f'is {name}'} below {place}"
    section = section_at(path[:-1])
    near = did_you_mean(key, section.model_fields if section is not None else ())
    if len(path) == 1:
        return f"unknown table.{near}"
    elsewhere = did_you_mean(key, options())
    if not near.startswith(_NEAR) and elsewhere.startswith(_NEAR):
        *tables, name = options()[elsewhere.split('"')[1]].path
        return f'unknown key. Did you mean "{name}" below [{".".join(tables)}]?'
    return f"unknown key.{near}"


def literals(annotation: Any) -> list[str]:
    """Return the values that an annotation lists."""
    if get_origin(annotation) is Literal:
        return [str(option) for option in get_args(annotation)]
    return [option for part in get_args(annotation) for option in literals(part)]


def _near(given: Any, options: list[str]) -> str:
    suggestion = did_you_mean(given, options) if isinstance(given, str) else ""
    return suggestion if suggestion.startswith(_NEAR) else ""


def expected(field: FieldInfo) -> str:
    """Return the values that a field accepts, in words."""
    return _expected(field.annotation, any(isinstance(one, OneOrMany) for one in field.metadata))


def _expected(annotation: Any, one_or_many: bool = False) -> str:
    if annotation in _WORDS:
        return _WORDS[annotation]
    if get_origin(annotation) is Annotated:
        return _expected(get_args(annotation)[0], any(isinstance(one, OneOrMany) for one in annotation.__metadata__))
    if get_origin(annotation) is list:
        item = get_args(annotation)[0]
        many = f"a list of {_PLURAL.get(item, 'values')}"
        return f"{_expected(item)} or {many}" if one_or_many and item in _WORDS else many
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(_expected(part) for part in get_args(annotation) if part is not type(None))
    allowed = literals(annotation)
    return f"one of {', '.join(allowed)}" if allowed else "a value"


def choices(field: FieldInfo) -> str:
    """Return the values that a field lists, in parentheses."""
    allowed = literals(field.annotation)
    return f" ({', '.join(allowed)})" if allowed else ""


def _said(value: Any) -> str:
    """Return a value as it is written in a TOML file, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _line(text: str, path: tuple[str, ...]) -> str:
    """``'line 12: '`` where a key is written in the text, or nothing."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[([^\[\]]+)\]", line)
        if header:
            table = header[1].strip()
            if table == ".".join(path):
                return f"line {number}: "
        elif re.match(rf"\s*[\"']?{re.escape(path[-1])}[\"']?\s*=", line) and table in (".".join(path[:-1]), ""):
            return f"line {number}: "
    return ""
