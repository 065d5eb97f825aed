"""Cells as equations, one file per cell. No torch here.

A new cell is one new file in this folder with one ``@equation`` in it; no other file changes.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from recur.equations.language import (
    Symbol,
    absolute,
    concat,
    cos,
    exp,
    layer_norm,
    log,
    maximum,
    mean,
    minimum,
    relu,
    sigmoid,
    sin,
    softplus,
    split,
    sqrt,
    tanh,
    total,
)
from recur.equations.trace import Equation, equation
from recur.errors import EquationError, did_you_mean

__all__ = [
    "Equation", "Symbol", "absolute", "concat", "cos", "equation", "exp", "get", "layer_norm", "log", "maximum",
    "mean", "minimum", "names", "relu", "sigmoid", "sin", "softplus", "split", "sqrt", "tanh", "total",
]  # fmt: skip

_NOT_CELLS = {"diagram", "graph", "language", "naming", "sizes", "trace"}


def names() -> list[str]:
    """The names of the cells in this folder."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in _NOT_CELLS)


@cache
def get(name: str) -> Equation:
    """The cell of this name.

    Raises
    ------
    EquationError
        If there is none; the message suggests the nearest name.
    """
    if name not in names():
        raise EquationError(f'there is no cell "{name}".{did_you_mean(name, names())}', hint="recur cells")
    cell = getattr(importlib.import_module(f"{__name__}.{name}"), name)
    if not isinstance(cell, Equation):
        raise EquationError(f"recur/equations/{name}.py does not define an equation of that name")
    return cell
