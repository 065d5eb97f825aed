"""``Ledger``: the gradients through time of every layer, and how far back they reach."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from recur.inspect.lyapunov import Lyapunov
from recur.inspect.paths import Path
from recur.inspect.record import PassValues
from recur.nn.layer_positions import LayerPosition
from recur.views.picture import ledger_figure

MEMORY = 0.01  # a step that receives less of the last step's gradient is forgotten


@dataclass(frozen=True)
class Part(PassValues):
    """One pass of one place, with the results of BPTT: messages dE/dstate_t (T, B, S) that copies receive."""

    messages: dict[str, Tensor]
    itemised: dict[str, np.ndarray]
    jacobian: dict[str, np.ndarray]


@dataclass(frozen=True)
class LayerLedger:
    """BPTT in one direction of one layer.

    Attributes
    ----------
    place : LayerPosition
    cell : str
    lengths : ndarray
        (B,) real steps of each row.
    states : dict of str to ndarray
        (T, B, S) each state after each step.
    d_states : dict of str to ndarray
        (T, B, S) dE/dstate_t, the total derivative.
    messages : dict of str to ndarray
        (T, B, S) what each state of copy t receives from outside the copy: from step t+1, and from what reads h_t.
        It differs from ``d_states`` where one state enters another within the step, as c_t enters h_t.
    paths : dict of str to Path
        By parameter.
    boundaries : tuple of int
        Steps before which no gradient is passed back: where truncated BPTT cuts, or a new document begins.
    jacobian : dict of str to ndarray
        (T, S) singular values of dstate_t/dstate_{t-1}, the largest first; empty unless requested.
    lyapunov : Lyapunov or None
        The product of all Jacobians of a single row, with ``jacobian``.
    """

    place: LayerPosition
    cell: str
    lengths: np.ndarray
    states: dict[str, np.ndarray]
    d_states: dict[str, np.ndarray]
    messages: dict[str, np.ndarray]
    paths: dict[str, Path]
    boundaries: tuple[int, ...]
    jacobian: dict[str, np.ndarray]
    lyapunov: Lyapunov | None

    @property
    def steps(self) -> int:
        """T, the steps of the longest row."""
        return len(next(iter(self.states.values())))

    def norms(self) -> dict[str, np.ndarray]:
        """(T, B) ||dE/dstate_t|| of each state."""
        return {name: np.linalg.norm(d, axis=-1) for name, d in self.d_states.items()}

    def message_norm(self) -> np.ndarray:
        """(T, B) the norm of all that copy t receives for its states, ||dE/d(h_t, c_t)||."""
        square = np.stack([np.square(d).sum(-1) for d in self.messages.values()]).sum(0)
        return np.asarray(np.sqrt(square))


@dataclass(frozen=True)
class Ledger:
    """BPTT of one example, or of a batch.

    Attributes
    ----------
    error : float
        E, the mean of the errors.
    errors : ndarray
        (N,) e of each prediction.
    where : ndarray
        (N, 2) row and step of each; the answer to a whole sequence is at its last step.
    d_z : ndarray or None
        (N, V) dE/dz of each prediction; None where the readout is not one matrix (adaptive softmax).
    layers : tuple of LayerLedger
        Every layer and direction.
    readout : dict of str to Path
        W_hy and b_y, empty where the readout is not one matrix.
    read_at : ndarray
        (S,) the step of each share of W_hy: one per prediction. The answer to a whole sequence, whose vector is pooled
        over several steps, has one for each of them.
    itemised : dict of LayerPosition to dict of str to ndarray
        For each place (K, T) ||de_k/dstate_t||, of each state, and of all together as "message"; for a single row, and
        empty unless requested.
    followed : ndarray
        (K,) which predictions were followed one by one.
    """

    error: float
    errors: np.ndarray
    where: np.ndarray
    d_z: np.ndarray | None
    layers: tuple[LayerLedger, ...]
    readout: dict[str, Path]
    read_at: np.ndarray
    itemised: dict[LayerPosition, dict[str, np.ndarray]]
    followed: np.ndarray

    def plot(self, row: int = 0) -> Any:
        """Draw ||dE/dstate_t|| of every layer, and the shares of the steps in the gradient of every matrix.

        Parameters
        ----------
        row : int
            The sequence of the batch whose norms are drawn; the shares are those of all rows together.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ConfigError
            When matplotlib is not installed.
        """
        return ledger_figure(
            [
                (
                    str(layer.place),
                    {name: values[:, row] for name, values in layer.norms().items()},
                    {name: path.fraction for name, path in layer.paths.items() if path.kind != "bias"},
                )
                for layer in self.layers
            ]
        )


def distance_of_memory(norms: np.ndarray) -> float:
    """Return how many steps back a gradient falls below 1 % of what the last step has.

    A gated cell passes most of a gradient to its cell state at the first step back, where it lasts over many steps: a
    threshold of 1/e would report this as a memory of one step.

    Parameters
    ----------
    norms : ndarray
        (T,) norms of one error's derivative, in the order of time.

    Returns
    -------
    float
        Steps; infinite if it never falls below.

    Examples
    --------
    >>> distance_of_memory(np.array([0.002, 0.02, 0.2, 1.0])), distance_of_memory(np.array([0.2, 0.2, 0.2, 1.0]))
    (3.0, inf)
    """
    back = np.asarray(norms, float)[::-1]
    if not len(back) or back[0] <= 0:
        return 0.0
    low = np.nonzero(back < MEMORY * back[0])[0]
    return float(low[0]) if len(low) else math.inf
