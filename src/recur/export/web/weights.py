"""The numbers of a network as bytes, of 16 bits each where these hold them exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from recur.errors import ConfigError
from recur.nn.graph_writer import array_of


class Weights:
    """The numbers of a network one after the other: of 16 bits where these hold them exactly, else of 32 bits."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.places: list[dict[str, int]] = []
        self._known: dict[bytes, int] = {}

    def add(self, values: Any) -> int | None:
        """Add an array; return its number. None stays None.

        Raises
        ------
        ConfigError
            When one of its numbers is not finite.
        """
        if values is None:
            return None
        whole = np.asarray(values, np.float32).ravel()
        if not np.isfinite(whole).all():
            raise ConfigError("a weight of this network is not finite", hint="train again, with a lower learning rate")
        half = rounded(whole)
        bits = 16 if np.array_equal(half, whole) else 32
        known = self._known.get(whole.tobytes())
        if known is not None:  # as a matrix that embedding and readout share
            return known
        self._known[whole.tobytes()] = len(self.places)
        self.bytes += bytes(-len(self.bytes) % 4)
        self.places.append({"first": len(self.bytes), "count": whole.size, "bits": bits})
        self.bytes += whole.astype("<f2" if bits == 16 else "<f4").tobytes()
        return len(self.places) - 1


def rounded(values: np.ndarray) -> np.ndarray:
    """Return numbers as 16 bits hold them; those that are too large for these stay as they are."""
    with np.errstate(over="ignore"):
        half: np.ndarray = values.astype(np.float16).astype(np.float32)
    return np.where(np.isfinite(half), half, values)


@torch.no_grad()
def round_weights(mode: nn.Module) -> None:
    """Round the parameters of a network to 16 bits."""
    for parameter in mode.parameters():
        parameter.copy_(torch.from_numpy(rounded(array_of(parameter))).to(parameter.dtype))
