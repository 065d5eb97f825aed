"""One value of a forecast, for observers that follow its error back: the network is run up to the step that gives it.

A recursive network reads its own answers up to that step, which are steps like those of the past.
"""

from __future__ import annotations

from itertools import islice

import torch
from torch import Tensor

from recur.modes.forecast import Forecast


def observe(mode: Forecast, values: Tensor, ahead: int, column: int) -> None:
    """Run over one series (1, T, C), and report the error of one value to the observer.

    Parameters
    ----------
    mode : Forecast
    values : Tensor
        (1, T, C).
    ahead : int
        Which of the next steps, from 0.
    column : int
        Which of the columns that are forecast.
    """
    head, direct = mode.output, mode.how == "direct"
    vectors, base = _steps(mode, values, 0 if direct else ahead)
    last = (torch.zeros(1, dtype=torch.long), torch.tensor([vectors.shape[1] - 1]))
    targets, mask = head.targets_at(last, head.one_value(ahead if direct else 0, column), base, vectors)
    head.report(head.drop(vectors), targets, mask)


def _steps(mode: Forecast, values: Tensor, own: int) -> tuple[Tensor, Tensor | None]:
    """h (1, T + own, H) of a series and of the network's own answers after it, and what the last is relative to."""
    head, known = mode.output, values[:, :, mode.columns]
    vectors, state = mode.stack(mode.features(values))
    last = torch.tensor([[values.shape[1] - 1]], device=values.device)
    base = head.base({name: each[:, 0] for name, each in head.backtest.naive(known, last).items()})
    steps = list(islice(mode.steps_ahead(vectors[:, -1], state, known[:, -1], base), own + 1))
    return torch.cat([vectors, *(step.vector[:, None] for step in steps[1:])], dim=1), steps[-1].base
