"""Sets of measurements by name: ``--set NAME`` of ``python -m benchmarks.layers``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import nn

import recur.nn
from benchmarks import shapes
from benchmarks.contest import (
    BY_HAND,
    CELLS,
    CONTESTANTS,
    NATIVE,
    PASSES,
    TAGGER,
    Cell,
    Contestant,
    in_bfloat16,
    in_int8,
)
from benchmarks.shapes import Shape


@dataclass(frozen=True)
class Set:
    """Cells at shapes, and who runs them.

    Attributes
    ----------
    about : str
        One line for the help and above the table.
    cells : list of Cell
        Measured unless ``--cells`` says otherwise.
    shapes : list of Shape
        Measured unless ``--shapes`` says otherwise.
    rival : str
        The heading of the rival's column.
    more : list of Cell
        Measured only when ``--cells`` names them.
    contestants : list of Contestant
        Always run.
    others : list of Contestant
        Run when ``--also`` names them.
    dtype : torch.dtype
        The row of the table of tolerances that the proof is held to.
    passes : tuple of str
        What can be measured.
    """

    about: str
    cells: list[Cell]
    shapes: list[Shape]
    rival: str = "torch.nn"
    more: list[Cell] = field(default_factory=list)
    contestants: list[Contestant] = field(default_factory=lambda: [NATIVE])
    others: list[Contestant] = field(default_factory=lambda: CONTESTANTS[1:])
    dtype: torch.dtype = torch.float32
    passes: tuple[str, ...] = PASSES


def _own(name: str) -> Callable[[int, int], nn.Module]:
    """Our own layer as the rival of itself in another precision."""

    def build(X: int, H: int) -> nn.Module:
        layer: nn.Module = getattr(recur.nn, name)(X, H, engine="native")
        return layer

    return build


SETS = {
    "main": Set("the nine shapes", CELLS, shapes.SHAPES, more=[BY_HAND]),
    "odd": Set("sizes that no vector's width divides", CELLS, shapes.ODD, more=[BY_HAND]),
    "ragged": Set(
        "rows of 10 to 100 steps; torch packs, runs and pads", CELLS[1:], shapes.RAGGED, more=[*CELLS[:1], BY_HAND]
    ),
    "tagger": Set("ragged rows through two layers in both directions", [TAGGER], shapes.RAGGED),
    "bfloat16": Set(
        "our layer with products in bfloat16 against itself in float32",
        [Cell(cell.name, cell.equation, _own(cell.name)) for cell in CELLS],
        [shape for shape in shapes.SHAPES if shape.B >= 32 and shape.H >= 256],
        rival="float32",
        contestants=[Contestant("bfloat16", in_bfloat16, "native")],
        others=[],
        dtype=torch.bfloat16,
    ),
    "int8": Set(
        "our layer with products in int8, which are for inference, against itself in float32",
        [Cell(cell.name, cell.equation, _own(cell.name)) for cell in CELLS],
        shapes.SHAPES,
        rival="float32",
        contestants=[Contestant("int8", in_int8, "native")],
        others=[],
        dtype=torch.bfloat16,  # 8 bits with a scale per row round about as much as the 8 bits of a bfloat16
        passes=PASSES[:1],
    ),
}
