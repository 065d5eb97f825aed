"""Precision of the matrix products of all recurrent layers of a network, for the length of a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from recur.engine.low_precision import PRECISIONS
from recur.nn.base import LayerBase
from recur.nn.checks import check_choice


@contextmanager
def in_precision(network: nn.Module, precision: str) -> Iterator[None]:
    """Compute the products of recurrent layers in a precision; embeddings, convolutions and the readout are unchanged.

    Other threads that use the network meanwhile compute in it too.

    Raises
    ------
    ConfigError
        If there is no such precision.
    """
    check_choice("precision", precision, PRECISIONS)
    layers = [module for module in network.modules() if isinstance(module, LayerBase)]
    before = [layer.precision for layer in layers]
    try:
        for layer in layers:
            layer.precision = precision
        yield
    finally:
        for layer, own in zip(layers, before, strict=True):
            layer.precision = own
