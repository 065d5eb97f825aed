"""A class: one label per row, one id per label."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import numpy as np

from recur.codecs.codec import NO_TARGET, Codec
from recur.codecs.files import field
from recur.codecs.missing import is_empty
from recur.codecs.plain_text import digits, shorten, without_surrogates
from recur.codecs.tokens import ids_of
from recur.errors import DataError, RunError, did_you_mean

Label = str | int | bool


def label(value: Any) -> Label:
    """Return a raw value as a label: text without outer spaces, a whole number or a truth value.

    Raises
    ------
    DataError
        When the value is missing, empty or has parts.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            raise DataError("a label is missing (NaN)", hint="remove the row or give it a label")
        value = int(value) if value.is_integer() else str(value)
    if isinstance(value, (bool, int)):
        digits(value)
        return value
    if value is None or (isinstance(value, str) and not value.strip()):
        raise DataError("a label is missing (empty)", hint="remove the row or give it a label")
    if not isinstance(value, str):
        raise DataError(f"expected one label, found {type(value).__name__} {shorten(repr(value), 40)}")
    return without_surrogates(value).strip()


class Labels:
    """An ordered set of labels with their ids; whole numbers come first, by size, then texts by spelling."""

    def __init__(self, labels: Iterable[Label], what: str = "class") -> None:
        self.what = what
        different = {str(value): value for value in labels}
        self.values: list[Label] = sorted(different.values(), key=_order)
        self._ids = {str(value): index for index, value in enumerate(self.values)}
        if not self.values:
            raise DataError(f"there is no {what}: no row has a label", hint="give at least one labelled row")

    def id(self, value: Any) -> int:
        """Return the id of a label; one that is not in the training data is refused."""
        name = str(label(value))
        index = self._ids.get(name)
        if index is None:
            near = did_you_mean(name, list(self._ids)[:50])
            raise DataError(
                f'{self.what} "{shorten(name, 40)}" was not in the training data.{near}',
                hint=f"the network knows only the {self.what} labels it was trained with; fix the row or leave it out",
            )
        return index

    def value(self, index: int) -> Label:
        """Return the label of an id."""
        if not 0 <= index < len(self.values):
            raise DataError(f"id {index} is outside the {len(self.values)} {self.what} labels")
        return self.values[index]

    @classmethod
    def restore(cls, state: dict[str, Any], path: Path, what: str) -> Labels:
        """Return the labels of a file."""
        values = field(state, "labels", list, path)
        plain = all(isinstance(value, (str, int)) for value in values)
        if not values or not plain or len(set(map(str, values))) < len(values):
            raise RunError(f'{path} is damaged: "labels" should hold different texts or whole numbers')
        labels = cls(values, what)
        if labels.values != values:
            raise RunError(f'{path} was altered: "labels" are not in their order')
        return labels


def _order(value: Label) -> tuple[int, int, str]:
    """Return the sorting key: whole numbers by size, then texts."""
    text = str(value)
    whole = text.removeprefix("-").isdecimal() and len(text) < 20
    return (0, int(text), text) if whole else (1, 0, text)


class LabelCodec(Codec):
    """Base of classes and tags: labels, and an id for each.

    A label that training has not seen is refused, with the nearest one.
    """

    discrete = labelled = True

    def __init__(self) -> None:
        self.size = 0
        self._labels: Labels | None = None

    @property
    def labels(self) -> list[Label]:
        """The labels in the order of their ids."""
        return self._fitted().values

    def _fitted(self) -> Labels:
        if self._labels is None:
            raise self._not_fitted(self.plural)
        return self._labels

    def _adopt(self, labels: Labels) -> Self:
        self._labels = labels
        self.size = len(labels.values)
        return self

    def typed_form(self) -> dict[str, Any] | None:
        return {"kind": "symbols", "vocabulary": [str(one) for one in self.labels], "single": not self.sequence}

    def describe(self) -> str:
        """Return the number of labels and the first of them, such as ``class: 2 classes (0, 1)``."""
        first = ", ".join(shorten(str(each), 20) for each in self.labels[:6])
        more = ", …" if len(self.labels) > 6 else ""
        return f"{self.kind}: {len(self.labels):,} {self.plural} ({first}{more})"

    def _state(self) -> dict[str, Any]:
        return {"labels": self.labels}

    @classmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> Self:
        return cls()._adopt(Labels.restore(state, path, cls.noun))


class ClassCodec(LabelCodec):
    """One label per row."""

    kind = noun = "class"
    medium = "label"
    plural = "classes"
    sequence = False
    fits_in_cell = True

    def fit(self, values: Iterable[Any]) -> ClassCodec:
        """Collect the labels."""
        return self._adopt(Labels((label(value) for value in values), self.noun))

    def encode(self, value: Any) -> np.ndarray:
        """Return the id of the label, () int64."""
        return np.array(self._fitted().id(value), np.int64)

    def encode_target(self, value: Any) -> np.ndarray:
        """Return the id of the label, or ``NO_TARGET`` where there is none."""
        return np.array(NO_TARGET, np.int64) if is_empty(value) else self.encode(value)

    def decode(self, array: Any) -> Label:
        """Return the label of an id."""
        ids = ids_of(array)
        if len(ids) != 1:
            raise DataError(f"expected the id of one class, got {len(ids)} ids")
        return self._fitted().value(ids[0])

    def show(self, value: Any, width: int = 72) -> str:
        """Return the label on one line."""
        return shorten(str(value), width)
