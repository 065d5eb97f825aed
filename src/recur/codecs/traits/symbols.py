"""Symbols: special ids, the vocabulary or the labels behind the ids, and symbols that a user names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from recur.codecs.plain_text import shorten
from recur.errors import DataError, did_you_mean


@dataclass(frozen=True)
class IdTraits:
    """Ids of a discrete codec.

    Attributes
    ----------
    pad, unk, bos, eos : int or None
        The ids of padding, of an unknown symbol, of a beginning and of an end; None where the codec has none.
    by_frequency : bool
        Whether the ids are sorted by falling frequency.
    next_item : bool
        Whether a sequence of ids is predicted item by item and measured by perplexity: texts and melodies, not labels.
    """

    pad: int | None = None
    unk: int | None = None
    bos: int | None = None
    eos: int | None = None
    by_frequency: bool = False
    next_item: bool = False


class Symbols(ABC):
    """Ids and what they mean. The defaults suit a codec with either a vocabulary or labels.

    Attributes
    ----------
    ids : IdTraits
        The special ids and the order of the others.
    vocabulary : sequence of str
        What a person reads for each id; empty for labels.
    labelled : bool
        Whether values are labels, known by name: classes and tags.
    labels : sequence
        The labels of training, in the order of their ids; empty unless ``labelled``.
    """

    ids: IdTraits = IdTraits()
    vocabulary: Sequence[str] = ()
    labelled: ClassVar[bool] = False

    @property
    def labels(self) -> Sequence[Any]:
        """The labels in the order of their ids; empty unless values are labels."""
        return ()

    @abstractmethod
    def encode(self, value: Any) -> np.ndarray:
        """Return the array of one value."""

    @abstractmethod
    def decode(self, array: Any) -> Any:
        """Return the value of an array."""

    def items(self, ids: np.ndarray) -> list[Any]:
        """Return symbols (T,) as items that can be given one by one, such as tags; for texts use `decode`."""
        value = self.decode(ids)
        return list(value) if isinstance(value, (list, tuple)) else [value]

    def item_ids(self, item: str) -> list[int]:
        """Return the ids of one item that a user names, such as a tag.

        Raises
        ------
        DataError
            When the codec does not know it.
        """
        return [int(index) for index in self.encode([item])]

    def symbol(self, index: int) -> str:
        """Return what a person reads for an id."""
        return str(self.vocabulary[index]) if self.vocabulary else shorten(str(self.labels[index]), 72)

    def symbol_id(self, name: Any) -> int:
        """Return the id of one symbol that a user names.

        Raises
        ------
        DataError
            When it is more than one symbol, or unknown.
        """
        ids = np.atleast_1d(self.encode(name))
        if ids.shape != (1,) or int(ids[0]) == self.ids.unk:
            raise self.no_such_output(name, "a single symbol")
        return int(ids[0])

    def no_such_output(self, value: Any, what: str) -> DataError:
        """Return the error for a value that is not ``what``, such as "a single word", in the vocabulary."""
        known = [str(one) for one in self.vocabulary if not str(one).startswith("<")]
        return DataError(
            f'"{value}" is not {what} in the vocabulary of this network.{did_you_mean(str(value), known)}',
            hint="give one of its vocabulary as --target",
        )
