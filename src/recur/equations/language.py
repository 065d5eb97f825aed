"""Language of equations: ``@``, element-wise functions, split, concat, layer_norm.

A ``Symbol`` represents a value of one time step while the equation is traced. It computes nothing: it records the
operations and refuses invalid ones, with the names of the arguments and their sizes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NoReturn

from recur.equations.graph import Builder, Node, text
from recur.equations.sizes import ONE, ZERO, Size, show
from recur.errors import EquationError

WORDS = (
    "sigmoid", "tanh", "relu", "exp", "log", "sqrt", "sin", "cos", "atan", "softplus", "erf", "floor", "absolute",
    "maximum", "minimum", "total", "mean", "layer_norm", "split", "concat",
)  # fmt: skip
"""The words of this file that an equation may use."""

_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_LARGEST_PRODUCT = 64  # a whole power up to this one is a product
_WORDS = "functions of math take numbers; use the functions of recur.equations: tanh, exp, maximum, ..."


class Symbol:
    """A symbolic value of the time step: a number, a vector or a matrix, without data.

    Attributes
    ----------
    dims : (Size, Size) or None
        Of a state that is a matrix, and of what is computed from it: rows and columns.
    heads : Size or None
        The number of its blocks, one for each head, outside of which it is zero and not stored.
    """

    __slots__ = ("builder", "dims", "heads", "node")
    __array_ufunc__ = None  # so that numpy leaves `array * symbol` to __rmul__, which refuses it with a message

    def __init__(
        self, builder: Builder, node: Node, dims: tuple[Size, Size] | None = None, heads: Size | None = None
    ) -> None:
        self.builder = builder
        self.node = node
        self.dims = dims
        self.heads = heads

    def __add__(self, other: Symbol | float) -> Symbol:
        return binary("add", self, other)

    def __radd__(self, other: float) -> Symbol:
        return binary("add", other, self)

    def __sub__(self, other: Symbol | float) -> Symbol:
        return binary("sub", self, other)

    def __rsub__(self, other: float) -> Symbol:
        return binary("sub", other, self)

    def __mul__(self, other: Symbol | float) -> Symbol:
        return binary("mul", self, other)

    def __rmul__(self, other: float) -> Symbol:
        return binary("mul", other, self)

    def __truediv__(self, other: Symbol | float) -> Symbol:
        return binary("div", self, other)

    def __rtruediv__(self, other: float) -> Symbol:
        return binary("div", other, self)

    def __neg__(self) -> Symbol:
        _must_be_vector("-", self)
        return unary("neg", self)

    def __abs__(self) -> Symbol:
        return unary("abs", self)

    def __mod__(self, other: Symbol | float) -> Symbol:
        return self - other * floor(self / other)

    def __pow__(self, power: float) -> Symbol:
        if isinstance(power, bool) or not isinstance(power, (int, float)) or not math.isfinite(power):
            raise EquationError(
                f"{text(self.node)} ** {power!r}: the power is a number of the equation",
                hint="v ** 2, v ** 0.5, v ** -1; a power that is a vector is exp(power * log(v))",
            )
        _must_be_vector("**", self)
        if power == 0:
            raise EquationError(f"{text(self.node)} ** 0 is 1 for every value", hint="write 1.0")
        if power < 0:
            return 1.0 / self**-power
        if power != int(power) or power > _LARGEST_PRODUCT:
            return binary("pow", self, float(power))
        if power == 1:
            return self
        half = self ** (int(power) // 2)
        return half * half * self if power % 2 else half * half

    @property
    def T(self) -> Symbol | Transposed:
        """The transpose of a matrix, which multiplies a vector: ``W.T @ v``."""
        if self.dims is not None:
            return Transposed(self)
        if len(self.node.shape) != 2:
            raise EquationError(
                f"{text(self.node)}.T: {text(self.node)} is {show(self.node.shape)}, not a matrix",
                hint="W.T @ v with a matrix W",
            )
        return Symbol(self.builder, self.builder.transposed(self.node))

    def __matmul__(self, other: Symbol) -> Symbol:
        if not isinstance(other, Symbol):
            raise EquationError(f"{text(self.node)} @ {other!r}: the right side must be a vector of the equation")
        if self.dims is not None:
            return contracted(self, other, transposed=False)
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
        transposed = matrix.op == "transposed"
        return Symbol(self.builder, self.builder.matvec(matrix.args[0] if transposed else matrix, vector, transposed))

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
            hint=f"write {name}(v), with the functions of recur.equations: sigmoid, tanh, split, concat, ...",
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


class Transposed:
    """The transpose of a matrix that is a state, which multiplies a vector."""

    def __init__(self, matrix: Symbol) -> None:
        self._matrix = matrix

    def __matmul__(self, other: Symbol) -> Symbol:
        return contracted(self._matrix, other, transposed=True)


def contracted(matrix: Symbol, vector: Symbol, *, transposed: bool) -> Symbol:
    """C @ v, or C.T @ v, with a matrix that is a state or is computed from one."""
    if matrix.dims is None:
        raise EquationError(f"{text(matrix.node)} is not a matrix of its own in every row")
    reads = matrix.dims[0 if transposed else 1]
    name = f"{text(matrix.node)}{'.T' if transposed else ''}"
    if not isinstance(vector, Symbol) or vector.dims is not None or vector.node.shape != (reads,):
        what = show(vector.node.shape) if isinstance(vector, Symbol) else repr(vector)
        raise EquationError(
            f"{name} @ {text(vector.node) if isinstance(vector, Symbol) else vector!r}: the matrix multiplies a vector "
            f"of {reads}, and the right side is {what}",
            hint="the right side of @ is a vector with one element for each column of the matrix",
        )
    builder, dims = matrix.builder, matrix.dims
    if matrix.heads is not None:
        parts = (dims[0].over(matrix.heads), dims[1].over(matrix.heads), matrix.heads)
        return Symbol(builder, builder.contract(matrix.node, vector.node, parts, transposed))
    return Symbol(builder, builder.contract(matrix.node, vector.node, dims, transposed))


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


def _must_not_be_matrix(name: str, *values: Symbol) -> None:
    for value in values:
        if value.dims is not None:
            raise EquationError(
                f"{name} on the matrix {text(value.node)} ({show(value.dims)}): expected a vector",
                hint="C @ v multiplies a vector; element-wise operations take matrices of one size",
            )


def binary(op: str, a: Symbol | float, b: Symbol | float) -> Symbol:
    """An element-wise operation on two values of the equation, or on one and a number."""
    sign = _SIGNS.get(op, op)
    builder = next((value.builder for value in (a, b) if isinstance(value, Symbol)), None)
    if builder is None:
        raise EquationError(f"{sign} of {a!r} and {b!r}: one of the two must be a value of the equation")
    dims = _common_dims(sign, a, b)
    heads = next((value.heads for value in (a, b) if isinstance(value, Symbol) and value.dims is not None), None)
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
    return Symbol(builder, builder.binary(op, left, right), dims, heads)


def _common_dims(sign: str, a: Symbol | float, b: Symbol | float) -> tuple[Size, Size] | None:
    """Rows and columns of an element-wise operation; None if no operand is a matrix."""
    matrices = [value for value in (a, b) if isinstance(value, Symbol) and value.dims is not None]
    vectors = [value for value in (a, b) if isinstance(value, Symbol) and value.dims is None and value.node.size != ONE]
    if matrices and (vectors or len({(value.dims, value.heads) for value in matrices}) > 1):
        shapes = " and ".join(dims_of(value) for value in (a, b) if isinstance(value, Symbol))
        raise EquationError(
            f"{sign} of a matrix and another value: their sizes differ, {shapes}",
            hint="scale_rows(C, v) and scale_columns(C, v) multiply by a vector, by_head(v, C) by a number of each "
            "head; outer(u, v) makes a matrix of two",
        )
    return matrices[0].dims if matrices else None


def dims_of(value: Symbol) -> str:
    """The shape of a value for a message: rows and columns of a matrix, and its blocks."""
    blocks = "" if value.heads is None else f" / {value.heads}"
    return show(value.dims or value.node.shape) + blocks


def unary(op: str, value: Symbol) -> Symbol:
    """An element-wise operation on one value of the equation."""
    _must_be_vector(op, value)
    return Symbol(value.builder, value.builder.unary(op, value.node), value.dims, value.heads)


def sigmoid(value: Symbol) -> Symbol:
    """1 / (1 + e^-v), element by element."""
    return unary("sigmoid", value)


def tanh(value: Symbol) -> Symbol:
    """The hyperbolic tangent, element by element."""
    return unary("tanh", value)


def relu(value: Symbol) -> Symbol:
    """max(v, 0), element by element."""
    return unary("relu", value)


def exp(value: Symbol) -> Symbol:
    """e^v, element by element."""
    return unary("exp", value)


def log(value: Symbol) -> Symbol:
    """The natural logarithm, element by element."""
    return unary("log", value)


def sqrt(value: Symbol) -> Symbol:
    """The square root, element by element."""
    return unary("sqrt", value)


def sin(value: Symbol) -> Symbol:
    """The sine, element by element."""
    return unary("sin", value)


def cos(value: Symbol) -> Symbol:
    """The cosine, element by element."""
    return unary("cos", value)


def atan(value: Symbol) -> Symbol:
    """The arc tangent, element by element."""
    return unary("atan", value)


def softplus(value: Symbol) -> Symbol:
    """log(1 + e^v), element by element."""
    return unary("softplus", value)


def erf(value: Symbol) -> Symbol:
    """The error function, element by element: v * (1 + erf(v / sqrt(2))) / 2 is the exact GELU."""
    return unary("erf", value)


def floor(value: Symbol) -> Symbol:
    """The largest whole number that is not above v, element by element; its derivative is 0."""
    return unary("floor", value)


def absolute(value: Symbol) -> Symbol:
    """Absolute value, element by element."""
    return unary("abs", value)


def maximum(a: Symbol | float, b: Symbol | float) -> Symbol:
    """The larger of two values, element by element."""
    return binary("maximum", a, b)


def minimum(a: Symbol | float, b: Symbol | float) -> Symbol:
    """The smaller of two values, element by element."""
    return binary("minimum", a, b)


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


def split(value: Symbol, parts: int | Sequence[int | str]) -> tuple[Symbol, ...]:
    """Split a vector into equal parts, ``i, f, g, o = split(z, 4)``, or into parts of these sizes.

    Sizes are written as in the declaration: ``f, i, o = split(z, ["H", "H", 1])``.
    """
    _must_be_vector("split", value)
    _must_not_be_matrix("split", value)
    pieces, start = [], ZERO
    for size in _equal_parts(value, parts) if isinstance(parts, int) else _parts(value, parts):
        pieces.append(Symbol(value.builder, value.builder.slice(value.node, start, start + size)))
        start = start + size
    return tuple(pieces)


def _equal_parts(value: Symbol, parts: int) -> list[Size]:
    if parts < 1:
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
    return [part] * parts


def _parts(value: Symbol, sizes: object) -> list[Size]:
    if not isinstance(sizes, (list, tuple)) or not all(isinstance(size, (int, str)) for size in sizes):
        raise EquationError(
            f"split({text(value.node)}, {sizes!r}): expected the number of equal parts, or a list of sizes",
            hint='split(z, 4), or split(z, ["H", "H", 1])',
        )
    parts = [Size.parse(str(size)) for size in sizes]
    whole = ZERO
    for part in parts:
        whole = whole + part
    if whole != value.node.size or ZERO in parts:
        raise EquationError(
            f"split({text(value.node)}, {list(sizes)!r}): the parts are {whole} together, and the vector is "
            f"{show(value.node.shape)}",
            hint=f"the sizes add up to {value.node.size}, and none is 0",
        )
    return parts


def concat(*values: Symbol) -> Symbol:
    """Concatenate vectors."""
    if not values:
        raise EquationError("concat() needs at least one vector", hint="concat(a, b)")
    if isinstance(values[0], (list, tuple)):
        raise EquationError("concat takes the vectors one by one, got a list", hint="concat(a, b), without brackets")
    _must_be_vector("concat", *values)
    _must_not_be_matrix("concat", *values)
    return Symbol(values[0].builder, values[0].builder.concat(value.node for value in values))
