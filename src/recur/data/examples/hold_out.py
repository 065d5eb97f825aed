"""The hold-out set of a table: the last rows in time, or a draw by hash; every class stays in training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from recur.config import Config, DataConfig
from recur.data.examples import forecasts, labels, split
from recur.data.examples.contents import Contents
from recur.data.examples.damage import without_damaged
from recur.data.examples.examples import (
    Example,
    GroupExamples,
    RowExamples,
    StreamExamples,
    is_one_series,
    overlapping,
    partition,
    value_of,
)
from recur.data.examples.on_disk import stays_on_disk
from recur.data.readers import media
from recur.data.readers.table import Table
from recur.data.roles.mode import is_one_label
from recur.data.roles.roles import Roles
from recur.data.times import series
from recur.data.times.order import OrderedTable
from recur.errors import DataError


def rows_of(table: Table) -> np.ndarray:
    """Rows that are examples: all, but for empty lines of text."""
    if table.kind == "text":
        return np.array([row for row in range(len(table)) if table[row]["text"].strip()], dtype=np.int64)
    return np.arange(len(table))


def windows(rows: np.ndarray, roles: Roles, config: Config) -> list[np.ndarray]:
    """Windows of a series to learn from; they overlap, so that every step is met with different pasts."""
    length = config.training.bptt.steps + (config.forecast.horizon if roles.own_future else 0)
    # of a short series every window is taken
    places = overlapping(0, len(rows), length, max(1, min(config.training.bptt.steps // 4, len(rows) // 500)))
    return [rows[place] for place in places]


def pieces(rows: np.ndarray, roles: Roles, config: Config) -> list[np.ndarray]:
    """A series to measure on: whole where it predicts its own future, in pieces where it is read in both directions."""
    if roles.own_future:
        return [rows]
    return [rows[place] for place in partition(0, len(rows), config.training.bptt.steps)]


def hold_out(
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
        return _held_out_groups(table, roles, config, series.grouped(table, roles.group))
    if is_one_series(roles):
        least = 1 + config.forecast.horizon if roles.own_future else 1
        place = split.at_the_end(len(table), fraction, least)
        return (
            GroupExamples(table, roles, windows(np.arange(place), roles, config)),
            GroupExamples(table, roles, pieces(np.arange(place, len(table)), roles, config)),
            f"the last {split.share(len(table) - place, len(table), fraction)} of the series",
        )  # fmt: skip
    last = series.last_rows(table, fraction)
    if last is not None:
        return RowExamples(table, roles, last[0]), RowExamples(table, roles, last[1]), last[2]
    # damaged files first: a held-out part of them alone would be none
    sound, lost = without_damaged(RowExamples(table, roles, rows_of(table)), roles, config)
    damaged += lost
    rows = sound.rows if isinstance(sound, RowExamples) else rows_of(table)
    input_of = _row_input(table, roles, rows, config.data)
    labels_of = labels.reader(lambda index, column: [table[int(rows[index])][column]], roles)
    if stays_on_disk(config.data, table):
        train, dev = split.by_threshold(len(rows), fraction, seed, input_of, labels_of)
    else:
        train, dev = split.by_hash(len(rows), fraction, seed, input_of, _row_class(table, roles, rows), labels_of)
    return (
        RowExamples(table, roles, rows[train]), RowExamples(table, roles, rows[dev]),
        f"{split.share(len(dev), len(rows), fraction)} of the rows, drawn at random, equal inputs on one side",
    )  # fmt: skip


def _held_out_groups(
    table: Table, roles: Roles, config: Config, sequences: list[np.ndarray]
) -> tuple[Sequence[Example], Sequence[Example], str]:
    """Hold out whole groups: those that begin last, where there is a time, or some that are drawn at random."""
    fraction = config.data.dev_fraction
    train: Sequence[int] | np.ndarray
    dev: Sequence[int] | np.ndarray
    by_time = series.last_groups(table, sequences, fraction)
    if by_time is not None:
        train, dev = by_time
        shown = f"the {len(dev):,} groups that begin last"
    else:
        train, dev = split.by_hash(
            len(sequences), fraction, config.training.seed, _group_input(table, roles, sequences, config.data),
            _group_class(table, roles, sequences), _group_labels(table, roles, sequences),
        )  # fmt: skip
        share = split.share(len(dev), len(sequences), fraction)
        shown = f"{share} of the groups, drawn at random, equal ones on one side"
    parts = [GroupExamples(table, roles, [sequences[index] for index in part]) for part in (train, dev)]
    return parts[0], parts[1], shown


def _held_out_in_time(
    table: OrderedTable, roles: Roles, config: Config
) -> tuple[Sequence[Example], Sequence[Example], str]:
    """Hold out the end of each series."""
    least = 1 + config.forecast.horizon if roles.own_future else 1
    limits = series.borders(table, config.data.dev_fraction, least)
    learned, measured = (
        [np.arange(*piece) for border in limits for piece in part(border) if piece[1] - piece[0] >= least]
        for part in (series.before, series.after)
    )
    if not learned or not measured:
        raise DataError(
            f"{table.name}: gaps leave no {least} consecutive rows to {'hold out' if learned else 'learn from'}; "
            f"{table.order.notes[-1]}",
            hint="--fill linear fills in the missing rows",
        )
    return (
        GroupExamples(table, roles, [part for rows in learned for part in windows(rows, roles, config)]),
        GroupExamples(table, roles, [part for rows in measured for part in pieces(rows, roles, config)]),
        series.about(table, limits, config.data.dev_fraction),
    )


def _row_input(table: Table, roles: Roles, rows: np.ndarray, config: DataConfig) -> Callable[[int], Any]:
    # many rows have the same class as their input: such rows are told apart by their targets
    both = roles.input_codec is None or is_one_label(roles.input_codec)
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
    if not roles.labels_rows:
        return None
    return lambda index: table[int(rows[index])][roles.target[0]]


def _group_labels(table: Table, roles: Roles, sequences: list[np.ndarray]) -> Callable[[int], split.Labelled] | None:
    def cells(index: int, column: str) -> list[Any]:
        # one answer to a sequence is in its last row
        rows = sequences[index] if column in roles.input or roles.writes_a_sequence else sequences[index][-1:]
        return [table[int(row)][column] for row in rows]

    return labels.reader(cells, roles)


def _group_class(table: Table, roles: Roles, sequences: list[np.ndarray]) -> Callable[[int], Any] | None:
    if not roles.labels_rows:
        return None
    return lambda index: table[int(sequences[index][-1])][roles.target[0]]
