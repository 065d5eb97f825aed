"""The step of one layer as C99, with the numbers of its constant arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recur.compiler import c99, c99_panels
from recur.compiler.c99_panels import Panel
from recur.compiler.lowering import Block
from recur.compiler.plan import plan
from recur.compiler.program import program
from recur.compiler.toolchain import zig
from recur.compiler.variants import lifted
from recur.engine.low_precision import quantize
from recur.engine.noise import expected, noisy
from recur.engine.operations import Values, evaluate, number_of
from recur.equations import Equation

__all__ = ["LIBRARY", "CStep", "affine", "c_step", "room_for", "whole_rows", "zig"]

LIBRARY = c99.LIBRARY
"""Operations that are the C library's, and their names in it."""


@dataclass(frozen=True)
class CStep:
    """The step of a layer in C99.

    Attributes
    ----------
    code : str
        Statements that read ``x`` and change the states; ``NAME_`` begins the functions and arrays that they use.
    arrays : dict of str to ndarray
        Its constants, by name without ``NAME_``.
    scratch : int
        Numbers of scratch memory.
    calls : frozenset of str
        Functions that it calls.
    widest : int
        Numbers of the longest operand of a product in 8 bits; 0 where there is none.
    """

    code: str
    arrays: dict[str, np.ndarray]
    scratch: int
    calls: frozenset[str]
    widest: int = 0


@torch.no_grad()
def c_step(
    equation: Equation, parameters: Mapping[str, Tensor], sizes: Mapping[str, int], *, name: str,
    states: Mapping[str, str], scratch: str, zoneout: Mapping[str, float], int8: bool = False,
) -> CStep:  # fmt: skip
    """Write the step of a layer, as it is in evaluation.

    Parameters
    ----------
    equation : Equation
        The cell.
    parameters : mapping of str to Tensor
        Its parameters.
    sizes : mapping of str to int
        A number for each of its size symbols.
    name : str
        The start of the names of its arrays.
    states : mapping of str to str
        The C expression of each state.
    scratch : str
        That of its scratch memory.
    zoneout : mapping of str to float
        The probability that a unit keeps its old value, by state.
    int8 : bool
        Whether products have factors of 8 bits, as with the precision int8 of layers; see `compiler.c99.step`.

    Raises
    ------
    NotCompiledError
        If the equation cannot be compiled; the message says why.
    """
    noise = expected(equation, zoneout)
    whole = noisy(equation, noise)
    graph, once = lifted(whole)
    noises = {key: float(noise.of(key)) for key in graph.noises}
    written = c99.step(program(graph), sizes, name=name, states=states, scratch=scratch, noises=noises, int8=int8)
    known = {key: value.detach().cpu().to(torch.float64) for key, value in parameters.items()}
    if once:
        values: Values = {id(node): known[key] for key, node in whole.parameters.items()}
        evaluate(plan(whole).once, values, sizes)
        for key, node in once.items():
            value = values.get(id(node), None)
            value = number_of(node, sizes) if value is None else value
            shape = tuple(size.value(sizes) for size in node.shape)
            known[key] = torch.as_tensor(value, dtype=torch.float64).expand(shape)
    numbers = {key: value.numpy() for key, value in known.items()}
    arrays: dict[str, np.ndarray] = {}
    for panel in written.panels:
        arrays |= _packed(panel, numbers, sizes)
    for key, (vector, start, size) in written.vectors.items():
        arrays[key] = numbers[vector][start : start + size].astype(np.float32)
    widest = max((columns for panel in written.panels for _, columns in panel.spans()), default=0)
    return CStep(written.code, arrays, written.scratch, frozenset(written.calls), widest)


def _packed(panel: Panel, numbers: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """The matrix and the biases of a panel."""
    rows = sum(row.rows for row in panel.rows)
    matrix = np.zeros((rows, sum(one.size for one in panel.operands)))
    bias = np.zeros(rows)
    first = 0
    for row in panel.rows:
        for block, column in row.blocks:
            part = _block(numbers[block.matrix], block, sizes)
            matrix[first : first + row.rows, column : column + part.shape[1]] += part
        for vector, start in row.biases:
            bias[first : first + row.rows] += numbers[vector][start : start + row.rows]
        first += row.rows
    return _arrays(panel, matrix, bias)


def _block(matrix: np.ndarray, block: Block, sizes: Mapping[str, int]) -> np.ndarray:
    row, rows, column, columns = (
        size.value(sizes) for size in (block.row, block.rows, block.column, block.columns)
    )  # fmt: skip
    whole = matrix.T if block.transposed else matrix
    return whole[row : row + rows, column : column + columns]


def affine(
    name: str, matrix: np.ndarray, bias: np.ndarray | None, x: str, z: str, *, int8: bool = False
) -> CStep:  # fmt: skip
    """Write z = W x + b, where z has room for `room_for` numbers."""
    rows, columns = matrix.shape
    groups = (1,) if int8 else ()
    panel = Panel(name, (c99_panels.Operand(x, columns),), (c99_panels.Row(rows, (), ()),), z, groups)
    arrays = _arrays(panel, matrix, np.zeros(rows) if bias is None else bias)
    code = "\n".join(c99_panels.product_lines(panel))
    return CStep(code, arrays, 0, frozenset(c99_panels.product_calls(panel)), columns if int8 else 0)


def whole_rows(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of a matrix as whole numbers of 8 bits, and their scales, as low_precision defines them."""
    whole, scales = quantize(torch.from_numpy(np.ascontiguousarray(matrix, np.float32)))
    return whole.numpy().astype(np.int8), scales.squeeze(-1).numpy()


def room_for(rows: int) -> int:
    """Numbers that a product of this many rows writes: whole vectors."""
    return c99_panels.padded(rows)


def _arrays(panel: Panel, matrix: np.ndarray, bias: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays of a panel: W block by block, of each block operand by operand, of each its columns; and b."""
    whole = np.zeros((c99_panels.padded(len(matrix)), matrix.shape[1]), np.float32)
    whole[: len(matrix)] = matrix
    biases = np.zeros(len(whole), np.float32)
    biases[: len(matrix)] = bias
    if panel.groups:
        return _whole_arrays(panel, matrix, biases)
    if c99_panels.is_short(len(matrix)):
        return {f"{panel.name}_w": matrix.astype(np.float32).ravel(), f"{panel.name}_b": biases[: len(matrix)]}
    sizes = [operand.size for operand in panel.operands]
    parts, first, before = [], 0, 0
    if c99_panels.starts_with_number(panel):
        parts, sizes, before = [whole[:, 0]], sizes[1:], 1
    for width in c99_panels.widths(len(matrix)):
        start = before
        for size in sizes:
            parts.append(whole[first : first + width, start : start + size].T.ravel())
            start += size
        first += width
    return {f"{panel.name}_w": np.concatenate(parts), f"{panel.name}_b": biases}


def _whole_arrays(panel: Panel, matrix: np.ndarray, biases: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays of a panel in 8 bits: W group by group, of each block by block; scales of each group; and b."""
    short = c99_panels.is_short(len(matrix))
    room = len(matrix) if short else len(biases)
    parts, scales = [], []
    for first, columns in panel.spans():
        rows = np.zeros((room, columns), np.float32)
        rows[: len(matrix)] = matrix[:, first : first + columns]
        whole, scale = whole_rows(rows)
        scales.append(scale)
        row = 0
        for width in [room] if short else c99_panels.widths(len(matrix)):
            block = whole[row : row + width]
            parts.append(block.ravel() if short else block.T.ravel())
            row += width
    return {
        f"{panel.name}_w": np.concatenate(parts), f"{panel.name}_s": np.concatenate(scales),
        f"{panel.name}_b": biases[:room],
    }  # fmt: skip
