"""What a network itself answers to inputs as other programs give them: ids, or numbers in their own units."""

from __future__ import annotations

import numpy as np
import torch

from recur.codecs import Codec
from recur.modes.forecast import Forecast
from recur.modes.mode import Mode, require_input
from recur.modes.one_pass import OnePass

EACH, LAST = "each", "last"
"""Whether each item has an answer, or the last one alone."""


def rows_in_words(count: int, held_out: bool) -> str:
    """The rows on which an exported file was compared.

    >>> rows_in_words(1, True), rows_in_words(8, False)
    ('1 held-out row', '8 rows drawn at random')
    """
    rows = "row" if count == 1 else "rows"
    return f"{count} held-out {rows}" if held_out else f"{count} {rows} drawn at random"


@torch.no_grad()
def answers_of(mode: Mode, parts: OnePass, own: np.ndarray) -> np.ndarray:
    """Return the answers (M, O) to the inputs of one row: probabilities, or numbers in their own units."""
    values = as_read(require_input(mode.input_codec, mode.name), own).to(mode.device)
    if parts.stack is None:
        vectors, _ = parts.run(values, None, None)
    else:
        values = values if len(own) else values.new_zeros((1, *values.shape[1:]))
        vectors, _ = parts.run(values[None], None, torch.tensor([len(own)], device=mode.device))
        vectors = vectors if parts.pooling else vectors[:, : len(own)]
    readout = parts.head.plain()
    answers = parts.head.tensors(vectors, mode.target_codec, None)[readout.output]
    answers = answers.exp() if readout.ends_in == "softmax" else answers
    found: np.ndarray = answers.reshape(-1, len(readout.weight)).cpu().numpy()
    return found


@torch.no_grad()
def forecasts_of(mode: Forecast, own: np.ndarray) -> np.ndarray:
    """Return the forecast (1, O) after the values (T, C) of a series, in its own units."""
    values = as_read(require_input(mode.input_codec, mode.name), own)[None].to(mode.device)
    steps = mode.next_steps(values, torch.tensor([len(own)], device=mode.device), mode.horizon)[:, : mode.horizon]
    mean, deviation = (torch.from_numpy(each) for each in mode.target_codec.normalisation())
    found: np.ndarray = (steps.cpu() * deviation[:, None] + mean[:, None]).reshape(1, -1).numpy()
    return found


def as_read(codec: Codec, own: np.ndarray) -> torch.Tensor:
    """Return ids as they are, and numbers in their own units as standardised ones."""
    values = torch.from_numpy(own)
    if codec.discrete:
        return values.long()
    mean, deviation = (torch.from_numpy(each) for each in codec.normalisation())
    return (values - mean) / deviation


def in_own_units(codec: Codec, encoded: np.ndarray) -> np.ndarray:
    """Return ids as they are, and standardised numbers in their own units."""
    if codec.discrete:
        return encoded
    mean, deviation = codec.normalisation()
    own: np.ndarray = (encoded * deviation + mean).astype(np.float32)
    return own
