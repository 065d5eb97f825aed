"""``ForecastHead``: the next steps of a series, each value as a mean or as quantiles.

    forecast    n_t + W_hy h_t + b_y       n_t: nothing, the last value or the value a season before each step
    error       e_t = mean over steps and columns of (n_t + z_t - y_t)^2, or of the pinball loss (`Quantiles`)

Values are standardised. Missing values of a target are left out of all means. An answer has the median as its value,
and all quantiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from recur.codecs.codec import WHOLE
from recur.heads.backtest import Backtest, counted
from recur.heads.head import Head, Sums, finite
from recur.heads.naive import PERSISTENCE, SEASONAL
from recur.heads.prediction import Prediction
from recur.heads.quantiles import MEDIAN, Quantiles
from recur.heads.refusals import refuse_smoothing, refuse_symbol_options
from recur.heads.scaling import own_units, write_own_units
from recur.nn import Readout
from recur.nn.graph_writer import GraphOutput, GraphWriter

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ForecastConfig, ModelConfig

_BASES = {"none": None, "last": PERSISTENCE, "season": SEASONAL}


class ForecastHead(Head):
    """Readout and error of the next S steps of C columns.

    Parameters
    ----------
    codec : Codec
        Of the columns that are forecast.
    input_size : int
        Columns of h_t.
    config : ModelConfig
        The dropout before the readout.
    forecast : ForecastConfig
        ``horizon``, ``strategy``, ``quantiles`` and ``relative_to``.

    Attributes
    ----------
    steps : int
        S, which are answered at once: the horizon, or 1 where each answer is read as input of the next.
    backtest : Backtest
        Metrics by step and by column, compared with naive forecasts.

    Raises
    ------
    ConfigError
        For options of symbols.
    """

    unit = "standard deviations"
    higher_is_better = False
    readout: Readout

    def __init__(self, codec: Codec, input_size: int, config: ModelConfig, forecast: ForecastConfig) -> None:
        super().__init__(config)
        refuse_symbol_options(config, "a forecast is numbers")
        self.quantiles = Quantiles(tuple(forecast.quantiles))
        self.steps = 1 if forecast.strategy == "recursive" else forecast.horizon
        self.columns = codec.size
        self._base = _BASES[forecast.relative_to]
        self.readout = Readout(input_size, self.steps * self.columns * self.quantiles.count)
        self.backtest = Backtest(
            forecast.horizon, codec.column_names(), codec.column_deviations(), self.quantiles, codec.season
        )
        self.metric = "pinball" if self.quantiles else "mse"

    def base(self, naive: Mapping[str, Tensor]) -> Tensor | None:
        """Return what forecasts are relative to, (K, S, C) of naive forecasts (K, H, C); None for nothing."""
        return None if self._base is None else naive[self._base][:, : self.steps]

    def forecasts(self, vectors: Tensor, base: Tensor | None) -> Tensor:
        """(K, H*) vectors to (K, S, C, Q); quantiles are in order, except in training."""
        return self._forecasts(self.readout(self.drop(vectors)), base)

    def measure(
        self, forecasts: Tensor, truth: Tensor, naive: Mapping[str, Tensor] | None = None
    ) -> tuple[Tensor, Sums]:
        """Return the mean error to backpropagate, and the sums for metrics.

        Parameters
        ----------
        forecasts : Tensor
            (K, H, C, Q), or their first steps.
        truth : Tensor
            (K, H, C), NaN where a value is missing.
        naive : mapping of str to Tensor, optional
            (K, H, C) naive forecasts by name, to compare with; without them the loss alone is summed.
        """
        truth = truth.to(forecasts.dtype)
        learned = truth[:, : forecasts.shape[1]]
        error, count = self.quantiles.error(forecasts, learned), counted(learned)
        sums: Sums = {"loss": (float(error.detach()) * count, count)}
        return error, sums if naive is None else sums | self.backtest.sums(forecasts.detach(), truth, naive)

    def targets_at(
        self, places: tuple[Tensor, Tensor], truth: Tensor, base: Tensor | None, vectors: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return targets of `error` and `errors`, and their mask (B, T), relative to the base as z is.

        Parameters
        ----------
        places : (Tensor, Tensor)
            (K,) rows and steps from which forecasts are made.
        truth : Tensor
            (K, H, C), or `one_value`.
        base : Tensor or None
            (K, S, C).
        vectors : Tensor
            (B, T, H*).
        """
        relative = truth[:, : self.steps]
        if base is not None:
            relative = relative - base.view(*base.shape, *[1] * (truth.dim() - base.dim()))
        targets = vectors.new_full((*vectors.shape[:2], *relative.shape[1:]), torch.nan)
        mask = torch.zeros(vectors.shape[:2], dtype=torch.bool, device=vectors.device)
        targets[places], mask[places] = relative.to(targets.dtype), True
        return targets, mask

    def one_value(self, step: int, column: int) -> Tensor:
        """Return the truth (1, S, C, Q) whose error is the squared distance of one value, the median, to the mean of
        the training values; all others are missing."""
        truth = torch.full((1, self.steps, self.columns, self.quantiles.count), torch.nan)
        truth[0, step, column, self.quantiles.median] = 0
        return truth.to(self.readout.weight.device)

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        return self.backtest.summary(sums)

    def tables(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, list[dict[str, Any]]]:
        """Return tables of metrics by name: compared with naive forecasts, by step ahead and by column."""
        return self.backtest.tables(sums)

    def answers(self, forecasts: Tensor, codec: Codec) -> list[Prediction]:
        """Return one answer for each of B forecasts (B, H, C, Q)."""
        return [self._answer(each, codec) for each in finite(forecasts).cpu().numpy()]

    def write(self, graph: GraphWriter, vectors: str, base: str | None) -> str:
        """Write `forecasts` (B, S, C, Q) of vectors (B, H*) as nodes of a graph."""
        values = self.readout.write(graph, vectors)
        values = graph.add("Reshape", values, graph.integers(-1, self.steps, self.columns, self.quantiles.count))
        if base is not None:
            values = graph.add("Add", values, graph.add("Unsqueeze", base, graph.integers(3)))
        return self.quantiles.write_ordered(graph, values)

    def write_answers(self, graph: GraphWriter, forecasts: str, steps: int, codec: Codec) -> list[GraphOutput]:
        """Write what is answered by forecasts (B, H, C, Q) of ``steps`` steps, in the units of the columns."""
        values = write_own_units(graph, codec, self.quantiles.write_middle(graph, forecasts))
        outputs = [GraphOutput("values", values, (steps, self.columns))]
        if self.quantiles:
            turned = write_own_units(graph, codec, graph.add("Transpose", forecasts, perm=[0, 1, 3, 2]))
            turned = graph.add("Transpose", turned, perm=[0, 1, 3, 2])
            outputs.append(GraphOutput("quantiles", turned, (steps, self.columns, self.quantiles.count)))
        return outputs

    def tensors(self, forecasts: Tensor, codec: Codec) -> dict[str, Tensor]:
        """Return the outputs of `write_answers` by name, computed by torch."""
        values = own_units(codec, forecasts.transpose(-1, -2)).transpose(-1, -2)
        return {"values": self.quantiles.middle(values), **({"quantiles": values} if self.quantiles else {})}

    def _forecasts(self, z: Tensor, base: Tensor | None) -> Tensor:
        values = z.view(len(z), self.steps, self.columns, -1)
        values = values if base is None else values + base[..., None]
        return values if self.training else self.quantiles.ordered(values)

    def _answer(self, forecast: np.ndarray, codec: Codec) -> Prediction:
        if not self.quantiles:
            value = codec.decode(forecast[..., 0])
            return Prediction(value, [], codec.show(value, WHOLE))
        values = {share: codec.decode(forecast[..., place]) for place, share in enumerate(self.quantiles.shares)}
        shown = codec.show(values[MEDIAN], WHOLE)
        if self.quantiles.interval is not None:
            low, high = self.quantiles.interval
            ends = f"{codec.show(values[low], WHOLE)} to {codec.show(values[high], WHOLE)}"
            shown += f"  [{100 * (high - low):g} %: {ends}]"
        return Prediction(values[MEDIAN], [], shown, quantiles=values)

    def _error(self, vectors: Tensor, targets: Tensor, label_smoothing: float) -> tuple[Tensor, Sums]:
        refuse_smoothing(label_smoothing, "this target is numbers")
        return self.measure(self._forecasts(self.readout(vectors), None), targets)

    def _each(self, z: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
        values = z[mask].view(-1, self.steps, self.columns, self.quantiles.count)
        truth = targets[mask]
        if truth.dim() < values.dim():
            return self.quantiles.errors(values, truth)
        gaps = (self.quantiles.ordered(values) - truth).nan_to_num()
        return gaps.square().flatten(1).sum(1)
