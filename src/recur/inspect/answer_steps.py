"""Answer steps: the part, layer and step that an answer is read out of, in each direction.

    synced, next item       step t of the last layer, in both directions
    many-to-one             the copy that is computed last: the last step forwards, the first one backwards; a mean or a
                            maximum over all steps is complete there too; `Ledger.readout` has the part of each step
    many-to-many, -to-many  step t of the decoder's last layer, never of the encoder

Only these copies have errors and shares of W_hy.
"""

from __future__ import annotations

import numpy as np

from recur.inspect.ledgers import Ledger
from recur.modes import Mode
from recur.nn.layer_positions import LayerPosition

_READS = {
    "": "every state", "last": "the last state", "mean": "the mean of all states", "max": "the maximum of all states",
}  # fmt: skip


def answers(mode: Mode, place: LayerPosition, ledger: Ledger) -> bool:
    """Whether the states of a place are what is read out: those of the last layer of the part that answers."""
    part = mode.read_from.part
    top = max((layer.place.layer for layer in ledger.layers if layer.place.part == part), default=-1)
    return place.part == part and place.layer == top


def readout_of(mode: Mode, place: LayerPosition, ledger: Ledger) -> str:
    """A description of what is read out of a place; empty where nothing is."""
    if not answers(mode, place, ledger):
        return ""
    return _READS[mode.read_from.pooling]


def errors_at(mode: Mode, place: LayerPosition, ledger: Ledger) -> dict[int, float]:
    """The errors of a single row by the step, from 0, of the copy that answers; empty for a place that is not read."""
    if not answers(mode, place, ledger):
        return {}
    backwards = bool(mode.read_from.pooling) and bool(place.direction)
    steps = [0] if backwards else map(int, ledger.where[:, 1])
    return {step: float(error) for step, error in zip(steps, ledger.errors, strict=True)}


def readout_norms(mode: Mode, place: LayerPosition, ledger: Ledger) -> dict[int, float]:
    """||share of dE/dW_hy|| of a single row by the step of the copy whose state is in it, as `errors_at`."""
    path = ledger.readout.get("W_hy")
    if path is None or not answers(mode, place, ledger):
        return {}
    [(dz, v)] = path.factors
    if v is None:
        return {}
    if any(layer.place.direction for layer in ledger.layers if layer.place.part == place.part):
        # W_hy reads both directions side by side
        half = v.shape[-1] // 2
        v = v[..., half:] if place.direction else v[..., :half]
    norms = np.linalg.norm(dz[:, 0], axis=-1) * np.linalg.norm(v[:, 0], axis=-1)
    return {int(step): float(norm) for step, norm in zip(ledger.read_at, norms, strict=True)}


def answer_step(mode: Mode, place: LayerPosition, ledger: Ledger, weights: np.ndarray, steps: int) -> int:
    """The step of a place, from 0, at which the backward pass of the explained answer starts."""
    backwards = bool(place.direction)
    mine = [layer.place for layer in ledger.layers if layer.place.part == place.part]
    # below a layer that reads in both directions, the steps after the answer have a gradient as well
    below = any(one.direction for one in mine) and place.layer < max(one.layer for one in mine)
    if place.part != mode.read_from.part or mode.read_from.pooling or below:
        return 0 if backwards else steps - 1
    weighted = ledger.where[np.asarray(weights) != 0, 1]
    if not len(weighted):
        return 0 if backwards else steps - 1
    return int(weighted.min() if backwards else weighted.max())
