"""``Prediction``: the answer to one input, with candidates and probabilities; ``Option``: one output of a head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

NOTHING = "(nothing)"
"""Shown in place of an empty answer or candidate."""


@dataclass
class Prediction:
    """The answer to one input.

    Attributes
    ----------
    value : object
        The raw answer: a class, a text, a list of tags, numbers.
    scores : list of (value, probability)
        The best candidates, most probable first (of a beam, or of samples: best first, after length normalisation);
        empty for numbers.
    shown : str
        The answer as a person reads it; "(nothing)" for an empty text.
    alignment : ndarray, optional
        (target steps, input steps) attention weights, where the model has attention.
    ranks : list of float, optional
        Scores that generated candidates are ordered by, one for each of ``scores``: log p after length normalisation.
    quantiles : dict, optional
        Share of probability to value, for a forecast with quantiles; ``value`` is the median.
    """

    value: Any
    scores: list[tuple[Any, float]]
    shown: str
    alignment: np.ndarray | None = None
    ranks: list[float] | None = None
    quantiles: dict[float, Any] | None = None

    def __post_init__(self) -> None:
        self.shown = self.shown or NOTHING


@dataclass(frozen=True)
class Option:
    """One output that a head can give.

    Attributes
    ----------
    label : str
        The output as a person reads it.
    probability : float or None
        Of symbols and events; None of numbers.
    target : object
        The id or the column; of a word of several symbols their ids.
    """

    label: str
    probability: float | None
    target: Any
