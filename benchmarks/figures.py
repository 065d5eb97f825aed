"""Arithmetic on the measurements: operations, shares, means, and the lines under a table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from torch import nn

BACKWARD = 2  # products of a backward pass for each of a forward pass: the inputs' gradients and the weights'


def flops(layer: nn.Module, steps: int, which: str) -> int:
    """Count the additions and multiplications of the matrix products of one pass.

    A row's step multiplies every matrix once; for a single layer that is 2 G H (X + H), where G is the number of gates.

    Parameters
    ----------
    layer : nn.Module
        Its parameters of two dimensions are the matrices.
    steps : int
        Real steps of all rows.
    which : "forward" or "training"
        The pass.
    """
    forward = 2 * sum(p.numel() for p in layer.parameters() if p.dim() == 2) * steps
    return forward * (1 + BACKWARD) if which == "training" else forward


def geometric_mean(values: Iterable[float]) -> float:
    """The n-th root of the product of n values: the mean of ratios, for which 2 and 1/2 cancel."""
    logarithms = [math.log(value) for value in values]
    return math.exp(math.fsum(logarithms) / len(logarithms))


def summary(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    """Write, for each contestant, cell and pass, the geometric mean of its ratios and the lowest of them.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of the table, each with ``cell``, ``pass``, ``shape`` and ``contestants``.
    names : sequence of str
        The contestants.

    Returns
    -------
    list of str
        Lines; none for a contestant that was timed nowhere.
    """
    lines = []
    wide = max([8, *(len(row["cell"]) for row in rows)])
    for name in names:
        groups: dict[tuple[str, str], list[tuple[float, str]]] = {}
        for row in rows:
            ratio = row["contestants"].get(name, {}).get("ratio")
            if ratio is not None:
                groups.setdefault((row["cell"], row["pass"]), []).append((ratio, row["shape"]))
        for (cell, which), pairs in groups.items():
            low, where = min(pairs)
            mean = geometric_mean(ratio for ratio, _ in pairs)
            lines.append(f"{name:<9} {cell:<{wide}} {which:<8}  mean {mean:>6.2f}   lowest {low:>6.2f} at {where}")
        if len(groups) > 1:
            ratios = [ratio for pairs in groups.values() for ratio, _ in pairs]
            lines.append(
                f"{name:<9} {'all':<{wide}} {'':<8}  mean {geometric_mean(ratios):>6.2f}   lowest {min(ratios):>6.2f}"
            )
    return lines
