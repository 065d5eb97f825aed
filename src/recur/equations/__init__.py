"""Cells as equations, one file per cell. No torch here.

A new cell is one new file with one ``@equation`` in it; no other file changes. Those of this folder are compiled
when the library is built, those of `papers` at their first use.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from recur.equations import papers
from recur.equations.convolution import convolution
from recur.equations.fixed import fixed
from recur.equations.language import (
    Symbol,
    absolute,
    atan,
    concat,
    cos,
    erf,
    exp,
    floor,
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
from recur.equations.matrices import by_head, dot, outer, push, scale_columns, scale_rows
from recur.equations.surrogates import bernoulli, greater, step, stop_gradient, straight_through
from recur.equations.trace import equation
from recur.equations.traced import Equation
from recur.equations.vectors import count, cumsum, largest, logsumexp, one_hot_of_largest, softmax
from recur.errors import EquationError, did_you_mean

__all__ = [
    "Equation", "Symbol", "absolute", "atan", "bernoulli", "by_head", "concat", "convolution", "cos", "count",
    "cumsum", "dot", "equation", "erf", "exp", "fixed", "floor", "get", "greater", "largest", "layer_norm", "log",
    "logsumexp", "maximum", "mean", "minimum", "names", "one_hot_of_largest", "outer", "push", "relu",
    "scale_columns", "scale_rows", "sigmoid", "sin", "softmax", "softplus", "split", "sqrt", "step", "stock",
    "stop_gradient", "straight_through", "tanh", "total",
]  # fmt: skip

_NOT_CELLS = {
    "convolution",
    "cell_files",
    "diagram",
    "document",
    "document_nodes",
    "drawing",
    "fixed",
    "graph",
    "language",
    "matrices",
    "naming",
    "papers",
    "sizes",
    "surrogates",
    "trace",
    "traced",
    "vectors",
}


def stock() -> list[str]:
    """The cells of this folder, by name: those that an installation has compiled."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in _NOT_CELLS)


def names() -> list[str]:
    """The names of all cells: those of this folder, and those of `recur.equations.papers`."""
    return [*stock(), *sorted(module.name for module in pkgutil.iter_modules(papers.__path__))]


@cache
def get(name: str) -> Equation:
    """The cell of this name.

    Raises
    ------
    EquationError
        If there is none; the message suggests the nearest name.
    """
    if name not in names():
        raise EquationError(
            f'there is no cell "{name}".{did_you_mean(name, names())}',
            hint="recur cells lists them; --cell FILE.py:NAME is an equation of your own",
        )
    room = __name__ if name in stock() else papers.__name__
    cell = getattr(importlib.import_module(f"{room}.{name}"), name)
    if not isinstance(cell, Equation):
        raise EquationError(f"{room.replace('.', '/')}/{name}.py does not define an equation of that name")
    return cell
