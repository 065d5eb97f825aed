"""Language of equations: ``@``, element-wise functions, split, concat, layer_norm.

A ``Symbol`` represents a value of one time step while the equation is traced. It computes nothing: it records the
operations and refuses invalid ones, with the names of the arguments and their sizes.
"""

from __future__ import annotations

import math
from typing import NoReturn

from recur.equations.graph import Builder, Node, text
from recur.equations.sizes import ONE, ZERO, show
from recur.errors import EquationError

_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_WORDS = "functions of math take numbers; use the functions of recur.equations: tanh, exp, maximum, ..."


class Symbol:
    """A symbolic value of the time step: a number, a vector or a matrix, without data."""

    __slots__ = ("builder", "node")
    __array_ufunc__ = None  # so that numpy leaves `array * symbol` to __rmul__, which refuses it with a message

    def __init__(self, builder: Builder, node: Node) -> None:
        self.builder = builder
        self.node = node

    def __add__(self, other: Symbol | float) -> Symbol:
        return _binary("add", self, other)

    def __radd__(self, other: float) -> Symbol:
        return _binary("add", other, self)

    def __sub__(self, other: Symbol | float) -> Symbol:
        return _binary("sub", self, other)

    def __rsub__(self, other: float) -> Symbol:
        return _binary("sub", other, self)

    def __mul__(self, other: Symbol | float) -> Symbol:
        return _binary("mul", self, other)

    def __rmul__(self, other: float) -> Symbol:
        return _binary("mul", other, self)

    def __truediv__(self, other: Symbol | float) -> Symbol:
        return _binary("div", self, other)

    def __rtruediv__(self, other: float) -> Symbol:
        return _binary("div", other, self)

    def __neg__(self) -> Symbol:
        _must_be_vector("-", self)
        return Symbol(self.builder, self.builder.unary("neg", self.node))

    def __abs__(self) -> Symbol:
        return _unary("abs", self)

    def __pow__(self, power: int) -> Symbol:
        if not isinstance(power, int) or power < 1:
            raise EquationError(
                f"{text(self.node)} ** {power!r}: only positive integer powers are supported",
                hint="use sqrt(v), exp(v) or 1 / v",
            )
        result = self
        for _ in range(power - 1):
            result = result * self
        return result

    def __matmul__(self, other: Symbol) -> Symbol:
        if not isinstance(other, Symbol):
            raise EquationError(f"{text(self.node)} @ {other!r}: the right side must be a vector of the equation")
        matrix, vector = self.node, other.node
        if len(matrix.shape) != 2:
            raise EquationError(
                f"{text(matrix)} @ {text(vector)}: the left side is {show(matrix.shape)}, not a matrix",
                hint="write the product as W @ v with W declared by two sizes, such as W_hh='H H'",
            )
        if len(vector.shape) != 1 or matrix.shape[1] != vector.size:
            raise EquationError(
                f"{text(matrix)} @ {text(vector)}: {text(matrix)} is {show(matrix.shape)} and multiplies a "
                f"vector of {matrix.shape[1]}, but {text(vector)} is {show(vector.shape)}",
                hint=f"declare {text(matrix)} as '{matrix.shape[0]} {vector.size}', or multiply another vector"
                if len(vector.shape) == 1
                else "the right side of @ is a vector",
            )
        return Symbol(self.builder, self.builder.matvec(matrix, vector))

    def __rpow__(self, base: object) -> NoReturn:
        raise EquationError(
            f"{base!r} ** {text(self.node)}: a vector cannot be an exponent",
            hint=f"use exp: {base!r}**v is exp(v * {math.log(base):.4f})"
            if isinstance(base, (int, float)) and base > 0
            else "use exp(v)",
        )

    def __getattr__(self, name: str) -> NoReturn:
        # protocols that Python and numpy probe (__array__, ...) have to be missing: an EquationError would escape
        if name.startswith("__"):
            raise AttributeError(name)
        raise EquationError(
            f"{text(self.node)}.{name}: a value of an equation has no attributes and no methods",
            hint="declare the matrix with its sizes the other way round: W='H X' multiplies a vector of X"
            if name == "T"
            else f"write {name}(v), with the functions of recur.equations: sigmoid, tanh, split, concat, ...",
        )

    def _refuse(
        self, what: str, hint: str = "write it as arithmetic, e.g. maximum(a, b), relu(a) or a * sigmoid(b)"
    ) -> NoReturn:
        raise EquationError(
            f"{what} on the value of {text(self.node)}: an equation is traced once, without data, so its "
            "control flow cannot depend on values",
            hint=hint,
        )

    def __bool__(self) -> bool:
        self._refuse("if, while, and, or")

    def __iter__(self) -> NoReturn:
        self._refuse("a loop or unpacking", "split a vector with split: a, b = split(v, 2)")

    def __len__(self) -> int:
        self._refuse("len()", "sizes are symbols; the mean of a vector is mean(v), its sum total(v)")

    def __float__(self) -> float:
        self._refuse("float()", _WORDS)

    def __int__(self) -> int:
        self._refuse("int()", _WORDS)

    def __getitem__(self, index: object) -> NoReturn:
        raise EquationError(
            f"{text(self.node)}[{index!r}]: vectors have symbolic sizes and are not indexed",
            hint="use split(v, 4) for equal parts",
        )

    def __lt__(self, other: object) -> bool:
        self._refuse("a comparison")

    __gt__ = __le__ = __ge__ = __lt__
    __eq__ = __lt__
    __ne__ = __lt__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<{text(self.node)}: {show(self.node.shape)}>"


def _must_be_vector(name: str, *values: Symbol) -> None:
    for value in values:
        if not isinstance(value, Symbol):
            raise EquationError(f"{name} takes values of the equation, got {value!r}")
        if len(value.node.shape) == 2:
            raise EquationError(
                f"{name} on the matrix {text(value.node)} ({show(value.node.shape)}): a matrix only "
                "multiplies a vector",
                hint=f"write {text(value.node)} @ v first",
            )


def _binary(op: str, a: Symbol | float, b: Symbol | float) -> Symbol:
    sign = _SIGNS.get(op, op)
    builder = next((value.builder for value in (a, b) if isinstance(value, Symbol)), None)
    if builder is None:
        raise EquationError(f"{sign} of {a!r} and {b!r}: one of the two must be a value of the equation")
    pair = []
    for value in (a, b):
        if isinstance(value, (int, float)):
            if not math.isfinite(value):
                raise EquationError(f"{sign} with {value!r}: a number in an equation is finite")
            pair.append(builder.constant(float(value)))
        else:
            _must_be_vector(sign, value)
            pair.append(value.node)
    left, right = pair
    if op == "div" and right.op == "constant" and right.attribute == 0:
        raise EquationError(f"{text(left)} / 0: division by zero")
    if left.shape and right.shape and left.size != right.size and ONE not in (left.size, right.size):
        raise EquationError(
            f"{sign} of {text(left)} and {text(right)}: their sizes differ, {show(left.shape)} and {show(right.shape)}",
            hint="element-wise operations need equal sizes; a matrix product W @ v changes a size",
        )
    return Symbol(builder, builder.binary(op, left, right))


def _unary(op: str, value: Symbol) -> Symbol:
    _must_be_vector(op, value)
    return Symbol(value.builder, value.builder.unary(op, value.node))


def sigmoid(value: Symbol) -> Symbol:
    """1 / (1 + e^-v), element by element."""
    return _unary("sigmoid", value)


def tanh(value: Symbol) -> Symbol:
    """The hyperbolic tangent, element by element."""
    return _unary("tanh", value)


def relu(value: Symbol) -> Symbol:
    """max(v, 0), element by element."""
    return _unary("relu", value)


def exp(value: Symbol) -> Symbol:
    """e^v, element by element."""
    return _unary("exp", value)


def log(value: Symbol) -> Symbol:
    """The natural logarithm, element by element."""
    return _unary("log", value)


def sqrt(value: Symbol) -> Symbol:
    """The square root, element by element."""
    return _unary("sqrt", value)


def sin(value: Symbol) -> Symbol:
    """The sine, element by element."""
    return _unary("sin", value)


def cos(value: Symbol) -> Symbol:
    """The cosine, element by element."""
    return _unary("cos", value)


def softplus(value: Symbol) -> Symbol:
    """log(1 + e^v), element by element."""
    return _unary("softplus", value)


def absolute(value: Symbol) -> Symbol:
    """Absolute value, element by element."""
    return _unary("abs", value)


def maximum(a: Symbol | float, b: Symbol | float) -> Symbol:
    """The larger of two values, element by element."""
    return _binary("maximum", a, b)


def minimum(a: Symbol | float, b: Symbol | float) -> Symbol:
    """The smaller of two values, element by element."""
    return _binary("minimum", a, b)


def total(value: Symbol) -> Symbol:
    """The sum of a vector's elements; it broadcasts to any size in element-wise operations."""
    _must_be_vector("total", value)
    return Symbol(value.builder, value.builder.sum(value.node))


def mean(value: Symbol) -> Symbol:
    """The mean of a vector's elements; it broadcasts to any size in element-wise operations."""
    _must_be_vector("mean", value)
    return total(value) / Symbol(value.builder, value.builder.count(value.node.size))


def layer_norm(value: Symbol, gain: Symbol | float = 1.0, bias: Symbol | float = 0.0, eps: float = 1e-5) -> Symbol:
    """Layer normalisation of a vector: gain * (v - mean v) / sqrt(var v + eps) + bias  (Ba et al. 2016, eq. 4)."""
    centred = value - mean(value)
    return centred / sqrt(mean(centred * centred) + eps) * gain + bias


def split(value: Symbol, parts: int) -> tuple[Symbol, ...]:
    """Split a vector into equal parts, ``i, f, g, o = split(z, 4)``."""
    _must_be_vector("split", value)
    if not isinstance(parts, int) or parts < 1:
        raise EquationError(
            f"split({text(value.node)}, {parts!r}): the number of parts is a whole number from 1",
            hint="i, f, g, o = split(z, 4)",
        )
    part = value.node.size.divided_by(parts)
    if part is None:
        raise EquationError(
            f"split({text(value.node)}, {parts}): a vector of {show(value.node.shape)} does not divide by {parts}",
            hint=f"declare the matrices before it with {parts} times the size, such as W='{parts}H X'",
        )
    pieces, start = [], ZERO
    for _ in range(parts):
        pieces.append(Symbol(value.builder, value.builder.slice(value.node, start, start + part)))
        start = start + part
    return tuple(pieces)


def concat(*values: Symbol) -> Symbol:
    """Concatenate vectors."""
    if not values:
        raise EquationError("concat() needs at least one vector", hint="concat(a, b)")
    if isinstance(values[0], (list, tuple)):
        raise EquationError("concat takes the vectors one by one, got a list", hint="concat(a, b), without brackets")
    _must_be_vector("concat", *values)
    return Symbol(values[0].builder, values[0].builder.concat(value.node for value in values))
