"""Frozen layers: the weights of a layer packed once for all calls without gradients, until it trains again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor, nn

from recur.engine.native.frozen import FrozenWeights


class Freezing(nn.Module):
    """A module whose recurrences keep their packed weights between calls."""

    input_size: int
    _frozen: dict[tuple[int, int], FrozenWeights] | None = None

    @property
    def frozen(self) -> bool:
        """Whether packed weights are kept between calls."""
        return self._frozen is not None

    def freeze(self) -> Self:
        """Keep the weights packed between calls without gradients (native backend), until `unfreeze` or ``train()``.

        Results are the same, bit for bit. In every call all weights are compared with those that were packed, by a
        hash of their numbers; where one has changed, in whatever way (an optimiser, ``copy_``, ``.data``,
        ``load_state_dict``), they are packed again. The packed copy takes as much memory as the matrices.

        Returns
        -------
        Self
            The layer.

        Examples
        --------
        >>> import torch
        >>> from recur.nn import GRU
        >>> layer, x = GRU(3, 8).eval(), torch.randn(5, 2, 3)
        >>> with torch.no_grad():
        ...     torch.equal(layer(x)[0], layer.freeze()(x)[0])
        True
        """
        if self._frozen is None:
            self._frozen = {}
        return self

    def unfreeze(self) -> Self:
        """Release the packed weights, and pack them in every call; return the layer."""
        self._frozen = None
        return self

    def frozen_weights(self, number: int, direction: int = 0) -> FrozenWeights | None:
        """Where the packed weights of one layer of the stack and direction are kept; None if it is not frozen."""
        return None if torch.compiler.is_compiling() else self.kept_weights(number, direction)

    def kept_weights(self, number: int, direction: int = 0) -> FrozenWeights | None:
        """The same for a call that is known not to be traced by torch.compile."""
        kept = self._frozen
        if kept is None:
            return None
        return kept.get((number, direction)) or kept.setdefault((number, direction), FrozenWeights())

    def train(self, mode: bool = True) -> Self:
        """Set training or evaluation mode, as in torch; a layer in training mode is not frozen."""
        if mode:
            self.unfreeze()
        return super().train(mode)

    def _apply(self, fn: Callable[[Tensor], Tensor], *arguments: Any, **options: Any) -> Self:
        # `.to()`, `.half()`: the packed weights of another dtype or device are of no use
        if self._frozen is not None:
            self._frozen = {}
        super()._apply(fn, *arguments, **options)  # type: ignore[no-untyped-call]  # torch does not annotate it
        return self


def freeze_layers(network: nn.Module) -> None:
    """Freeze all recurrent layers of a network in evaluation mode."""
    for module in network.modules():
        if isinstance(module, Freezing) and not module.training:
            module.freeze()


def pack_layers(network: nn.Module) -> None:
    """Pack the weights of all frozen layers now, so that processes forked later share them."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, Freezing) and module.frozen:
                module(torch.zeros(1, 1, module.input_size))  # the packed weights fit every length and batch
