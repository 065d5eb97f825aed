"""Nodes of a stored equation as plain data, and back; each is made again by the words of the language."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from recur.equations.graph import BINARY, UNARY, Builder, Node, sizes_of
from recur.equations.language import Symbol, binary, concat, contracted, total, unary
from recur.equations.matrices import outer
from recur.equations.sizes import ONE, ZERO, Shape, Size, factors, monomial
from recur.equations.surrogates import straight_through
from recur.equations.vectors import largest
from recur.errors import EquationError

MOST_NODES = 20_000
MOST_TERMS = 16
MOST_FACTORS = 4
LARGEST_FACTOR = 10**9
LONGEST_NAME = 100
_TERM = re.compile(r"((?:-?[0-9]+)?)([^\W\d]\w*(?:\*[^\W\d]\w*)*(?:/[^\W\d]\w*)*)|([0-9]+)")


def refused(what: str) -> EquationError:
    """The error for a document that was not written by this module."""
    return EquationError(
        f"the stored equation is refused: {what}", hint="train again from the Python file, or copy the folder again"
    )


def is_name(value: object) -> bool:
    """Whether a value is a name that Python could give to an argument."""
    return isinstance(value, str) and len(value) <= LONGEST_NAME and value.isidentifier()


def read_size(value: object) -> Size:
    """Read a size as ``str`` writes it: ``4H``, ``H+P``, ``H*P+1``, ``-1H+H*P``.

    Raises
    ------
    EquationError
        For any other text.
    """
    if not isinstance(value, str) or len(value) > MOST_TERMS * LONGEST_NAME:
        raise refused(f"{_short(value)} is not a size")
    size = ZERO
    parts = value.split("+")
    for part in parts[:MOST_TERMS]:
        match = _TERM.fullmatch(part)
        if match is None or len(match[1] or match[3] or "") > len(str(LARGEST_FACTOR)):
            raise refused(f"{_short(value)} is not a size")
        size = size + (Size((), int(match[3])) if match[3] else monomial(*factors(match[2]), int(match[1] or 1)))
    if len(parts) > MOST_TERMS or str(size) != value:
        raise refused(f"{_short(value)} is not a size in its simplest form")
    return size


def read_shape(value: object) -> Shape:
    """Read a shape: a list of at most two sizes, none of them 0."""
    if not isinstance(value, list) or len(value) > 2:
        raise refused(f"{_short(value)} is not a shape")
    shape = tuple(read_size(one) for one in value)
    if ZERO in shape:
        raise refused(f"{_short(value)} is not a shape: a size is 0")
    return shape


def node_data(node: Node, numbers: Mapping[int, int]) -> dict[str, Any]:
    """A node as plain data; its arguments by their numbers."""
    data: dict[str, Any] = {"op": node.op}
    if node.args:
        data["args"] = [numbers[id(argument)] for argument in node.args]
    data["shape"] = [str(size) for size in node.shape]
    if node.attribute is not None:
        value = node.attribute
        plain = [str(one) for one in value] if isinstance(value, tuple) else value
        data["attribute"] = str(plain) if isinstance(plain, Size) else plain
    return data


@dataclass(frozen=True)
class Leaves:
    """What nodes may refer to by name.

    Attributes
    ----------
    nodes : mapping of (str, str) to Node
        Operation and name of each input, state and parameter, and its node.
    symbols : frozenset of str
        The size symbols of the declaration.
    """

    nodes: Mapping[tuple[str, str], Node]
    symbols: frozenset[str]


def read_nodes(values: object, builder: Builder, leaves: Leaves) -> list[Node]:
    """Make the nodes of a document.

    Raises
    ------
    EquationError
        If one has an unknown operation, an argument that does not come before it, or another shape than its operation
        gives.
    """
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_NODES:
        raise refused(f"its nodes are not a list of 1 to {MOST_NODES:,}")
    nodes: list[Node] = []
    seen: set[int] = set()
    for number, value in enumerate(values):
        where = f"node {number}"
        if not isinstance(value, dict) or not {"op", "shape"} <= set(value) <= {"op", "args", "shape", "attribute"}:
            raise refused(f"{where} has other keys than op, args, shape and attribute")
        places = value.get("args", [])
        if not isinstance(places, list) or not all(type(one) is int and 0 <= one < number for one in places):
            raise refused(f"{where} has arguments that are not nodes before it")
        shape = read_shape(value["shape"])
        args = [nodes[one] for one in places]
        try:
            node = _made(value["op"], args, shape, value.get("attribute"), builder, leaves)
        except EquationError as error:
            raise error if error.message.startswith("the stored") else refused(f"{where}: {error.message}") from None
        if node.op != value["op"] or list(node.args) != args:
            raise refused(f"{where} is not in its simplest form")
        if node.shape != shape:
            raise refused(f"{where} has the shape {_short(value['shape'])}, which its operation does not give")
        if ("attribute" in value) != (node.attribute is not None) or ("args" in value) != bool(args):
            raise refused(f"{where} has other parts than its operation takes")
        if id(node) in seen:
            raise refused(f"{where} repeats a node before it")
        if not set(_symbols(node)) <= leaves.symbols:
            raise refused(f"{where} has a size that no argument declares")
        seen.add(id(node))
        nodes.append(node)
    return nodes


def _symbols(node: Node) -> list[str]:
    return [symbol for size in sizes_of([node]) for symbol in size.symbols]


def _made(
    op: object, args: Sequence[Node], shape: Shape, attribute: Any, builder: Builder, leaves: Leaves
) -> Node:  # fmt: skip
    """The node of an operation, by the words that an equation has for it."""
    if not isinstance(op, str):
        raise refused(f"{_short(op)} is not an operation")
    if op in ("input", "state", "parameter", "noise"):
        if args or not isinstance(attribute, str) or (op, attribute) not in leaves.nodes:
            raise refused(f"there is no {op} {_short(attribute)}")
        return leaves.nodes[op, attribute]
    if op == "constant":
        if args or type(attribute) is not float or not math.isfinite(attribute):
            raise refused(f"{_short(attribute)} is not a constant")
        return builder.constant(attribute)
    if op == "count":
        if args:
            raise refused("a size has no arguments")
        return builder.count(read_size(attribute))
    known = 1 if op in UNARY else 2 if op in BINARY else _ARGUMENTS.get(op)
    if known is None or (known != len(args) if known else not args):
        raise refused(f"{_short(op)} of {len(args)} values is not an operation of an equation")
    if any(one.op == "transposed" for one in args):
        raise refused("a transposed matrix is an argument")
    symbols = [Symbol(builder, one) for one in args]
    if op in UNARY:
        return unary(op, symbols[0]).node
    if op in BINARY:
        return _element_wise(op, symbols)
    return _WORDS[op](symbols, shape, attribute)


def _element_wise(op: str, symbols: Sequence[Symbol]) -> Node:
    exponent = symbols[1].node
    if op == "pow" and not (exponent.op == "constant" and exponent.attribute > 0):
        raise refused("a power is not a positive number")
    return binary(op, *symbols).node


def _product(symbols: Sequence[Symbol], transposed: bool) -> Node:
    matrix, vector = symbols
    return ((matrix.T if transposed else matrix) @ vector).node


def _slice(symbols: Sequence[Symbol], attribute: Any) -> Node:
    vector = symbols[0].node
    start, stop = _two_sizes(attribute)
    if len(vector.shape) != 1 or not all(map(_is_natural, (start, stop - start, vector.size - stop))):
        raise refused(f"the part {start} to {stop} is not one of a vector of {_short(vector.size)}")
    if stop == start:
        raise refused("a part of a vector is empty")
    return symbols[0].builder.slice(vector, start, stop)


def _is_natural(size: Size) -> bool:
    """Whether a size is at least 0, whatever the values of its symbols.

    The sizes of a matrix are at least 1: H*K - H is 0 or more, since with H = 1 + h and K = 1 + k it is k + h k.
    """
    if not any("*" in symbol for symbol, _ in size.terms):
        return size.constant >= 0 and all(factor > 0 for _, factor in size.terms)
    beyond: Counter[tuple[str, ...]] = Counter({(): size.constant})
    for symbol, factor in size.terms:
        parts, below = factors(symbol)
        if below or len(parts) > MOST_FACTORS:
            return False
        for count in range(len(parts) + 1):
            for chosen in combinations(parts, count):
                beyond[chosen] += factor
    return all(factor >= 0 for factor in beyond.values())


def _expand(symbols: Sequence[Symbol], shape: Shape) -> Node:
    value = symbols[0].node
    if len(shape) != 1 or len(value.shape) > 1 or value.size != ONE:
        raise refused("only one number is expanded to a vector")
    return symbols[0].builder.expand(value, shape[0])


def _contract(symbols: Sequence[Symbol], attribute: Any, transposed: bool) -> Node:
    matrix, vector = symbols
    if isinstance(attribute, list) and len(attribute) == 3:
        return _contract_heads(symbols, [read_size(one) for one in attribute], transposed)
    dims = _two_sizes(attribute)
    if matrix.node.shape != (dims[0].times(dims[1]),):
        raise refused(f"a matrix of {dims[0]} x {dims[1]} has other sizes")
    return contracted(Symbol(matrix.builder, matrix.node, dims), vector, transposed=transposed).node


def _contract_heads(symbols: Sequence[Symbol], dims: Sequence[Size], transposed: bool) -> Node:
    matrix, vector = symbols
    rows, columns, heads = dims
    whole = (rows.times(heads), columns.times(heads))
    parts = tuple(size.over(heads) for size in whole)
    if matrix.node.shape != (rows.times(whole[1]),) or parts != (rows, columns) or not _is_number_of_heads(heads):
        raise refused(f"{heads} matrices of {rows} x {columns} have other sizes")
    return contracted(Symbol(matrix.builder, matrix.node, whole, heads), vector, transposed=transposed).node


def _is_number_of_heads(size: Size) -> bool:
    return len(size.terms) == 1 and not size.constant and size == Size(((size.symbols[0], 1),))


def _outer(symbols: Sequence[Symbol], attribute: Any) -> Node:
    u, v = symbols
    if isinstance(attribute, list) and len(attribute) == 3:
        dims: tuple[Size, ...] = tuple(read_size(one) for one in attribute)
        node = outer(u, v, str(dims[2])).node
    else:
        dims, node = _two_sizes(attribute), outer(u, v).node
    if node.attribute != dims:
        raise refused("the rows and columns of outer are not those of its vectors")
    return node


def _surrogate(symbols: Sequence[Symbol]) -> Node:
    value, differentiated = symbols
    if differentiated.node.op == "constant":
        if len(value.node.shape) == 2 or differentiated.node.attribute != 0.0:
            raise refused("only the derivative 0 is a number")
        return value.builder.surrogate(value.node, differentiated.node)
    return straight_through(value, differentiated).node


def _two_sizes(value: object) -> tuple[Size, Size]:
    if not isinstance(value, list) or len(value) != 2:
        raise refused(f"{_short(value)} is not a pair of sizes")
    return read_size(value[0]), read_size(value[1])


def _short(value: object) -> str:
    written = str(value)
    return repr(written if len(written) <= 40 else f"{written[:37]}...")


# how many values each takes, 0 for any number from 1; and how it is made of values, shape and attribute
_ARGUMENTS = {
    "matvec": 2, "matvec_transposed": 2, "transposed": 1, "slice": 1, "concat": 0, "sum": 1, "largest": 1,
    "expand": 1, "outer": 2, "contract": 2, "contract_transposed": 2, "surrogate": 2,
}  # fmt: skip
_WORDS: dict[str, Callable[[list[Symbol], Shape, Any], Node]] = {
    "matvec": lambda values, _shape, _attribute: _product(values, transposed=False),
    "matvec_transposed": lambda values, _shape, _attribute: _product(values, transposed=True),
    "transposed": lambda values, _shape, _attribute: values[0].builder.transposed(values[0].node),
    "slice": lambda values, _shape, attribute: _slice(values, attribute),
    "concat": lambda values, _shape, _attribute: concat(*values).node,
    "sum": lambda values, _shape, _attribute: total(values[0]).node,
    "largest": lambda values, _shape, _attribute: largest(values[0]).node,
    "expand": lambda values, shape, _attribute: _expand(values, shape),
    "outer": lambda values, _shape, attribute: _outer(values, attribute),
    "contract": lambda values, _shape, attribute: _contract(values, attribute, transposed=False),
    "contract_transposed": lambda values, _shape, attribute: _contract(values, attribute, transposed=True),
    "surrogate": lambda values, _shape, _attribute: _surrogate(values),
}
