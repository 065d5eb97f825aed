"""Sequences of rows: pieces of series over time, groups, or all rows of a table; and the hold-out set among them.

over time     the end of each series is held out, never a random part: the future must not be learned from
groups        whole groups; those that begin last, where groups follow each other in time, else some drawn at random
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from recur.data.readers.table import Table
from recur.data.times.order import OrderedTable
from recur.data.times.panels import series_of
from recur.errors import DataError

_FOLLOWING = 0.9  # of the groups end before the held-out ones begin, where groups follow one another


class Border(NamedTuple):
    """Where the held-out end of a series begins.

    Attributes
    ----------
    pieces : list of (first, last)
        Its rows without a gap.
    place : int
        The first row that is held out; the end of the series where it is too short to be divided.
    """

    pieces: list[tuple[int, int]]
    place: int


def sequences(table: Table, group: str | None) -> list[np.ndarray]:
    """Return the rows of each sequence, in their order."""
    if isinstance(table, OrderedTable):
        return [np.arange(piece.first, piece.last) for piece in table.pieces]
    return grouped(table, group) if group else [np.arange(len(table))]


def ends(table: Table, pieces: list[np.ndarray]) -> list[np.ndarray]:
    """Return the last piece of each series, which a forecast continues; others end where rows are missing."""
    if not isinstance(table, OrderedTable):
        return pieces
    last = {piece.series: place for place, piece in enumerate(table.pieces)}
    return [pieces[place] for place in last.values()]


def grouped(table: Table, group: str) -> list[np.ndarray]:
    """Return the rows of each group, in the order of time where a column says it."""
    timeline = table.timeline
    groups = series_of(table, group).rows()
    if timeline is None:
        return groups
    readable = np.zeros(len(table), dtype=bool)
    readable[timeline.rows] = True
    kept = [rows[readable[rows]] for rows in groups]
    return [rows[np.argsort(timeline.stamps.at[rows], kind="stable")] for rows in kept if len(rows)]


def borders(table: OrderedTable, fraction: float, least: int) -> list[Border]:
    """Return where the held-out end of each series begins.

    Parameters
    ----------
    table : OrderedTable
    fraction : float
        Share of the rows of each series to hold out.
    least : int
        Rows that either side needs.

    Raises
    ------
    DataError
        When no series is long enough.
    """
    limits = []
    for _, pieces in groupby(table.pieces, key=lambda piece: piece.series):
        own = [(piece.first, piece.last) for piece in pieces]
        first, last = own[0][0], own[-1][1]
        held = max(least, round(fraction * (last - first)))
        short = last - first - held < least
        limits.append(Border(own, last if short else last - held))
    if all(border.place == border.pieces[-1][1] for border in limits):
        longest = max(border.pieces[-1][1] - border.pieces[0][0] for border in limits)
        what = (
            f"a series of {longest} steps is"
            if len(limits) == 1
            else f"{len(limits)} series of at most {longest} steps are"
        )
        raise DataError(
            f"{what} too short to learn from and to hold out: expected at least {2 * least}",
            hint="add steps, or give a hold-out series in its own file: --dev FILE",
        )
    return limits


def before(border: Border) -> list[tuple[int, int]]:
    """Return the pieces to learn from."""
    return [(first, min(last, border.place)) for first, last in border.pieces if first < border.place]


def after(border: Border) -> list[tuple[int, int]]:
    """Return the pieces that are held out."""
    return [(max(first, border.place), last) for first, last in border.pieces if last > border.place]


def about(table: OrderedTable, limits: Sequence[Border], fraction: float) -> str:
    """Return what is held out, in words."""
    share = f"{100 * fraction:g} %"
    if len(limits) == 1:
        return f"the last {share} of the series, from {table.time(limits[0].place)} on"
    short = sum(border.place == border.pieces[-1][1] for border in limits)
    sentence = f"the last {share} of each of {len(limits) - short:,} series"
    return sentence + (
        f"; {short:,} shorter one{'s are' if short > 1 else ' is'} used for training only" if short else ""
    )


def last_groups(table: Table, rows: Sequence[np.ndarray], fraction: float) -> tuple[list[int], list[int]] | None:
    """Return the groups to learn from and those that begin last, where groups follow each other in time; else None."""
    timeline = table.timeline
    if timeline is None or not timeline.sure or len(rows) < 2:
        return None
    at = timeline.stamps.at
    starts, ends = (np.array([at[each[place]] for each in rows]) for place in (0, -1))
    order = np.argsort(starts, kind="stable")
    place = len(rows) - max(1, round(fraction * len(rows)))
    # groups that begin at the same time stay on one side
    while 0 < place < len(rows) and starts[order[place]] == starts[order[place - 1]]:
        place -= 1
    if place < 1 or (ends[order[:place]] <= starts[order[place]]).mean() < _FOLLOWING:
        return None
    return sorted(order[:place].tolist()), sorted(order[place:].tolist())


def last_rows(table: Table, fraction: float) -> tuple[np.ndarray, np.ndarray, str] | None:
    """Return the training rows and the last ones in time, rows of equal stamps on one side; None without a time.

    Raises
    ------
    DataError
        When all rows have the same stamp.
    """
    timeline = table.timeline
    if timeline is None:
        return None
    rows = timeline.rows
    at = timeline.stamps.at[rows]
    if len(np.unique(at)) < 2:
        raise DataError(
            f"{table.name}: all rows have the same time, so none is later than another; expected at least two times",
            hint="--time none holds rows out at random; --dev FILE names a separate hold-out file",
        )
    ordered = np.sort(at)
    latest = ordered[min(len(at) - 1, len(at) - max(1, round(fraction * len(at))))]
    # equal stamps are on one side: the later ones are held out, unless that leaves nothing to learn from
    border = latest if (at < latest).any() else ordered[ordered > latest][0]
    timing = timeline.timing
    first = int(rows[np.flatnonzero(at == border)[0]])
    stamp = timing.show(int(timeline.stamps.wall[first]), int(border))
    held = int((at >= border).sum())
    sentence = f"the last {100 * held / len(at):.3g} % of the rows by time, from {stamp} on"
    return rows[at < border], rows[at >= border], sentence


def changes_of(table: Table) -> list[str]:
    """Return what was sorted, filled or left out of a later file, in words; nothing where rows are as they were."""
    if not isinstance(table, OrderedTable):
        return []
    return [note for note in table.order.notes if not note.startswith(("time: ", "series: "))]


def notes_of(table: Table, group: str | None) -> list[str]:
    """Return what was done to the time of rows, in words."""
    if isinstance(table, OrderedTable):
        return table.order.notes
    notes = []
    timeline = table.timeline
    if timeline is not None:
        notes.append(f"time: {timeline.timing}")
        if timeline.left_out:
            count = len(timeline.left_out)
            notes.append(f"left out: {count:,} row{'s' * (count != 1)}: {'; '.join(timeline.left_out[:3])}")
    if group:
        notes += series_of(table, group).notes
    return notes
