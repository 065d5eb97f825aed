"""The time of a table's rows: which columns contain it, in which format, and which rows have none.

A column is one of time by its name (date, timestamp, ds, ...) or, where none is, by its cells, all of which are dates.
A date without a clock and an hour in a column of its own belong together, as do year, month, day and hour, year and
quarter, year and week.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recur.codecs.plain_text import shorten
from recur.config import DataConfig
from recur.data.cells.names import is_fact, is_time
from recur.data.readers.table import Table
from recur.data.stamps.cell import cell, text_of
from recur.data.stamps.formats import are_clocks, infer_format
from recur.data.stamps.instants import StampFormat, read
from recur.data.stamps.parts import UNREADABLE, Stamps, combine, part_of
from recur.data.stamps.timing import Timeline, Timing
from recur.errors import ConfigError, DataError, did_you_mean

NOT_TIMED = ["none"]
_RESOLUTIONS = {each: each for each in ("year", "quarter", "month", "week", "day")} | {"day of year": "day"}
_SAMPLE, _FEW = 300, 5
_PARTS = {
    "year": "year", "yr": "year", "jahr": "year", "month": "month", "mnth": "month", "mon": "month", "monat": "month",
    "day": "day", "dom": "day", "hour": "hour", "hr": "hour", "stunde": "hour", "minute": "minute", "min": "minute",
    "second": "second", "sec": "second", "quarter": "quarter", "qtr": "quarter", "quartal": "quarter",
    "week": "week", "weekofyear": "week", "woche": "week", "doy": "day of year", "dayofyear": "day of year",
    "day_of_year": "day of year",
}  # fmt: skip
_CLOCKS = ("time", "hour", "hr", "stunde", "uhrzeit", "zeit", "clock", "hora", "heure", "tod")
_OF_A_YEAR = ("quarter", "week", "day of year")
_FINER = ("hour", "minute", "second")
# what spreadsheets write below a table
_SUMMARY = re.compile(
    r"(grand |sub)?\W*(total|sum|summe|gesamt|average|avg|mean|mittelwert|durchschnitt|median|min|max|count|somme"
    r"|moyenne|promedio|suma|totale?s?)\b.{0,30}",
    re.IGNORECASE,
)


def find(table: Table, data: DataConfig, known: Timing | None = None) -> Timeline | None:
    """Return the time of a table's rows, None where no column says it.

    Parameters
    ----------
    table : Table
    data : DataConfig
        ``time``, ``time_format`` and ``damaged``.
    known : Timing, optional
        How the training data was read.

    Raises
    ------
    ConfigError
        When a column that is named is not there or holds no times.
    DataError
        When stamps are ambiguous, or a row has none.
    """
    if table.kind != "table" or data.table.time == NOT_TIMED:
        return None
    columns = _kept(table, known) if known else _named(table, data) if data.table.time else _time_columns(table, data)
    if not columns:
        return None
    texts: dict[str, list[str]] = {name: [] for name in columns}
    for index in range(len(table)):
        row = table[index]
        for name in columns:
            texts[name].append(text_of(row[name]))
    formats = _known(known) if known else _formats(table, texts, data)
    if formats is None:
        return None
    timing, judged = formats
    stamps = combine([(each.format, read(texts[name], each)) for name, each in judged.items()])
    return _readable(table, timing, stamps, texts, data)


def _kept(table: Table, known: Timing) -> list[str]:
    """Return the columns of the training data's time.

    Raises
    ------
    DataError
        When one is missing: the order of the rows would be unknown.
    """
    for name in known.columns:
        if name not in table.columns:
            near = did_you_mean(name, table.columns)
            raise DataError(
                f'{table.name} has no column "{name}", which orders the rows of the training data.{near}',
                hint="give the column; --time none in training reads rows in the order of the file",
            )
    return known.columns


def _named(table: Table, data: DataConfig) -> list[str]:
    for name in data.table.time or []:
        if name not in table.columns:
            raise ConfigError(
                f'{table.name} has no column "{name}" for time.{did_you_mean(name, table.columns)}',
                hint="--time COLUMN, or --time none where rows are not ordered by time",
            )
    return list(data.table.time or [])


def _time_columns(table: Table, data: DataConfig) -> list[str]:
    """Return the columns of time, by their names and a sample of their cells; what is to be predicted is none."""
    targets = data.target or []
    # the first column may have any name, but a date of birth is a fact of its row
    first = table.columns[:1] if not is_fact(table.columns[0]) else []
    names = [name for name in table.columns if (name in first or is_time(name)) and name not in targets]
    rows = [table[index] for index in table.sample(_SAMPLE)] if names else []
    kinds = {name: _kind([text_of(row[name]) for row in rows]) for name in names}
    parts = {_PARTS[name.lower()]: name for name in names if name.lower() in _PARTS and kinds[name] != "date"}
    dates = [name for name in names if kinds[name] == "date"] or _dated(table, [*names, *targets, *(data.input or [])])
    if dates:
        rows = rows or [table[index] for index in table.sample(_SAMPLE)]
        exact = [name for name in dates if any(":" in text_of(row[name]) for row in rows[:20])]
        date = (exact or dates)[0]
        if exact:
            return [date]
        clocks = [name for name in names if name.lower() in _CLOCKS and kinds[name] == "clock"]
        finer = [parts[each] for each in _FINER if each in parts]
        return [date, *(clocks[:1] or (finer if "hour" in parts else []))]
    if "year" in parts and kinds[parts["year"]] == "year":
        other = next((each for each in _OF_A_YEAR if each in parts), None)
        order = ("year", "month", "day", "hour", "minute", "second") if "month" in parts else ("year", other)
        count = next((place for place, each in enumerate(order) if each not in parts), len(order))
        clocks = [name for name in names if name.lower() in _CLOCKS and kinds[name] == "clock"]
        return [*(parts[each] for each in order[:count] if each), *(clocks[:1] if count == 3 else [])]
    counters = [name for name in names if is_time(name) and kinds[name] in ("number", "clock", "year")]
    return counters[:1]


def is_part_of_time(name: str, texts: Sequence[str]) -> bool:
    """Return whether cells may be what the name of their column says: hr may be an hour or a heart rate.

    >>> is_part_of_time("hr", ["0", "23"]), is_part_of_time("hr", ["61", "72"]), is_part_of_time("t", ["61"])
    (True, False, True)
    """
    kind = _PARTS.get(name.lower())
    if kind is None or kind == "year":
        return True
    numbers = [text for text in texts if (stamp := cell(text)) is not None and stamp.shape == "number"]
    return all(part_of(text, kind) is not None for text in numbers)


def _dated(table: Table, without: Sequence[str]) -> list[str]:
    """Return the columns, whatever their names, all of whose cells are dates; the first of several counts."""
    others = [name for name in table.columns if name not in without and not is_fact(name)]
    for size in (_FEW, _SAMPLE):
        rows = [table[index] for index in table.sample(size)] if others else []
        others = [name for name in others if _are_dates([text_of(row[name]) for row in rows])]
    return others


def _are_dates(texts: Sequence[str]) -> bool:
    cells = [cell(text) for text in texts if text]
    return bool(cells) and all(stamp is not None and stamp.shape not in ("number", "clock") for stamp in cells)


def _kind(texts: Sequence[str]) -> str | None:
    """Return date, year, clock or number, by what most cells of a sample are."""
    present = [text for text in texts if text]
    cells = [stamp for stamp in map(cell, present) if stamp is not None]
    if not cells or 2 * len(cells) < len(present):
        return None
    if are_clocks(present):
        return "clock"
    shapes = [each.shape for each in cells]
    shape = max(set(shapes), key=shapes.count)
    if shape == "clock":
        return "clock"
    if shape != "number":
        return "date"
    counted = infer_format([text for text, stamp in zip(present, map(cell, present), strict=True) if stamp], "")
    return {"counter": "number", "year": "year"}.get(counted.format, "date") if counted else None


def _formats(
    table: Table, texts: Mapping[str, list[str]], data: DataConfig
) -> tuple[Timing, dict[str, StampFormat]] | None:
    """Return the format of each column."""
    formats: dict[str, StampFormat] = {}
    together = len(texts) > 1
    for place, (name, cells) in enumerate(texts.items()):
        part = _PARTS.get(name.lower()) if together and (place or name.lower() in ("year", "yr", "jahr")) else None
        whole = infer_format(cells, name, requested=data.table.time_format if not place else None)
        if part in _OF_A_YEAR or (part and (whole is None or whole.format in ("counter", "year"))):
            whole = StampFormat(part, _RESOLUTIONS.get(part, "time"), False)
        if whole is None:
            if data.table.time or data.table.time_format:
                raise ConfigError(
                    f'{table.name}: column "{name}" contains no times; it begins with '
                    f'"{shorten(next(filter(None, cells), ""), 30)}"',
                    hint="--time COLUMN, --time none, or --time-format with a pattern such as %d.%m.%Y",
                )
            return None
        if together and whole.format == "clock":
            whole = whole._replace(resolution="time")
        formats[name] = whole
    resolutions = [each.resolution for each in formats.values()]
    timing = Timing(
        list(formats), [each.format for each in formats.values()], resolutions[-1],
        any(each.zone for each in formats.values()),
    )  # fmt: skip
    return timing, formats


def _known(timing: Timing) -> tuple[Timing, dict[str, StampFormat]]:
    formats = dict(zip(timing.columns, timing.formats, strict=True))
    return timing, {name: StampFormat(form, timing.resolution, timing.zone) for name, form in formats.items()}


def _readable(
    table: Table, timing: Timing, stamps: Stamps, texts: Mapping[str, list[str]], data: DataConfig
) -> Timeline:
    """Leave out rows of totals and empty ones, and refuse others without a stamp."""
    left_out: list[str] = []
    for index in np.flatnonzero(stamps.at == UNREADABLE):
        row, where = table[int(index)], table.where(int(index))
        written = " ".join(cells[index] for cells in texts.values()).strip()
        first = next(iter(texts.values()))[index]
        if not any(text_of(value) for value in row.values()):
            left_out.append(f"{where}: the row is empty")
        elif _is_summary(first, row) or data.damaged == "skip":
            left_out.append(
                f'{where}: "{shorten(written, 40)}" is not a time' if written else f"{where}: there is no time"
            )
        else:
            problem = f'"{shorten(written, 40)}" is not a time' if written else "the time is missing"
            raise DataError(
                f"{where}, {' and '.join(timing.columns)}: {problem}; the other rows are read as {timing}",
                hint="fix the row; --damaged skip leaves such rows out, --time none keeps the order of the file",
            )
    rows = np.flatnonzero(stamps.at != UNREADABLE)
    if not len(rows):
        raise DataError(f"{table.name}: no row has a time in {' and '.join(timing.columns)}", hint="--time none")
    return Timeline(timing, stamps, rows, left_out)


def _is_summary(first: str, row: Mapping[str, Any]) -> bool:
    """Whether a row is the total or the mean that spreadsheets have below a table."""
    return bool(_SUMMARY.fullmatch(first)) or (not first and any(_SUMMARY.fullmatch(text_of(v)) for v in row.values()))
