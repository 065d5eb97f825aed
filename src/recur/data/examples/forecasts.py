"""Series to forecast: pieces with past and future values, split by time.

    to learn from    windows that overlap; each step from the ``window``-th on predicts what follows it
    to measure on    the series in one piece; the same, so a file's first ``window`` rows are its past and not measured
    held out         the last share of the rows; what is read before the border is the past, and only what lies after it
                     is measured

Source of the convention: Zhou et al. 2021 (Informer), whose development and test windows reach back in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recur.codecs.number_parsing import number
from recur.config import Config
from recur.data.examples import split
from recur.data.examples.examples import Example, overlapping
from recur.data.examples.places import Place, placed
from recur.data.readers.table import Table
from recur.data.roles.roles import Roles
from recur.data.times.order import OrderedTable
from recur.data.times.series import about, before, borders, ends, sequences
from recur.errors import DataError

Piece = tuple[np.ndarray, int]
"""Rows of a table in order, and how many of them are past only."""

LEAST_CORRELATION = 0.2
LONGEST_SEASON = 1000


class Series:
    """The rows of a table as numbers, read once.

    Attributes
    ----------
    inputs, targets : ndarray
        (N, C) float64, NaN where a value is missing.
    sequences : list of ndarray
        The rows of each series: all of them, or those of each group.
    """

    def __init__(self, table: Table, roles: Roles, *, targets: bool = True) -> None:
        self.table = table
        self.inputs = np.zeros((len(table), len(roles.input)))
        self.targets = np.zeros((len(table), len(roles.target))) if targets else None
        # one row at a time: a list of them takes many times the memory of their numbers
        for index in range(len(table)):
            row = table[index]
            self._read(self.inputs[index], row, roles.input, index)
            if self.targets is not None:
                self._read(self.targets[index], row, roles.target, index)
        self.sequences = sequences(table, roles.group)
        if self.targets is not None and isinstance(table, OrderedTable):
            # what was filled is read, and neither learned nor measured as an answer
            self.targets[[row for row in range(len(table)) if table.is_filled(row)]] = np.nan

    def _read(self, into: np.ndarray, row: dict[str, Any], names: list[str], index: int) -> None:
        """Read the numbers of some columns of a row."""
        for column, name in enumerate(names):
            try:
                into[column] = number(row[name])
            except DataError as error:
                raise placed(error, self.table.where(index), [name]) from error


class ForecastExamples(Sequence[Example]):
    """Pieces of series: the input is all rows of a piece, the target those of them that are to be forecast.

    Parameters
    ----------
    series : Series
    pieces : list of (rows, known)
    season : int
        Steps of a season, 1 for none.
    """

    def __init__(self, series: Series, pieces: list[Piece], season: int = 1) -> None:
        self.series, self.pieces, self.season = series, pieces, season
        self.table = series.table

    def __len__(self) -> int:
        return len(self.pieces)

    def __getitem__(self, index: Any) -> Any:
        """Return one example: (N, C) numbers, and the last of them, (M, C')."""
        rows, known = self.pieces[index]
        target = None if self.series.targets is None else self.series.targets[rows[known:]]
        where = self.table.name
        if len(rows):
            where = Place(self.table.where(int(rows[0])), lambda step: self.table.where(int(rows[step])))
        return Example(self.series.inputs[rows], target, where)

    def only(self, places: Sequence[int]) -> ForecastExamples:
        """Return some of the pieces."""
        return ForecastExamples(self.series, [self.pieces[place] for place in places], self.season)

    def each_row_once(self) -> Sequence[Example]:
        """The same rows, none of them twice and all of them targets: what scales are measured on."""
        used = np.unique(np.concatenate([rows for rows, _ in self.pieces] or [np.zeros(0, dtype=np.int64)]))
        parts = [sequence[np.isin(sequence, used)] for sequence in self.series.sequences]
        return ForecastExamples(self.series, [(rows, 0) for rows in parts if len(rows)], self.season)


def to_learn_from(table: Table, roles: Roles, config: Config) -> ForecastExamples:
    """Return a whole table as examples to learn from."""
    series = Series(table, roles)
    return _learned(series, series.sequences, config)


def to_measure(table: Table, roles: Roles, config: Config, *, targets: bool = True) -> ForecastExamples:
    """Return a whole table as examples to measure on, or, without targets, to continue."""
    series = Series(table, roles, targets=targets)
    if not targets:
        return ForecastExamples(series, [(rows, len(rows)) for rows in ends(table, series.sequences)])
    return ForecastExamples(series, [(rows, _known(len(rows), config)) for rows in series.sequences])


def held_out(table: Table, roles: Roles, config: Config) -> tuple[ForecastExamples, ForecastExamples, str]:
    """Divide one table: groups at random where there are some, else the last share of the one series."""
    series = Series(table, roles)
    fraction, horizon = config.data.dev_fraction, config.forecast.horizon
    if isinstance(table, OrderedTable):
        return _held_out_in_time(table, series, config)
    if roles.group:
        kept, out = split.by_hash(len(series.sequences), fraction, config.training.seed, lambda index: index, None)
        learned = _learned(series, [series.sequences[index] for index in kept], config)
        measured = [series.sequences[index] for index in out]
        pieces = [(rows, _known(len(rows), config)) for rows in measured]
        return (
            learned,
            ForecastExamples(series, pieces),
            f"{split.share(len(out), len(series.sequences), fraction)} of the groups, drawn at random",
        )
    place = split.at_the_end(len(table), fraction, 1 + horizon)
    learned = _learned(series, [np.arange(place)], config)
    past = min(place, max(window(config), learned.season))
    dev = ForecastExamples(series, [(np.arange(place - past, len(table)), past)])
    return learned, dev, f"the last {split.share(len(table) - place, len(table), fraction)} of the series"


def _held_out_in_time(
    table: OrderedTable, series: Series, config: Config
) -> tuple[ForecastExamples, ForecastExamples, str]:
    """Hold out the end of each series; what is read before it is the past."""
    horizon = config.forecast.horizon
    limits = borders(table, config.data.dev_fraction, 1 + horizon)
    learned = _learned(series, [np.arange(*piece) for border in limits for piece in before(border)], config)
    most = max(window(config), learned.season)
    pieces: list[Piece] = []
    for border in limits:
        for first, last in border.pieces:
            # a piece that begins after the border has a past of its own
            start = max(first, border.place - most)
            known = max(border.place - start, 0) or _known(last - first, config)
            if last - start - known >= horizon:
                pieces.append((np.arange(start, last), known))
    if not learned.pieces or not pieces:
        raise DataError(
            f"{table.name}: gaps leave no {1 + horizon} consecutive rows to "
            f"{'hold out' if learned.pieces else 'learn from'}; {table.order.notes[-1]}",
            hint="--fill linear fills in the missing rows, a smaller --horizon needs fewer",
        )
    return learned, ForecastExamples(series, pieces), about(table, limits, config.data.dev_fraction)


def window(config: Config) -> int:
    """Steps that are read before a forecast."""
    return config.forecast.window or config.training.bptt.steps


def season_of(series: np.ndarray) -> int:
    """Return the lag with the highest autocorrelation of a series, 1 if there is none.

    It is the highest peak of the autocorrelation of the series without its linear trend (mean of the columns), of at
    least 0.2, at a lag of at most a third of its length.

    Parameters
    ----------
    series : ndarray
        (N, C), NaN where a value is missing.

    >>> season_of(np.sin(np.arange(120) * np.pi / 6)[:, None])
    12
    """
    count = len(series)
    longest = min(count // 3, LONGEST_SEASON)
    if longest < 3:
        return 1
    steps = np.arange(count) - (count - 1) / 2
    total = np.zeros(longest + 1)
    for column in series.T:
        filled = np.where(np.isnan(column), np.nanmean(column) if not np.isnan(column).all() else 0.0, column)
        centred = filled - filled.mean()
        centred = centred - steps * (steps @ centred) / (steps @ steps)
        power = np.abs(np.fft.rfft(centred, 2 * count)) ** 2
        of_column = np.fft.irfft(power)[: longest + 1]
        # of few steps apart there are more pairs; that alone should make no season shorter
        of_column = of_column / (count - np.arange(longest + 1))
        total += of_column / of_column[0] if of_column[0] > 0 else 0.0
    correlation = total / series.shape[1]
    peaks = [
        lag for lag in range(2, longest)
        if correlation[lag - 1] < correlation[lag] >= correlation[lag + 1] and correlation[lag] >= LEAST_CORRELATION
    ]  # fmt: skip
    if not peaks:
        return 1
    highest = max(correlation[lag] for lag in peaks)
    # a season twice as long is as good: the shortest that comes near is meant
    return next(lag for lag in peaks if correlation[lag] >= 0.95 * highest)


def _learned(series: Series, sequences: list[np.ndarray], config: Config) -> ForecastExamples:
    """Windows of series to learn from, and the season of the first of them."""
    asked, horizon = window(config), config.forecast.horizon
    pieces: list[Piece] = []
    for rows in sequences:
        if len(rows) <= horizon:
            continue
        known = min(asked, max(1, (len(rows) - horizon) // 2))
        length = known + asked + horizon - 1
        stride = max(1, min(asked // 4, len(rows) // 500))
        pieces += [(rows[places], known) for places in overlapping(0, len(rows), length, stride)]
    season = config.forecast.season
    if season is None and series.targets is not None and sequences:
        season = season_of(series.targets[max(sequences, key=len)])
    return ForecastExamples(series, pieces, season or 1)


def _known(count: int, config: Config) -> int:
    """How many rows of a series to measure on are past only."""
    return max(1, min(window(config), count - config.forecast.horizon))
