"""Tables with a column of times that tests make."""

from __future__ import annotations

from typing import Any

from recur.config import Config
from recur.data import read
from recur.data.readers.table import Table
from recur.data.times.order import OrderedTable, ordered, step_of


def table(columns: dict[str, list[Any]], **options: Any) -> Table:
    """A table, whose time is known where a column says it."""
    return read(columns, Config.of(**options).data)


def in_order(columns: dict[str, list[Any]], group: str | None = None, **options: Any) -> OrderedTable:
    """The same in the order of time."""
    made = table(columns, **options)
    assert made.timeline is not None
    numeric = [name for name in columns if name not in ("ds", group)]
    step = step_of(made, made.timeline, group)
    return ordered(made, made.timeline, step, Config.of(**options).data, group, numeric=numeric)


def days(*numbers: int) -> list[str]:
    return [f"2020-01-{number:02}" for number in numbers]
