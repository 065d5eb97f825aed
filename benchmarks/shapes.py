"""The sizes of a case, as on the command line and in the tables."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Shape:
    """T steps, B rows, H units and X inputs (as many as units, unless given).

    Attributes
    ----------
    T, B, H : int
        Steps, rows and units.
    ragged : bool
        Rows have lengths of their own, drawn evenly from a tenth of T to T.
    X : int
        Inputs; 0 stands for H.
    """

    T: int
    B: int
    H: int
    ragged: bool = False
    X: int = 0

    @property
    def inputs(self) -> int:
        """Inputs of a step."""
        return self.X or self.H

    def __str__(self) -> str:
        sizes = [self.T, self.B, self.X, self.H] if self.X else [self.T, self.B, self.H]
        return ",".join(map(str, sizes)) + (",ragged" if self.ragged else "")

    @classmethod
    def parse(cls, text: str) -> Shape:
        """Read ``T,B,H`` or ``T,B,X,H``, optionally followed by ``,ragged``."""
        *numbers, last = text.split(",")
        ragged = last == "ragged"
        sizes = [int(n) for n in (numbers if ragged else [*numbers, last])]
        if len(sizes) not in (3, 4) or min(sizes) < 1:
            raise ValueError(text)
        return cls(sizes[0], sizes[1], sizes[-1], ragged, sizes[2] if len(sizes) == 4 else 0)

    def lengths(self) -> Tensor | None:
        """Draw the real steps of each row (B,), in no order, the longest T; None where all rows are full."""
        if not self.ragged:
            return None
        drawn = torch.randint(max(1, self.T // 10), self.T + 1, (self.B,))
        drawn[self.B // 2] = self.T
        return drawn


def shape_option(text: str) -> Shape:
    """Read a shape from the command line."""
    try:
        return Shape.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no shape, expected T,B,H as in 100,32,128") from None


# from a single row, where overhead dominates a step, to sizes where the products dominate
SHAPES = [
    Shape(100, 1, 128), Shape(100, 1, 512), Shape(100, 8, 128), Shape(100, 32, 64), Shape(100, 32, 128),
    Shape(100, 32, 256), Shape(50, 32, 512), Shape(50, 32, 1024), Shape(50, 128, 512),
]  # fmt: skip
QUICK = [Shape(100, 1, 128), Shape(100, 8, 128), Shape(100, 32, 64)]

# sizes as they are in use (39 features of speech, 300 numbers of a word vector), none a multiple of a vector's width
ODD = [Shape(50, B, H, X=X) for H in (100, 200, 650, 1000) for X in (39, 300) for B in (3, 20)]

RAGGED = [Shape(100, 32, 256, ragged=True)]
