"""What training a network takes: its parameters, its memory, and the time of one epoch on this machine."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass

import numpy as np

from recur.config import Config
from recur.data import Roles
from recur.data.counts import Epoch
from recur.modes import Mode
from recur.nn.summary import parameter_count, summarize
from recur.training.memory import needed_bytes

# of the speed of one large matrix product, what a recurrence reaches while it learns
_EFFICIENCY = 0.35
# seconds that one step of one layer costs on top, forward and backward
_OVERHEAD = 60e-6
# numbers that are kept for the backward pass per output: of a step of a recurrence, and of any other layer
_KEPT, _KEPT_ELSEWHERE = 12, 3
_FLOAT = 4  # bytes


@dataclass(frozen=True)
class Estimate:
    """What training takes.

    Attributes
    ----------
    parameters : int
        Numbers that are learned.
    memory_bytes : int
        Weights, gradients, what the optimizer keeps, and what one batch keeps for the backward pass.
    seconds_per_epoch : float
        On this machine, from the speed of a matrix product measured now.
    """

    parameters: int
    memory_bytes: int
    seconds_per_epoch: float


def estimate(mode: Mode, config: Config, roles: Roles, epoch: Epoch) -> Estimate:
    """Estimate size, memory and time.

    Parameters
    ----------
    mode : Mode
        The network, which may be on torch's device ``meta``: only its shapes are used.
    config : Config
    roles : Roles
    epoch : Epoch
        The work of one epoch.
    """
    layers = summarize(mode).layers
    # a layer without time runs once for an answer, a convolution once for a picture
    answers = epoch.steps if roles.writes_a_sequence else epoch.rows
    pictures = epoch.steps if mode.input_codec is not None and mode.input_codec.sequence else epoch.rows
    times = [
        epoch.steps if layer.recurrent or layer.operations == 0 else pictures if layer.pictured else answers
        for layer in layers
    ]
    forward = sum((layer.operations or 0) * count for layer, count in zip(layers, times, strict=True))
    depth = len(config.model.layer_sizes)
    waiting = epoch.steps / max(1.0, epoch.rows / max(1, epoch.updates)) * depth * _OVERHEAD
    # the backward pass takes two products for each of the forward pass
    seconds = 3.0 * forward / (_EFFICIENCY * _speed()) + waiting
    kept = sum(
        (_KEPT if layer.recurrent else _KEPT_ELSEWHERE) * layer.outputs * count / max(1, epoch.updates)
        for layer, count in zip(layers, times, strict=True)
    )
    needed = needed_bytes(mode, config.training.optimizer.name) + int(_FLOAT * kept)
    return Estimate(parameter_count(mode), needed, seconds)


def _speed() -> float:
    """Floating-point operations a second of a matrix product on this machine, all cores."""
    a, b = np.ones((512, 512), np.float32), np.ones((512, 512), np.float32)
    a @ b
    best = math.inf
    for _ in range(3):
        begun = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - begun)
    return float(2 * 512**3 / best) if best > 0 else 1e10 * (os.cpu_count() or 1)
