"""One value of a forecast, for observers that follow its error back: the network is run up to the step that gives it.

A recursive network reads its own answers on the way, which are steps like those of the past.
"""

from __future__ import annotations

import torch
from torch import Tensor

from recur.engine import observers
from recur.heads.backtest import naive_steps
from recur.heads.forecast_errors import OneValueError
from recur.modes.forecast import REFERENCE, Forecast


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
    direct = mode.how == "direct"
    vectors, base = _steps(mode, values, 0 if direct else ahead)
    mask = torch.zeros(vectors.shape[:2], dtype=torch.bool, device=vectors.device)
    mask[:, -1] = True
    truth = vectors.new_zeros(1, mode.horizon if direct else 1, mode.target_codec.size)
    head = OneValueError(
        mode.readout, mode.figures, base, truth, step=ahead if direct else 0, column=column, quantile=mode.middle
    )
    observer = observers.current()
    if observer is not None:
        observer.answer(head, mode.drop(vectors), truth, mask)


def _steps(mode: Forecast, values: Tensor, own: int) -> tuple[Tensor, Tensor | None]:
    """h (1, T + own, H) of a series and of the network's own answers after it, and what the last is relative to."""
    vectors, state = mode.stack(mode.features(values))
    base, before = _reference(mode, values), values[:, -1, mode.columns]
    for _ in range(own):
        answered = mode.read_out(vectors[:, -1], 1, base)[:, 0, :, mode.middle]
        vector, state = mode.read_answer(answered, before, state)
        vectors, before = torch.cat([vectors, vector[:, None]], dim=1), answered
        base = mode.reference(answered[:, None])
    return vectors, base


def _reference(mode: Forecast, values: Tensor) -> Tensor | None:
    """(1, S, C') what the forecast after a series is relative to; None for nothing."""
    name = REFERENCE[mode.relative_to]
    if not name:
        return None
    last = torch.tensor([[values.shape[1] - 1]], device=values.device)
    found: Tensor = naive_steps(values[:, :, mode.columns], last, mode.horizon, mode.figures.naive[name])[:, 0]
    return found if mode.how == "direct" else found[:, :1]
