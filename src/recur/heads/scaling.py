"""Standardised numbers in their own units, as tensors and as nodes of a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recur.nn.graph_writer import GraphWriter

if TYPE_CHECKING:
    from recur.codecs import Codec


def own_units(codec: Codec, values: Tensor) -> Tensor:
    """Convert standardised numbers (..., C)."""
    mean, deviation = (torch.from_numpy(each) for each in codec.normalisation())
    return values * deviation + mean


def write_own_units(graph: GraphWriter, codec: Codec, values: str) -> str:
    """Write `own_units`."""
    mean, deviation = codec.normalisation()
    return graph.add("Add", graph.add("Mul", values, graph.constant(deviation)), graph.constant(mean))
