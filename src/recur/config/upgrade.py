"""Configurations of older versions: options from the three flat tables are moved to their present tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recur.config.base import Option
from recur.config.schema import nested, options

__all__ = ["upgraded"]

_FROM_DATA = ("horizon", "forecast", "window", "season")
_FROM_MODEL = ("quantiles", "relative_to")


def upgraded(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the tables of a configuration in their present form, and what was moved.

    Parameters
    ----------
    values : mapping
        Tables as they were read, of this version or of one whose tables were ``data``, ``model`` and ``training``.

    Returns
    -------
    dict
        The same options where they are now. What is unknown, or given in both places, stays for the schema to refuse.
    dict
        Old place to new place: ``{"model.crf": "model.readout.crf"}``.

    Examples
    --------
    >>> upgraded({"model": {"dropout": 0.2, "cell": "gru"}})
    ({'model': {'cell': 'gru', 'dropout': {'rate': 0.2}}}, {'model.dropout': 'model.dropout.rate'})
    """
    found: dict[str, Any] = {name: dict(table) if isinstance(table, dict) else table for name, table in values.items()}
    moved: dict[str, str] = {}
    # a value in the place of a table goes first: dropout = 0.2 before what moves into [model.dropout]
    for one in sorted(options().values(), key=lambda one: one.name not in one.path[:-1]):
        old, new = _old_table(one), ".".join(one.path)
        table = found.get(old)
        if not isinstance(table, dict) or f"{old}.{one.name}" == new or isinstance(table.get(one.name, {}), dict):
            continue
        value = table.pop(one.name)
        if _given(found, one.path):
            table[one.name] = value
            continue
        # the tables below are copied, so that what was read stays as it was
        _copy_tables(found, one.path)
        nested({one.name: value}, found)
        moved[f"{old}.{one.name}"] = new
    return found, moved


def _old_table(one: Option) -> str:
    return "data" if one.name in _FROM_DATA else "model" if one.name in _FROM_MODEL else one.path[0]


def _given(values: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Whether there is a value at a path, or something that is no table on the way."""
    table: Any = values
    for key in path[:-1]:
        table = table.get(key, {})
        if not isinstance(table, dict):
            return True
    return path[-1] in table


def _copy_tables(values: dict[str, Any], path: tuple[str, ...]) -> None:
    table = values
    for key in path[:-1]:
        table[key] = dict(table.get(key, {}))
        table = table[key]
