"""Locked masks: one mask for all steps of a sequence, also where every step is a separate call."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn

Lock = Callable[[str, Callable[[], Tensor]], Tensor]  # a mask's name and how it is drawn -> the mask


class Locking(nn.Module):
    """A module with masks that stay the same for all steps of a sequence.

    Each call is one sequence; within `one_sequence`, all calls are steps of one sequence.
    """

    _locked: dict[Hashable, Tensor] | None = None

    def lock(self, place: Hashable, draw: Callable[[], Tensor]) -> Tensor:
        """Return the result of ``draw``; within `one_sequence`, the result of its first call under this name."""
        if self._locked is None:
            return draw()
        if place not in self._locked:
            self._locked[place] = draw()
        return self._locked[place]


@contextmanager
def one_sequence(*modules: nn.Module) -> Iterator[None]:
    """Make all calls of the modules and their submodules in this context steps of one sequence, with the same masks.

    Masks that are drawn at every step (``dropout``, ``zoneout``) are still drawn at every step.

    Examples
    --------
    >>> import torch
    >>> from recur.nn import RNN
    >>> layer, x = RNN(3, 4, recurrent_dropout=0.5), torch.ones(2, 1, 3)
    >>> with one_sequence(layer):
    ...     first, state = layer(x[:1])
    ...     second, state = layer(x[1:], state)
    """
    # a nested sequence is a part of the outer one
    unlocked = [m for module in modules for m in module.modules() if isinstance(m, Locking) and m._locked is None]
    for module in unlocked:
        module._locked = {}
    try:
        yield
    finally:
        for module in unlocked:
            module._locked = None
