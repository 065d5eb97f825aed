"""The mode and the codecs of the chosen columns: given, or inferred from what the columns hold."""

from __future__ import annotations

from typing import Any

from recur.codecs import class_of, make
from recur.config import MODE_FACTS, Config, DataConfig
from recur.data.columns.kinds import Column
from recur.data.readers.media import CODECS as FILES
from recur.data.readers.table import Table
from recur.data.roles.selection import described
from recur.data.times import calendar, panels
from recur.errors import ConfigError


def mode_and_codecs(
    table: Table, inputs: list[Column], targets: list[Column], config: Config
) -> tuple[str, str | None, str]:
    """Return mode, input codec and target codec."""
    data = config.data
    mode = config.model.mode or _mode(table, inputs, targets, data)
    reads, writes = MODE_FACTS[mode].reads_steps, MODE_FACTS[mode].answers_steps
    if mode != "synced" and not targets:
        raise ConfigError(f"{mode} needs a target, and none was given", hint="--target COLUMN")
    input_codec = (
        None if not inputs else data.input_codec or _codec(table, inputs, reads, mode, data.table.group, target=False)
    )
    if input_codec is not None and (option := class_of(input_codec).steps_option):
        steps = make(input_codec, data).sequence
        if steps != reads:
            what = f"a picture by its {data.images.steps} is a sequence" if steps else "a picture is one value"
            has, fits = ("a sequence", f"{option} rows") if reads else ("one value", f"leave out {option}")
            raise ConfigError(f"{mode} reads {has}, and {what}", hint=f"{fits}, or leave out --mode")
    if not targets:
        _check_own_future(table, inputs, input_codec, calendar.names(data.table.time_features))
        return mode, input_codec, input_codec or "words"
    target_codec = data.target_codec or _codec(table, targets, writes, mode, data.table.group, target=True)
    if _is_pictured(target_codec):
        raise ConfigError(
            f"{table.name}: {described(targets)} cannot be the target: pictures are read, not written",
            hint="name it as --input",
        )
    for codec, columns in ((input_codec, inputs), (target_codec, targets)):
        if is_one_label(codec) and len(columns) > 1:
            raise ConfigError(f"a class is one column, got {described(columns)}", hint="name one of them")
    return mode, input_codec, target_codec


def is_one_label(codec: str | None) -> bool:
    """Return whether a value is one label, which is in one column and is not a sequence."""
    return class_of(codec).labelled and not class_of(codec).per_step


def _is_pictured(codec: str | None) -> bool:
    """Whether a value is a picture, or several, which are never generated."""
    file = class_of(codec).file
    return file is not None and file.pictures


def _check_own_future(table: Table, inputs: list[Column], codec: str | None, calendar_columns: list[str]) -> None:
    """Refuse what has no next item, and columns made of time stamps, whose next values are known."""
    known = [each.name for each in inputs if each.name in calendar_columns]
    if known:
        raise ConfigError(
            f"{table.name}: all columns predict their next values, so {', '.join(known)} would be predicted too; "
            "expected calendar features to be inputs only",
            hint="--forecast recursive reads the calendar features and predicts the other columns",
        )
    if is_one_label(codec) or _is_pictured(codec):
        raise ConfigError(
            f"{table.name}: {described(inputs)} alone is not a sequence to learn from", hint="--target COLUMN"
        )


def _mode(table: Table, inputs: list[Column], targets: list[Column], data: DataConfig) -> str:
    """Return the mode that the kinds of columns call for."""
    if not targets:
        return "synced"
    if not inputs:
        return "one-to-many"
    if table.kind == "tagged":
        return "synced"
    timed = table.timeline is not None
    if data.table.group or (timed and all(each.holds == "number" for each in inputs) and targets[0].holds == "class"):
        return "synced" if not data.table.group or _varies(table, data.table.group, targets[0].name) else "many-to-one"
    reads = _sequence(inputs, data.input_codec, data, target=False)
    writes = _sequence(targets, data.target_codec, data, target=True)
    if reads and writes:
        return "synced" if _equal_lengths(table, inputs[0], targets[0]) else "many-to-many"
    if reads:
        return "many-to-one"
    return "one-to-many" if writes else "one-to-one"


def _sequence(columns: list[Column], codec: str | None, data: DataConfig, *, target: bool) -> bool:
    """Return whether the values of columns have many steps."""
    holds = columns[0].holds
    named = codec or holds
    if named in FILES:
        return make(named, data).sequence
    if codec is not None:
        kind = class_of(codec)
        steps = kind.text is not None or (kind.labelled and kind.per_step)
        return steps or (kind.numeric and holds == "series")
    # a text of few kinds that is to be read is still a text
    return holds in ("series", "text", "tokens") or (holds == "class" and not target and not columns[0].one_word)


def _codec(table: Table, columns: list[Column], sequence: bool, mode: str, group: str | None, *, target: bool) -> str:
    """Return the codec of columns in a mode."""
    first = columns[0]
    if len(columns) == 1 and first.holds in FILES:
        # the rows of a group are its steps
        return "frames" if group and first.holds == "images" else first.holds
    if all(each.holds in ("number", "series", "vector") for each in columns):
        labels = target and len(columns) == 1 and first.holds == "number" and first.labels
        if labels and not sequence:
            return "class"
        if labels and mode == "synced":
            return "tags"
        return "numbers"
    if len(columns) > 1 and any(each.holds in ("number", "series") for each in columns):
        raise ConfigError(
            f"{table.name}: {described(columns)} are numbers and texts, which one codec cannot read together",
            hint=f"name columns of one kind as {'--target' if target else '--input'}",
        )
    if not sequence:
        return "class"
    if target and mode == "synced":
        return "tags"
    if first.holds == "tokens" or group:
        return "words"
    return "characters" if first.one_word else "words"


def _equal_lengths(table: Table, first: Column, second: Column) -> bool:
    """Return whether two sequences have the same number of steps in every row of a sample."""
    if first.holds == second.holds == "text" or "class" in (first.holds, second.holds):
        return False
    rows = [table[index] for index in table.sample(200)]
    return all(_steps(row[first.name]) == _steps(row[second.name]) for row in rows)


def _steps(value: Any) -> int:
    return len(value.split()) if isinstance(value, str) else len(value) if hasattr(value, "__len__") else 1


def _varies(table: Table, group: str, target: str) -> bool:
    """Return whether the target changes within a group."""
    return not panels.constant_within(table, panels.series_of(table, group), [target])
