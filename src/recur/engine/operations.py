"""Operations of a graph in torch: one node applied to rows (..., n)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from recur.engine import low_precision
from recur.equations.graph import Node

Values = dict[int, Tensor | float]


def evaluate(nodes: Sequence[Node], values: Values, sizes: Mapping[str, int], precision: str = "float32") -> None:
    """Compute nodes in order into ``values``, which holds the values of all leaves they need.

    Parameters
    ----------
    nodes : sequence of Node
        In order of computation.
    values : dict of int to Tensor or float
        Values by ``id(node)``; vectors have shape (..., n), matrices (m, n).
    sizes : mapping of str to int
        The numbers behind the size symbols.
    precision : str
        Of the factors of matrix products; sums have the given dtype.
    """
    for node in nodes:
        values[id(node)] = _value(node, values, sizes, precision)


def _value(node: Node, values: Values, sizes: Mapping[str, int], precision: str) -> Tensor | float:
    operands = [number_of(a, sizes) if id(a) not in values else values[id(a)] for a in node.args]
    return compute(node.op, numbers(node, sizes), operands, precision)


def numbers(node: Node, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """What ``compute`` has to know of a node beside its operation: bounds of a slice, sizes of what is put together.

    Of a product these are the sizes of the parts of its vector that are not the input and that are, in turns; nothing
    where all of it is one of them.
    """
    if node.op == "slice":
        start, stop = node.attribute
        return start.value(sizes), stop.value(sizes)
    if node.op == "concat":
        return tuple(argument.size.value(sizes) for argument in node.args)
    if node.op in {"outer", "contract", "contract_transposed"}:
        return tuple(size.value(sizes) for size in node.attribute)
    if node.op in {"matvec", "matvec_transposed"}:
        return _alternating(_parts(node.args[1], 0, node.args[1].size.value(sizes), sizes))
    return (node.size.value(sizes),) if node.op == "expand" else ()


def _parts(vector: Node, start: int, stop: int, sizes: Mapping[str, int]) -> list[tuple[bool, int]]:
    """For the elements of a vector, in order: whether so many of them are elements of the input itself."""
    if vector.op == "slice":
        first = vector.attribute[0].value(sizes)
        return _parts(vector.args[0], first + start, first + stop, sizes)
    if vector.op != "concat":
        return [(vector.op == "input", stop - start)]
    parts, first = [], 0
    for part in vector.args:
        last = first + part.size.value(sizes)
        if max(start, first) < min(stop, last):
            parts += _parts(part, max(start, first) - first, min(stop, last) - first, sizes)
        first = last
    return parts


def _alternating(parts: Sequence[tuple[bool, int]]) -> tuple[int, ...]:
    if len({inside for inside, _ in parts}) < 2:
        return ()
    sizes = [0]
    for inside, size in parts:
        if inside is bool(len(sizes) % 2):
            sizes.append(0)
        sizes[-1] += size
    return tuple(sizes)


def compute(
    op: str, bounds: Sequence[int], operands: Sequence[Tensor | float], precision: str = "float32"
) -> Tensor | float:
    """One operation on values, without a node, so that torch can trace it."""
    a = operands[0]
    if op == "add":
        return a + operands[1]
    if op == "sub":
        return a - operands[1]
    if op == "mul":
        return a * operands[1]
    if op == "div":
        return a / operands[1]
    if isinstance(a, float):
        a = torch.tensor(a, dtype=torch.float64)
    if op in {"matvec", "matvec_transposed"}:
        vector = operands[1]
        if not isinstance(vector, Tensor):
            raise TypeError("the vector of a product has no value")
        return low_precision.product(a if op == "matvec" else a.t(), vector, precision, bounds)
    if op == "slice":
        return a[..., bounds[0] : bounds[1]]
    if op == "concat":
        return _concat(bounds, operands)
    if op == "sum":
        return a.sum(-1, keepdim=True)
    if op == "largest":
        return a.amax(-1, keepdim=True)
    if op in {"outer", "contract", "contract_transposed"}:
        return _with_matrix(op, bounds, *operands)
    if op == "pow":
        return a ** operands[1]
    if op == "surrogate":
        return _surrogate(a, operands[1])
    if op == "expand":
        return a.expand(*a.shape[:-1], bounds[0]) if a.dim() else a
    if op in {"where_positive", "where_larger"}:
        return _chosen(op, *operands)
    if op in {"maximum", "minimum", "greater", "equal"}:
        b = (
            operands[1]
            if isinstance(operands[1], Tensor)
            else torch.as_tensor(operands[1], dtype=a.dtype, device=a.device)
        )
        a = a.to(b.dtype) if not a.dim() else a
        if op in {"greater", "equal"}:
            return (a > b if op == "greater" else a == b).to(a.dtype)
        return torch.maximum(a, b) if op == "maximum" else torch.minimum(a, b)
    return _UNARY[op](a)


def _chosen(op: str, derivative: Tensor | float, *compared: Tensor | float) -> Tensor:
    """The derivative of relu and of maximum, by torch's rules for equal arguments and for NaN."""
    d = torch.as_tensor(derivative)
    a, b = (torch.as_tensor(value, dtype=d.dtype, device=d.device) for value in (*compared, 0.0)[:2])
    if op == "where_positive":
        return torch.where(a <= 0, 0.0, d)
    return torch.where(a < b, 0.0, torch.where(a == b, d / 2, d))


def _with_matrix(op: str, bounds: Sequence[int], first: Tensor | float, second: Tensor | float) -> Tensor:
    """u v^T, C v or C^T v with a matrix C of each row, or with one for each of several heads."""
    rows, columns, *heads = bounds
    count = math.prod(heads)
    like = max((one for one in (first, second) if isinstance(one, Tensor)), key=Tensor.dim)
    if op == "outer":
        u, v = _vector(first, rows * count, like), _vector(second, columns * count, like)
        u, v = u.reshape(*u.shape[:-1], *heads, rows, 1), v.reshape(*v.shape[:-1], *heads, 1, columns)
        return (u * v).flatten(-2 - len(heads))
    whole = _vector(first, rows * columns * count, like)
    matrix = whole.reshape(*whole.shape[:-1], *heads, rows, columns)
    matrix = matrix.mT if op == "contract_transposed" else matrix
    vector = _vector(second, matrix.shape[-1] * count, like)
    product: Tensor = matrix @ vector.reshape(*vector.shape[:-1], *heads, matrix.shape[-1], 1)
    return product.squeeze(-1).flatten(-2) if heads else product.squeeze(-1)


def _vector(value: Tensor | float, size: int, like: Tensor) -> Tensor:
    """A value with all its elements, where it is one number for all of them."""
    if not isinstance(value, Tensor) or not value.dim():
        value = torch.as_tensor(value, dtype=like.dtype, device=like.device)
    return value if value.dim() and value.shape[-1] == size else value.expand(*value.shape[:-1], size)


def _surrogate(value: Tensor, differentiated: Tensor | float) -> Tensor:
    """The value of the first with the derivative of the second."""
    if not isinstance(differentiated, Tensor):
        return value.detach()
    # torch does not annotate Function.apply
    result: Tensor = _Surrogate.apply(*torch.broadcast_tensors(value, differentiated))  # type: ignore[no-untyped-call]
    return result


class _Surrogate(torch.autograd.Function):
    """No sum of the value and of a zero has this derivative: the difference of two infinite numbers is not zero."""

    generate_vmap_rule = True

    @staticmethod
    def forward(value: Tensor, _differentiated: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        pass

    @staticmethod
    def backward(_ctx: Any, *derivatives: Tensor) -> tuple[None, Tensor]:
        return None, derivatives[0]

    @staticmethod
    def jvp(_ctx: Any, *tangents: Tensor) -> Tensor:
        return tangents[1].clone()


def _concat(sizes: Sequence[int], operands: Sequence[Tensor | float]) -> Tensor:
    some = max((g for g in operands if isinstance(g, Tensor)), key=Tensor.dim)
    rows = some.shape[:-1]
    parts = []
    for size, value in zip(sizes, operands, strict=True):
        if isinstance(value, Tensor):
            parts.append(value.expand(*rows, value.shape[-1]))
        else:
            parts.append(some.new_full((*rows, size), value))
    return torch.cat(parts, -1)


def number_of(node: Node, sizes: Mapping[str, int]) -> float:
    """The value of a leaf that is a number."""
    if node.op == "constant":
        return float(node.attribute)
    if node.op == "count":
        return float(node.attribute.value(sizes))
    if node.op == "zeros":
        return 0.0
    raise KeyError(f"no value for {node.op} {node}")


def _softplus(value: Tensor) -> Tensor:
    # torch's threshold of 20 is made for float32: in float64 it leaves out 2e-9 of the value and of its derivative
    return F.softplus(value, threshold=40.0)


_UNARY = {
    "neg": torch.neg,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "sign": torch.sign,
    "sin": torch.sin,
    "cos": torch.cos,
    "softplus": _softplus,
    "erf": torch.erf,
    "atan": torch.atan,
    "floor": torch.floor,
}
