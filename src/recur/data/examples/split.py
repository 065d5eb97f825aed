"""The hold-out set of rows, drawn by a hash of their input, so that equal inputs are never on both sides.

rows, sentences, groups   a share of each class, chosen by hash; no class or tag is in the held-out rows alone
lines of one long text    the last share, by size
a series                  the last share, never a random one: the future must not be learned from
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from recur.codecs.reading import reading
from recur.data.readers.folder import FilesTable
from recur.data.readers.table import FileTable, Table
from recur.errors import DataError

MANY_DOCUMENTS = 10

Labelled = set[tuple[int, str]]
"""Side (0 for inputs, 1 for targets) and label of each class or tag of a row."""


def value_hash(value: Any, seed: int = 0) -> int:
    """Return 63 bits that depend on a raw value and a seed, the same on every machine."""
    if isinstance(value, np.ndarray):
        # the text of a large array leaves most of it out
        value = (value.shape, value.dtype.str, hashlib.blake2b(value.tobytes(), digest_size=16).hexdigest())
    with reading("a value", "value", error=DataError, faults=(ValueError,), hint="give whole numbers as texts"):
        text = f"{seed} {value!r}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1


def by_hash(
    count: int,
    fraction: float,
    seed: int,
    input_of: Callable[[int], Any],
    class_of: Callable[[int], Any] | None,
    labels_of: Callable[[int], Labelled] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Divide rows into those to learn from and those to hold out.

    Parameters
    ----------
    count : int
        Number of rows.
    fraction : float
        Share to hold out, of every class.
    seed : int
    input_of : callable
        What a row's input is; rows with equal inputs stay together.
    class_of : callable, optional
        The class of a row; without it there is one.
    labels_of : callable, optional
        The classes and tags of a row, each of which some row to learn from keeps. Where every row has a target that
        no other has, one is held out nevertheless.

    Returns
    -------
    train, dev : ndarray of int
        Rows in their order; neither is empty.

    Raises
    ------
    DataError
        When there are not two different inputs, or each has a class, as input, that no other one has.
    """
    marks = np.array([value_hash(input_of(row), seed) for row in range(count)], dtype=np.int64)
    different, first, place, sizes = np.unique(marks, return_index=True, return_inverse=True, return_counts=True)
    if len(different) < 2:
        what = "is one row" if count == 1 else f"are {count} rows with the same input"
        raise DataError(
            f"there {what}: expected at least two different ones, to learn from and to hold out"
            if count else "there are no rows to learn from",
            hint="add rows, or give hold-out rows in their own file: --dev FILE",
        )  # fmt: skip
    labels = np.array([str(class_of(int(row))) if class_of else "" for row in first])
    held = _drawn(labels, sizes, fraction)
    if held.all():
        held[-1] = False
    if labels_of is not None and held.any():
        held = _with_every_label(held, place, labels_of)
    if not held.any():
        held[_spare(place, labels_of)] = True
    in_dev = held[place]
    return np.flatnonzero(~in_dev), np.flatnonzero(in_dev)


def by_threshold(
    count: int, fraction: float, seed: int, input_of: Callable[[int], Any],
    labels_of: Callable[[int], Labelled] | None = None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Divide rows that do not fit into memory: a row is held out if the hash of its input is below a threshold.

    Equal inputs have equal hashes, so that they stay on one side, and no row needs to know another one: one pass, and
    one bit of each row is kept. Where held-out rows alone have a label, an input with it is learned from instead.

    Parameters
    ----------
    count, fraction, seed, input_of, labels_of
        As for `by_hash`; the share is that of all rows and not of each class.

    Returns
    -------
    train, dev : ndarray of int
        Rows in their order; neither is empty.

    Raises
    ------
    DataError
        As `by_hash` does, when there are not two different inputs.
    """
    limit = round(fraction * 2**63)
    held = np.zeros(count, dtype=bool)
    learned: Labelled = set()
    # label -> the first input that has it, of labels that no row to learn from had so far
    waiting: dict[tuple[int, str], int] = {}
    for row in range(count):
        mark = value_hash(input_of(row), seed)
        held[row] = mark < limit
        if labels_of is None:
            continue
        own = labels_of(row)
        if not held[row]:
            learned |= own
            for each in own & waiting.keys():
                del waiting[each]
        else:
            for each in own - learned:
                waiting.setdefault(each, mark)
    if not held.any() or held.all():
        # a threshold divides many different inputs; of a few a share is taken
        return by_hash(count, fraction, seed, input_of, None, labels_of)
    if waiting:
        moved = set(waiting.values())
        for place in np.flatnonzero(held):
            held[place] = value_hash(input_of(int(place)), seed) not in moved
    if not held.any():
        return by_hash(count, fraction, seed, input_of, None, labels_of)
    kind = np.int32 if count < 2**31 else np.int64
    return np.flatnonzero(~held).astype(kind), np.flatnonzero(held).astype(kind)


def _drawn(labels: np.ndarray, sizes: np.ndarray, fraction: float) -> np.ndarray:
    """Return which inputs are held out: of every label at most a share of the rows."""
    held = np.zeros(len(labels), dtype=bool)
    by_label = np.argsort(labels, kind="stable")
    bounds = np.flatnonzero(labels[by_label][1:] != labels[by_label][:-1]) + 1
    for members in np.split(by_label, bounds):
        # members are in the order of their hashes: the first of them are as good as drawn
        taken = np.cumsum(sizes[members]) <= round(fraction * sizes[members].sum())
        held[members[taken]] = True
    return held


def _with_every_label(held: np.ndarray, place: np.ndarray, labels_of: Callable[[int], Labelled]) -> np.ndarray:
    """Return which inputs are held out when those whose labels would be in no other row are learned from."""
    in_dev = held[place]
    own: dict[int, Labelled] = {}
    for row in np.flatnonzero(in_dev):
        own.setdefault(int(place[row]), set()).update(labels_of(int(row)))
    only = set().union(*own.values())
    for row in np.flatnonzero(~in_dev):
        # rows are read until every label is met, in most tables a few
        if not only:
            return held
        only -= labels_of(int(row))
    held = held.copy()
    for group in sorted(own):
        if own[group] & only:
            held[group] = False
            only -= own[group]
    return held


def _spare(place: np.ndarray, labels_of: Callable[[int], Labelled] | None) -> int:
    """Return the first input whose labels other rows have too, or at least those that are read.

    Raises
    ------
    DataError
        When every input has a class that no other has.
    """
    if labels_of is None:
        return 0
    own: dict[int, Labelled] = {}
    for row, group in enumerate(place):
        own.setdefault(int(group), set()).update(labels_of(row))
    counts = Counter(each for labels in own.values() for each in labels)
    for considered in ((0, 1), (0,)):
        for group in sorted(own):
            if all(counts[each] > 1 for each in own[group] if each[0] in considered):
                return group
    raise DataError(
        f"none of the {len(own):,} different rows can be held out: each has a class, as input, that no other one has; "
        "expected two different rows of some class",
        hint="add rows, or give hold-out rows in their own file: --dev FILE",
    )


def share(held: int, total: int, requested: float) -> str:
    """Return the share that is held out: the one requested, or the real one where they differ by half a percent.

    >>> share(2, 20, 0.1), share(3, 20, 0.1)
    ('10 %', '15 % (3 of 20)')
    """
    real = 100 * held / max(1, total)
    return f"{100 * requested:g} %" if abs(real - 100 * requested) < 0.5 else f"{real:.3g} % ({held:,} of {total:,})"


def share_of_a_text(table: Table, place: int, requested: float) -> str:
    """Return the share of a text after a row, by its bytes where it is a file, else by its rows."""
    if not isinstance(table, FileTable):
        return share(len(table) - place, len(table), requested)
    size = table.path.stat().st_size
    real = (size - table.offset(place)) / size
    return f"{100 * (requested if abs(real - requested) < 0.005 else real):.3g} %"


def at_the_end(count: int, fraction: float, least: int = 1) -> int:
    """Return the first step of the held-out end of a series.

    Raises
    ------
    DataError
        When either side would have fewer than ``least`` steps.
    """
    held = max(least, round(fraction * count))
    if count - held < least:
        raise DataError(
            f"a series of {count} steps is too short to learn from and to hold out: expected at least {2 * least}",
            hint="add steps, or give a hold-out series in its own file: --dev FILE",
        )
    return count - held


def of_a_text(table: Table, fraction: float) -> int:
    """Return the first row of the held-out end of a long text.

    Of ten documents or more the last whole ones are held out; of a file the line after which the last share of its
    bytes lies; of other rows the last ones.

    Raises
    ------
    DataError
        When there is one line only.
    """
    count = len(table)
    if count < 2:
        raise DataError(
            f"{table.name} has one line; expected at least two, to learn from and to hold out",
            hint="give hold-out text in its own file: --dev FILE",
        )
    place = count - max(1, round(fraction * count))
    if isinstance(table, FilesTable):
        starts: Sequence[int] = table.starts()
        if len(starts) >= MANY_DOCUMENTS:
            place = starts[len(starts) - max(1, round(fraction * len(starts)))]
    elif isinstance(table, FileTable):
        target = round((1 - fraction) * table.path.stat().st_size)
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if table.offset(middle) < target else (low, middle)
        place = low
    return min(max(place, 1), count - 1)
