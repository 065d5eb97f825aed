"""Rows that a page is compared on, with the answers of the network."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from recur.codecs import Codec
from recur.codecs.sound import read_sound
from recur.export.reference import LAST, in_own_units
from recur.export.web.network import PageNetwork
from recur.modes.mode import Mode, require_input

ROWS, STEPS = 8, 48
CHARACTERS = 400  # of a text that is compared
LETTERS = 6  # of a word that is drawn


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
    if mode.input_codec is None:
        return [_answered(network, np.zeros((0, 1), np.float32))], False
    rows, encoded = [], []
    for value in islice(inputs or (), ROWS):
        value, given = _given(mode.input_codec, network, value)
        array = np.asarray(mode.encode_input(value))
        if array.ndim and not len(array):
            continue
        encoded.append(array)
        rows.append(_row(mode, network, array) | given)
    held_out = bool(rows)
    if not held_out:
        encoded = _drawn(mode, network)
        rows = [_row(mode, network, one) for one in encoded]
    if network.stateful and not network.least and network.answers == LAST:
        # a sequence without steps is answered from the initial state
        rows.append(_row(mode, network, encoded[0][:0]))
    return rows, held_out


def _given(codec: Codec, network: PageNetwork, value: Any) -> tuple[Any, dict[str, Any]]:
    """A value, shortened, and what the page reads it from: a text, or the samples of a sound."""
    form = codec.typed_form() or {}
    if "hop" in form:
        samples, rate = read_sound(value)
        samples = samples[: round((form["window"] + (STEPS - 1) * form["hop"]) * rate / form["rate"])]
        return (samples, rate), {"sound": {"samples": samples.tolist(), "rate": rate}}
    if isinstance(value, str) and network.ids and network.stateful:
        return value[:CHARACTERS], {"text": value[:CHARACTERS]}
    return value, {}


def _row(mode: Mode, network: PageNetwork, array: np.ndarray) -> dict[str, Any]:
    codec = require_input(mode.input_codec, mode.name)
    own = in_own_units(codec, array if network.stateful else array[None])[:STEPS]
    row = _answered(network, own)
    if not network.ids or not network.stateful:
        return row
    # of a word with letters zeros follow the last one
    ids = [np.trim_zeros(one, "b").tolist() for one in array] if array.ndim > 1 else array.tolist()
    return row | {"ids": ids}


def _answered(network: PageNetwork, own: np.ndarray) -> dict[str, Any]:
    x = [np.ravel(item).tolist() for item in own] if own.ndim > 1 else own.tolist()
    if network.written is not None:
        written = network.written(own)
        attention = None if written.attention is None else written.attention.tolist()
        more = {"ids": written.ids, "length": written.length, "beam": written.beam, "attention": attention}
        return {"x": x, "y": written.answers.tolist(), "written": more}
    answers = network.reference(own)
    return {"x": x, "y": answers.tolist()} | ({} if network.tags is None else {"tags": network.tags(answers).tolist()})


def _drawn(mode: Mode, network: PageNetwork) -> list[np.ndarray]:
    random, codec = np.random.default_rng(0), require_input(mode.input_codec, mode.name)
    rows = []
    for length in (STEPS, 1, 17, 5):
        shape = (length,) if network.stateful else ()
        if codec.letter_count:
            letters = random.integers(0, codec.letter_count, (*shape, LETTERS))
            letters *= np.cumprod(letters != 0, axis=1)  # nothing follows the last letter
            rows.append(np.column_stack([random.integers(0, network.symbols, shape), letters]))
        elif codec.discrete:
            rows.append(random.integers(0, network.symbols, shape))
        else:
            rows.append(random.normal(size=(*shape, *(codec.grid or (codec.size,)))).astype(np.float32))
    return rows
