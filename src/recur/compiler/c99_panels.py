"""Panels of C99: the matrix products of one stage, their layout in memory and the statements that compute them.

A panel with fewer than four rows is stored row by row, and each row is summed in vectors along its columns. Any other
is stored in blocks of 32 rows, each column by column, so that the inner loop is 32 multiply-adds with one number. Where
the first operand is one number, its column comes before the blocks: b + w x is a single pass.
"""

from __future__ import annotations

from dataclasses import dataclass

from recur.compiler.lowering import Block

_SHORT = 4  # rows


@dataclass(frozen=True)
class Operand:
    """A vector that a panel reads: ``size`` numbers at an expression."""

    expression: str
    size: int


@dataclass(frozen=True)
class Row:
    """One product of a panel: its blocks, each with the first column of the panel that it multiplies, and its biases.

    Attributes
    ----------
    rows : int
        Rows of the product.
    blocks : tuple of (Block, int)
        Parts of matrices, and their places in the joined operand.
    biases : tuple of (str, int)
        Names of vectors, and the first element that is added to the first row.
    """

    rows: int
    blocks: tuple[tuple[Block, int], ...]
    biases: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Panel:
    """Products with the same operands, one below the other.

    Attributes
    ----------
    name : str
        Of its arrays in C: ``NAME_w`` and ``NAME_b``.
    operands : tuple of Operand
        What is joined to v.
    rows : tuple of Row
        The products.
    target : str
        The expression of z.
    groups : tuple of int
        In 8 bits: how many operands, in order, have a scale together.
    """

    name: str
    operands: tuple[Operand, ...]
    rows: tuple[Row, ...]
    target: str
    groups: tuple[int, ...] = ()

    def spans(self) -> list[tuple[int, int]]:
        """The first column of each group, and its columns."""
        spans, operand, column = [], 0, 0
        for count in self.groups:
            columns = sum(one.size for one in self.operands[operand : operand + count])
            spans.append((column, columns))
            operand, column = operand + count, column + columns
        return spans


def element(address: str, at: str) -> str:
    """``s->h + 8`` at u is ``s->h[8 + u]``."""
    whole, plus, start = address.partition(" + ")
    if not plus:
        return f"{whole}[{at}]"
    if at.isdecimal():
        # a product within a panel has a start of its own: s->scratch + 8 + 1
        return f"{whole}[{sum(map(int, start.split(' + '))) + int(at)}]"
    return f"{whole}[{start} + {at}]"


def padded(rows: int) -> int:
    """The rows of a panel with those that fill its last vector."""
    return -(-rows // 8) * 8


def widths(rows: int) -> list[int]:
    """The widths of the blocks of a panel: its matrix is stored block after block, each column by column."""
    whole, rest = divmod(padded(rows), 32)
    return [32] * whole + ([rest] if rest else [])


def is_short(rows: int) -> bool:
    """Whether a product has so few rows that each is summed on its own, with its columns in vectors."""
    return rows < _SHORT


def starts_with_number(panel: Panel) -> bool:
    """Whether the first operand is one number, so that b + w x is a single pass."""
    return panel.operands[0].size == 1


def product_lines(panel: Panel) -> list[str]:
    """The statements that compute z = b + W v."""
    rows = sum(row.rows for row in panel.rows)
    matrix, bias = f"NAME_{panel.name}_w", f"NAME_{panel.name}_b"
    if panel.groups:
        return _whole_lines(panel, rows)
    if is_short(rows):
        return _short_lines(panel, rows)
    room, operands, weight = padded(rows), panel.operands, 0
    lines = [f"NAME_copy({bias}, {panel.target}, {room});"]
    if starts_with_number(panel):
        lines = [f"NAME_start({bias}, {matrix}, {operands[0].expression}, {panel.target}, {room});"]
        operands, weight = operands[1:], room
    first = 0
    for width in widths(rows):
        for operand in operands:
            w, z = (f"{base} + {at}" if at else base for base, at in ((matrix, weight), (panel.target, first)))
            lines.append(f"NAME_product{width}({w}, {operand.expression}, {operand.size}, {z});")
            weight += width * operand.size
        first += width
    return lines


def _short_lines(panel: Panel, rows: int) -> list[str]:
    columns = sum(operand.size for operand in panel.operands)
    lines = []
    for row in range(rows):
        terms, weight = [f"NAME_{panel.name}_b[{row}]"], row * columns
        for operand in panel.operands:
            terms.append(f"NAME_dot(NAME_{panel.name}_w + {weight}, {operand.expression}, {operand.size})")
            weight += operand.size
        lines.append(f"{element(panel.target, str(row))} = {' + '.join(terms)};")
    return lines


def _whole_lines(panel: Panel, rows: int) -> list[str]:
    """In 8 bits: the operands of a group are divided by one scale and rounded to ``s->q``, then multiplied."""
    room = rows if is_short(rows) else padded(rows)
    lines = [f"NAME_copy(NAME_{panel.name}_b, {panel.target}, {room});"]
    operand = weight = 0
    for group, count in enumerate(panel.groups):
        operands = panel.operands[operand : operand + count]
        for number, one in enumerate(operands):
            before = "most" if number else "0.0f"
            lines.append(f"most = NAME_most({one.expression}, {one.size}, {before});")
        place = 0
        for one in operands:
            to = f"s->q + {place}" if place else "s->q"
            lines.append(f"NAME_round({one.expression}, {one.size}, most, {to});")
            place += one.size
        first = 0
        for width in [rows] if is_short(rows) else widths(rows):
            matrix, scales, z = (
                f"{base} + {at}" if at else base
                for base, at in (
                    (f"NAME_{panel.name}_w", weight), (f"NAME_{panel.name}_s", group * room + first),
                    (panel.target, first),
                )
            )  # fmt: skip
            function = "NAME_int8_rows" if is_short(rows) else f"NAME_int8_{width}"
            more = f", {rows}" if is_short(rows) else ""
            lines.append(f"{function}({matrix}, {scales}, s->q, {place}, most, {z}{more});")
            weight += width * place
            first += width
        operand += count
    return lines


def product_calls(panel: Panel) -> set[str]:
    """The functions that these statements call."""
    rows = sum(row.rows for row in panel.rows)
    if panel.groups:
        products = {"int8_rows"} if is_short(rows) else {f"int8_{width}" for width in widths(rows)}
        return {"copy", "most", "round"} | products
    if is_short(rows):
        return {"dot"}
    calls = {"start" if starts_with_number(panel) else "copy"}
    if len(panel.operands) > 1 or not starts_with_number(panel):
        calls |= {f"product{width}" for width in widths(rows)}
    return calls
