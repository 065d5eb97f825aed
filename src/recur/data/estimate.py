"""How large a network will be, and how long it will take: estimates from sizes alone, before torch is loaded."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass

import numpy as np

from recur import equations
from recur.codecs import Codec
from recur.config import Config, ModelConfig
from recur.data.roles.roles import Roles

# of the speed of one large matrix product, what a recurrence reaches while it learns
_EFFICIENCY = 0.35
# microseconds that one step of one layer costs on top, forward and backward
_OVERHEAD = 60e-6
# copies of each weight: itself, its gradient and two averages of AdamW
_COPIES = 4
# cells whose layers have torch.nn's parameters: two biases where the equation has one (see nn.binding)
_TWO_BIASES = ("elman", "elman_relu", "lstm")
# a side of the grid of places that is read of a picture (see nn.convolutions)
_PLACES = 7


@dataclass(frozen=True)
class Estimate:
    """What training will need.

    Attributes
    ----------
    parameters : int
        Numbers that are learned.
    memory_bytes : int
        Weights, gradients, averages and what one batch keeps for the backward pass.
    seconds_per_epoch : float
        On this machine, from the speed of a matrix product measured now.
    """

    parameters: int
    memory_bytes: int
    seconds_per_epoch: float


def estimate(
    config: Config, roles: Roles, input_codec: Codec | None, target_codec: Codec, *, rows: int, steps: int, updates: int
) -> Estimate:
    """Estimate size, memory and time.

    Parameters
    ----------
    config : Config
    roles : Roles
    input_codec, target_codec : Codec
        Fitted.
    rows : int
        Rows, or windows of parallel streams, of one epoch.
    steps : int
        Time steps of one epoch, over all rows.
    updates : int
        Batches of one epoch.
    """
    model = config.model
    sizes = model.layer_sizes
    directions = 2 if _both_ways(model, roles) else 1
    seen, work, read = _convolutions(model, input_codec)
    pictures = steps if input_codec is not None and input_codec.sequence else rows
    embedding = model.embedding.size or (sizes[-1] if model.readout.tie_weights else sizes[0])
    first = embedding if input_codec is None or input_codec.discrete else read or input_codec.size
    recurrent, last = _recurrent(model, sizes, first, directions)
    if roles.mode == "one-to-one":
        # layers without time: a matrix and a bias each
        recurrent, last = sum((a + 1) * b for a, b in zip([first, *sizes[:-1]], sizes, strict=True)), sizes[-1]
    if roles.mode in ("many-to-many", "one-to-many"):
        if roles.mode == "one-to-many":
            recurrent = 0
        read_back = embedding if target_codec.discrete else target_codec.size
        decoder, last = _recurrent(model, sizes, read_back, 1)
        recurrent += decoder
    readout = (last + 1) * target_codec.size
    tables = sum(codec.size * embedding for codec in _discrete(roles, input_codec, target_codec))
    predicted = steps if roles.writes_a_sequence else rows
    flops = 6.0 * (recurrent * steps + readout * predicted + work * pictures)
    loop = steps / max(1.0, rows / max(1, updates)) * len(sizes) * _OVERHEAD
    shared = last * target_codec.size if model.readout.tie_weights else 0
    parameters = int(recurrent + readout + tables + seen - shared)
    batch = steps / max(1, updates)
    kept = batch * (12 * sum(sizes) * directions + embedding) + 3 * (predicted / max(1, updates)) * target_codec.size
    return Estimate(parameters, int(4 * (_COPIES * parameters + kept)), flops / (_EFFICIENCY * _speed()) + loop)


def _convolutions(model: ModelConfig, codec: Codec | None) -> tuple[int, int, int]:
    """Parameters of the convolutions, their products for one picture, and the length of the vector they give."""
    if codec is None or codec.grid is None:
        return 0, 0, 0
    height, width, given = codec.grid
    parameters = work = 0
    for made in model.pictures.convolutions:
        parameters += 9 * given * made + 2 * made
        work += 9 * given * made * height * width
        height, width, given = -(-height // 2), -(-width // 2), made
    places = 1 if model.pictures.pooling == "mean" else min(height, _PLACES) * min(width, _PLACES)
    return parameters, work, given * places


def direction(model: ModelConfig, roles: Roles) -> str:
    """Return how the steps of an input are read, in words; nothing where it has no steps."""
    if not roles.input or not roles.reads_a_sequence:
        return ""
    return "both ways" if _both_ways(model, roles) else "one way"


def _both_ways(model: ModelConfig, roles: Roles) -> bool:
    may = roles.mode in ("many-to-one", "many-to-many") or (roles.mode == "synced" and not roles.own_future)
    return may and (not roles.one_way if model.bidirectional is None else model.bidirectional)


def _recurrent(model: ModelConfig, sizes: list[int], first: int, directions: int) -> tuple[int, int]:
    """Parameters of the recurrent layers, and the size of what the last one gives."""
    cell = equations.get(model.cell)
    total, given = 0, first
    for size in sizes:
        # the network has one size of its own for all layers, half of the first
        known = dict.fromkeys(cell.free_sizes, max(1, sizes[0] // 2)) | {"X": given, "H": size}
        counts = {name: math.prod(cell.shape(name, **known)) for name in cell.parameters}
        if model.cell in _TWO_BIASES:
            counts["b"] *= 2
        total += directions * sum(counts.values())
        (output,) = cell.shape(next(iter(cell.states)), **known)
        given = output * directions
    return total, given


def _discrete(roles: Roles, input_codec: Codec | None, target_codec: Codec) -> list[Codec]:
    """Codecs whose values are looked up in an embedding matrix."""
    found = [] if input_codec is None or not input_codec.discrete else [input_codec]
    writes = roles.mode in ("many-to-many", "one-to-many") and target_codec.discrete
    return [*found, target_codec] if writes else found


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
