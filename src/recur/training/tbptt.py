"""Truncated backpropagation through time: windows of a stream, the state carried from one to the next.

::

    k2 = bptt            steps that errors travel back
    k1 = bptt_stride     steps between updates; k1 = k2 unless it is given

    k1 = k2      |---- window 1 ----|---- window 2 ----|          every error is used once, within its window
                              state ->

    k1 < k2      |-------- window 1 --------|
                           |-------- window 2 --------|           only the errors of the last k1 steps are new;
                 |<- k1 ->| state                                 the steps before them are there to travel back

The state that is carried is detached: its value continues, its history does not. At the start of a document it is
zeroed, inside the window, by ``resets``. Sources: Williams & Peng 1990, BPTT(h; h'); Sutskever 2013, section 2.8.6.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from recur.config import TrainingConfig
from recur.modes import Loss, Mode
from recur.network import Batch
from recur.nn import one_sequence


def error(
    mode: Mode, batch: Batch, state: Any, config: TrainingConfig, *, carries: bool, first: bool, teacher_forcing: float
) -> tuple[Loss, Any]:
    """Return the error of a batch, and the state with which the next batch begins.

    Parameters
    ----------
    mode : Mode
    batch : Batch
        Rows, or a window (B, K) of a stream.
    state : object
        The state carried from the batch before, None at the beginning.
    config : TrainingConfig
    carries : bool
        Whether each batch continues the one before it, as a stream.
    first : bool
        Whether this is the first window of a stream, where all errors are new.
    teacher_forcing : float
        Share of true symbols fed to a decoder.
    """
    options = {"label_smoothing": config.regularization.label_smoothing, "teacher_forcing": teacher_forcing}
    if not carries:
        return mode.loss(batch, None, **options), None
    stride = config.bptt.update_every
    if stride == config.bptt.steps:
        loss = mode.loss(batch, state, **options)
        return loss, detach(loss.state)
    return _overlapping(mode, batch, state, config.bptt.steps, stride, first, options)


def detach(state: Any) -> Any:
    """The values of a state without its history."""
    return map_tensors(lambda tensor: tensor.detach(), state)


def map_tensors(change: Callable[[Tensor], Tensor], state: Any) -> Any:
    """Apply a function to every tensor of nested lists, tuples and dictionaries; None stays None."""
    if isinstance(state, Tensor):
        return change(state)
    if isinstance(state, dict):
        return {name: map_tensors(change, part) for name, part in state.items()}
    return state if state is None else type(state)(map_tensors(change, part) for part in state)


def _overlapping(
    mode: Mode, batch: Batch, state: Any, bptt: int, stride: int, first: bool, options: dict[str, float]
) -> tuple[Loss, Any]:
    """Compute a window in pieces: keep the state at k1, backpropagate the errors of the last k1 steps."""
    steps = batch.targets.shape[1]
    overlap = 0 if first else bptt - stride
    cuts = sorted({0, min(stride, steps), min(overlap, steps), steps})
    carried, parts = state, []
    # masks that hold for all steps hold over the pieces of one window
    with one_sequence(mode):
        for start, stop in pairwise(cuts):
            loss = mode.loss(piece(batch, start, stop), state, **options)
            state = loss.state
            if stop == stride:
                carried = detach(state)
            if start >= overlap:
                parts.append(loss)
    if len(parts) == 1:
        return parts[0], carried
    # windows are equally long, so each piece's mean counts by its predictions
    count = sum(part.sums["loss"][1] for part in parts)
    mean = torch.stack([part.mean * (part.sums["loss"][1] / max(1.0, count)) for part in parts]).sum()
    sums = {
        name: (sum(part.sums[name][0] for part in parts), sum(part.sums[name][1] for part in parts))
        for name in parts[0].sums
    }
    return Loss(mean, sums, state), carried


def piece(batch: Batch, start: int, stop: int) -> Batch:
    """The steps ``start`` to ``stop`` of a window (B, K)."""
    parts: dict[str, Any] = {
        name: None if value is None else value[:, start:stop]
        for name, value in (("inputs", batch.inputs), ("targets", batch.targets), ("resets", batch.resets))
    }
    return dataclasses.replace(batch, **parts)
