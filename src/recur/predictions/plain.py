"""``PlainAnswer``: an answer as plain data, from which rows, JSON, Parquet, data frames and HTTP bodies are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from recur.heads import Prediction


@dataclass(frozen=True)
class PlainAnswer:
    """The answer to one input, in Python's own numbers, texts and lists.

    Attributes
    ----------
    value : object
    shown : str
        What a person reads.
    scores : list of (object, float)
        Candidates with their probabilities, most probable first; empty for numbers.
    ranks : list of float
        What candidates are ordered by; empty where they are ordered by probability.
    quantiles : dict of float to object
        Share to value; empty where there are none.
    alignment : list of list of float, or None
        Attention weights, a row for each step that was written.
    """

    value: Any
    shown: str
    scores: list[tuple[Any, float]]
    ranks: list[float]
    quantiles: dict[float, Any]
    alignment: list[list[float]] | None

    @classmethod
    def of(cls, answer: Prediction) -> PlainAnswer:
        """Convert the answer of a network."""
        return cls(
            plain(answer.value),
            answer.shown,
            [(plain(value), probability) for value, probability in answer.scores],
            list(answer.ranks or ()),
            {share: plain(value) for share, value in (answer.quantiles or {}).items()},
            None if answer.alignment is None else np.asarray(answer.alignment).tolist(),
        )

    @property
    def named_quantiles(self) -> dict[str, Any]:
        """The quantiles under names that JSON can have."""
        return {str(share): value for share, value in self.quantiles.items()}


def plain(value: Any) -> Any:
    """Return a value with Python's own numbers and lists in place of numpy's.

    >>> plain([np.float64(0.5), np.arange(2)])
    [0.5, [0, 1]]
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    return value
