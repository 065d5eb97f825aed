"""Rows that a C file is compared on, with the answers of the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from recur.codecs import Codec
from recur.export.c.network import Network
from recur.export.reference import LAST, in_own_units

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
    tags : ndarray or None
        (M,) the best tags of each row, of a chain.
    held_out : bool
        Whether the inputs are rows that were held out in training; else they are drawn at random.
    """

    x: np.ndarray
    steps: np.ndarray
    y: np.ndarray
    tags: np.ndarray | None
    held_out: bool


def rows_of(codec: Codec, network: Network, inputs: Iterable[np.ndarray] | None) -> Rows:
    """Return rows with the answers of the network.

    Parameters
    ----------
    codec : Codec
        Of what is read.
    network : Network
        What is compared, in evaluation.
    inputs : iterable of ndarray, optional
        Encoded inputs of held-out rows; without them inputs are drawn at random.
    """
    timed = network.stateful
    known = [] if inputs is None else [one for one in _first(inputs) if len(np.atleast_1d(one))]
    chosen = known or list(_drawn(codec, timed, network))
    steps = max(
        1,
        min(
            STEPS, network.most or STEPS, _LARGEST // max(1, network.outputs * (1 if network.answers == LAST else ROWS))
        ),
    )
    xs, counts, ys = [], [], []
    for one in chosen:
        own = in_own_units(codec, one if timed else one[None])[:steps]
        own = own.reshape(-1) if codec.discrete else own
        xs.append(own)
        counts.append(len(own))
        ys.append(network.reference(own))
    if timed and not network.least:
        # a sequence without steps is answered too, from the initial state
        counts.append(0)
        ys.append(network.reference(xs[0][:0]) if network.answers == LAST else ys[0][:0])
    search = network.tags
    tags = None if search is None else np.concatenate([search(y) for y in ys]).astype(np.int32)
    return Rows(np.concatenate(xs), np.array(counts), np.concatenate(ys), tags, bool(known))


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
