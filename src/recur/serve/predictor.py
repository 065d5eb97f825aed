"""Batched prediction: queries with equal options, in batches that fit into memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recur import continuation
from recur.cancellation import CancelledError
from recur.errors import RecurError
from recur.heads import Prediction
from recur.model import Model
from recur.serve import costs


@dataclass(frozen=True)
class Query:
    """One input and its options; queries with equal options are answered together.

    Attributes
    ----------
    value : object
        What the network reads.
    items : int
        Items of the input.
    width : int
        Hypotheses of the search.
    top, options
        As for `Model.predict`.
    """

    value: Any
    items: int
    width: int
    top: int
    options: tuple[tuple[str, Any], ...]


class Predictor:
    """Answers queries to one network.

    Parameters
    ----------
    model : Model
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._layer = costs.largest_layer(model.mode)

    def __call__(self, queries: Sequence[Query]) -> list[Prediction | Exception]:
        """An answer, or an exception, for each query."""
        answers: list[Prediction | Exception] = [RecurError("")] * len(queries)
        groups: dict[tuple[int, tuple[tuple[str, Any], ...]], list[int]] = {}
        for place, one in enumerate(queries):
            # a sampled answer depends on the order of draws: computed alone, a seed always gives the same answer
            sampled = dict(one.options).get("temperature", 0)
            groups.setdefault((one.top, (*one.options, *((("alone", place),) if sampled else ()))), []).append(place)
        for (top, options), places in groups.items():
            decoding = {name: value for name, value in options if name != "alone"}
            sizes = [self._layer * max(queries[place].items, queries[place].width) for place in places]
            for part in costs.parts(sizes, costs.NUMBERS):
                rows = [places[number] for number in part]
                for place, answer in zip(
                    rows, self._together([queries[p].value for p in rows], top, decoding), strict=True
                ):
                    answers[place] = answer
        return answers

    def _together(self, values: list[Any], top: int, options: dict[str, Any]) -> Sequence[Prediction | Exception]:
        try:
            return self._predict(values, top, options)
        except CancelledError:
            raise
        except Exception:  # at least one of them is invalid: compute each alone
            return [self._alone(value, top, options) for value in values]

    def _alone(self, value: Any, top: int, options: dict[str, Any]) -> Prediction | Exception:
        try:
            return self._predict([value], top, options)[0]
        except CancelledError:
            raise
        except Exception as error:  # reported to the caller of this query alone
            return error

    def _predict(self, values: list[Any], top: int, options: dict[str, Any]) -> list[Prediction]:
        return continuation.predict(
            self.model.mode, [self.model.one_input(value) for value in values], top=top, **options
        )
