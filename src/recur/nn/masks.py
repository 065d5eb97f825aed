"""Random masks of a layer, drawn from torch's global generator so that one seed gives one result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from torch import Tensor
from torch.nn import functional

from recur.engine import Noise
from recur.nn.locked_masks import Lock
from recur.nn.padding import Steps


def locked(like: Tensor, rows: int, p: float) -> Tensor:
    """Draw one dropout mask (B, S) for all steps of outputs (..., S), scaled by 1 / (1 - p).

    Source: Y. Gal, Z. Ghahramani (2016), A theoretically grounded application of dropout in recurrent neural
    networks, section 4.
    """
    return like.new_empty((rows, like.shape[-1])).bernoulli_(1 - p).div_(1 - p)


def draw_noise(
    steps: Steps,
    sizes: Mapping[str, int],
    recurrent_states: Sequence[str],
    recurrent_dropout: float,
    zoneout: Mapping[str, float],
    training: bool,
    lock: Lock,
) -> Noise | None:
    """Draw what one layer and direction needs for one pass, or None if it needs nothing.

    Parameters
    ----------
    steps : Steps
        How many steps and rows, and of which dtype and device.
    sizes : mapping of str to int
        S of each state.
    recurrent_states : sequence of str
        The states that enter a matrix product.
    recurrent_dropout : float
        Probability that a unit of h_{t-1} is hidden from the products, the same at every step.
    zoneout : mapping of str to float
        Probability that a unit keeps its old value, drawn at every step; outside training its expectation.
    training : bool
        Whether to draw.
    lock : Lock
        Keeps the masks that hold for all steps of a sequence.
    """
    x = steps.x
    recurrent: dict[str, Tensor] = {}
    if training and recurrent_dropout > 0:
        for name in recurrent_states:
            like = x.new_empty((0, sizes[name]))
            recurrent[name] = lock(name, partial(locked, like, steps.rows, recurrent_dropout))
    kept: dict[str, Tensor | float] = {}
    for name, p in zoneout.items():
        kept[name] = x.new_empty((steps.time, steps.rows, sizes[name])).bernoulli_(p) if training else p
    return Noise(recurrent, kept) if recurrent or kept else None


def drop_weights(
    parameters: dict[str, Tensor], names: Sequence[str], p: float, training: bool, lock: Lock
) -> dict[str, Tensor]:
    """Return the parameters with elements of the named matrices dropped for this pass.

    The matrices themselves stay as they are, so a state_dict, a copy and a pickle never see the mask.

    Source: S. Merity, N. Keskar, R. Socher (2018), Regularizing and optimizing LSTM language models, section 2.
    """
    if not training or p == 0:
        return parameters
    return {
        name: lock(name, partial(functional.dropout, value, p, training=True)) if name in names else value
        for name, value in parameters.items()
    }
