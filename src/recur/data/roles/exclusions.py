"""Columns that are left out as features, with the reason: counters, identifiers, constants, empty or coded columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from recur.codecs.missing import is_empty
from recur.codecs.number_parsing import number
from recur.codecs.plain_text import shorten
from recur.data.cells.names import is_input, is_row_number, is_target, is_time, is_weakly_timed
from recur.data.columns import quantities
from recur.data.columns.kinds import Column
from recur.data.readers.header import UNNAMED
from recur.data.readers.media import CODECS
from recur.data.readers.table import Table
from recur.data.stamps.cell import text_of
from recur.data.times.timeline import is_part_of_time
from recur.errors import ConfigError, DataError

_RUNNING, _ONE_VALUE = "consecutive numbers", "one value only"
ALONE = (_RUNNING, _ONE_VALUE)
"""How the reasons begin for columns that are the series where there is no other."""
_LEAST_RUNNING = 5
_NEARLY_EMPTY = 0.9
_LEAST_ORDER, _ORDER_ROWS = 30, 2000
_CHANCE = 0.01
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W_A-Z]+")
_IDENTIFIERS = frozenset(["id", "ids", "uid", "uuid", "guid", "idx", "index", "rowid", "rownum", "rowname", "pk"])
_NUMBERING = frozenset(["row", "no", "nr", "num", "number", "nummer", "level_0", "x.1", "#"])
# names of columns that are one date or time with others, and may as well be features: a year of manufacture
_PARTS_OF_TIME = ("year", "quarter", "month", "week", "day", "weekday", "hour", "minute", "second")
# names of counters and of other things: T may be a temperature
_ORDERED = ("t", "no")


def is_identifier(name: str) -> bool:
    """Return whether a column of this name usually identifies rows: Id, PassengerId, product_id, Unnamed: 0.

    >>> [is_identifier(name) for name in ("PassengerId", "uid", "Unnamed: 0", "humid", "idea")]
    [True, True, True, False, False]
    """
    plain = name.strip().lower()
    parts = [part.lower() for part in _PARTS.findall(name)]
    return plain.startswith(UNNAMED.lower()) or plain in _NUMBERING or bool(parts and parts[-1] in _IDENTIFIERS)


def reason(table: Table, column: Column) -> str | None:
    """Return why a column is no feature unless it is named, in words; None for one that may be."""
    name = column.name
    if name in table.holds or column.holds in CODECS:
        return None
    if column.holds == "code":
        return "time" if is_clock(table, column) else "digits of a code"
    if column.holds == "object":
        return "a JSON object"
    values = [row[name] for row in table.sampled()]
    present = [value for value in values if not is_empty(value)]
    if not present:
        return "no values"
    if name.startswith(UNNAMED) and len(present) <= (1 - _NEARLY_EMPTY) * len(values):
        return "no name and few values"
    if is_clock(table, column):
        return "time"
    if column.holds == "number" and is_constant(table, name):
        return f"{_ONE_VALUE}, {shorten(str(present[0]), 20)}"
    if column.holds == "number":
        if (name.startswith(UNNAMED) or not is_input(name)) and not is_target(name) and _is_running(table, name):
            return f"{_RUNNING} {', '.join(str(value) for value in values[:3])}, …"
        return "an identifier" if is_identifier(name) and are_whole(present) else None
    if column.holds == "class" and not is_target(name) and len(table.columns) > 2 and len(set(map(str, present))) == 1:
        return f"{_ONE_VALUE}, {shorten(str(present[0]), 20)}"
    if column.holds == "text" and not is_target(name):
        nearly = quantities.what(present)
        if nearly is not None:
            return nearly
    one_word = sum(len(str(value).split()) == 1 for value in present) > 0.9 * len(present)
    return "an identifier" if is_identifier(name) and column.holds in ("text", "class") and one_word else None


def is_clock(table: Table, column: Column) -> bool:
    """Return whether a column is the time of the rows: by its name, and, for parts of a date, where rows are in order.

    Beside a column of dates an hour is a part of the time. A year or a month that is in no order is a fact of the row.
    """
    name = column.name.strip().lower()
    if table.timeline is not None and column.name in table.timeline.timing.columns:
        return True
    if not is_time(column.name) or is_row_number(name):
        return False
    if not is_part_of_time(name, [text_of(row[column.name]) for row in table.sampled()]):
        return _are_in_order([column.name], table)
    if column.holds in ("class", "text") and quantities.are_names_in_turn(_rows_of(table, column.name)):
        return True
    if name in _ORDERED:
        return column.holds != "number" or _are_in_order([column.name], table)
    if name not in _PARTS_OF_TIME:
        # minutes of cooking are a number of a row, a counter is the order of rows
        return column.holds != "number" or not is_weakly_timed(name) or _are_in_order([column.name], table)
    others = [other for other in table.columns if is_time(other) and not is_row_number(other)]
    if any(other.strip().lower() not in (*_PARTS_OF_TIME, *_ORDERED) for other in others):
        return True
    by_name = {other.strip().lower(): other for other in table.columns}
    return _are_in_order([by_name[part] for part in _PARTS_OF_TIME if part in by_name], table)


def _rows_of(table: Table, name: str) -> list[Any]:
    return [table[index][name] for index in range(min(len(table), _ORDER_ROWS))]


def _are_in_order(columns: Sequence[str], table: Table) -> bool:
    """Return whether rows ascend or descend by columns of numbers, the first one counting most."""
    rows = [[_number(row[name]) for name in columns] for row in table.sampled()]
    known = [[value for value in row if value is not None] for row in rows]
    if any(len(row) < len(columns) for row in known):
        return False
    return known in (sorted(known), sorted(known, reverse=True))


def refuse_unread_time(table: Table, read: Sequence[str], *, steps: bool, requested: Sequence[str] | None) -> None:
    """Refuse a column of times, by its name, whose cells are none that are known: the order of a series would be open.

    Parameters
    ----------
    table : Table
    read : sequence of str
        Columns that are inputs.
    steps : bool
        Whether rows are the steps of a series.
    asked : sequence of str, optional
        What the user says of the time.

    Raises
    ------
    ConfigError
    """
    if not steps or table.timeline is not None or requested is not None or table.kind != "table":
        return
    for name in table.columns:
        texts = _rows_of(table, name) if name not in read and is_time(name) else []
        texts = [str(text) for text in texts if isinstance(text, str) and not is_empty(text)]
        if texts and all(_number(text) is None for text in texts[:20]) and not quantities.are_names_in_turn(texts):
            raise ConfigError(
                f'{table.name}: column "{name}": "{shorten(texts[0], 30)}" is a time in an unknown format, so the '
                "order of the rows is unknown; expected stamps such as 2020-01-31 13:00",
                hint="--time-format with a pattern such as %d.%m.%Y, or --time none for rows that are in order",
            )


def refuse_nearly_numbers(table: Table, columns: Sequence[Column]) -> None:
    """Refuse columns of texts that are nearly numbers or times, which would be read as words.

    Raises
    ------
    ConfigError
    """
    for column in columns:
        if column.holds == "text" and column.name not in table.holds and table.kind == "table":
            values = table.sampled()
            nearly = quantities.what([row[column.name] for row in values])
            if nearly is not None:
                raise ConfigError(
                    f'{table.name}: column "{column.name}" has {nearly}; expected numbers alone, or texts',
                    hint="write each number alone in its cell, and its unit in the header; "
                    "--input-codec (or --target-codec) words or characters reads the cells as texts",
                )


def refuse_constant(table: Table, columns: Sequence[Column], *, named: bool) -> None:
    """Refuse columns of numbers that never vary: each one that the user named, or all of those that are inferred.

    Raises
    ------
    ConfigError
    """
    constant = [each.name for each in columns if each.holds == "number" and is_constant(table, each.name)]
    if constant and (named or len(constant) == len(columns)):
        shown = ", ".join(f'"{name}" is {shorten(_shown(table, name), 20)}' for name in constant[:3])
        more = " and other columns are constant too" if len(constant) > 3 else ""
        raise ConfigError(
            f"{table.name}: {shown} in every row{more}; expected columns that vary",
            hint="name other columns, or give rows that differ",
        )


def _shown(table: Table, name: str) -> str:
    return next((str(row[name]) for row in table.sampled() if not is_empty(row[name])), "empty")


def is_constant(table: Table, name: str) -> bool:
    """Return whether a column has the same value in every row that has one; lists and arrays are taken to vary."""
    if len(table) < 2:
        return False
    if len(_different(row[name] for row in table.sampled())) > 1:
        return False
    return len(_different(table[index][name] for index in range(len(table)))) <= 1


def _different(values: Iterable[Any]) -> set[Any]:
    """Return the values that differ, up to two of them, without those that are missing."""
    different: set[Any] = set()
    for value in values:
        same = _same(value)
        if not is_empty(value) and same == same:
            different.add(same)
            if len(different) > 1:
                break
    return different


def are_too_few(table: Table) -> bool:
    """Return whether rows are too few to tell the steps of a series from rows in no order."""
    return len(table) < _LEAST_ORDER


def sorted_by(table: Table, columns: Sequence[str]) -> str | None:
    """Return a column of numbers by which the rows are sorted, so that they are alike in any case."""
    return next((name for name in columns if _are_in_order([name], table)), None)


def is_in_no_order(table: Table, columns: Sequence[str]) -> bool:
    """Return whether no column of numbers is like itself one row earlier, as the steps of a series are.

    The autocorrelation at lag 1 of every column is within the bounds that as many columns of numbers drawn at random
    leave once in a hundred tables.
    """
    bound = NormalDist().inv_cdf(1 - _CHANCE / (2 * max(1, len(columns))))
    rows = [table[index] for index in range(min(len(table), _ORDER_ROWS))]
    for name in columns:
        values = np.array([_number(row[name]) for row in rows], np.float64)
        values = values[np.isfinite(values)]
        centred = values - values.mean() if len(values) else values
        power = float(centred @ centred)
        if power > 0 and abs(float(centred[1:] @ centred[:-1])) / power > bound / np.sqrt(len(values)):
            return False
    return True


def _same(value: Any) -> Any:
    if not isinstance(value, (str, int, float)):
        return id(value)
    value_as_number = _number(value)
    return str(value) if value_as_number is None else value_as_number


def _is_running(table: Table, name: str) -> bool:
    """Return whether a column numbers the rows: 1, 2, 3, ... in their order, or all of these in another order."""
    places = table.sample()
    if len(places) < _LEAST_RUNNING:
        return False
    values = [_number(row[name]) for row in table.sampled()]
    if any(value is None or not float(value).is_integer() for value in values):
        return False
    steps = [value - place for value, place in zip(values, places, strict=True) if value is not None]
    if len(set(steps)) == 1:
        return True
    different = {value for value in values if value is not None}
    whole = len(places) == len(table) and len(different) == len(table)
    return whole and max(different) - min(different) == len(table) - 1 and min(different) in (0, 1)


def are_whole(values: Sequence[Any]) -> bool:
    """Return whether all values are whole numbers."""
    numbers = [_number(value) for value in values]
    return all(value is not None and float(value).is_integer() for value in numbers)


def _number(value: Any) -> float | None:
    try:
        return number(value)
    except DataError:
        return None
