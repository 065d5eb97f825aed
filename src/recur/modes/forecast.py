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

Where a forecast is relative to an earlier value, the network also reads the difference of each value from the one as
far before it, x_t - x_{t-1} or x_t - x_{t-season}: the error of the naive forecast, which is what the network learns.

Columns that are read but not forecast are known up to t only. The readout, its error, quantiles and metrics are those
of `recur.heads.forecast.ForecastHead`.

Sources: Ben Taieb et al. 2012 (direct and recursive); Zhou et al. 2021 (Informer: how the data is cut and measured).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeGuard

import numpy as np
import torch
from torch import Tensor

from recur.cancellation import check_cancelled
from recur.codecs.plain_text import shorten
from recur.decoding.options import Decoding
from recur.engine import observers
from recur.errors import ConfigError, DataError
from recur.heads.forecast import ForecastHead
from recur.heads.head import Sums, add_sums, zero_error
from recur.heads.naive import PERSISTENCE, last_known
from recur.heads.prediction import Prediction
from recur.heads.refusals import refuse_smoothing
from recur.modes.abilities import Abilities
from recur.modes.mode import SAMPLE_CHARACTERS, Loss, Mode, Sample, require_one_direction
from recur.network import stack as network
from recur.network.batch import Batch, Encoded, Raw
from recur.network.inputs import Inputs
from recur.network.stack import Stack, State
from recur.nn import shared_rows
from recur.nn.shared_rows import RowShare, part_of_mean

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ForecastConfig, ModelConfig

SHOWN_PAST = 8  # steps of the past beside a forecast that is shown
QUANTILES_READ_BACK = "quantiles of one step, fed back as input, are not quantiles of the later steps"


class Origins(NamedTuple):
    """The steps of a batch from which forecasts are made, the last of what is known.

    Attributes
    ----------
    steps : Tensor
        (B, O), padded.
    mask : Tensor
        (B, O) bool: the K that are real.
    """

    steps: Tensor
    mask: Tensor

    @property
    def places(self) -> tuple[Tensor, Tensor]:
        """(K,) rows and steps."""
        rows = torch.arange(len(self.steps), device=self.steps.device)[:, None].expand_as(self.steps)
        return rows[self.mask], self.steps[self.mask]


class Ahead(NamedTuple):
    """One step ahead of a recursive network: h (B, H*), what its forecast is relative to, and (B, 1, C', Q)."""

    vector: Tensor
    base: Tensor | None
    forecast: Tensor


class Forecast(Mode):
    """A series to the next H steps of some of its columns.

    Parameters
    ----------
    input_codec : Codec
        Numbers: all columns that are read, including those of the target.
    target_codec : Codec
        The columns that are forecast; its ``season`` is that of the seasonal naive forecast.
    config : ModelConfig
        The network; it never reads in both directions.
    forecast : ForecastConfig
        ``horizon`` (H), ``strategy`` (by default direct), ``quantiles`` and ``relative_to``.

    Raises
    ------
    ConfigError
        When the codecs or the options do not fit.
    """

    name = "forecast"
    former_names: ClassVar[Mapping[str, str]] = {
        f"readout.{each}": f"output.readout.{each}" for each in ("weight", "bias")
    }  # fmt: skip
    inputs: Inputs

    def __init__(
        self, input_codec: Codec | None, target_codec: Codec | None, config: ModelConfig, forecast: ForecastConfig
    ) -> None:
        if input_codec is None or target_codec is None or not (input_codec.numeric and target_codec.numeric):
            raise ConfigError("a forecast is made from numbers to numbers", hint="name columns of numbers")
        super().__init__(input_codec, target_codec, config)
        require_one_direction(config, "a forecast")
        self.horizon, self.how = forecast.horizon, forecast.strategy or "direct"
        self.columns = _places(input_codec, target_codec)
        self.relative_to = forecast.relative_to
        _check_options(forecast, input_codec, target_codec)
        self.inputs = Inputs(input_codec, config)
        # how many steps back the value is that a forecast is relative to
        self.back = {"none": 0, "last": 1, "season": target_codec.season}[forecast.relative_to]
        self.stack = Stack(config, self.inputs.size + (target_codec.size if self.back else 0))
        self.output = ForecastHead(target_codec, self.stack.output_size, config, forecast)

    @property
    def abilities(self) -> Abilities:
        return Abilities("ahead")

    @property
    def head(self) -> ForecastHead:
        return self.output

    def items_written(self, decoding: Decoding) -> int:
        return decoding.length or self.horizon

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
        counts = (batch.target_lengths - self.horizon + 1).clamp(min=0)
        most = int(counts.max()) if len(counts) else 0
        share = shared_rows.of_places(counts)
        # rows of other processes may have forecasts, for which this one draws the same numbers
        if most == 0 and (share is None or share.total == 0):
            return Loss(zero_error(self), {"loss": (0.0, 0.0)})
        # forecasts are made from the last steps of a row
        order = torch.arange(most, device=self.device)
        steps, mask = (batch.input_lengths - counts)[:, None] + order, order < counts[:, None]
        origins = Origins(steps.clamp(min=0), mask)
        truth = batch.targets.unfold(1, self.horizon, 1)[:, :most].transpose(2, 3)[mask]
        own = batch.inputs[:, :, self.columns]
        naive = self._naive(own, origins)
        if observers.current() is not None:
            return self._observed(batch.inputs, batch.input_lengths, origins, naive, truth)
        forecasts = self.forecasts(batch.inputs, batch.input_lengths, origins.places, naive, share=share)
        if self.training:
            mean, sums = self.output.measure(forecasts, truth)
            return Loss(part_of_mean(mean, sums["loss"][1]), sums)
        known = self._last_known(own, batch.targets, steps[:, 0] + 1)
        return Loss(*self.output.measure(forecasts, truth, self._naive(known, origins)))

    def _observed(
        self, inputs: Tensor, lengths: Tensor, origins: Origins, naive: Mapping[str, Tensor], truth: Tensor
    ) -> Loss:
        """The loss of what is learned, one step of a recursive network, at the steps that an observer sees."""
        outputs, _ = self.stack(self.features(inputs), lengths=lengths)
        targets, mask = self.output.targets_at(origins.places, truth, self.output.base(naive), outputs)
        return Loss(*self.output.error(outputs, targets, mask))

    def _naive(self, own: Tensor, origins: Origins) -> dict[str, Tensor]:
        """Naive forecasts (K, H, C') by name."""
        return {name: each[origins.mask] for name, each in self.output.backtest.naive(own, origins.steps).items()}

    def tables(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, list[dict[str, Any]]]:
        return self.output.tables(sums)

    def _last_known(self, own: Tensor, truth: Tensor, starts: Tensor) -> Tensor:
        """What naive forecasts repeat: no value that was filled in."""
        if not bool(truth.isnan().any()) and not self.target_codec.missing_count:
            return own
        return last_known(own, truth, starts, filled=self.target_codec.fill)

    def simple_guesses(self, rows: Iterable[Encoded]) -> dict[str, Sums]:
        """What persistence and the seasonal naive forecast reach on encoded rows, as sums for `summary`."""
        backtest = self.output.backtest
        baselines: dict[str, Sums] = {}
        for row in rows:
            count = len(row.target) - self.horizon + 1
            if row.input is None or count < 1:
                continue
            own = torch.from_numpy(row.input[None, :, self.columns])
            truth = torch.from_numpy(row.target).unfold(0, self.horizon, 1).transpose(1, 2)
            places = torch.arange(len(row.input) - count, len(row.input))[None]
            own = self._last_known(own, torch.from_numpy(row.target[None]), places[:, 0] + 1)
            for name, forecasts in backtest.naive(own, places).items():
                add_sums(baselines.setdefault(name, {}), backtest.simple(forecasts[0], truth))
        return baselines

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
        if length > self.horizon and self.output.quantiles:
            raise ConfigError(
                QUANTILES_READ_BACK,
                hint=f"ask for {self.horizon} step, or train with --forecast direct and its horizon",
            )
        answers = []
        with self.answering():
            for values, lengths, _ in self.input_batches(inputs):
                if values is None or lengths is None:
                    raise DataError("a forecast needs a series, got none")
                answers += self.output.answers(self.next_steps(values, lengths, length)[:, :length], self.target_codec)
        return answers

    def samples(self, examples: Sequence[Raw], *, count: int = 3) -> list[Sample]:
        samples = []
        for index in range(min(count, len(examples))):
            rows, target = np.asarray(examples[index].input), np.asarray(examples[index].target)
            past = rows[: len(rows) - len(target)]
            if not len(past) or len(target) < self.horizon:
                continue
            [answer] = self.predict([past])
            codec = self.target_codec
            before = past[-SHOWN_PAST:][:, self.columns]
            samples.append(
                Sample(codec.show(before), codec.show(target[: self.horizon]), shorten(answer.shown, SAMPLE_CHARACTERS))
            )
        return samples

    def next_steps(self, values: Tensor, lengths: Tensor, length: int) -> Tensor:
        """The forecasts (B, H, C', Q) of what follows series (B, T, C); of a recursive network ``length`` steps."""
        last = Origins(lengths[:, None] - 1, torch.ones(len(lengths), 1, dtype=torch.bool, device=values.device))
        naive = self._naive(values[:, :, self.columns], last)
        return self.forecasts(values, lengths, last.places, naive, length=length)

    def forecasts(
        self, inputs: Tensor, lengths: Tensor, places: tuple[Tensor, Tensor], naive: Mapping[str, Tensor],
        *, length: int | None = None, share: RowShare | None = None,
    ) -> Tensor:  # fmt: skip
        """The forecasts (K, H, C', Q) from K places (rows and steps); of a recursive network, in training, their first
        step. ``share`` tells which of the places of a batch these are, where several processes share it."""
        base, head = self.output.base(naive), self.output
        if self.how == "direct" or self.training:
            outputs, _ = self.stack(self.features(inputs), lengths=lengths)
            with shared_rows.sharing(share):
                return head.forecasts(outputs[places], base)
        outputs, states = self.stack.everywhere(self.features(inputs), lengths=lengths)
        rows, steps = places
        state: State = network.select(states, rows * inputs.shape[1] + steps)
        ahead = self.steps_ahead(outputs[places], state, naive[PERSISTENCE][:, 0], base)
        return torch.cat([step.forecast for step in islice(ahead, length or self.horizon)], dim=1)

    def steps_ahead(self, vector: Tensor, state: State, before: Tensor, base: Tensor | None) -> Iterator[Ahead]:
        """Yield the steps ahead of a recursive network without end, each after its own answer to the one before.

        Parameters
        ----------
        vector : Tensor
            (B, H*) after the last known step.
        state : State
            Of the network, after that step.
        before : Tensor
            (B, C') the values of that step.
        base : Tensor or None
            (B, 1, C') what the first forecast is relative to.
        """
        head = self.output
        while True:
            check_cancelled()
            step = Ahead(vector, base, head.forecasts(vector, base))
            yield step
            answer = head.quantiles.middle(step.forecast)[:, 0]
            vector, state = self._read_answer(answer, before, state)
            before, base = answer, head.base({PERSISTENCE: answer[:, None]})

    def _read_answer(self, answer: Tensor, before: Tensor, state: State) -> tuple[Tensor, State]:
        """Read an answer (B, C') as if it had been observed after ``before``; return h (B, H) and the state after."""
        # the columns that are read are those that are forecast, in another order perhaps
        current = torch.empty_like(answer)
        current[:, self.columns] = answer
        read = self.inputs(current[:, None])[:, 0]
        return self.stack.step(torch.cat([read, answer - before], dim=-1) if self.back else read, state)

    def features(self, values: Tensor) -> Tensor:
        """What is read of values (B, T, C): themselves, and their change where a forecast is relative."""
        vectors: Tensor = self.inputs(values)
        if not self.back:
            return vectors
        own = values[:, :, self.columns]
        change = torch.zeros_like(own)
        change[:, self.back :] = own[:, self.back :] - own[:, : -self.back]
        return torch.cat([vectors, change], dim=-1)


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


def _check_options(forecast: ForecastConfig, input_codec: Codec, target_codec: Codec) -> None:
    fed = next((name for name in target_codec.column_names() if name in input_codec.from_zero), None)
    if fed is not None:
        raise ConfigError(
            f'the column "{fed}" feeds the cell and is forecast: it would have two scales',
            hint="forecast other columns, or copy the column under another name",
        )
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
