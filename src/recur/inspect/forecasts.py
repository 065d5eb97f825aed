"""Questions to networks that forecast: why this value, so many steps ahead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur import continuation
from recur.engine import watch
from recur.errors import DataError
from recur.heads.backtest import naive_steps
from recur.heads.forecast_errors import ForecastErrors
from recur.heads.prediction import Option
from recur.inspect.labels import place_of
from recur.inspect.question import Asked, Question, chosen_first
from recur.modes.forecast import REFERENCE, Forecast
from recur.modes.mode import need_input
from recur.network.batch import Batch, Encoded


class OneForecast(Question):
    """The value of one column, so many steps ahead; of quantiles the median.

    A recursive network reads its own answers up to that step; they are steps like those of the past.
    """

    unit = "standard deviations"
    exclusive = False
    mode: Forecast

    def __init__(self, mode: Forecast, series: Any, asked: Asked) -> None:
        super().__init__(mode, series)
        self.values = mode.encode_input(series)
        codec = mode.codec if mode.codec.size == 1 else need_input(mode.input_codec, mode.name)
        self.items = codec.step_labels(self._own_columns())
        self.removable = [True] * len(self.values)
        self.place = place_of(asked.at, [f"+{h + 1}" for h in range(mode.horizon)], last=0)
        [answer] = continuation.predict(mode, [series])
        self.answer = answer.shown
        decoded = np.asarray(answer.value, float).reshape(mode.horizon, -1)[self.place]
        names = mode.codec.column_names()
        labels = names if len(names) > 1 else [mode.codec.written(decoded[0], 0)]
        self.options = [Option(str(label), None, column) for column, label in enumerate(labels)]
        if asked.target is not None and not (len(names) == 1 and asked.target in (names[0], labels[0])):
            self.options = chosen_first(self.options, asked.target)

    def _own_columns(self) -> Any:
        """What the items are shown by: the column that is forecast where it is one, else all that is read."""
        values = np.asarray(self.values)
        return values[:, self.mode.columns] if self.mode.codec.size == 1 else values

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

    def labels_read(self, part: str) -> list[str]:
        del part
        return [*self.items, *(f"own answer +{h + 1}" for h in range(self.place or 0))]

    @property
    def _middle(self) -> int:
        return self.mode.quantiles.index(0.5) if self.mode.quantiles else 0

    def _forecast(self, values: Tensor | None, lengths: Tensor | None) -> Tensor:
        """(B, H, C, Q) of rows, up to the step that is asked."""
        mode = self.mode
        if values is None or lengths is None:
            raise DataError("a forecast needs a series, got none")
        own = values[:, :, mode.columns]
        naive = {
            name: naive_steps(own, (lengths - 1)[:, None], mode.horizon, season)[:, 0]
            for name, season in mode.figures.naive.items()
        }
        rows = torch.arange(len(values), device=values.device)
        return mode.guess(values, lengths, rows, lengths - 1, naive, length=(self.place or 0) + 1)

    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any]) -> Tensor:
        found = self._forecast(values, lengths)[:, self.place or 0, :, self._middle]
        return found[:, [int(one) for one in targets]]

    def batch(self) -> Batch:
        target = np.zeros_like(np.asarray(self.values), shape=(self.mode.horizon, self.mode.codec.size))
        return self._one(Encoded(self.values, target))

    def run(self) -> bool:
        """Read the past, and its own answers, up to the step that is asked; its error is the distance to the mean."""
        mode, place = self.mode, self.place or 0
        values, _ = self.rows(1)
        if values is None:
            raise DataError("a forecast needs a series, got none")
        outputs, state = mode.stack(mode.features(values))
        vectors, base = outputs, self._base(values)
        steps = mode.horizon if mode.how == "direct" else 1
        before = values[:, -1, mode.columns]
        for _ in range(place if mode.how == "recursive" else 0):
            answered = mode.read_out(vectors[:, -1], 1, base)[:, 0, :, self._middle]
            current = torch.empty_like(answered)
            current[:, mode.columns] = answered
            read = mode.inputs(current[:, None])[:, 0]
            read = torch.cat([read, answered - before], dim=-1) if mode.back else read
            vector, state = mode.stack.step(read, state)
            vectors, before = torch.cat([vectors, vector[:, None]], dim=1), answered
            base = mode.reference(answered[:, None])
        mask = torch.zeros(vectors.shape[:2], dtype=torch.bool, device=vectors.device)
        mask[:, -1] = True
        truth = torch.zeros(1, steps, mode.codec.size, dtype=vectors.dtype, device=vectors.device)
        chosen = (place if mode.how == "direct" else 0, int(self.options[0].target), self._middle)
        watcher = watch.current()
        if watcher is not None:
            watcher.answer(_OneValue(mode, base, truth, chosen), mode.drop(vectors), truth, mask)
        return False

    def _base(self, values: Tensor) -> Tensor | None:
        """(1, S, C) what the answer of the last step is relative to."""
        mode = self.mode
        own = values[:, :, mode.columns]
        name = REFERENCE[mode.relative_to]
        if not name:
            return None
        place = torch.tensor([[values.shape[1] - 1]], device=values.device)
        found: Tensor = naive_steps(own, place, mode.horizon, mode.figures.naive[name])[:, 0]
        return found if mode.how == "direct" else found[:, :1]


class _OneValue(ForecastErrors):
    """The squared distance of one value of a forecast to the mean."""

    def __init__(self, mode: Forecast, base: Tensor | None, truth: Tensor, chosen: tuple[int, int, int]) -> None:
        super().__init__(mode.readout, mode.figures, base, truth)
        self.sorted = bool(mode.quantiles)
        self.chosen = chosen

    def errors(self, vectors: Tensor, targets: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        del targets
        z: Tensor = self.readout(vectors)
        guess = self.guess(z, mask)
        if self.sorted:
            guess = guess.sort(dim=-1).values
        step, column, quantile = self.chosen
        return guess[:, step, column, quantile].square(), z
