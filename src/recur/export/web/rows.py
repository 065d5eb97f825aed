"""Rows that a page is compared on, with the answers of the network."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from recur.export.reference import LAST, in_own_units
from recur.export.web.network import PageNetwork
from recur.modes.mode import Mode, require_input

ROWS, STEPS = 8, 48
CHARACTERS = 400  # of a text that is compared


def rows_of(mode: Mode, network: PageNetwork, inputs: Iterable[Any] | None) -> tuple[list[dict[str, Any]], bool]:
    """Return rows, each with ``x`` and the answers ``y``, and whether they were held out in training.

    A row that was a text has the ``text`` too, and all its ids.

    Parameters
    ----------
    mode : Mode
        In evaluation.
    network : PageNetwork
        Its description.
    inputs : iterable, optional
        Raw inputs of held-out rows; without them numbers and ids are drawn at random.
    """
    rows, encoded = [], []
    for value in islice(inputs or (), ROWS):
        value = value[:CHARACTERS] if isinstance(value, str) else value
        array = np.asarray(mode.encode_input(value))
        if array.ndim and not len(array):
            continue
        encoded.append(array)
        text = {"text": value} if isinstance(value, str) and network.ids and network.stateful else {}
        rows.append(_row(mode, network, array) | text)
    if not rows:
        encoded = _drawn(mode, network)
        rows = [_row(mode, network, one) for one in encoded]
        held_out = False
    else:
        held_out = True
    if network.stateful and not network.least and network.answers == LAST:
        # a sequence without steps is answered from the initial state
        rows.append(_row(mode, network, encoded[0][:0]))
    return rows, held_out


def _row(mode: Mode, network: PageNetwork, array: np.ndarray) -> dict[str, Any]:
    codec = require_input(mode.input_codec, mode.name)
    own = in_own_units(codec, array if network.stateful else array[None])[:STEPS]
    x = [np.ravel(item).tolist() for item in own] if own.ndim > 1 else own.tolist()
    row = {"x": x, "y": network.reference(own).tolist()}
    return row | ({"ids": array.tolist()} if network.ids and network.stateful else {})


def _drawn(mode: Mode, network: PageNetwork) -> list[np.ndarray]:
    random, codec = np.random.default_rng(0), require_input(mode.input_codec, mode.name)
    rows = []
    for length in (STEPS, 1, 17, 5):
        shape = (length,) if network.stateful else ()
        if codec.discrete:
            rows.append(random.integers(0, network.symbols, shape))
        else:
            rows.append(random.normal(size=(*shape, *(codec.grid or (codec.size,)))).astype(np.float32))
    return rows
