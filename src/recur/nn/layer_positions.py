"""Position of each parameter in a network: its part, layer and direction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from recur.nn.base import LayerBase


@dataclass(frozen=True)
class LayerPosition:
    """One direction of one layer.

    Attributes
    ----------
    part : str
        "stack", "encoder" or "decoder".
    layer, direction : int
        Counted from 0; direction 1 reads from the end.
    """

    part: str
    layer: int
    direction: int

    def __str__(self) -> str:
        part = "" if self.part == "stack" else f"{self.part} "
        return f"{part}layer {self.layer + 1}" + (" backwards" if self.direction else "")


def parameter_positions(network: nn.Module) -> Iterator[tuple[Tensor, LayerPosition]]:
    """Yield every parameter of every recurrence of a network, with its position."""
    for path, module in network.named_modules():
        if not isinstance(module, LayerBase):
            continue
        for layer, level in enumerate(module.layout.levels):
            for direction, binding in enumerate(level.bindings):
                for own in binding.names():
                    yield getattr(module, own), LayerPosition(path.split(".")[0], layer, direction)
