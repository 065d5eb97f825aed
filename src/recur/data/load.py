"""From a configuration to examples: read the source, infer the roles, hold a part out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from recur.config import Config, DataConfig
from recur.data import calendar, column_styles, forecasts, media, series, split, timeline
from recur.data.contents import Contents
from recur.data.damaged import without_damaged
from recur.data.examples import (
    Example,
    GroupExamples,
    RowExamples,
    StreamExamples,
    is_one_series,
    overlapping,
    partition,
    value_of,
)
from recur.data.folder import split_files
from recur.data.missing import Missing
from recur.data.ordered import OrderedTable, ordered
from recur.data.panels import columns_of
from recur.data.read import read
from recur.data.roles import Roles, infer
from recur.data.table import Table
from recur.data.targets import answered
from recur.errors import ConfigError, DataError, did_you_mean


@dataclass(frozen=True)
class Dataset:
    """Examples in parts.

    Attributes
    ----------
    roles : Roles
    train, dev : sequence of Example
        To learn from, and to choose on.
    test : sequence of Example or None
        To report on, once.
    held_out : str
        Where the dev examples come from, in words.
    own_split : bool
        Whether we held them out of the same rows.
    damaged : list of str
        Rows left out because their file cannot be read, and what is wrong with each.
    missing : Missing
        Targets that are missing in all parts.
    notes : list of str
        How the time of rows was read: the step, what was sorted, filled and left out, the series.
    """

    roles: Roles
    train: Sequence[Example]
    dev: Sequence[Example]
    test: Sequence[Example] | None
    held_out: str
    own_split: bool = False
    damaged: list[str] = field(default_factory=list)
    missing: Missing = field(default_factory=Missing)
    notes: list[str] = field(default_factory=list)

    @property
    def labelled(self) -> Sequence[Example]:
        """Rows beside the training rows whose labels are known."""
        return self.dev if self.own_split else ()


def load(config: Config, source: Any = None) -> Dataset:
    """Read everything that a configuration names.

    Parameters
    ----------
    config : Config
    source : object, optional
        Rows given from Python, in place of ``config.data.source``.

    Returns
    -------
    Dataset
        Its examples are read from their files when they are asked for.

    Raises
    ------
    DataError
        When a file cannot be read, or has not the columns of the others.
    ConfigError
        When the columns leave open what is input and what is target.
    """
    found = _loaded(config, source)
    damaged = list(found.damaged)
    missing: list[Missing] = []

    def whole(part: Sequence[Example], name: str) -> Sequence[Example]:
        kept, lost = without_damaged(part, found.roles, config)
        if lost and not len(kept):
            raise DataError(f"every file of the {name} rows is damaged; the first: {lost[0]}")
        damaged.extend(lost)
        kept, absent = answered(kept, found.roles, config)
        if absent and not len(kept):
            raise _no_target(found.roles, name)
        missing.append(absent)
        return kept

    train, dev = whole(found.train, "training"), whole(found.dev, "held-out")
    test = None if found.test is None else whole(found.test, "test")
    return replace(found, train=train, dev=dev, test=test, damaged=damaged, missing=sum(missing, Missing()))


def _no_target(roles: Roles, name: str) -> DataError:
    columns = ", ".join(f'"{each}"' for each in roles.target or roles.input)
    hint = {"held-out": "give a --dev file with targets, or a larger --dev-fraction"}.get(name, "fill in the targets")
    return DataError(f"the {name} rows have no target: every value of {columns} is missing there", hint=hint)


def _loaded(config: Config, source: Any) -> Dataset:
    """Read everything, damaged files and all."""
    source, dev_file, test_file = _files(config, source)
    table = read(source, config.data)
    roles = replace(infer(table, config), missing_labels=config.data.missing_labels)
    calendar.refuse_constant(table, config.data.time_features)
    table, roles = _in_order(table, roles, config)
    notes = series.notes_of(table, roles.group)
    others = [None if file is None else read_like(file, roles, config) for file in (dev_file, test_file)]
    dev_table, test_table = others
    test = None if test_table is None else examples(test_table, roles, config)
    if dev_table is not None:
        dev = examples(dev_table, roles, config)
        if not len(dev):
            raise DataError(f"{dev_table.name} has no rows to measure on", hint="give a --dev file with rows")
        return Dataset(roles, _to_learn_from(table, roles, config), dev, test, Path(dev_table.name).name, notes=notes)
    damaged: list[str] = []
    train, dev, held_out = _held_out(table, roles, config, damaged)
    return Dataset(roles, train, dev, test, held_out, own_split=True, notes=notes, damaged=damaged)


def _in_order(table: Table, roles: Roles, config: Config, *, known: bool = False) -> tuple[Table, Roles]:
    """Put rows that are steps of a series in the order of time, and note how far apart they are."""
    if not roles.is_timed_series or table.timeline is None:
        return table, roles
    answers = [name for name in roles.target if name not in roles.input]
    found = ordered(
        table, table.timeline, config.data, roles.group, known=known, numeric=roles.numeric, answers=answers
    )
    return found, roles if known else replace(roles, time=found.order.timing)


def examples(table: Table, roles: Roles, config: Config, *, targets: bool = True) -> Sequence[Example]:
    """Return a whole table as examples to measure on.

    Parameters
    ----------
    table : Table
    roles : Roles
    config : Config
    targets : bool
        Whether targets are read; without, the table need not have them.
    """
    if roles.forecast:
        return forecasts.to_measure(table, roles, config, targets=targets)
    if roles.stream:
        return StreamExamples(table, roles, 0, len(table))
    if is_one_series(roles):
        whole = series.sequences(table, None)
        if roles.own_future and not targets:
            # what follows is asked; pieces before a gap are followed by rows that are known
            whole = series.ends(table, whole)
        steps = [part for rows in whole for part in _to_measure(rows, roles, config)]
        return GroupExamples(table, roles, steps, targets=targets)
    if roles.group:
        return GroupExamples(table, roles, series.grouped(table, roles.group), targets=targets)
    return RowExamples(table, roles, _rows(table), targets=targets)


def read_like(source: Any, roles: Roles, config: Config, *, targets: bool = True) -> Table:
    """Read a file with the columns of the one that the roles were inferred from.

    Raises
    ------
    DataError
        When a column is missing.
    """
    grouped = columns_of(roles.group, roles.columns) if roles.group else []
    named = [*roles.input, *(roles.target if targets else []), *grouped]
    # what is forecast is read too; columns made of time stamps are made again
    wanted = list(dict.fromkeys(named))
    in_time = roles.time is not None and (roles.is_timed_series or bool(roles.group or config.data.time_features))
    timing = roles.time if in_time else None
    other: DataConfig = config.data.model_copy(
        update={"input": wanted, "target": None, "group": None, "time": None if in_time else timeline.NOT_TIMED}
    )
    if isinstance(source, (str, Path)) and Path(source).is_dir() and config.data.format != "folder":
        # of a folder that is split, what was not learned from
        parts = split_files(Path(source), config.data.exclude)
        source = source if parts is None else parts.test or parts.dev or parts.train
    if isinstance(source, (str, Path)) and not _same_kind(source, config.data.source):
        other = other.model_copy(update={"format": None})
    table = read(source, other, names=roles.columns, known=roles.styles, timing=timing)
    if table.kind == "text" and (not targets or roles.columns in ([], ["text"])):
        return table
    for name in wanted:
        if name not in table.columns:
            raise no_column(table.name, name, table.columns)
    column_styles.named(table.styles, [name for name in roles.numeric if name in wanted], table.name)
    return _in_order(table, roles, config, known=True)[0]


def no_column(place: str, name: str, columns: Sequence[str]) -> DataError:
    """The error of a table that lacks a column of the training data."""
    return DataError(
        f'{place} has no column "{name}", which the network was trained with.{did_you_mean(name, columns)}',
        hint=f"its columns are {', '.join(columns[:12])}",
    )


def _same_kind(source: str | Path, first: str | None) -> bool:
    return (
        first is not None
        and Path(source).suffix == Path(first).suffix
        and Path(source).is_dir() == Path(first).is_dir()
    )


def _files(config: Config, source: Any) -> tuple[Any, Any, Any]:
    """Return what to learn from, to choose on and to report on."""
    data = config.data
    source = data.source if source is None else source
    if source is None:
        raise ConfigError("no data to work on", hint="name a file or folder, or give rows")
    dev, test = data.dev, data.test
    if isinstance(source, (str, Path)) and Path(source).is_dir() and data.format != "folder":
        parts = split_files(Path(source), data.exclude)
        if parts is not None:
            return parts.train, dev or parts.dev, test or parts.test
    return source, dev, test


def _rows(table: Table) -> np.ndarray:
    """Rows that are examples: all, but for empty lines of text."""
    if table.kind == "text":
        return np.array([row for row in range(len(table)) if table[row]["text"].strip()], dtype=np.int64)
    return np.arange(len(table))


def _to_learn_from(table: Table, roles: Roles, config: Config) -> Sequence[Example]:
    if roles.forecast:
        return forecasts.to_learn_from(table, roles, config)
    if is_one_series(roles):
        windows = [part for rows in series.sequences(table, None) for part in _windows(rows, roles, config)]
        return GroupExamples(table, roles, windows)
    return examples(table, roles, config)


def _windows(rows: np.ndarray, roles: Roles, config: Config) -> list[np.ndarray]:
    """Windows of a series to learn from; they overlap, so that every step is met with different pasts."""
    length = config.training.bptt + (config.data.horizon if roles.own_future else 0)
    # of a short series every window is taken
    places = overlapping(0, len(rows), length, max(1, min(config.training.bptt // 4, len(rows) // 500)))
    return [rows[place] for place in places]


def _to_measure(rows: np.ndarray, roles: Roles, config: Config) -> list[np.ndarray]:
    """A series to measure on: whole where it predicts its own future, in pieces where it is read both ways."""
    if roles.own_future:
        return [rows]
    return [rows[place] for place in partition(0, len(rows), config.training.bptt)]


def _held_out(
    table: Table, roles: Roles, config: Config, damaged: list[str]
) -> tuple[Sequence[Example], Sequence[Example], str]:
    """Divide one table; rows that are left out before it is divided are added to ``damaged``."""
    if roles.forecast:
        return forecasts.held_out(table, roles, config)
    fraction, seed = config.data.dev_fraction, config.training.seed
    if roles.stream:
        place = split.of_a_text(table, fraction)
        return (
            StreamExamples(table, roles, 0, place), StreamExamples(table, roles, place, len(table)),
            f"the last {split.share_of_a_text(table, place, fraction)} of the text",
        )  # fmt: skip
    if isinstance(table, OrderedTable):
        return _held_out_in_time(table, roles, config)
    if roles.group:
        sequences = series.grouped(table, roles.group)
        by_time = series.last_groups(table, sequences, fraction)
        if by_time is not None:
            return (
                GroupExamples(table, roles, [sequences[index] for index in by_time[0]]),
                GroupExamples(table, roles, [sequences[index] for index in by_time[1]]),
                f"the {len(by_time[1]):,} groups that begin last",
            )  # fmt: skip
        train, dev = split.by_hash(
            len(sequences), fraction, seed, _group_input(table, roles, sequences, config.data),
            _group_class(table, roles, sequences),
        )  # fmt: skip
        return (
            GroupExamples(table, roles, [sequences[index] for index in train]),
            GroupExamples(table, roles, [sequences[index] for index in dev]),
            f"{split.share(len(dev), len(sequences), fraction)} of the groups, drawn at random, equal ones on one side",
        )  # fmt: skip
    if is_one_series(roles):
        least = 1 + config.data.horizon if roles.own_future else 1
        place = split.at_the_end(len(table), fraction, least)
        return (
            GroupExamples(table, roles, _windows(np.arange(place), roles, config)),
            GroupExamples(table, roles, _to_measure(np.arange(place, len(table)), roles, config)),
            f"the last {split.share(len(table) - place, len(table), fraction)} of the series",
        )  # fmt: skip
    last = series.last_rows(table, fraction)
    if last is not None:
        return RowExamples(table, roles, last[0]), RowExamples(table, roles, last[1]), last[2]
    # damaged files first: a held-out part of them alone would be none
    sound, lost = without_damaged(RowExamples(table, roles, _rows(table)), roles, config)
    damaged += lost
    rows = sound.rows if isinstance(sound, RowExamples) else _rows(table)
    train, dev = split.by_hash(
        len(rows), fraction, seed, _row_input(table, roles, rows, config.data), _row_class(table, roles, rows)
    )
    return (
        RowExamples(table, roles, rows[train]), RowExamples(table, roles, rows[dev]),
        f"{split.share(len(dev), len(rows), fraction)} of the rows, drawn at random, equal inputs on one side",
    )  # fmt: skip


def _held_out_in_time(
    table: OrderedTable, roles: Roles, config: Config
) -> tuple[Sequence[Example], Sequence[Example], str]:
    """Hold out the end of each series."""
    least = 1 + config.data.horizon if roles.own_future else 1
    found = series.borders(table, config.data.dev_fraction, least)
    learned, measured = (
        [np.arange(*piece) for border in found for piece in part(border) if piece[1] - piece[0] >= least]
        for part in (series.before, series.after)
    )
    if not learned or not measured:
        raise DataError(
            f"{table.name}: gaps leave no {least} rows in a row to {'hold out' if learned else 'learn from'}; "
            f"{table.order.notes[-1]}",
            hint="--fill linear makes the rows that are missing",
        )
    return (
        GroupExamples(table, roles, [part for rows in learned for part in _windows(rows, roles, config)]),
        GroupExamples(table, roles, [part for rows in measured for part in _to_measure(rows, roles, config)]),
        series.about(table, found, config.data.dev_fraction),
    )


def _row_input(table: Table, roles: Roles, rows: np.ndarray, config: DataConfig) -> Callable[[int], Any]:
    # a class is the input of many rows: what makes a row itself is then what it writes
    both = roles.input_codec in (None, "class")
    columns = [*roles.input, *roles.target] if both else roles.input
    contents = Contents(roles.target_codec if roles.input_codec is None else roles.input_codec, config)

    def of(index: int) -> Any:
        value = value_of(table[int(rows[index])], columns, steps=False)
        return contents.of(media.place(value, table.folder, roles.input_codec), table.folder)

    return of


def _group_input(table: Table, roles: Roles, sequences: list[np.ndarray], config: DataConfig) -> Callable[[int], Any]:
    contents = Contents(roles.input_codec, config)

    def of(index: int) -> Any:
        values = (value_of(table[int(row)], roles.input, steps=False) for row in sequences[index])
        return [contents.of(media.place(value, table.folder, roles.input_codec), table.folder) for value in values]

    return of


def _row_class(table: Table, roles: Roles, rows: np.ndarray) -> Callable[[int], Any] | None:
    if roles.target_codec != "class":
        return None
    return lambda index: table[int(rows[index])][roles.target[0]]


def _group_class(table: Table, roles: Roles, sequences: list[np.ndarray]) -> Callable[[int], Any] | None:
    if roles.target_codec != "class":
        return None
    return lambda index: table[int(sequences[index][-1])][roles.target[0]]
