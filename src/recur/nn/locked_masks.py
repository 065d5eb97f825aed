"""Locked masks: one mask for all steps of a sequence, also where every step is a separate call."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn

Lock = Callable[[str, Callable[[], Tensor]], Tensor]  # a mask's name and how it is drawn -> the mask


class Locking(nn.Module):
    """A module with masks that hold for all steps of a sequence.

    A call is a sequence, unless it happens within `one_sequence`: then all calls are steps of one.
    """

    _locked: dict[Hashable, Tensor] | None = None

    def lock(self, place: Hashable, draw: Callable[[], Tensor]) -> Tensor:
        """Return what ``draw`` gives; within `one_sequence` what it gave at this place first."""
        if self._locked is None:
            return draw()
        if place not in self._locked:
            self._locked[place] = draw()
        return self._locked[place]


@contextmanager
def one_sequence(*modules: nn.Module) -> Iterator[None]:
    """Within it, all calls of the modules and of those in them are steps of one sequence, and share its masks.

    Masks that are drawn at every step (``dropout``, ``zoneout``) still are.

    Examples
    --------
    >>> import torch
    >>> from recur.nn import RNN
    >>> layer, x = RNN(3, 4, recurrent_dropout=0.5), torch.ones(2, 1, 3)
    >>> with one_sequence(layer):
    ...     first, state = layer(x[:1])
    ...     second, state = layer(x[1:], state)
    """
    # a sequence within a sequence is a part of it
    found = [m for module in modules for m in module.modules() if isinstance(m, Locking) and m._locked is None]
    for module in found:
        module._locked = {}
    try:
        yield
    finally:
        for module in found:
            module._locked = None
