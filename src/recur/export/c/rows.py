"""Rows that a C file is compared on, with the answers of the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from recur.codecs import Codec
from recur.export.c.network import LAST, Network
from recur.modes.mode import Mode, require_input
from recur.modes.one_pass import OnePass

ROWS, STEPS = 8, 48  # of the test in a folder
_LARGEST = 40_000  # numbers of its answers


@dataclass(frozen=True)
class Rows:
    """Inputs as a C program gives them, one row after the other, and the answers.

    Attributes
    ----------
    x : ndarray
        (N,) ids or (N, C) numbers in their own units.
    steps : ndarray
        (R,) of each row.
    y : ndarray
        (M, O).
    held_out : bool
        Whether the inputs are rows that were held out in training; else they are drawn at random.
    """

    x: np.ndarray
    steps: np.ndarray
    y: np.ndarray
    held_out: bool


def rows_of(mode: Mode, parts: OnePass, network: Network, inputs: Iterable[np.ndarray] | None) -> Rows:
    """Return rows with the answers of the network.

    Parameters
    ----------
    mode : Mode
        In evaluation.
    parts : OnePass
        Its parts.
    network : Network
        What is compared.
    inputs : iterable of ndarray, optional
        Encoded inputs of held-out rows; without them inputs are drawn at random.
    """
    codec = require_input(mode.input_codec, mode.name)
    timed = parts.stack is not None
    known = [] if inputs is None else [one for one in _first(inputs) if len(np.atleast_1d(one))]
    chosen = known or list(_drawn(codec, timed, network))
    steps = max(1, min(STEPS, _LARGEST // max(1, network.outputs * (1 if network.answers == LAST else ROWS))))
    xs, counts, ys = [], [], []
    for one in chosen:
        own = _own_units(codec, one if timed else one[None])[:steps]
        xs.append(own)
        counts.append(len(own))
        ys.append(_answers(mode, parts, codec, own, timed))
    if timed:
        # a sequence without steps is answered too, from the initial state
        counts.append(0)
        ys.append(_answers(mode, parts, codec, xs[0][:0], timed) if network.answers == LAST else ys[0][:0])
    return Rows(np.concatenate(xs), np.array(counts), np.concatenate(ys), bool(known))


def _first(inputs: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    for number, one in enumerate(inputs):
        if number == ROWS:
            return
        yield one


def _drawn(codec: Codec, timed: bool, network: Network) -> Iterator[np.ndarray]:
    random = np.random.default_rng(0)
    for length in (STEPS, 1, 17, 5):
        shape = (length,) if timed else ()
        if codec.discrete:
            yield random.integers(0, network.constants["SYMBOLS"][0], shape)
        else:
            yield random.normal(size=(*shape, codec.size)).astype(np.float32)


def _own_units(codec: Codec, encoded: np.ndarray) -> np.ndarray:
    """Ids, or numbers in the units in which a C program gives them."""
    if codec.discrete:
        return encoded.reshape(-1)
    mean, deviation = codec.normalisation()
    own: np.ndarray = (encoded * deviation + mean).astype(np.float32)
    return own


@torch.no_grad()
def _answers(mode: Mode, parts: OnePass, codec: Codec, own: np.ndarray, timed: bool) -> np.ndarray:
    """The answers of the network to the inputs of one row."""
    values = torch.from_numpy(own)
    if not codec.discrete:
        mean, deviation = (torch.from_numpy(each) for each in codec.normalisation())
        values = (values - mean) / deviation
    else:
        values = values.long()
    values = values.to(mode.device)
    if timed:
        values = values if len(own) else values.new_zeros((1, *values.shape[1:]))
        vectors, _ = parts.run(values[None], None, torch.tensor([len(own)], device=mode.device))
        vectors = vectors if parts.pooling else vectors[0]
    else:
        vectors, _ = parts.run(values, None, None)
    readout = parts.head.plain()
    answers = parts.head.tensors(vectors, mode.target_codec, None)[readout.output]
    answers = answers.exp() if readout.ends_in == "softmax" else answers
    found: np.ndarray = answers.reshape(-1, len(readout.weight)).cpu().numpy()
    return found
