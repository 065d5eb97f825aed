"""Words for states that are matrices, which are declared by two sizes: outer, dot, push, scale_rows, scale_columns.

``C @ q`` and ``C.T @ k`` multiply a vector by the matrix of the same row of the batch.
"""

from __future__ import annotations

from recur.equations.language import Symbol, total
from recur.equations.sizes import ZERO, show
from recur.errors import EquationError


def _vectors(name: str, *values: Symbol) -> None:
    for value in values:
        if not isinstance(value, Symbol) or value.dims is not None or len(value.node.shape) != 1:
            raise EquationError(
                f"{name} takes vectors of the equation, got {value!r}", hint=f"{name}(W_k @ x, W_v @ x)"
            )


def outer(u: Symbol, v: Symbol) -> Symbol:
    """u v^T: the matrix with element u_i v_j in row i and column j."""
    _vectors("outer", u, v)
    return Symbol(u.builder, u.builder.outer(u.node, v.node), (u.node.size, v.node.size))


def dot(u: Symbol, v: Symbol) -> Symbol:
    """The sum of u_i v_i, a number that stretches to any size."""
    _vectors("dot", u, v)
    return total(u * v)


def push(matrix: Symbol, v: Symbol) -> Symbol:
    """The matrix with v as its first row, the others one row further down, and its last row dropped."""
    _vectors("push", v)
    if not isinstance(matrix, Symbol) or matrix.dims is None or v.node.size != matrix.dims[1]:
        shape = show(matrix.dims or matrix.node.shape) if isinstance(matrix, Symbol) else repr(matrix)
        raise EquationError(
            f"push of {show(v.node.shape)} into {shape}: expected a matrix, and a vector as long as its rows"
        )
    builder, size = matrix.builder, matrix.node.size
    rest = builder.slice(matrix.node, ZERO, size - v.node.size)
    return Symbol(builder, builder.concat([v.node, rest]), matrix.dims)


def scale_rows(matrix: Symbol, v: Symbol) -> Symbol:
    """diag(v) C: row i is multiplied by v_i."""
    _, ones = _ones(matrix, v, 0)
    return matrix * outer(v, ones)


def scale_columns(matrix: Symbol, v: Symbol) -> Symbol:
    """C diag(v): column j is multiplied by v_j."""
    ones, _ = _ones(matrix, v, 1)
    return matrix * outer(ones, v)


def _ones(matrix: Symbol, v: Symbol, side: int) -> tuple[Symbol, Symbol]:
    """Vectors of ones, with an element for each row and for each column."""
    _vectors("scale_rows" if side == 0 else "scale_columns", v)
    if not isinstance(matrix, Symbol) or matrix.dims is None or v.node.size != matrix.dims[side]:
        shape = show(matrix.dims or matrix.node.shape) if isinstance(matrix, Symbol) else repr(matrix)
        raise EquationError(
            f"{'scale_rows' if side == 0 else 'scale_columns'} of {shape} by {show(v.node.shape)}: expected a matrix, "
            f"and a vector with one element for each {'row' if side == 0 else 'column'}"
        )
    builder = matrix.builder
    rows, columns = (Symbol(builder, builder.expand(builder.constant(1.0), size)) for size in matrix.dims)
    return rows, columns
