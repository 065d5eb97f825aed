"""Activation regularisation: penalties on large and on fast-changing outputs of the last layer.

    activation              alpha * mean (m * h_t)^2              m: the dropout before the readout
    temporal activation     beta * mean (h_t - h_{t-1})^2         without dropout

Means over all units of all real steps. They are added to the training error, never to a reported metric.

Source: Merity, McCann and Socher 2017, Revisiting activation regularization for language RNNs, sections 4.1 and 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from recur.nn.shared_rows import part_of_mean


@dataclass
class Penalty:
    """The two penalties.

    Attributes
    ----------
    activation, temporal : float
        alpha and beta; 0 for none.
    """

    activation: float = 0.0
    temporal: float = 0.0

    def __call__(self, raw: Tensor, dropped: Tensor, mask: Tensor | None) -> Tensor | None:
        """Return the penalty of outputs (B, T, H), or (B, H), before and after dropout; None where there is none.

        ``mask`` (B, T) is True at real steps.
        """
        parts = []
        if self.activation:
            real = dropped if mask is None else dropped[mask]
            parts.append(self.activation * _mean(real.square()))
        if self.temporal and raw.dim() == 3:
            jumps = raw[:, 1:] - raw[:, :-1]
            if mask is not None:
                jumps = jumps[mask[:, 1:] & mask[:, :-1]]
            parts.append(self.temporal * _mean(jumps.square()))
        return sum(parts[1:], parts[0]) if parts else None


def _mean(squares: Tensor) -> Tensor:
    """Return the mean; 0 of no values. Of a batch that several processes share, what these rows add to its mean."""
    return part_of_mean(squares.sum() / max(1, squares.numel()), squares.numel())
