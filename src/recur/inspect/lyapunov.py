"""The Lyapunov exponent of a network along the path of its states: does it forget, or does it explode?

A small change of all states s_t (of an LSTM h and c) is carried on by the Jacobians J_t = ds_t/ds_{t-1}, and a gradient
is carried back by their transposes. Over D steps, the largest factor that any direction is multiplied by is

    g(D) = || J_T J_{T-1} ... J_{T-D+1} ||_2              lambda = 1/D log g(D)

lambda < 0   the layer forgets: after -1/lambda steps a change is e times smaller, and the gradient vanishes
lambda ~ 0   changes and gradients are carried
lambda > 0   two paths that are close to each other move apart (chaos), and the gradient explodes

lambda is that of a finite path. The first steps back, in which a gradient turns into the direction that lasts longest,
count in it; it tends to the Lyapunov exponent as D grows. Words therefore follow the factor g(D), not lambda alone.

Sources: G. Benettin and others (1980), Lyapunov characteristic exponents for smooth dynamical systems; R. Vogt,
M. Puelma Touzel, E. Shlizerman, G. Lajoie (2022), On Lyapunov exponents for RNNs, Frontiers in Applied Mathematics and
Statistics 8; J. Mikhaeil, Z. Monfared, D. Durstewitz (2022), On the difficulty of learning chaotic dynamics with RNNs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur.cancellation import check_cancelled
from recur.inspect.jacobian import pull_back
from recur.inspect.record import Steps, as_batch, forward_pass
from recur.modes import Mode
from recur.nn.layer_positions import LayerPosition
from recur.views.grades import grade

EXPLODES = 100  # least factor


@dataclass(frozen=True)
class Lyapunov:
    """How a change of the states grows along the path of one direction of one layer.

    Attributes
    ----------
    place : LayerPosition
    cell : str
    log_growth : ndarray
        (D,) log g(d) in nats, for d = 1 .. D steps back from the last one; minus infinity where nothing is left.
    """

    place: LayerPosition
    cell: str
    log_growth: np.ndarray

    @property
    def steps(self) -> int:
        """D, over which it is computed: up to the first step, or to the boundary of a document."""
        return len(self.log_growth)

    @property
    def exponent(self) -> float:
        """lambda, in nats per step; not a number for a sequence of one step."""
        return float(self.log_growth[-1]) / self.steps if self.steps else math.nan

    @property
    def sentence(self) -> str:
        """The exponent in one sentence."""
        return sentence(self.exponent, self.steps)


def sentence(exponent: float, steps: int) -> str:
    """A Lyapunov exponent in words, with the largest factor exp(steps * exponent) that a change is multiplied by.

    >>> sentence(-0.51, 20)
    'Lyapunov exponent -0.51 over 20 steps: of a change of the states at most 3.7e-05 is left, so the layer forgets'
    >>> sentence(0.078, 20)
    'Lyapunov exponent +0.078 over 20 steps: a change of the states is multiplied by 4.8 at most, so it grows'
    >>> sentence(-0.004, 100)
    'Lyapunov exponent -0.004 over 100 steps: a change of the states is multiplied by 0.67 at most, so it is carried'
    """
    if math.isnan(exponent):
        return "no Lyapunov exponent: there is no step before the last one"
    start = f"Lyapunov exponent {exponent:+.2g} over {steps} step{'s' * (steps != 1)}: "
    if math.isinf(exponent):
        return start + "nothing of a change of the states is left"
    factor = math.exp(min(exponent * steps, 700))
    if factor < 0.01:
        return start + f"of a change of the states at most {factor:.1e} is left, so the layer forgets"
    shown = f"{factor:.2g}" if factor < 1e3 else f"{factor:.1e}"
    change = "gradients explode" if factor >= EXPLODES else f"it {grade(float(shown))}"
    return start + f"a change of the states is multiplied by {shown} at most, so {change}"


def lyapunov(model: Any, example: Any) -> tuple[Lyapunov, ...]:
    """Return how a small change of the states grows or shrinks along the path of one example.

    Parameters
    ----------
    model : Model or Mode
        A trained network.
    example : text, (input, target), or Batch of one row
        A text for a model of the next item; else the input and its target, on which the states do not depend unless a
        decoder reads it.

    Returns
    -------
    tuple of Lyapunov
        One for each layer and direction, with the exponent in nats per step and log g(d) of every distance d.

    Raises
    ------
    RecurError
        When the example cannot be read by the network's codecs.

    References
    ----------
    R. Vogt, M. Puelma Touzel, E. Shlizerman, G. Lajoie (2022), On Lyapunov exponents for RNNs, section 2.

    Examples
    --------
    >>> import recur
    >>> rows = [{"text": "a fine film", "label": "good"}, {"text": "a dull film", "label": "bad"}] * 8
    >>> model = recur.fit(rows, epochs=1, hidden_size=8, bidirectional=False, progress=False)
    >>> [layer] = lyapunov(model, ("a fine film", "good"))
    >>> layer.steps, layer.exponent < 0
    (2, True)
    """
    mode: Mode = model.mode
    passes = forward_pass(mode, as_batch(mode, example))[0]
    places = dict.fromkeys(part.one.place for part in passes)
    return tuple(growth(place, [part.steps for part in passes if part.one.place == place]) for place in places)


@torch.no_grad()
def growth(place: LayerPosition, passes: Sequence[Steps]) -> Lyapunov:
    """The growth of a change along the path of the first row, over passes of one place that follow each other."""
    backwards = passes[0].call.reverse
    order = [(steps, t) for steps in (passes[::-1] if backwards else passes) for t in _live_steps(steps)]
    sizes = {name: state.shape[-1] for name, state in passes[0].states.items()}
    messages = _split(torch.eye(sum(sizes.values()), dtype=torch.float64), sizes)
    logs: list[float] = []
    scale = 0.0  # of the product, which is rescaled at every step
    for steps, t in reversed(order[1:]):
        check_cancelled()
        fresh = steps.call.fresh(t)
        if fresh is not None and bool(fresh[0]):
            break
        carried = {name: value.double().cpu() for name, value in pull_back(steps, t, messages).items()}
        product = torch.cat([carried[name] for name in sizes], dim=1)
        size = float(torch.linalg.matrix_norm(product, 2))
        scale += math.log(size) if size > 0 else -math.inf if size == 0 else math.nan
        logs.append(scale)
        if not size > 0:
            break
        messages = _split(product / size, sizes)
    return Lyapunov(place, passes[0].call.equation.name, np.asarray(logs))


def _live_steps(steps: Steps) -> list[int]:
    """The real steps of the first row, in the order in which they are computed."""
    return [t for t in steps.call.steps if (live := steps.call.live(t)) is None or bool(live[0])]


def _split(rows: Tensor, sizes: dict[str, int]) -> dict[str, Tensor]:
    """Gradients of all states side by side (K, S), as those of each."""
    return dict(zip(sizes, rows.tensor_split(list(accumulate(sizes.values()))[:-1], dim=1), strict=True))
