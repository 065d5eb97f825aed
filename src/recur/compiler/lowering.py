"""Lowering of a graph to operations on the pieces of vectors.

    leaf        a piece of the input, a state, a parameter, a mask or noise, or of dE/dstate ("seed")
    product     rows of W v, as a sum of blocks W[rows, columns] v[columns], one for each piece of v
    contract    rows of C v, or of C^T v, where C is a matrix that each row of the batch has of its own
    spread      a vector over the elements of such a matrix: element (i, j) is v_i, or v_j
    total       the sum over all elements of a piece, or the largest of them, one number per row of the batch
    the rest    element-wise, named as in the graph

Slices and concatenations disappear: they only select pieces. A value of size 1 broadcasts to any size, as in the graph.
Equal operations are one operation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from recur.compiler.partition import NotCompiledError, Partition, Piece
from recur.equations.graph import Node
from recur.equations.sizes import ONE, ZERO, Size


@dataclass(frozen=True)
class Block:
    """A block of a matrix: W[row : row + rows, column : column + columns], as it is or transposed.

    ``row`` indexes the result of the product and ``column`` its operand: of W^T these are columns and rows of W.
    """

    matrix: str
    transposed: bool
    row: Size
    rows: Size
    column: Size
    columns: Size


@dataclass(frozen=True)
class RowBlock:
    """The part of a matrix of a row that one piece of a vector multiplies: C[row :, column :], or of C^T.

    ``row`` and ``column`` are those of the product, as in `Block`; the matrix itself is ``matrix_rows`` by
    ``matrix_columns``, row after row, and ``columns`` are the elements of the piece. With ``heads`` there are so many
    such matrices, each of which multiplies its part of the vector.
    """

    matrix_rows: Size
    matrix_columns: Size
    transposed: bool
    row: Size
    column: Size
    columns: Size
    heads: Size | None = None

    @property
    def elements(self) -> Size:
        """Of all its matrices."""
        size = self.matrix_rows.times(self.matrix_columns)
        return size if self.heads is None else size.times(self.heads)


@dataclass(frozen=True)
class Spread:
    """Which element of a vector the elements of a matrix of a row read: that of their row, or of their column.

    With ``heads`` there are so many matrices, each of which reads the columns of its part of the vector.
    """

    along_rows: bool
    rows: Size
    columns: Size
    heads: Size | None = None

    @property
    def length(self) -> Size:
        """Elements of the vector."""
        size = self.rows if self.along_rows else self.columns
        return size if self.heads is None else size.times(self.heads)


@dataclass(frozen=True, eq=False, repr=False)
class Operation:
    """One operation on pieces.

    Attributes
    ----------
    op : str
        "leaf", "constant", "count", "product", "contract", "spread", "total" or an element-wise operation.
    args : tuple of Operation
        Operands; of a product the piece that each block multiplies, of a contraction its matrix and its vector.
    size : Size
        Elements; ONE for one number per row.
    attribute : object
        Of a leaf (kind, name, first element), of a product its blocks, of a contraction its block, of a constant its
        value, of a total "sum" or "largest".
    """

    op: str
    args: tuple[Operation, ...]
    size: Size
    attribute: Any = None

    def __repr__(self) -> str:
        return f"<operation {self.op} of {self.size}>"

    @property
    def kind(self) -> str:
        """The kind of a leaf (input, state, ...); empty for other operations."""
        return str(self.attribute[0]) if self.op == "leaf" else ""


class Lowering:
    """Creates the operations of a step from its nodes, each once."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition
        self._operations: dict[tuple[Any, ...], Operation] = {}
        self._pieces: dict[tuple[int, Piece], Operation] = {}

    def make(self, op: str, args: Iterable[Operation], size: Size, attribute: Any = None) -> Operation:
        """Return the operation with these parts; create it if it is new."""
        args = tuple(args)
        key = (op, tuple(map(id, args)), size, attribute)
        operation = self._operations.get(key)
        if operation is None:
            operation = self._operations[key] = Operation(op, args, size, attribute)
        return operation

    def constant(self, value: float) -> Operation:
        """A number."""
        return self.make("constant", (), ONE, value)

    def of(self, node: Node) -> list[Operation]:
        """The pieces of a node."""
        return [self.piece(node, piece) for piece in self.partition.pieces(node)]

    def piece(self, node: Node, piece: Piece) -> Operation:
        """One piece of a node."""
        key = (id(node), piece)
        operation = self._pieces.get(key)
        if operation is None:
            operation = self._pieces[key] = self._piece(node, piece)
        return operation

    def _piece(self, node: Node, piece: Piece) -> Operation:
        start, stop = piece
        op = node.op
        if op == "constant":
            return self.constant(node.attribute)
        if op == "count":
            return self.make("count", (), ONE, node.attribute)
        if op == "zeros":
            return self.constant(0.0)
        if op in {"input", "state", "parameter", "mask", "noise", "seed"}:
            return self.make("leaf", (), stop - start, (op, node.attribute, start))
        if op == "slice":
            first = node.attribute[0]
            return self.piece(node.args[0], (first + start, first + stop))
        if op == "concat":
            first = ZERO
            for part in node.args:
                if (start - first, stop - first) in self.partition.pieces(part):
                    return self.piece(part, (start - first, stop - first))
                first = first + part.size
            raise NotCompiledError(f"{node}: no part holds the elements {start} to {stop}")
        if op == "expand":
            return self.piece(node.args[0], (ZERO, ONE))
        if op in {"matvec", "matvec_transposed"}:
            return self._product(node, piece)
        if op in {"contract", "contract_transposed"}:
            return self._contraction(node, piece)
        if op == "outer":
            rows, columns = (
                self._spread(node, argument, along_rows)
                for argument, along_rows in zip(node.args, (True, False), strict=True)
            )
            for one, other in ((rows, columns), (columns, rows)):
                if one.op == "constant" and one.attribute == 1.0:
                    return other
            return self.make("mul", (rows, columns), max(rows.size, columns.size, key=lambda size: size != ONE))
        if op in {"sum", "largest"}:
            return self._total(node)
        if op == "surrogate":
            # what it is differentiated as is read by the gradient alone
            return self.piece(node.args[0], piece if node.args[0].size == node.size else (ZERO, ONE))
        # an argument of size 1 broadcasts: it is the same at every piece
        args = [self.piece(a, piece if a.size == node.size else (ZERO, ONE)) for a in node.args]
        return self.make(op, args, max((a.size for a in args), key=lambda size: size != ONE))

    def _product(self, node: Node, piece: Piece) -> Operation:
        matrix, vector = node.args
        start, stop = piece
        inside: list[tuple[Block, Operation]] = []
        hoisted: list[tuple[Block, Operation]] = []
        # products read the whole input, even where element-wise uses cut it
        pieces = ((ZERO, vector.size),) if vector.op == "input" else self.partition.pieces(vector)
        for first, last in pieces:
            block = Block(
                matrix.attribute, node.op == "matvec_transposed", start, stop - start, first, last - first
            )  # fmt: skip
            operand = (
                self.make("leaf", (), vector.size, ("input", vector.attribute, ZERO))
                if vector.op == "input"
                else self.piece(vector, (first, last))
            )
            (hoisted if operand.kind == "input" else inside).append((block, operand))
        parts = [
            self.make("product", (operand for _, operand in group), stop - start, tuple(block for block, _ in group))
            for group in (hoisted, inside)
            if group
        ]
        return parts[0] if len(parts) == 1 else self.make("add", parts, stop - start)

    def _whole(self, node: Node) -> Operation:
        """A value that is read across its elements; refuse one that is in several pieces."""
        pieces = self.partition.pieces(node)
        if len(pieces) > 1:
            raise _cut(node, len(pieces))
        return self.piece(node, pieces[0])

    def _contraction(self, node: Node, piece: Piece) -> Operation:
        matrix, vector = node.args
        start, stop = piece
        whole, (rows, columns, *heads), terms = self._whole(matrix), node.attribute, []
        transposed = node.op == "contract_transposed"
        if heads:
            if (start, stop) != (ZERO, node.size):
                raise _cut(node, len(self.partition.pieces(node)))
            block = RowBlock(rows, columns, transposed, ZERO, ZERO, vector.size, heads[0])
            return self.make("contract", (whole, self._whole(vector)), node.size, block)
        for first, last in self.partition.pieces(vector):
            block = RowBlock(rows, columns, transposed, start, first, last - first)
            terms.append(self.make("contract", (whole, self.piece(vector, (first, last))), stop - start, block))
        total = terms[0]
        for term in terms[1:]:
            total = self.make("add", (total, term), stop - start)
        return total

    def _spread(self, node: Node, vector: Node, along_rows: bool) -> Operation:
        value, (rows, columns, *heads) = self._whole(vector), node.attribute
        # a number is the same everywhere, and the only row or column of a matrix is the matrix itself
        if value.size == ONE or (columns if along_rows else rows) == ONE:
            return value
        if heads and along_rows:
            rows = rows.times(heads[0])  # rows of all matrices one after the other are rows of one
        return self.make("spread", (value,), node.size, Spread(along_rows, rows, columns, *heads[along_rows:]))

    def _total(self, node: Node) -> Operation:
        # pieces of equal size are first combined element by element, so that they need one total
        together = "add" if node.op == "sum" else "maximum"
        by_size: dict[Size, Operation] = {}
        for piece in self.partition.pieces(node.args[0]):
            operation = self.piece(node.args[0], piece)
            size = piece[1] - piece[0]
            if operation.size == ONE and size != ONE:
                times = self.make("count", (), ONE, size)
                operation, size = (self.make("mul", (operation, times), ONE) if node.op == "sum" else operation), ONE
            by_size[size] = self.make(together, (by_size[size], operation), size) if size in by_size else operation
        totals = [
            operation if size == ONE else self.make("total", (operation,), ONE, node.op)
            for size, operation in by_size.items()
        ]
        total = totals[0]
        for other in totals[1:]:
            total = self.make(together, (total, other), ONE)
        return total


def _cut(node: Node, parts: int) -> NotCompiledError:
    return NotCompiledError(
        f"{node} is put together from {parts} parts, and a matrix of a row reads all of it at once",
        hint="split and concatenate other vectors than those of outer, scale_rows, scale_columns and C @ v",
    )


def read_across(operation: Operation) -> list[tuple[Operation, Size]]:
    """The operands of which an element of the result reads other elements than its own, and their sizes."""
    if operation.op == "product":
        return [(a, block.columns) for a, block in zip(operation.args, operation.attribute, strict=True)]
    if operation.op == "contract":
        block: RowBlock = operation.attribute
        return [(operation.args[0], block.elements), (operation.args[1], block.columns)]
    if operation.op == "spread":
        spread: Spread = operation.attribute
        return [(operation.args[0], spread.length)]
    return []


def is_hoisted(operation: Operation) -> bool:
    """Whether an operation is a product with the input, which is computed for all steps before the loop."""
    return operation.op == "product" and all(operand.kind == "input" for operand in operation.args)


def topological_order(targets: Iterable[Operation], stop: Iterable[Operation] = ()) -> list[Operation]:
    """Every operation that the targets depend on, each after its operands; the search ends at those in ``stop``."""
    order: list[Operation] = []
    seen = {id(operation) for operation in stop}
    stack: list[tuple[Operation, bool]] = [(target, False) for target in reversed(list(targets))]
    while stack:
        operation, done = stack.pop()
        if done:
            order.append(operation)
        elif id(operation) not in seen:
            seen.add(id(operation))
            stack.append((operation, True))
            stack.extend((a, False) for a in reversed(operation.args))
    return order
