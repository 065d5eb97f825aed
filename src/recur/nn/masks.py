"""Random masks of a layer, drawn from torch's global generator so that one seed gives one result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from torch import Tensor
from torch.nn import functional

from recur.engine import Noise
from recur.nn.locked_masks import Lock
from recur.nn.padding import TimeMajorSteps
from recur.nn.shared_rows import for_rows


def locked(like: Tensor, rows: int, p: float) -> Tensor:
    """Draw one dropout mask (B, S) for all steps of outputs (..., S), scaled by 1 / (1 - p).

    Source: Y. Gal, Z. Ghahramani (2016), A theoretically grounded application of dropout in recurrent neural
    networks, section 4.
    """
    return for_rows((rows, like.shape[-1]), 0, lambda shape: like.new_empty(shape).bernoulli_(1 - p).div_(1 - p))


def draw_noise(
    steps: TimeMajorSteps,
    sizes: Mapping[str, int],
    recurrent_states: Sequence[str],
    recurrent_dropout: float,
    zoneout: Mapping[str, float],
    training: bool,
    lock: Lock,
    drawn: Sequence[str] = (),
) -> Noise | None:
    """Draw the masks of one layer and direction for one forward pass, or return None if it needs none.

    Parameters
    ----------
    steps : TimeMajorSteps
        How many steps and rows, and of which dtype and device.
    sizes : mapping of str to int
        S of each state.
    recurrent_states : sequence of str
        The states that enter a matrix product.
    recurrent_dropout : float
        Probability that a unit of h_{t-1} is zeroed in the products, with one mask for all steps.
    zoneout : mapping of str to float
        Probability that a unit keeps its old value, drawn at every step; outside training the expectation is used.
    training : bool
        Whether masks are drawn.
    lock : Lock
        Keeps the masks that hold for all steps of a sequence.
    drawn : sequence of str
        The states for which the equation draws numbers between 0 and 1 at every step of training.
    """
    x = steps.x
    recurrent: dict[str, Tensor] = {}
    if training and recurrent_dropout > 0:
        for name in recurrent_states:
            like = x.new_empty((0, sizes[name]))
            recurrent[name] = lock(name, partial(locked, like, steps.rows, recurrent_dropout))
    zoneout_masks: dict[str, Tensor | float] = {}
    for name, p in zoneout.items():
        zoneout_masks[name] = _each_step(steps, sizes[name], partial(Tensor.bernoulli_, p=p)) if training else p
    uniform: dict[str, Tensor | float] = {
        name: _each_step(steps, sizes[name], Tensor.uniform_) for name in drawn if training
    }
    return Noise(recurrent, zoneout_masks, uniform) if recurrent or zoneout_masks or uniform else None


def _each_step(steps: TimeMajorSteps, size: int, fill: Callable[[Tensor], Tensor]) -> Tensor:
    """Draw numbers (T, B, S)."""
    return for_rows((steps.time, steps.rows, size), 1, lambda shape: fill(steps.x.new_empty(shape)))


def drop_weights(
    parameters: dict[str, Tensor], names: Sequence[str], p: float, training: bool, lock: Lock
) -> dict[str, Tensor]:
    """Return the parameters with elements of the named matrices dropped for this forward pass.

    The matrices themselves stay as they are, so a state_dict, a copy and a pickle never see the mask.

    Source: S. Merity, N. Keskar, R. Socher (2018), Regularizing and optimizing LSTM language models, section 2.
    """
    if not training or p == 0:
        return parameters
    return {
        name: lock(name, partial(functional.dropout, value, p, training=True)) if name in names else value
        for name, value in parameters.items()
    }
