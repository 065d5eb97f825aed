"""Words for states that are matrices, declared by two sizes: outer, dot, by_head, push, scale_rows, scale_columns.

``C @ q`` and ``C.T @ k`` multiply a vector by the matrix of the same row of the batch. A state ``"H H / heads"`` is one
matrix for each head: H / heads elements of a vector belong to each.
"""

from __future__ import annotations

from recur.equations.graph import Builder, Node
from recur.equations.language import Symbol, dims_of, total
from recur.equations.sizes import ZERO, Size, show
from recur.errors import EquationError

WORDS = ("outer", "dot", "by_head", "push", "scale_rows", "scale_columns")
"""The words of this file that an equation may use."""


def _vectors(name: str, *values: Symbol) -> None:
    for value in values:
        if not isinstance(value, Symbol) or value.dims is not None or len(value.node.shape) != 1:
            raise EquationError(
                f"{name} takes vectors of the equation, got {value!r}", hint=f"{name}(W_k @ x, W_v @ x)"
            )


def outer(u: Symbol, v: Symbol, heads: str | None = None) -> Symbol:
    """u v^T: the matrix with element u_i v_j in row i and column j.

    With ``heads``, the name of a size: one such matrix of each head's part of the vectors.
    """
    _vectors("outer", u, v)
    number = None if heads is None else _number_of_heads("outer", heads, u, v)
    return Symbol(u.builder, u.builder.outer(u.node, v.node, number), (u.node.size, v.node.size), number)


def dot(u: Symbol, v: Symbol, heads: str | None = None) -> Symbol:
    """The sum of u_i v_i, a number that stretches to any size; with ``heads`` a vector of such a sum for each head."""
    _vectors("dot", u, v)
    product = u * v
    if heads is None:
        return total(product)
    number = _number_of_heads("dot", heads, product)
    size = product.node.size.over(number)
    builder = u.builder
    return Symbol(builder, builder.contract(product.node, _filled(builder, size), (number, size)))


def by_head(numbers: Symbol, like: Symbol) -> Symbol:
    """A vector with a number for each head as a vector or matrix of another's size: each for all elements of its head.

    ``by_head(f, C) * C`` multiplies the matrix of each head by its number.
    """
    _vectors("by_head", numbers)
    heads = numbers.node.size
    is_vector = isinstance(like, Symbol) and like.dims is None and len(like.node.shape) == 1
    if not is_vector and not (isinstance(like, Symbol) and like.heads == heads):
        shape = dims_of(like) if isinstance(like, Symbol) else repr(like)
        raise EquationError(
            f"by_head of {heads} numbers for {shape}: expected a vector, or a state declared with / {heads}",
            hint=f'C="H H / {heads}"',
        )
    _number_of_heads("by_head", str(heads), Symbol(like.builder, like.node))
    builder, size = like.builder, like.node.size.over(heads)
    return Symbol(builder, builder.outer(numbers.node, _filled(builder, size)), like.dims, like.heads)


def _filled(builder: Builder, size: Size) -> Node:
    """A vector of ones."""
    return builder.expand(builder.constant(1.0), size)


def _number_of_heads(name: str, heads: str, *values: Symbol) -> Size:
    """The number of heads as a size; refuse vectors that it does not divide into parts."""
    size = Size.parse(heads) if isinstance(heads, str) else ZERO
    if len(size.terms) != 1 or size.constant or size.terms[0][1] != 1 or len(size.symbols) != 1:
        raise EquationError(f"{name}: heads={heads!r}, expected the name of a size", hint=f'{name}(u, v, "heads")')
    for value in values:
        if not value.node.size.terms or value.node.size.constant or size == value.node.size:
            raise EquationError(
                f"{name}: a vector of {show(value.node.shape)} is not divided among {heads}",
                hint=f"a vector of H is divided into {heads} parts of H / {heads}",
            )
    return size


def push(matrix: Symbol, v: Symbol) -> Symbol:
    """The matrix with v as its first row, the others one row further down, and its last row dropped."""
    _vectors("push", v)
    dims = _rows_and_columns(matrix)
    if dims is None or v.node.size != dims[1]:
        shape = dims_of(matrix) if isinstance(matrix, Symbol) else repr(matrix)
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
    dims = _rows_and_columns(matrix)
    if dims is None or v.node.size != dims[side]:
        shape = dims_of(matrix) if isinstance(matrix, Symbol) else repr(matrix)
        raise EquationError(
            f"{'scale_rows' if side == 0 else 'scale_columns'} of {shape} by {show(v.node.shape)}: expected a matrix, "
            f"and a vector with one element for each {'row' if side == 0 else 'column'}"
        )
    builder = matrix.builder
    rows, columns = (Symbol(builder, builder.expand(builder.constant(1.0), size)) for size in dims)
    return rows, columns


def _rows_and_columns(matrix: Symbol) -> tuple[Size, Size] | None:
    """Those of a matrix without blocks; None for anything else."""
    return matrix.dims if isinstance(matrix, Symbol) and matrix.heads is None else None
