"""Missing targets: excluded from training and evaluation, and counted.

    a row without any target               is left out
    a sequence or window without any       is left out
    one of several targets                 stays, and is masked: NaN, or the id ``NO_TARGET``

What is read, and not predicted, keeps the rule of ``--missing``.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recur.codecs import class_of
from recur.codecs.missing import is_missing
from recur.config import Config
from recur.data.examples.examples import Example, GroupExamples, RowExamples
from recur.data.examples.forecasts import ForecastExamples
from recur.data.readers.table import Table
from recur.data.roles.roles import Roles


@dataclass(frozen=True)
class Missing:
    """How many targets are missing.

    Attributes
    ----------
    values, all : int
        Targets that are missing, of how many.
    examples : int
        How many are left out, since they have no target.
    unit : str
        What these are: row, sequence or window.
    words : tuple of str
        The words in cells of labels that count as missing, such as NA; it may be meant as a label.
    """

    values: int = 0
    all: int = 0
    examples: int = 0
    unit: str = "row"
    words: tuple[str, ...] = ()

    def __add__(self, other: Missing) -> Missing:
        unit = (other if other.examples else self).unit
        words = tuple(sorted({*self.words, *other.words}))
        return Missing(self.values + other.values, self.all + other.all, self.examples + other.examples, unit, words)

    def __bool__(self) -> bool:
        return self.values > 0

    def __str__(self) -> str:
        verb = "targets are" if self.values > 1 else "target is"
        text = f"{self.values:,} of {self.all:,} {verb} missing: not learned from, not measured"
        if self.examples:
            text += f"; {self.examples:,} {self.unit}{'s' * (self.examples > 1)} without any target left out"
        if self.words:
            shown = ", ".join(f'"{word}"' for word in self.words)
            text += f"; {shown} is taken as missing: --missing-labels none, where it is a label"
        return text


def answered(part: Sequence[Example], roles: Roles, config: Config) -> tuple[Sequence[Example], Missing]:
    """Return the examples that have a target, and how many targets are missing.

    Parameters
    ----------
    part : sequence of Example
        Rows, sequences of rows or pieces of series; others are returned as they are.
    roles : Roles
    config : Config
    """
    if isinstance(part, ForecastExamples):
        return _of_forecast(part)
    if roles.own_future and not roles.input_kind.numeric:
        return part, Missing()
    if isinstance(part, GroupExamples):
        return _of_groups(part, roles, roles.ahead(config.forecast.horizon))
    if isinstance(part, RowExamples):
        return _of_rows(part, roles, roles.ahead(config.forecast.horizon))
    return part, Missing()


def _of_rows(part: RowExamples, roles: Roles, ahead: int) -> tuple[Sequence[Example], Missing]:
    columns, codec = roles.predicted, roles.target_codec
    # no list: there may be more rows than one fits into memory for
    kept, missing, count = array("q"), 0, 0
    words: set[str] = set()
    for place, row in enumerate(part.rows):
        values = part.table[int(row)]
        cells = [values[name] for name in columns]
        if roles.own_future:
            # a series of one row predicts its own values, all but the first
            cells = [cell[ahead:] if isinstance(cell, (list, tuple, np.ndarray)) else cell for cell in cells]
        absent, here = _counted(cells, codec, roles.missing_labels)
        missing, count = missing + absent, count + here
        if absent and class_of(codec).labelled:
            words |= _words(cells, codec, roles.missing_labels)
        if absent < here or not here:
            kept.append(place)
    return _only(part, kept, Missing(missing, count, unit="row", words=tuple(sorted(words))))


def _only(
    part: RowExamples | GroupExamples | ForecastExamples, kept: Sequence[int], missing: Missing
) -> tuple[Sequence[Example], Missing]:
    """Return the examples that are kept; all of them where no target is missing."""
    left_out = len(part) - len(kept) if missing else 0
    return (part.only(kept) if left_out else part), replace(missing, examples=left_out)


def _counted(cells: Iterable[Any], codec: str, labels: list[str] | None) -> tuple[int, int]:
    """Missing values, and all of them, of cells that may be lists."""
    missing = count = 0
    for cell in cells:
        if isinstance(cell, np.ndarray) and cell.dtype.kind in "fiub":
            missing, count = missing + int(np.isnan(cell).sum()), count + cell.size
        elif isinstance(cell, (list, tuple, np.ndarray)) and class_of(codec).per_step:
            absent, here = _counted(cell, codec, labels)
            missing, count = missing + absent, count + here
        else:
            missing, count = missing + is_missing(cell, class_of(codec), labels), count + 1
    return missing, count


def _words(cells: Iterable[Any], codec: str, labels: list[str] | None) -> set[str]:
    """The texts that say that a label is missing, of cells that may be lists."""
    words: set[str] = set()
    for cell in cells:
        if isinstance(cell, (list, tuple)):
            words |= _words(cell, codec, labels)
        elif isinstance(cell, str) and cell.strip() and is_missing(cell, class_of(codec), labels):
            words.add(cell.strip())
    return words


def _of_groups(part: GroupExamples, roles: Roles, ahead: int) -> tuple[Sequence[Example], Missing]:
    columns, codec = roles.predicted, roles.target_codec
    places = [_target_rows(rows, roles, ahead) for rows in part.sequences]
    absent, words = _absent(part.table, columns, codec, places, roles.missing_labels)
    missing, most = sum(absent.values()), len(columns)
    kept = [place for place, asked in enumerate(places) if not asked or any(absent[row] < most for row in asked)]
    return _only(part, kept, Missing(missing, len(absent) * most, unit="sequence", words=words))


def _target_rows(rows: np.ndarray, roles: Roles, ahead: int) -> list[int]:
    """The rows of a sequence whose cells are targets."""
    targets = rows[ahead:] if roles.own_future else rows if roles.writes_a_sequence else rows[-1:]
    return [int(row) for row in targets]


def _absent(
    table: Table, columns: list[str], codec: str, places: list[list[int]], labels: list[str] | None
) -> tuple[dict[int, int], tuple[str, ...]]:
    """How many targets each row lacks, and in which words; of windows that overlap, each row is read once."""
    counts: dict[int, int] = {}
    words: set[str] = set()
    for rows in places:
        for row in rows:
            if row not in counts:
                values = table[row]
                absent = [values[name] for name in columns if is_missing(values[name], class_of(codec), labels)]
                counts[row] = len(absent)
                words |= _words(absent, codec, labels) if class_of(codec).labelled else set()
    return counts, tuple(sorted(words))


def _of_forecast(part: ForecastExamples) -> tuple[Sequence[Example], Missing]:
    truth = part.series.targets
    if truth is None:
        return part, Missing()
    targets = [rows[known:] for rows, known in part.pieces]
    absent = np.isnan(truth[np.unique(np.concatenate(targets or [np.zeros(0, np.int64)]))])
    kept = [place for place, each in enumerate(targets) if not len(each) or not np.isnan(truth[each]).all()]
    return _only(part, kept, Missing(int(absent.sum()), absent.size, unit="window"))
