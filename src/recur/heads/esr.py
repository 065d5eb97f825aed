"""``EsrHead``: numbers at every step as signals, whose error is a share of the energy of the target.

    v_t = y_t / s,   e_t = (y_t - answer) / s      in their own units, by the deviation s of the column
    ESR   = sum (e_t - 0.85 e_{t-1})^2 / sum (v_t - 0.85 v_{t-1})^2
    DC    = sum over rows of n (mean e_t)^2 / sum v_t^2             n: known steps of the row
    error = 0.75 ESR + 0.25 DC, the mean of all columns

The filter 1 - 0.85 z^-1 raises high frequencies, which the ear hears best. It starts from zero before the first step of
a row, or of a piece of truncated backpropagation, and after a missing value; missing and padded steps count nowhere.
In training the energy is that of the batch (of the piece), so that loud and quiet batches count alike; metrics divide
the sums over all batches once, and are the same for any batch size. An energy counts as at least ``FLOOR`` of the
variance of the training targets for each step, so that a silent target has a finite error.

Source: Wright, Damskägg and Välimäki 2019, Real-time black-box modelling with recurrent neural networks, section 3.2;
the shares of both terms are those of their later code (CoreAudioML).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor

from recur.heads.head import Sums, ratio, zero_error
from recur.heads.known_targets import known
from recur.heads.numbers import NumberHead
from recur.heads.refusals import refuse_smoothing
from recur.nn import shared_rows

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig

EMPHASIS = 0.85
ESR_SHARE, DC_SHARE = 0.75, 0.25
FLOOR = 1e-5


class EsrHead(NumberHead):
    """Readout and error-to-signal ratio of C columns at every step; the metric is the ratio without the filter.

    ``esr`` is sum (y_t - answer)^2 / sum y_t^2 in own units, of several columns the mean.
    """

    losses: ClassVar[frozenset[str]] = frozenset({"esr"})
    offset: Tensor

    def __init__(self, codec: Codec, input_size: int, config: ModelConfig) -> None:
        super().__init__(codec, input_size, config)
        self.metric = "esr"
        # of the codec, which every run folder has, and so not in the weights
        self.register_buffer("offset", torch.from_numpy(_offset(codec)), persistent=False)

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Return the loss, the error-to-signal ratios and the root mean square errors in the units of the columns."""
        empty = (0.0, 0.0)
        ratios, losses, roots = {}, [], {}
        for name, deviation in zip(self.columns, self.deviation, strict=True):
            square, energy, filtered, offset = (
                sums.get(f"{kind} {name}", empty) for kind in ("square", "energy", "filtered", "offset")
            )
            floor = FLOOR * square[1]
            ratios[name] = ratio((square[0], max(energy[0], floor)))
            roots[name] = math.sqrt(ratio(square)) * deviation
            parts = ratio((filtered[0], max(filtered[1], floor))), ratio((offset[0], max(energy[0], floor)))
            losses.append(ESR_SHARE * parts[0] + DC_SHARE * parts[1])
        metrics = {"loss": _mean(losses), "esr": _mean(list(ratios.values()))}
        if len(self.columns) == 1:
            return metrics | {"rmse": roots[self.columns[0]]}
        return metrics | {f"esr {name}": each for name, each in ratios.items()} | {
            f"rmse {name}": each for name, each in roots.items()
        }  # fmt: skip

    def _each(self, z: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
        """The share of each step in the error, times their number."""
        signal = _Signal(z, targets, mask, self.offset)
        energy, filtered_energy = signal.energies()
        shares = ESR_SHARE * signal.filtered_gap.square() / filtered_energy
        shares = shares + DC_SHARE * signal.means.square()[:, None] * signal.present / energy
        columns = signal.counts > 0
        return shares[mask][:, columns].sum(-1) * (mask.sum() / columns.sum().clamp(min=1))

    def _masked_error(
        self, vectors: Tensor, targets: Tensor, mask: Tensor | None, label_smoothing: float
    ) -> tuple[Tensor, Sums]:
        refuse_smoothing(label_smoothing, "this target is numbers")
        signal = _Signal(self.readout(vectors), targets, mask, self.offset)
        signal.count_all_rows()
        if not bool(signal.all_counts.any()):
            return vectors.sum() * 0.0 + zero_error(self), {"loss": (0.0, 0.0)}
        energy, filtered_energy = signal.energies()
        filtered, offset = signal.filtered_gap.square().sum((0, 1)), (signal.rows * signal.means.square()).sum(0)
        error = (ESR_SHARE * filtered / filtered_energy + DC_SHARE * offset / energy)[signal.all_counts > 0].mean()
        count = float(signal.counts.sum()) / len(self.columns)
        sums: Sums = {"loss": (float(error.detach()) * count, count)}
        measured = (
            signal.gap.square().sum((0, 1)), signal.counts, signal.energy, filtered, signal.filtered_energy, offset,
        )  # fmt: skip
        for name, values in zip(self.columns, torch.stack(measured).detach().double().T.tolist(), strict=True):
            square, steps, energy_sum, filtered_sum, filtered_energy_sum, offset_sum = values
            sums |= {
                f"square {name}": (square, steps), f"energy {name}": (energy_sum, steps),
                f"filtered {name}": (filtered_sum, filtered_energy_sum), f"offset {name}": (offset_sum, steps),
            }  # fmt: skip
        return error, sums

    def _of_whole_batch(self, mean: Tensor, sums: Sums) -> Tensor:
        del sums
        # the energies that it is divided by are those of the whole batch already
        share = shared_rows.current()
        return mean if share is None or share.counted else mean * 0.0


class _Signal:
    """The gaps e and the signal v (B, T, C), zero where a target is unknown, and their sums (C,)."""

    def __init__(self, values: Tensor, targets: Tensor, mask: Tensor | None, offset: Tensor) -> None:
        targets = targets.to(values.dtype)
        present = known(targets)
        self.present = present if mask is None else present & mask[..., None]
        zero = values.new_zeros(())
        self.gap = torch.where(self.present, targets - values, zero)
        signal = torch.where(self.present, targets + offset.to(values.dtype), zero)
        self.filtered_gap = torch.where(self.present, _emphasised(self.gap), zero)
        self.rows = self.present.sum(1).to(values.dtype)
        self.means = self.gap.sum(1) / self.rows.clamp(min=1)
        self.counts = self.rows.sum(0)
        self.energy = signal.square().sum((0, 1))
        self.filtered_energy = torch.where(self.present, _emphasised(signal), zero).square().sum((0, 1))
        self.all_counts, self._energy, self._filtered_energy = self.counts, self.energy, self.filtered_energy

    def count_all_rows(self) -> None:
        """Divide by the energies of the whole batch, where several processes share it."""
        every = shared_rows.total(torch.stack((self.counts, self.energy, self.filtered_energy)))
        self.all_counts, self._energy, self._filtered_energy = every

    def energies(self) -> tuple[Tensor, Tensor]:
        """The energy of each column and that of the filtered signal, to divide by."""
        floor = FLOOR * self.all_counts.clamp(min=1)
        return torch.maximum(self._energy, floor), torch.maximum(self._filtered_energy, floor)


def _emphasised(signal: Tensor) -> Tensor:
    """Filter (B, T, C) over time."""
    return torch.cat([signal[:, :1], signal[:, 1:] - EMPHASIS * signal[:, :-1]], 1)


def _offset(codec: Codec) -> np.ndarray:
    """The mean of each column, in its deviations."""
    mean, deviation = (np.asarray(each, np.float64).ravel() for each in codec.normalisation())
    offset: np.ndarray = (mean / deviation).astype(np.float32)
    return offset


def _mean(values: list[float]) -> float:
    """The mean of what is known."""
    some = [value for value in values if not math.isnan(value)]
    return sum(some) / len(some) if some else math.nan
