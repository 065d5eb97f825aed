"""Tags: one label a step."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.classes import Label, Labels, describe_labels, label, no_label
from recur.codecs.codec import NO_TARGET, Codec, shorten, to_text
from recur.codecs.tokens import ids_of
from recur.errors import DataError


class TagsCodec(Codec):
    """A sequence of labels, as a list or as a text with spaces between them.

    A label that training has not seen is refused, with the nearest one.
    """

    kind = "tags"
    discrete = True
    sequence = True

    def __init__(self) -> None:
        self.size = 0
        self._labels: Labels | None = None

    @property
    def labels(self) -> list[Label]:
        """The tags in the order of their ids."""
        return self._fitted().values

    def _fitted(self) -> Labels:
        if self._labels is None:
            raise DataError("the tags codec has no tags yet", hint="call fit(values) first")
        return self._labels

    def _adopt(self, labels: Labels) -> TagsCodec:
        self._labels = labels
        self.size = len(labels.values)
        return self

    def fit(self, values: Iterable[Any]) -> TagsCodec:
        """Collect the tags of the sequences."""
        different: dict[str, Label] = {}
        for value in values:
            for each in self.tokens(_present(value)):
                different[str(each)] = each
        return self._adopt(Labels(different.values(), "tag"))

    def tokens(self, value: Any) -> list[Label]:
        """Return the tags of a value, one a step."""
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if isinstance(value, (list, tuple)):
            return [label(item) for item in value]
        return list(to_text(value).split())

    def encode(self, value: Any) -> np.ndarray:
        """Return one id a step, (T,) int64."""
        return self._ids(self.tokens(value))

    def encode_target(self, value: Any) -> np.ndarray:
        """Return one id a step, ``NO_TARGET`` where a list has no tag."""
        if not isinstance(value, (list, tuple)):
            return self.encode(value)
        return self._ids(value)

    def _ids(self, value: Iterable[Any]) -> np.ndarray:
        labels = self._fitted()
        found = []
        for step, item in enumerate(value):
            try:
                found.append(NO_TARGET if no_label(item) else labels.id(item))
            except DataError as error:
                raise error.at_step(step) from None
        return np.array(found, np.int64)

    def decode(self, array: Any) -> list[Label]:
        """Return the tags of the ids."""
        labels = self._fitted()
        return [labels.value(index) for index in ids_of(array)]

    def show(self, value: Any, width: int = 72) -> str:
        """Return the tags on one line."""
        if isinstance(value, (list, tuple)):
            value = " ".join(map(str, value[: 4 * width]))
        return shorten(str(value), width)

    def describe(self) -> str:
        """Return the number of tags and the first of them."""
        return f"tags: {describe_labels(self.labels, 'tags')}"

    def _state(self) -> dict[str, Any]:
        return {"labels": self.labels}

    @classmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> TagsCodec:
        return cls()._adopt(Labels.restore(state, path, "tag"))


def _present(value: Any) -> Any:
    """Return a list of tags without those that are missing."""
    return [item for item in value if not no_label(item)] if isinstance(value, (list, tuple)) else value
