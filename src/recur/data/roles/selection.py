"""Input and target columns, chosen by their names and contents."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from recur.data.cells.names import is_input, is_series, is_target, is_time, is_usual_target, is_weak_input
from recur.data.columns.kinds import Column, look
from recur.data.readers.media import CODECS as FILES
from recur.data.readers.table import Table
from recur.data.roles import exclusions
from recur.data.stamps.cell import month_of
from recur.errors import ConfigError

_STEPS, _MONTHS = 10, 12
_NAMES = 4  # columns that describe a series in a row
_SHOWN = 8
_HINT_WIDE = "of series in rows, write one row for each step, as with pandas.melt: unique_id, ds, y"
_SENTENCE = 4  # words
_FEATURES = 2  # columns of numbers beside which names and codes are not read


def refuse_objects(table: Table, columns: list[Column]) -> None:
    """Refuse columns of nested JSON."""
    nested = [each.name for each in columns if each.holds == "object"]
    if nested:
        raise ConfigError(
            f'{table.name}: "{nested[0]}" is a JSON object; expected texts, numbers or lists of them',
            hint=f"take out what is to be read: jq -c '{_fields(table, nested[0])}' {table.name} > flat.jsonl",
        )


def _fields(table: Table, name: str) -> str:
    """The fields of nested JSON as an object without nesting, for jq."""
    value = next((row[name] for row in table.sampled(20) if row[name]), None)
    place = f".{name}"
    if isinstance(value, list):
        place, value = f"{place}[0]", value[0]
    keys = [str(key) for key in value][:3] if isinstance(value, dict) else []
    plain = all(key.isidentifier() for key in (name, *keys))
    return f"{{{', '.join(f'{key}: {place}.{key}' for key in keys)}}}" if keys and plain else f"{{value: {place}.KEY}}"


def find_target(table: Table, inputs: list[Column], rest: list[Column], mode: str | None) -> list[Column]:
    """Return the target, by its name or as the only label; nothing if a series predicts itself."""
    # pieces of notes may predict themselves; pictures, sounds and videos say something about another column
    files = [each for each in [*inputs, *rest] if each.holds in FILES and each.holds != "notes"]
    rest = [each for each in rest if each not in inputs and each not in files]
    named = [each for each in rest if is_target(each.name)]
    if len(named) > 1 and any(name.lower() == "x" for name in table.columns):
        # beside x, y is a coordinate
        named = [each for each in named if each.name.lower() != "y"]
    strong = [each for each in named if is_usual_target(each.name)]
    if len(named) > 1 and len(strong) != 1:
        raise ConfigError(
            f"{table.name}: {' and '.join(each.name for each in named)} may each be the target",
            hint=_each(named),
        )
    if named:
        return strong or named
    if inputs or files:
        if mode in (None, "synced") and not files:
            return []
        return [_only(table, rest, mode or f"a file of {files[0].holds}")]
    if len(rest) == 1:
        return rest if mode == "one-to-many" else []
    labels = [each for each in rest if each.holds == "class"]
    known = [each for each in rest if is_input(each.name)]
    if all(each.holds == "number" for each in rest) and mode in (None, "synced"):
        if mode is None:
            _refuse_rows_in_no_order(table, rest, sorted_by=exclusions.sorted_by(table, [each.name for each in rest]))
        return []
    if mode == "one-to-many":
        texts = [each for each in rest if each.holds != "class" and each.holds != "number"]
        return [_only(table, texts, mode)]
    if len(labels) == 1:
        _refuse_weak_label(table, labels[0], rest)
        return labels
    if len(rest) == 2:
        # a number of few values beside a text is its label, in whichever order they are
        coded = [each for each in rest if each.labels]
        others = [each for each in rest if each not in known]
        return coded if len(coded) == 1 and len(others) == 2 else others[-1:] or rest[-1:]
    raise ConfigError(
        f"{table.name}: the columns {described(rest)} do not determine which of them is predicted",
        hint=_HINT_WIDE if _are_series_in_rows(rest) else "--target COLUMN, and --input COLUMN for what is read",
    )


def _refuse_weak_label(table: Table, label: Column, rest: list[Column]) -> None:
    """Refuse a label without a usual name where numbers may as well be what is predicted, or it names series."""
    numbers = [each for each in rest if each.holds == "number"]
    if not numbers or len(numbers) + 1 < len(rest):
        return
    if is_series(label.name):
        raise ConfigError(
            f"{table.name}: {label.name} may name the series of a row, or may be the target that is predicted from "
            f"{described(numbers)}",
            hint=f"--group {label.name} --input {numbers[0].name} reads series; {_each([label])}",
        )
    over_time = table.timeline is not None
    if over_time or rest.index(label) not in (0, len(rest) - 1):
        forecast = f"--input {' --input '.join(each.name for each in numbers[:3])} forecasts them"
        last = numbers[-1]
        raise ConfigError(
            f"{table.name}: {label.name} is a label next to {described(numbers)}; the target is unknown",
            hint=f"{_each([label] if over_time else [label, last])}{f'; {forecast}' if over_time else ''}",
        )


def _each(columns: Sequence[Column]) -> str:
    """The options that name columns as the target."""
    hints = {each.name: f"--target {_quoted(each.name)} ({each.in_words})" for each in columns}
    return " or ".join(hints.values())


def _quoted(name: str) -> str:
    return name if name.isidentifier() else shlex.quote(name)


def refuse_months(table: Table, columns: Sequence[Column], *, named: bool) -> None:
    """Refuse twelve columns that are the months of one series.

    Raises
    ------
    ConfigError
    """
    months = {month_of(each.name) for each in columns if each.holds == "number" and each.name.isalpha()} - {None}
    if len(months) == _MONTHS and len(columns) == _MONTHS and not named:
        raise ConfigError(
            f"{table.name}: the columns {', '.join(each.name for each in columns[:2])}, …, {columns[-1].name} are the "
            "months of a series; expected one row for each month",
            hint="write one row for each month, as with pandas.melt: year, month, value; "
            f"{' '.join(f'--input {each.name}' for each in columns[:2])} … reads a year per step",
        )


def _are_series_in_rows(columns: list[Column]) -> bool:
    """Return whether a row is a name and a series: V1, then V2, V3, ... of numbers."""
    numbers = [each.name for each in columns if each.holds == "number"]
    stems = {name.rstrip("0123456789") for name in numbers}
    return len(numbers) >= _STEPS and len(stems) == 1 and len(columns) - len(numbers) <= _NAMES


def refuse_named_in_no_order(table: Table, inputs: list[Column]) -> None:
    """Refuse columns of numbers that the user names without a target, where they are no series.

    Raises
    ------
    ConfigError
    """
    numbers = [each for each in inputs if each.holds == "number"]
    if (
        len(numbers) == len(inputs) > 1
        and not exclusions.are_too_few(table)
        and not any(each.labels for each in inputs)
    ):
        _refuse_rows_in_no_order(table, inputs)


def _refuse_rows_in_no_order(table: Table, columns: list[Column], sorted_by: str | None = None) -> None:
    """Refuse numbers without a time that are rather rows to tell apart than the steps of a series."""
    if table.timeline is not None or any(
        exclusions.is_clock(table, look(table, name)) for name in table.columns if is_time(name)
    ):
        return
    labels = [each for each in columns if each.labels]
    few = exclusions.are_too_few(table)
    if len(columns) > 1 and (
        labels or few or sorted_by or exclusions.is_in_no_order(table, [each.name for each in columns])
    ):
        why = "consecutive rows are not similar"
        if labels:
            why = f"{labels[-1].name} has few values, as a label"
        elif few:
            why = f"{len(table)} rows are too few to tell"
        elif sorted_by:
            why = f"the rows are sorted by {sorted_by}"
        others = [each for each in columns if each.name != sorted_by]
        last = labels[-1] if labels else others[-1]
        raise ConfigError(
            f"{table.name}: the columns {described(columns)} may be the steps of a series, or rows of which one column "
            f"is predicted from the others; there is no time column, and {why}",
            hint=f"{_each([last, others[-1]])} predicts a column; --mode synced forecasts the next row",
        )


def refuse_one_beside_names(table: Table, rest: list[Column], columns: Sequence[Column]) -> None:
    """Refuse numbers in no order that are alone beside digits of a code: zip, price.

    Raises
    ------
    ConfigError
    """
    names = [each for each in columns if each.holds == "code" and each not in rest]
    if len(rest) != 1 or rest[0].holds != "number" or not names or table.timeline is not None:
        return
    if any(exclusions.is_clock(table, each) for each in names):
        return
    if exclusions.are_too_few(table) or exclusions.is_in_no_order(table, [rest[0].name]):
        name, code = _quoted(rest[0].name), _quoted(names[0].name)
        why = (
            f"{len(table)} rows are too few to tell"
            if exclusions.are_too_few(table)
            else "consecutive rows are not similar"
        )
        raise ConfigError(
            f"{table.name}: {rest[0].name} may be a series, or be what is predicted from {names[0].name} (digits of "
            f"a code); there is no time column, and {why}",
            hint=f"--input {code} --target {name} predicts it from {code}; --input {name} forecasts the next one",
        )


def _only(table: Table, columns: list[Column], mode: str) -> Column:
    if len(columns) == 1:
        return columns[0]
    have = f"the columns {described(columns)} do not determine which" if columns else "there is no column left"
    raise ConfigError(f"{table.name}: {mode} needs a target, and {have}", hint="--target COLUMN")


def find_input(table: Table, rest: list[Column]) -> list[Column]:
    """Return what is to be read: the text, the series, or all numbers; a label where there is nothing else."""
    numbers = [each for each in rest if each.holds == "number"]
    beside_numbers = len(numbers) >= _FEATURES
    known = [each for each in rest if is_input(each.name) and each.holds != "number"]
    known = [each for each in known if not (beside_numbers and is_weak_input(each.name))]
    if known:
        return [_longest(table, known)]
    for holds in (FILES, ("text", "tokens"), ("series", "vector")):
        candidates = [each for each in rest if each.holds in holds]
        # beside several numbers, a few words are names and codes
        candidates = [
            each for each in candidates if not (beside_numbers and each.holds == "text" and _are_short(table, each))
        ]
        candidates = [each for each in candidates if not (beside_numbers and is_weak_input(each.name))]
        if candidates:
            return [_longest(table, candidates)]
    # labels beside numbers would need a codec of their own
    return numbers or rest[:1]


def _are_short(table: Table, column: Column) -> bool:
    """Return whether texts have a few words only."""
    counts = [len(str(row[column.name]).split()) for row in table.sampled(200)]
    return column.one_word or sum(counts) < _SENTENCE * len(counts)


def _longest(table: Table, columns: list[Column]) -> Column:
    """Return the first column, of texts the one with the longest."""
    if len(columns) == 1 or any(each.holds != "text" for each in columns):
        return columns[0]
    rows = table.sampled()
    return max(columns, key=lambda each: sum(len(str(row[each.name])) for row in rows))


def described(columns: Sequence[Column]) -> str:
    names = [f"{each.name} ({each.holds})" for each in columns]
    if len(names) > _SHOWN:
        names = [*names[: _SHOWN - 2], f"… {len(names) - _SHOWN + 1} more", names[-1]]
    return ", ".join(names) or "none"
