"""Forecast: at every step of a series, the next H steps of the target columns.

           x_2..x_4 x_3..x_5 x_4..x_6           H = 3
            ^        ^        ^
          +---+    +---+    +---+
          | h |--->| h |--->| h |
          +---+    +---+    +---+
            ^        ^        ^
           x_1      x_2      x_3

    direct      z_t = W_hy h_t + b_y            all H steps at once
    recursive   z_t = W_hy h_t + b_y            one step; read as if it had been observed, it gives the next one

    the forecast of x_{t+1} ... x_{t+H} is  n_t + z_t,  where n_t is nothing, the last value x_t, or the value one
    season before each of the steps (``relative_to``)

Where a forecast is relative to an earlier value, the network also reads how far each value is from the one as far
before it, x_t - x_{t-1} or x_t - x_{t-season}: what the naive forecast would have missed is what is to be learned.

Columns that are read but not forecast are known up to t only. With quantiles, z_t has one value for each of them and
the error is the pinball loss max(q (y - z), (q - 1) (y - z)); answers are sorted, so quantiles never cross, which never
makes the pinball loss larger (Chernozhukov, Fernandez-Val and Galichon 2010).

Sources: Koenker and Bassett 1978 (quantiles); Ben Taieb et al. 2012 (direct and recursive); Zhou et al. 2021
(Informer: how the data is cut and measured).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import torch
from torch import Tensor

from recur.cancellation import check_cancelled
from recur.codecs.codec import WHOLE
from recur.codecs.plain_text import shorten
from recur.decoding.options import Decoding
from recur.engine import observers
from recur.errors import ConfigError, DataError
from recur.heads.backtest import Backtest, counted, last_known, naive_steps
from recur.heads.forecast_errors import ForecastErrors
from recur.heads.head import finite
from recur.heads.prediction import Prediction
from recur.heads.refusals import refuse_smoothing, refuse_symbol_options
from recur.modes.mode import SAMPLE_CHARACTERS, Abilities, Loss, Mode, Sample, one_way
from recur.network import stack as network
from recur.network.batch import Batch, Encoded, Raw
from recur.network.inputs import Inputs
from recur.network.stack import Stack, State
from recur.nn import Readout
from recur.nn.dropout import Drop

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ForecastConfig, ModelConfig

SHOWN_PAST = 8  # steps of the past beside a forecast that is shown
REFERENCE = {"none": "", "last": "persistence", "season": "seasonal naive"}  # what a forecast is relative to
QUANTILES_READ_BACK = "quantiles of one step, fed back as input, are not quantiles of the later steps"


class Forecast(Mode):
    """A series to the next H steps of some of its columns.

    Parameters
    ----------
    input_codec : Codec
        Numbers: all columns that are read, including those of the target.
    target_codec : Codec
        The columns that are forecast; its ``season`` is that of the seasonal naive forecast.
    config : ModelConfig
        The network; it never reads both ways.
    forecast : ForecastConfig
        ``horizon`` (H), ``strategy`` (direct where it is not said), ``quantiles`` and ``relative_to``.

    Raises
    ------
    ConfigError
        When the codecs or the options do not fit.
    """

    name = "forecast"
    inputs: Inputs

    def __init__(
        self, input_codec: Codec | None, target_codec: Codec | None, config: ModelConfig, forecast: ForecastConfig
    ) -> None:
        if input_codec is None or target_codec is None or not (input_codec.numeric and target_codec.numeric):
            raise ConfigError("a forecast is made from numbers to numbers", hint="name columns of numbers")
        super().__init__(input_codec, target_codec, config)
        one_way(config, "a forecast")
        self.horizon, self.how = forecast.horizon, forecast.strategy or "direct"
        self.columns = _places(input_codec, target_codec)
        self.quantiles, self.relative_to = list(forecast.quantiles), forecast.relative_to
        _check_options(config, forecast, input_codec, target_codec)
        self.inputs = Inputs(input_codec, config)
        # how many steps back the value stands that a forecast is relative to
        self.back = {"none": 0, "last": 1, "season": target_codec.season}[forecast.relative_to]
        self.stack = Stack(config, self.inputs.size + (target_codec.size if self.back else 0))
        self.drop = Drop(config.dropout.rate, config.dropout.variational)
        steps = self.horizon if self.how == "direct" else 1
        self.readout = Readout(self.stack.output_size, steps * target_codec.size * max(1, len(self.quantiles)))
        self.figures = Backtest(
            self.horizon,
            target_codec.column_names(),
            target_codec.column_deviations(),
            self.quantiles,
            target_codec.season,
        )
        self.figure, self.higher_is_better = ("pinball" if self.quantiles else "mse"), False

    @property
    def abilities(self) -> Abilities:
        return Abilities("ahead")

    def items_written(self, decoding: Decoding) -> int:
        return decoding.length or self.horizon

    @property
    def middle(self) -> int:
        """Which of the quantiles is the median; 0 where there are none."""
        return self.quantiles.index(0.5) if self.quantiles else 0

    def encode_input(self, value: Any) -> np.ndarray:
        codec = self.input_codec
        array: np.ndarray = codec.encode(value) if codec is not None else np.zeros((0, 0), np.float32)
        if not len(array):
            raise DataError("a forecast needs a past of at least one step", hint="give a series with steps")
        return array

    def encode(self, example: Raw) -> Encoded:
        """The past (N - H, C) up to the last step that is asked, and what is forecast (M, C')."""
        rows = self.encode_input(example.input)
        target = self.target_codec.encode_target(example.target)
        if len(target) < self.horizon:
            return Encoded(rows[:0], target[:0])
        return Encoded(rows[: len(rows) - self.horizon], target)

    def loss(
        self, batch: Batch, state: Any | None = None, *, label_smoothing: float = 0.0, teacher_forcing: float = 1.0
    ) -> Loss:
        del state, teacher_forcing
        refuse_smoothing(label_smoothing, "this target is numbers")
        if batch.inputs is None or batch.input_lengths is None or batch.target_lengths is None:
            raise DataError("a forecast needs a series, got none")
        asked = (batch.target_lengths - self.horizon + 1).clamp(min=0)
        most = int(asked.max()) if len(asked) else 0
        if most == 0:
            nothing = sum((one.sum() * 0.0 for one in self.parameters()), torch.zeros((), device=self.device))
            return Loss(nothing, {"loss": (0.0, 0.0)})
        # the last steps of a row are those from which a forecast is made
        order = torch.arange(most, device=self.device)
        places = (batch.input_lengths - asked)[:, None] + order
        mask = order < asked[:, None]
        truth = batch.targets.unfold(1, self.horizon, 1)[:, :most].transpose(2, 3)[mask].to(self.readout.weight.dtype)
        own = batch.inputs[:, :, self.columns]
        naive = {
            name: naive_steps(own, places.clamp(min=0), self.horizon, season)[mask]
            for name, season in self.figures.naive.items()
        }
        rows = torch.arange(len(own), device=self.device)[:, None].expand_as(places)[mask]
        observer = observers.current()
        if observer is not None:
            return self._watched(observer, batch, (rows, places[mask]), naive, truth)
        guess = self.guess(batch.inputs, batch.input_lengths, rows, places[mask], naive)
        error = self.figures.error(guess, truth[:, : guess.shape[1]])
        count = counted(truth[:, : guess.shape[1]])
        sums = {"loss": (float(error.detach()) * count, count)}
        if not self.training:
            there = self._last_known(own, batch.targets, places[:, 0] + 1)
            simple = {
                name: naive_steps(there, places.clamp(min=0), self.horizon, season)[mask]
                for name, season in self.figures.naive.items()
            }
            sums |= self.figures.sums(guess.detach(), truth, simple)
        return Loss(error, sums)

    def _watched(
        self, observer: observers.Observer, batch: Batch, asked: tuple[Tensor, Tensor], naive: Mapping[str, Tensor],
        truth: Tensor,
    ) -> Loss:  # fmt: skip
        """The loss that is learned from, with every forecast reported to the observer.

        Parameters
        ----------
        observer : Observer
        batch : Batch
        asked : (Tensor, Tensor)
            (K,) rows and steps from which forecasts are made.
        naive : mapping of str to Tensor
            (K, H, C) simple forecasts by name.
        truth : Tensor
            (K, H, C).
        """
        if batch.inputs is None:
            raise ValueError("a forecast needs a series")
        steps = self.horizon if self.how == "direct" else 1
        base = naive.get(REFERENCE[self.relative_to])
        outputs, _ = self.stack(self.features(batch.inputs), lengths=batch.input_lengths)
        mask = torch.zeros(outputs.shape[:2], dtype=torch.bool, device=outputs.device)
        mask[asked] = True
        output = ForecastErrors(self.readout, self.figures, None if base is None else base[:, :steps], truth[:, :steps])
        vectors = observer.answer(output, self.drop(outputs), batch.targets, mask)
        each, _ = output.errors(vectors, batch.targets, mask)
        return Loss(each.mean(), {"loss": (float(each.detach().sum()), float(len(each)))})

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        return self.figures.summary(sums)

    def tables(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, list[dict[str, Any]]]:
        return self.figures.tables(sums)

    def _last_known(self, own: Tensor, truth: Tensor, starts: Tensor) -> Tensor:
        """What naive forecasts repeat: no value that was filled in."""
        if not bool(truth.isnan().any()) and not self.target_codec.missing_count:
            return own
        return last_known(own, truth, starts, filled=self.target_codec.fill)

    def simple_guesses(self, rows: Iterable[Encoded]) -> dict[str, dict[str, tuple[float, float]]]:
        """What persistence and the seasonal naive forecast reach on encoded rows, as sums for `summary`."""
        found: dict[str, dict[str, tuple[float, float]]] = {}
        for row in rows:
            asked = len(row.target) - self.horizon + 1
            if row.input is None or asked < 1:
                continue
            own = torch.from_numpy(row.input[None, :, self.columns])
            truth = torch.from_numpy(row.target).unfold(0, self.horizon, 1).transpose(1, 2)
            places = torch.arange(len(row.input) - asked, len(row.input))[None]
            own = self._last_known(own, torch.from_numpy(row.target[None]), places[:, 0] + 1)
            for name, season in self.figures.naive.items():
                guess = naive_steps(own, places, self.horizon, season)[0]
                sums = found.setdefault(name, {})
                for key, (numerator, denominator) in self.figures.simple(guess, truth).items():
                    before = sums.get(key, (0.0, 0.0))
                    sums[key] = (before[0] + numerator, before[1] + denominator)
        return found

    def predict(self, inputs: Sequence[Any], *, top: int = 1, **decoding: Any) -> list[Prediction]:
        """Forecast what follows each series: H steps, or ``length`` of them.

        Any length where it is recursive and has no quantiles; otherwise at most H.
        """
        length = Decoding.of(decoding, top=top).length or self.horizon
        if length > self.horizon and self.how == "direct":
            raise ConfigError(
                f"this network answers {self.horizon} steps at once, and {length} were requested",
                hint=f"request at most {self.horizon}, or train with --horizon {length} or --forecast recursive",
            )
        if length > self.horizon and self.quantiles:
            raise ConfigError(
                QUANTILES_READ_BACK,
                hint=f"ask for {self.horizon} step, or train with --forecast direct and its horizon",
            )
        answers = []
        with self.answering():
            for values, lengths, _ in self.input_batches(inputs):
                if values is None or lengths is None:
                    raise DataError("a forecast needs a series, got none")
                guess = self.next_steps(values, lengths, length)[:, :length]
                answers += [self._prediction(one) for one in finite(guess).cpu().numpy()]
        return answers

    def samples(self, examples: Sequence[Raw], *, count: int = 3) -> list[Sample]:
        found = []
        for index in range(min(count, len(examples))):
            rows, target = np.asarray(examples[index].input), np.asarray(examples[index].target)
            past = rows[: len(rows) - len(target)]
            if not len(past) or len(target) < self.horizon:
                continue
            [answer] = self.predict([past])
            codec = self.target_codec
            before = past[-SHOWN_PAST:][:, self.columns]
            found.append(
                Sample(codec.show(before), codec.show(target[: self.horizon]), shorten(answer.shown, SAMPLE_CHARACTERS))
            )
        return found

    def next_steps(self, values: Tensor, lengths: Tensor, length: int) -> Tensor:
        """The forecasts (B, H, C', Q) of what follows series (B, T, C); of a recursive network ``length`` steps."""
        rows, places = torch.arange(len(values), device=values.device), lengths - 1
        naive = {
            name: naive_steps(values[:, :, self.columns], places[:, None], self.horizon, season)[:, 0]
            for name, season in self.figures.naive.items()
        }
        return self.guess(values, lengths, rows, places, naive, length=length)

    def guess(
        self, inputs: Tensor, lengths: Tensor, rows: Tensor, places: Tensor, naive: Mapping[str, Tensor],
        *, length: int | None = None,
    ) -> Tensor:  # fmt: skip
        """The forecasts (K, H, C', Q) made at K places of rows; of a recursive network, in training, their first step.

        Q is 1 without quantiles.
        """
        if self.how == "direct":
            outputs, _ = self.stack(self.features(inputs), lengths=lengths)
            base = {"none": None, "last": naive["persistence"], "season": naive.get("seasonal naive")}
            return self.read_out(outputs[rows, places], self.horizon, base[self.relative_to])
        if self.training:
            outputs, _ = self.stack(self.features(inputs), lengths=lengths)
            return self.read_out(outputs[rows, places], 1, self.reference(naive["persistence"][:, :1]))
        outputs, states = self.stack.everywhere(self.features(inputs), lengths=lengths)
        state: State = network.select(states, rows * inputs.shape[1] + places)
        step = self.read_out(outputs[rows, places], 1, self.reference(naive["persistence"][:, :1]))
        steps, before = [step], naive["persistence"][:, 0]
        while len(steps) < (length or self.horizon):
            check_cancelled()
            answered = step[:, 0, :, 0]
            vector, state = self.read_answer(answered, before, state)
            before = answered
            step = self.read_out(vector, 1, self.reference(step[..., 0]))
            steps.append(step)
        return torch.cat(steps, dim=1)

    def read_answer(self, answered: Tensor, before: Tensor, state: State) -> tuple[Tensor, State]:
        """Read an answer (B, C') as if it had been observed after ``before``; return h (B, H) and the state after."""
        # the columns that are read are those that are forecast, in another order perhaps
        current = torch.empty_like(answered)
        current[:, self.columns] = answered
        read = self.inputs(current[:, None])[:, 0]
        return self.stack.step(torch.cat([read, answered - before], dim=-1) if self.back else read, state)

    def features(self, values: Tensor) -> Tensor:
        """What is read of values (B, T, C): themselves, and their change where a forecast is relative."""
        vectors: Tensor = self.inputs(values)
        if not self.back:
            return vectors
        own = values[:, :, self.columns]
        change = torch.zeros_like(own)
        change[:, self.back :] = own[:, self.back :] - own[:, : -self.back]
        return torch.cat([vectors, change], dim=-1)

    def reference(self, value: Tensor) -> Tensor | None:
        """What the step after ``value`` is relative to."""
        return value if self.relative_to == "last" else None

    def read_out(self, vectors: Tensor, steps: int, base: Tensor | None) -> Tensor:
        """(K, H*) vectors to (K, steps, C', Q)."""
        values: Tensor = self.readout(self.drop(vectors)).view(len(vectors), steps, self.target_codec.size, -1)
        if base is not None:
            values = values + base[..., None]
        if self.training or not self.quantiles:
            return values
        ordered: Tensor = values.sort(dim=-1).values
        return ordered

    def _prediction(self, guess: np.ndarray) -> Prediction:
        """An answer of (H, C', Q) standardised numbers."""
        codec = self.target_codec
        if not self.quantiles:
            value = codec.decode(guess[..., 0])
            return Prediction(value, [], codec.show(value, WHOLE))
        found = {share: codec.decode(guess[..., index]) for index, share in enumerate(self.quantiles)}
        shown = codec.show(found[0.5], WHOLE)
        if len(self.quantiles) > 1:
            low, high = self.quantiles[0], self.quantiles[-1]
            shown += (
                f"  [{100 * (high - low):g} %: {codec.show(found[low], WHOLE)} to {codec.show(found[high], WHOLE)}]"
            )
        return Prediction(found[0.5], [], shown, quantiles=found)


def forecasts(mode: Mode) -> TypeGuard[Forecast]:
    """Return whether a mode answers with the next steps of a series, all of them at every step."""
    return isinstance(mode, Forecast)


def _places(input_codec: Codec, target_codec: Codec) -> list[int]:
    """Which columns of the input those of the target are."""
    read, forecast = input_codec.column_names(), target_codec.column_names()
    absent = [name for name in forecast if name not in read]
    if absent:
        raise ConfigError(
            f'a forecast reads the past of what it forecasts, and "{absent[0]}" is not among its inputs '
            f"({', '.join(read[:12])})",
            hint=f'--input "{absent[0]}" beside the others',
        )
    return [read.index(name) for name in forecast]


def _check_options(config: ModelConfig, forecast: ForecastConfig, input_codec: Codec, target_codec: Codec) -> None:
    refuse_symbol_options(config, "a forecast is numbers")
    if forecast.relative_to == "season" and target_codec.season < 2:
        raise ConfigError(
            "relative_to = season needs a season, and none was found in the series",
            hint="--season STEPS, or --relative-to last",
        )
    if forecast.strategy != "recursive":
        return
    answered = target_codec.column_names()
    extra = [name for name in input_codec.column_names() if name not in answered]
    if extra:
        raise ConfigError(
            f'a recursive forecast reads its own answers, and "{extra[0]}" is read but not forecast',
            hint="--forecast direct, or forecast every column that is read",
        )
    if forecast.quantiles and forecast.horizon > 1:
        raise ConfigError(QUANTILES_READ_BACK, hint="--forecast direct")
    if forecast.relative_to == "season":
        raise ConfigError("relative_to = season is for direct forecasts", hint="--forecast direct")
