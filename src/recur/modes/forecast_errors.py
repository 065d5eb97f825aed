"""The error of each single forecast, for those who follow it back through the network that made it.

    e_k = mean over the H steps and the columns of (n_k + z_k - y_k)^2, or of the pinball loss

where k counts the steps from which a forecast is made. Of a recursive network it is the error of the first step, which
is what it learns from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recur.engine.watch import Watcher
from recur.modes.mode import Loss
from recur.network.batch import Batch
from recur.nn import Readout

if TYPE_CHECKING:
    from recur.modes.forecast import Forecast


class ForecastErrors:
    """What reads forecasts out: the readout, and what the answers are relative to.

    Parameters
    ----------
    mode : Forecast
    base : Tensor or None
        (K, S, C) what the answers are relative to; None for nothing.
    truth : Tensor
        (K, S, C).
    """

    def __init__(self, mode: Forecast, base: Tensor | None, truth: Tensor) -> None:
        self.mode, self.base, self.truth = mode, base, truth
        self.readout: Readout = mode.readout

    def errors(self, vectors: Tensor, targets: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """e (K,) of the forecasts made where ``mask`` (B, T) is true, and z (B, T, V) of vectors (B, T, H)."""
        del targets
        z: Tensor = self.readout(vectors)
        guess = z[mask].view(*self.truth.shape, -1)
        if self.base is not None:
            guess = guess + self.base[..., None]
        figures = self.mode.figures
        each = [figures.error(guess[k, None], self.truth[k, None]) for k in range(len(guess))]
        return (torch.stack(each) if each else z.new_zeros(0)), z


def step_by_step(
    mode: Forecast, watcher: Watcher, batch: Batch, asked: tuple[Tensor, Tensor], naive: Mapping[str, Tensor],
    truth: Tensor,
) -> Loss:  # fmt: skip
    """The loss that is learned from, with every forecast told to whoever looks on.

    Parameters
    ----------
    mode : Forecast
    watcher : Watcher
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
    steps = mode.horizon if mode.how == "direct" else 1
    names = {"none": "", "last": "persistence", "season": "seasonal naive"}
    base = naive.get(names[mode.config.relative_to])
    outputs, _ = mode.stack(mode._features(batch.inputs), lengths=batch.input_lengths)
    mask = torch.zeros(outputs.shape[:2], dtype=torch.bool, device=outputs.device)
    mask[asked] = True
    output = ForecastErrors(mode, None if base is None else base[:, :steps], truth[:, :steps])
    vectors = watcher.answer(output, mode.drop(outputs), batch.targets, mask)
    each, _ = output.errors(vectors, batch.targets, mask)
    return Loss(each.mean(), {"loss": (float(each.detach().sum()), float(len(each)))})
