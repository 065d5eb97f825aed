"""Columns that name the series of a row: checked where they are given, inferred where stamps repeat.

Inferred are the fewest columns that make every stamp unique within its series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from recur.codecs.number_parsing import number
from recur.codecs.plain_text import shorten
from recur.config import Config
from recur.data.cells.names import is_row_number, is_target, is_time, is_usual_series, is_weakly_timed
from recur.data.columns.kinds import look
from recur.data.readers.table import Table
from recur.data.stamps.cell import name_of
from recur.data.stamps.timing import Timeline
from recur.data.times.panels import columns_of, series_of
from recur.data.times.timeline import is_part_of_time
from recur.errors import ConfigError, DataError

_MOST_COLUMNS = 3
_MOST_CANDIDATES = 12
_LEAST_ROWS = 3  # of a series, on average
_FEW_REPEATED = 0.1  # of the rows: fewer are slips, or the hour that ends daylight saving
_ANSWERS = frozenset(["label", "labels", "class", "classes", "target", "y", "output", "outcome", "tag", "tags"])


def check_group(table: Table, group: str) -> None:
    """Refuse a group by which every row would be a sequence of its own, and one of decimal numbers.

    Raises
    ------
    ConfigError
    """
    for name in columns_of(group, table.columns):
        values = [name_of(row[name]) for row in table.sampled()]
        decimal = next((value for value in values if _is_decimal(value)), None)
        if decimal is not None:
            raise ConfigError(
                f"{table.name}: --group {name} holds decimal numbers, such as {shorten(decimal, 20)}: "
                "that is a measurement, not the name of a sequence",
                hint="name the column whose value is the same in all rows of a sequence",
            )
    if len(table) < 2:
        return
    series = series_of(table, group)
    if len(series.names) == len(table):
        raise ConfigError(
            f"{table.name}: --group {group} has {len(table):,} different values in {len(table):,} rows: "
            "every sequence would have one step",
            hint="name the column whose value is the same in all rows of a sequence, or leave out --group",
        )


def infer_series(table: Table, config: Config) -> str | None:
    """Return by which columns the rows of a table are series; a column that only looks like time stops being one.

    A year, a counter or an hour is the time of rows where it makes them unique, alone or within a series; else a value.
    The numbers of rows (index, no) are no time where the rows have a class.

    Parameters
    ----------
    table : Table
        Its ``timeline`` becomes None where no column is its time.
    config : Config
    """
    data, timeline = config.data, table.timeline
    if data.table.group:
        check_group(table, data.table.group)
    if timeline is None:
        return data.table.group
    group = data.table.group
    if group is None and _may_be_series(table, config):
        group = infer_group(table, timeline, [*(data.input or []), *(data.target or [])])
    first = timeline.timing.columns[0]
    weak = is_weakly_timed(first) or not is_part_of_time(first, [name_of(row[first]) for row in table.sampled()])
    weak = weak and not _in_order(table, timeline, group)
    weak = weak or (group is None and is_row_number(first) and _have_labels(table))
    if not timeline.sure and not data.table.time and (weak or not _unique(table, timeline, group)):
        table.timeline, group = None, data.table.group
    return group


def _may_be_series(table: Table, config: Config) -> bool:
    """Whether rows can be the steps of series: numbers over time, with a label for each or their own future."""
    if config.model.mode not in (None, "synced", "forecast"):
        return False
    data = config.data
    if not config.forecast.strategy and config.model.mode is None and data.target and all(
        look(table, name).holds == "number" and not look(table, name).labels for name in data.target
    ):  # fmt: skip
        # numbers that predict another number, row by row
        return False
    kinds = [look(table, name) for name in table.columns if not is_time(name)]
    read = [look(table, name) for name in data.input] if data.input else kinds
    # the names of series are few, or words; what is read is numbers
    return any(each.holds == "number" for each in read) and all(
        each.holds in ("number", "class") or each.one_word for each in read
    )


def _have_labels(table: Table) -> bool:
    """Whether rows have a class, so that their numbers tell them apart, and are not when they are of."""
    columns = [look(table, name) for name in table.columns]
    return any(each.holds == "class" or (each.labels and is_target(each.name)) for each in columns)


def _unique(table: Table, timeline: Timeline, group: str | None) -> bool:
    at = timeline.stamps.at[timeline.rows]
    series = series_of(table, group).of_row[timeline.rows] if group else np.zeros(len(at), dtype=np.int64)
    return len(np.unique(np.stack([series, at]), axis=1).T) == len(at)


def _in_order(table: Table, timeline: Timeline, group: str | None) -> bool:
    """Whether the rows of each series ascend, or all descend."""
    at = timeline.stamps.at
    series = series_of(table, group).rows() if group else [timeline.rows]
    steps = np.concatenate([np.diff(at[rows]) for rows in series])
    return bool((steps >= 0).all() or (steps <= 0).all())


def infer_group(table: Table, timeline: Timeline, spoken_for: Sequence[str]) -> str | None:
    """Return the columns that make repeated stamps unique, None where no stamp repeats or nothing makes them unique.

    Parameters
    ----------
    table : Table
    timeline : Timeline
    spoken_for : sequence of str
        Columns that are something else: inputs and targets that are named.

    Raises
    ------
    ConfigError
        When several columns would do, and they do not mean the same series.
    """
    rows, at = timeline.rows, timeline.stamps.at[timeline.rows]
    if len(np.unique(at)) == len(at):
        return None
    others = [
        name for name in table.columns
        if name not in timeline.timing.columns and name not in spoken_for and name.lower() not in _ANSWERS
    ]  # fmt: skip
    if len(at) - len(np.unique(at)) < _FEW_REPEATED * len(at):
        # a few repeated stamps do not make series of what is measured
        others = [name for name in others if is_usual_series(name) or look(table, name).holds != "number"]
    codes = {name: found for name, found in _codes(table, others, rows).items() if found is not None}
    for count in range(1, min(_MOST_COLUMNS, len(codes)) + 1):
        fitting = [
            names for names in combinations(list(codes)[:_MOST_CANDIDATES], count)
            if _tells_apart([codes[name] for name in names], at)
        ]  # fmt: skip
        if fitting:
            return ",".join(_best(table, _steadiest(fitting, codes, at), codes))
    return None


def _codes(table: Table, names: Sequence[str], rows: np.ndarray) -> Mapping[str, np.ndarray | None]:
    """Return the values of columns as small numbers; None for those that are measurements."""
    cells: dict[str, list[str]] = {name: [] for name in names}
    for index in rows:
        row = table[int(index)]
        for name in names:
            cells[name].append(name_of(row[name]))
    return {name: _code(each) for name, each in cells.items()}


def _code(cells: list[str]) -> np.ndarray | None:
    if any(map(_is_decimal, cells[:2000])):
        return None
    if "" in cells:
        written = [cell for cell in cells if cell]
        if not cells[0] or len(set(written)) < len(written) or len(written) * _LEAST_ROWS > len(cells):
            return None
        last, carried = "", []
        for cell in cells:
            last = cell or last
            carried.append(last)
        cells = carried
    known: dict[str, int] = {}
    codes = np.array([known.setdefault(cell, len(known)) for cell in cells], dtype=np.int64)
    if len(known) < 2 or len(known) * 2 > len(cells):
        return None
    return codes


def _tells_apart(codes: Sequence[np.ndarray], at: np.ndarray) -> bool:
    """Whether no stamp is there twice within a series, and series have rows enough to be some."""
    series = _together(codes)
    count = int(series.max()) + 1
    if count * _LEAST_ROWS > len(at):
        return False
    order = np.lexsort((at, series))
    same = (np.diff(series[order]) == 0) & (np.diff(at[order]) == 0)
    return not same.any()


def _steadiest(
    fitting: list[tuple[str, ...]], codes: Mapping[str, np.ndarray], at: np.ndarray
) -> list[tuple[str, ...]]:
    """Leave out columns that tell rows apart by chance: the stamps of their series are not a step apart."""
    shares = []
    for names in fitting:
        series = _together([codes[name] for name in names])
        order = np.lexsort((at, series))
        distances = np.diff(at[order])[np.diff(series[order]) == 0]
        _, counts = np.unique(distances, return_counts=True)
        shares.append(counts.max() / len(distances) if len(distances) else 0.0)
    return [names for names, share in zip(fitting, shares, strict=True) if 2 * share >= max(shares)]


def _together(codes: Sequence[np.ndarray]) -> np.ndarray:
    _, codes_of_rows = np.unique(np.stack(codes), axis=1, return_inverse=True)
    return np.asarray(codes_of_rows).reshape(-1)


def _best(table: Table, fitting: list[tuple[str, ...]], codes: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """Return the columns that are meant: those with usual names, or the first of those that mean the same series."""
    first = _canonical(_together([codes[name] for name in fitting[0]]))
    if all(np.array_equal(first, _canonical(_together([codes[n] for n in names]))) for names in fitting[1:]):
        return fitting[0]
    usual = [names for names in fitting if all(is_usual_series(name) for name in names)]
    if len(usual) == 1:
        return usual[0]
    # a number that tells rows apart by chance is a measurement more often than a name
    texts = [names for names in fitting if all(not _numeric(table, name) for name in names)]
    if len(texts) == 1:
        return texts[0]
    candidates = " or ".join(", ".join(names) for names in fitting[:4])
    raise ConfigError(
        f"{table.name}: stamps repeat, so there are several series, and the columns do not determine which of them "
        f"names the series of a row: {candidates}",
        hint=" or ".join(f"--group {','.join(names)}" for names in fitting[:4]),
    )


def _canonical(codes: np.ndarray) -> np.ndarray:
    """Number series in the order in which they come."""
    _, first, place = np.unique(codes, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[place]


def _numeric(table: Table, name: str) -> bool:
    return all(_is_number(name_of(row[name])) for row in table.sampled(200))


def _is_number(text: str) -> bool:
    try:
        number(text)
    except DataError:
        return False
    return True


def _is_decimal(text: str) -> bool:
    """Whether a cell is a number with a fraction."""
    if not any(sign in text for sign in ".,") or not text.strip("+-").replace(".", "").replace(",", "").isdigit():
        return False
    try:
        return not float(text.replace(",", ".")).is_integer()
    except ValueError:
        return False
