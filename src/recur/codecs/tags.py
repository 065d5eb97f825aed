"""Tags: one label per step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from recur.codecs.classes import Label, LabelCodec, Labels, label
from recur.codecs.codec import NO_TARGET
from recur.codecs.missing import is_empty
from recur.codecs.plain_text import between_spaces, shorten, to_text
from recur.codecs.tokens import ids_of
from recur.errors import DataError


class TagsCodec(LabelCodec):
    """A sequence of labels, as a list or as a text with spaces between them."""

    kind, noun, plural = "tags", "tag", "tags"
    medium = "labels"
    per_step = True
    sequence = True

    def fit(self, values: Iterable[Any]) -> TagsCodec:
        """Collect the tags of the sequences."""
        different: dict[str, Label] = {}
        for value in values:
            for each in self.tokens(_present(value)):
                different[str(each)] = each
        return self._adopt(Labels(different.values(), self.noun))

    def tokens(self, value: Any) -> list[Label]:
        """Return the tags of a value, one per step."""
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if isinstance(value, (list, tuple)):
            return [label(item) for item in value]
        return list(to_text(value).split())

    def encode(self, value: Any) -> np.ndarray:
        """Return one id per step, (T,) int64."""
        return self._ids(self.tokens(value))

    def encode_target(self, value: Any) -> np.ndarray:
        """Return one id per step, ``NO_TARGET`` where a list has no tag."""
        if not isinstance(value, (list, tuple)):
            return self.encode(value)
        return self._ids(value)

    def _ids(self, value: Iterable[Any]) -> np.ndarray:
        labels = self._fitted()
        ids = []
        for step, item in enumerate(value):
            try:
                ids.append(NO_TARGET if is_empty(item) else labels.id(item))
            except DataError as error:
                raise error.at_step(step) from None
        return np.array(ids, np.int64)

    def decode(self, array: Any) -> list[Label]:
        """Return the tags of the ids."""
        labels = self._fitted()
        return [labels.value(index) for index in ids_of(array)]

    def show(self, value: Any, width: int = 72) -> str:
        """Return the tags on one line."""
        if isinstance(value, (list, tuple)):
            value = " ".join(map(str, value[: 4 * width]))
        return shorten(str(value), width)

    def is_whole_value(self, item: Any, *, alone: bool, labelled: bool) -> bool:
        del alone
        return between_spaces(item, labelled)


def _present(value: Any) -> Any:
    """Return a list of tags without those that are missing."""
    return [item for item in value if not is_empty(item)] if isinstance(value, (list, tuple)) else value
