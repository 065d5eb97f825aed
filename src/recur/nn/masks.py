"""The random masks of a layer: drawn from torch's global generator, so that one seed gives one result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from recur.engine import Noise


def locked(like: Tensor, p: float) -> Tensor:
    """Draw one dropout mask (1, B, S) for all steps of a time-major (T, B, S), scaled by 1 / (1 - p).

    Source: Y. Gal, Z. Ghahramani (2016), A theoretically grounded application of dropout in recurrent neural
    networks, section 4.
    """
    return torch.empty_like(like[:1]).bernoulli_(1 - p).div_(1 - p)


def draw_noise(
    x: Tensor,
    sizes: Mapping[str, int],
    recurrent_states: Sequence[str],
    recurrent_dropout: float,
    zoneout: Mapping[str, float],
    training: bool,
) -> Noise | None:
    """Draw what one layer and direction needs for one pass, or None if it needs nothing.

    Parameters
    ----------
    x : Tensor
        (T, B, X): steps, rows, dtype and device.
    sizes : mapping of str to int
        S of each state.
    recurrent_states : sequence of str
        The states that enter a matrix product.
    recurrent_dropout : float
        Probability that a unit of h_{t-1} is hidden from the products, at all steps alike.
    zoneout : mapping of str to float
        Probability that a unit keeps its old value, drawn at every step; outside training its expectation.
    training : bool
        Whether to draw.
    """
    time, batch = x.shape[:2]
    recurrent: dict[str, Tensor] = {}
    if training and recurrent_dropout > 0:
        keep = 1 - recurrent_dropout
        for name in recurrent_states:
            recurrent[name] = x.new_empty((batch, sizes[name])).bernoulli_(keep).div_(keep)
    kept: dict[str, Tensor | float] = {}
    for name, p in zoneout.items():
        kept[name] = x.new_empty((time, batch, sizes[name])).bernoulli_(p) if training else p
    return Noise(recurrent, kept) if recurrent or kept else None


def drop_weights(parameters: dict[str, Tensor], names: Sequence[str], p: float, training: bool) -> dict[str, Tensor]:
    """Return the parameters with elements of the named matrices dropped for this pass.

    The matrices themselves stay as they are, so a state_dict, a copy and a pickle never see the mask.

    Source: S. Merity, N. Keskar, R. Socher (2018), Regularizing and optimizing LSTM language models, section 2.
    """
    if not training or p == 0:
        return parameters
    return {
        name: functional.dropout(value, p, training=True) if name in names else value
        for name, value in parameters.items()
    }
