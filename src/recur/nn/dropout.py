"""Dropout over time: one mask for all steps of a row, a mask for every step, or both."""

from __future__ import annotations

from torch import Tensor, nn

from recur.nn.checks import check_probability
from recur.nn.locked_masks import Locking
from recur.nn.shared_rows import current, for_rows


class LockedDropout(Locking):
    """Dropout with one mask per row: the same columns are zeroed at every step of a row.

    Parameters
    ----------
    p : float
        Probability that a column is zeroed.
    batch_first : bool
        Axis order of the input.

    Examples
    --------
    >>> import torch
    >>> dropped = LockedDropout(0.5)(torch.ones(2, 7, 4))
    >>> bool((dropped == dropped[:, :1]).all())
    True

    References
    ----------
    Y. Gal, Z. Ghahramani (2016), A theoretically grounded application of dropout in recurrent neural networks.
    """

    def __init__(self, p: float = 0.5, batch_first: bool = True) -> None:
        super().__init__()
        self.p = check_probability("p", p)
        self.batch_first = batch_first

    def forward(self, x: Tensor) -> Tensor:
        """Drop columns of (B, T, S), or (T, B, S) without ``batch_first``; in evaluation return ``x``."""
        if not self.training or self.p == 0:
            return x
        one_step = x[:, :1] if self.batch_first else x[:1]
        # not `empty_like`, whose memory order follows x: one seed gives one mask, whatever the strides of x
        keep, rows = 1 - self.p, 0 if self.batch_first else 1

        def draw() -> Tensor:
            return for_rows(one_step.shape, rows, lambda shape: x.new_empty(shape).bernoulli_(keep).div_(keep))

        return x * self.lock("mask", draw)

    def extra_repr(self) -> str:
        return f"p={self.p}" + ("" if self.batch_first else ", batch_first=False")


class Drop(nn.Module):
    """Dropout on vectors: a mask for every step, one mask for all steps, or both.

    Parameters
    ----------
    each : float
        Probability that a column of one step is dropped.
    locked : float
        Probability of dropping a column at every step of a row.

    Sources: Srivastava et al. 2014; Gal and Ghahramani 2016 (one mask, ``variational_dropout``).
    """

    def __init__(self, each: float, locked: float) -> None:
        super().__init__()
        self.each = nn.Dropout(each)
        self.locked = LockedDropout(locked)

    @property
    def active(self) -> bool:
        """Whether vectors are changed now."""
        return self.training and not (self.each.p == 0 and self.locked.p == 0)

    def forward(self, vectors: Tensor) -> Tensor:
        """(B, T, H) or (B, H), unchanged in evaluation."""
        if not self.active:
            return vectors
        # without a time axis there is one step, to which the mask of all steps applies
        timed = vectors if vectors.dim() == 3 else vectors[:, None]
        dropped = _drop_each(self.locked(timed), self.each, by_step=timed.stride(0) <= timed.stride(1))
        return dropped if vectors.dim() == 3 else dropped[:, 0]


def _drop_each(vectors: Tensor, dropout: nn.Dropout, *, by_step: bool) -> Tensor:
    """Drop columns of single steps of (B, T, S), which are in memory step by step or row by row."""
    if current() is None or dropout.p == 0:
        whole: Tensor = dropout(vectors)
        return whole

    # torch draws in the order of the memory, and the rows of the whole batch would have the same
    def draw(shape: tuple[int, ...]) -> Tensor:
        rows, steps, size = shape
        ones = (
            vectors.new_ones((steps, rows, size)).transpose(0, 1) if by_step and steps > 1 else vectors.new_ones(shape)
        )
        mask: Tensor = dropout(ones)
        return mask

    return vectors * for_rows(vectors.shape, 0, draw)
