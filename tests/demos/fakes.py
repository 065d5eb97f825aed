"""A network that answers what a function says, for the judges of the demonstrations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from recur.heads.prediction import Prediction


class Answers:
    """Answers each input by a function; with ``top`` the answer has all of the probability but a tenth."""

    def __init__(self, answer: Callable[[Any], Any], alignment: np.ndarray | None = None) -> None:
        self._answer, self._alignment = answer, alignment

    def predict(self, inputs: Sequence[Any], *, top: int = 1) -> list[Prediction]:
        """An answer for each input."""
        found = []
        for given in inputs:
            value = self._answer(given)
            scores = [(value, 0.9), ("bad" if value == "good" else "another", 0.1)][:top]
            found.append(Prediction(value, scores, str(value), alignment=self._alignment))
        return found
