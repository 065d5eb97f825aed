"""Classes and tags of rows: which of them are in the training rows, and which appear only later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

from recur.codecs import class_of
from recur.codecs.classes import label
from recur.codecs.missing import is_missing
from recur.codecs.plain_text import shorten
from recur.data.examples.examples import Example
from recur.data.examples.places import placed
from recur.data.roles.roles import Roles
from recur.errors import DataError

_SHOWN = 3
_KNOWN = 8


class Unlearned(NamedTuple):
    """Labels of one side that no training row has.

    Attributes
    ----------
    side : int
        0 for inputs, 1 for targets.
    codec, column : str
        What they are, class or tags, and where they are read.
    rows : Counter
        Label to number of rows that have it, in the order of their first rows.
    where : str
        The first of these rows.
    step : int or None
        The step of that row, where it has a tag for each.
    known : list of str
        Labels of the training rows.
    """

    side: int
    codec: str
    column: str
    rows: Counter[str]
    where: str
    step: int | None
    known: list[str]

    def __str__(self) -> str:
        shown = [f'"{shorten(name, 40)}" ({_rows(count)})' for name, count in list(self.rows.items())[:_SHOWN]]
        more = f" and {len(self.rows) - _SHOWN:,} more" if len(self.rows) > _SHOWN else ""
        kind = class_of(self.codec)
        return f'{kind.plural if len(self.rows) > 1 else kind.noun} {", ".join(shown)}{more} of column "{self.column}"'


def labels_of(value: Any, codec: str | None, missing: Sequence[str] | None = None) -> set[str]:
    """Return the labels of a raw value: its class, its tags, or nothing where it is of another kind.

    >>> sorted(labels_of("b a b", "tags")), labels_of(" 1 ", "class"), labels_of(1.0, "class"), labels_of("a", "words")
    (['a', 'b'], {'1'}, {'1'}, set())
    """
    kind = class_of(codec)
    if codec is None or not kind.labelled:
        return set()
    cells = value.split() if isinstance(value, str) and kind.per_step else value
    names = set()
    for cell in cells if kind.per_step and hasattr(cells, "__iter__") else [cells]:
        if not is_missing(cell, kind, missing):
            try:
                names.add(str(label(cell)))
            except DataError:
                # it is refused where it is encoded, with its place
                continue
    return names


def sides(roles: Roles) -> list[tuple[int, str, str]]:
    """Return side, codec and column of the classes and tags of a table."""
    labelled = [(0, roles.input_codec, roles.input), (1, roles.target_codec, roles.target)]
    return [
        (side, codec, columns[0]) for side, codec, columns in labelled if codec and class_of(codec).labelled and columns
    ]


def unlearned(part: Sequence[Example], roles: Roles, known: Callable[[int, set[str]], set[str]]) -> list[Unlearned]:
    """Return the labels of a part that were not learned from, by side.

    Parameters
    ----------
    part : sequence of Example
    roles : Roles
    known : callable
        A side and the labels that are requested -> labels that are known.
    """
    groups = []
    for side, codec, column in sides(roles):
        rows: Counter[str] = Counter()
        first: dict[str, Example] = {}
        for example in _each(part):
            own = labels_of(example[side], codec, roles.missing_labels)
            rows.update(sorted(own))
            first.update((name, example) for name in sorted(own) if name not in first)
        learned = known(side, set(rows))
        lacking = Counter({name: count for name, count in rows.items() if name not in learned})
        if lacking:
            example = next(each for name, each in first.items() if name in lacking)
            step = _step_of(example[side], lacking) if class_of(codec).per_step else None
            groups.append(Unlearned(side, codec, column, lacking, example.where, step, sorted(learned)))
    return groups


def of_rows(train: Sequence[Example], roles: Roles) -> Callable[[int, set[str]], set[str]]:
    """Return what `unlearned` asks: labels of the training rows, read until all that are requested are met."""
    codecs = {side: codec for side, codec, _ in sides(roles)}

    def known(side: int, requested: set[str]) -> set[str]:
        names: set[str] = set()
        for example in _each(train):
            if requested <= names:
                break
            names |= labels_of(example[side], codecs[side], roles.missing_labels)
        return names

    return known


def refused(unlearned: Unlearned, name: str, *, hint: str) -> DataError:
    """Return the error of rows whose labels the training rows lack.

    Parameters
    ----------
    found : Unlearned
    name : str
        Of the file, or of the rows.
    hint : str
    """
    (first, count), *others = unlearned.rows.items()
    more = "".join(f', "{shorten(each, 40)}" in {number:,}' for each, number in others[: _SHOWN - 1])
    more += f" and {len(others) - _SHOWN + 1:,} more of them" if len(others) >= _SHOWN else ""
    known = ", ".join(shorten(each, 20) for each in unlearned.known[:_KNOWN]) + ", …" * (len(unlearned.known) > _KNOWN)
    kind = class_of(unlearned.codec)
    one, several = kind.noun, kind.plural
    error = DataError(
        f'{one} "{shorten(first, 40)}" was not in the training data; {name} has it in {_rows(count)}{more}; '
        f"expected {several} of the training data: {known}",
        hint=hint,
    )
    return placed(
        error if unlearned.step is None else error.at_step(unlearned.step), unlearned.where, [unlearned.column]
    )


def reader(cells: Callable[[int, str], list[Any]], roles: Roles) -> Callable[[int], set[tuple[int, str]]] | None:
    """Return a function that gives side and label of everything that a row must share with the training rows.

    Parameters
    ----------
    cells : callable
        Number of a row or group, and a column -> its cells.
    roles : Roles

    Returns
    -------
    callable or None
        None where nothing is a class or a tag.
    """
    labelled = sides(roles)
    if not labelled:
        return None

    def of(index: int) -> set[tuple[int, str]]:
        return {
            (side, name)
            for side, codec, column in labelled
            for cell in cells(index, column)
            for name in labels_of(cell, codec, roles.missing_labels)
        }

    return of


def _step_of(value: Any, labels: Collection[str]) -> int | None:
    """Return the first step that has one of some tags."""
    cells = value.split() if isinstance(value, str) else value
    return next((step for step, cell in enumerate(cells) if str(cell).strip() in labels), None)


def _each(part: Sequence[Example]) -> Iterator[Example]:
    return (part[index] for index in range(len(part)))


def _rows(count: int) -> str:
    return f"{count:,} row{'s' * (count != 1)}"
