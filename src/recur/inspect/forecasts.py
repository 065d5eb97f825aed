"""Questions about a forecast: why this value, a number of steps ahead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from recur import continuation
from recur.errors import DataError
from recur.heads.prediction import Option
from recur.inspect.labels import place_of
from recur.inspect.question import OutputRequest, Question, with_first
from recur.modes.forecast import Forecast
from recur.modes.forecast_value import observe
from recur.modes.mode import require_input
from recur.network.batch import Batch, Encoded


class OneForecast(Question):
    """The value of one column, a number of steps ahead; the median where quantiles are forecast.

    A recursive network reads its own answers up to that step; they count as steps like those of the past.
    """

    unit = "standard deviations"
    exclusive = False
    mode: Forecast

    def __init__(self, mode: Forecast, series: Any, request: OutputRequest) -> None:
        super().__init__(mode, series)
        self.values = mode.encode_input(series)
        codec = mode.target_codec if mode.target_codec.size == 1 else require_input(mode.input_codec, mode.name)
        self.items = codec.step_labels(self._own_columns())
        self.removable = [True] * len(self.values)
        self.place = place_of(request.at, [f"+{h + 1}" for h in range(mode.horizon)], last=0)
        [answer] = continuation.predict(mode, [series])
        self.answer = answer.shown
        decoded = np.asarray(answer.value, float).reshape(mode.horizon, -1)[self.place]
        names = mode.target_codec.column_names()
        labels = names if len(names) > 1 else [mode.target_codec.format_number(decoded[0], 0)]
        self.options = [Option(str(label), None, column) for column, label in enumerate(labels)]
        if request.target is not None and not (len(names) == 1 and request.target in (names[0], labels[0])):
            self.options = with_first(self.options, request.target)

    def _own_columns(self) -> Any:
        """The values that label the items: the forecast column if it is a single one, else all columns read."""
        values = np.asarray(self.values)
        return values[:, self.mode.columns] if self.mode.target_codec.size == 1 else values

    @property
    def says(self) -> str:
        ahead, label = (self.place or 0) + 1, self.options[0].label
        later = f"{ahead} step{'s' * (ahead > 1)} later"
        if len(self.options) > 1:
            return f"the forecast {later} of “{label}”"
        return f"the value {later} is {label}"

    @property
    def has_steps(self) -> bool:
        return False

    def part_labels(self, part: str) -> list[str]:
        del part
        return [*self.items, *(f"own answer +{h + 1}" for h in range(self.place or 0))]

    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any]) -> Tensor:
        if values is None or lengths is None:
            raise DataError("a forecast needs a series, got none")
        place = self.place or 0
        steps = self.mode.next_steps(values, lengths, place + 1)[:, place]
        return self.mode.output.quantiles.middle(steps)[:, [int(one) for one in targets]]

    def batch(self) -> Batch:
        target = np.zeros_like(np.asarray(self.values), shape=(self.mode.horizon, self.mode.target_codec.size))
        return self._one(Encoded(self.values, target))

    def run(self) -> bool:
        values, _ = self.rows(1)
        if values is None:
            raise DataError("a forecast needs a series, got none")
        observe(self.mode, values, self.place or 0, int(self.options[0].target))
        return False
