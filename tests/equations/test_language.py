"""The words of an equation: what each means in numbers, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from recur.equations import language
from recur.equations.graph import Builder
from recur.equations.language import Symbol, concat, split
from recur.equations.sizes import Size
from recur.errors import EquationError
from tests.equations.computed import computed
from tests.tolerances import EXACT

H = Size.parse("H")
SIZES = {"H": 4, "X": 3}


def vector(name: str = "v", size: str = "H", builder: Builder | None = None) -> Symbol:
    builder = builder or Builder()
    return Symbol(builder, builder.leaf("state", name, (Size.parse(size),)))


def value(made: Symbol, *given: tuple[Symbol, np.ndarray]) -> np.ndarray:
    """What a value of the equation is for these numbers."""
    return computed([made.node], {id(one.node): array for one, array in given}, SIZES)[id(made.node)]


def standard(v: np.ndarray, eps: float) -> np.ndarray:
    return (v - v.mean()) / np.sqrt(v.var() + eps)


NUMBERS = np.array([0.5, -1.5, 2.0, 0.25])


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        (language.sigmoid, lambda v: 1 / (1 + np.exp(-v))), (language.tanh, np.tanh), (language.exp, np.exp),
        (language.relu, lambda v: np.maximum(v, 0)), (language.sin, np.sin), (language.cos, np.cos),
        (language.softplus, lambda v: np.log1p(np.exp(v))), (language.absolute, np.abs), (abs, np.abs),
        (language.total, lambda v: v.sum(keepdims=True)), (language.mean, lambda v: v.mean(keepdims=True)),
        (lambda v: language.log(abs(v)), lambda v: np.log(np.abs(v))), (lambda v: language.sqrt(v * v), np.abs),
        (lambda v: -v, np.negative), (lambda v: v**3, lambda v: v**3), (lambda v: v**1, lambda v: v),
        (lambda v: v**5, lambda v: v**5), (lambda v: v**-2, lambda v: v**-2.0), (lambda v: v**100, lambda v: v**100),
        (lambda v: abs(v) ** 1.3, lambda v: np.abs(v) ** 1.3),
        (lambda v: abs(v) ** -0.5, lambda v: np.abs(v) ** -0.5),
        (lambda v: v % 0.7, lambda v: v % 0.7), (language.floor, np.floor), (language.atan, np.arctan),
        (language.erf, np.vectorize(math.erf)),
        (lambda v: concat(*split(v, ["H"])), lambda v: v), (lambda v: 2 - v, lambda v: 2 - v),
        (lambda v: 1 / v, lambda v: 1 / v), (lambda v: v / 2, lambda v: v / 2),
        (lambda v: 3 + v * 2 - 1, lambda v: 2 + v * 2),
        (lambda v: language.maximum(v, 0.3), lambda v: np.maximum(v, 0.3)),
        (lambda v: language.minimum(0.3, v), lambda v: np.minimum(0.3, v)),
        (lambda v: v - language.mean(v), lambda v: v - v.mean()),
        (lambda v: concat(v, -v), lambda v: np.concatenate([v, -v])),
        (language.layer_norm, lambda v: standard(v, 1e-5)),
        (lambda v: language.layer_norm(v, 2.0, 1.0, eps=0.1), lambda v: standard(v, 0.1) * 2 + 1),
    ],
)  # fmt: skip
def test_a_word_means_what_it_says(word: Callable[[Any], Symbol], meaning: Callable[[Any], np.ndarray]) -> None:
    v = vector()
    np.testing.assert_allclose(value(word(v), (v, NUMBERS)), meaning(NUMBERS), rtol=EXACT)


def test_a_matrix_multiplies_a_vector() -> None:
    v = vector()
    matrix = Symbol(v.builder, v.builder.leaf("parameter", "W", (Size.parse("X"), H)))
    numbers = np.arange(12.0).reshape(3, 4)
    np.testing.assert_allclose(value(matrix @ v, (v, NUMBERS), (matrix, numbers)), numbers @ NUMBERS, rtol=EXACT)


def test_a_transposed_matrix_multiplies_a_vector() -> None:
    v = vector(size="X")
    matrix = Symbol(v.builder, v.builder.leaf("parameter", "W", (Size.parse("X"), H)))
    numbers = np.arange(12.0).reshape(3, 4)
    given = ((v, NUMBERS[:3]), (matrix, numbers))
    np.testing.assert_allclose(value(matrix.T @ v, *given), NUMBERS[:3] @ numbers, rtol=EXACT)
    assert matrix.T.T.node is matrix.node


def test_parts_of_named_sizes_follow_each_other() -> None:
    parts = split(vector(size="2H+X+1"), ["H", "X", "H", 1])
    assert [repr(part) for part in parts] == ["<v[0:H]: H>", "<v[H:H+X]: X>", "<v[H+X:2H+X]: H>", "<v[2H+X:2H+X+1]: 1>"]


def test_parts_have_equal_sizes_in_their_order() -> None:
    parts = split(vector(size="3H"), 3)
    assert [repr(part) for part in parts] == ["<v[0:H]: H>", "<v[H:2H]: H>", "<v[2H:3H]: H>"]


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda v: v**0, r"v \*\* 0 is 1 for every value"), (lambda v: v**v, "the power is a number of the equation"),
        (lambda v: v ** float("inf"), "the power is a number"), (lambda v: v**True, "the power is a number"),
        (lambda v: v + float("nan"), "a number in an equation is finite"), (lambda v: v / 0, "v / 0: division by zero"),
        (lambda v: v + "a", "takes values of the equation, got 'a'"),
        (lambda v: v @ v, "the left side is H, not a matrix"),
        (lambda v: v @ 3, "the right side must be a vector"), (lambda v: -2**v, "a vector cannot be an exponent"),
        (lambda v: v[0], "are not indexed"), (lambda v: v.T, "v.T: v is H, not a matrix"),
        (lambda v: v.real, "has no attributes and no methods"),
        (lambda v: split(v, ["X", "1"]), "the parts are X.1 together, and the vector is H"),
        (lambda v: split(v, ["H", 0]), "none is 0|the parts are H together"),
        (lambda v: split(v, 0.5), "expected the number of equal parts, or a list of sizes"),
        (lambda v: len(v), r"len\(\) on the value of v"), (lambda v: float(v), r"float\(\) on the value of v"),
        (lambda v: int(v), r"int\(\) on the value of v"), (lambda v: bool(v), "if, while, and, or on the value of v"),
        (lambda v: list(v), "a loop or unpacking on the value"), (lambda v: v < 1, "a comparison on the value of v"),
        (lambda v: v == 1, "a comparison"), (lambda v: v + vector(size="X"), "their sizes differ, H and X"),
        (lambda v: split(v, 2), "a vector of H does not divide by 2"), (lambda v: split(v, 0), "a whole number from 1"),
        (lambda _: concat(), "needs at least one vector"), (lambda v: concat([v]), "got a list"),
        (lambda v: concat(v, 1.0), "concat takes values of the equation, got 1.0"),
        (lambda _: language.tanh(1.0), "tanh takes values of the equation, got 1.0"),
        (lambda _: language.maximum(1, 2), "one of the two must be a value of the equation"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused(write: Callable[[Any], object], said: str) -> None:
    with pytest.raises(EquationError, match=said):
        write(vector())


@pytest.mark.parametrize(
    "write",
    [language.tanh, language.total, language.mean, lambda w: -w, lambda w: w + 1, lambda w: split(w, 1), concat],
)
def test_a_matrix_only_multiplies(write: Callable[[Any], object]) -> None:
    builder = Builder()
    matrix = Symbol(builder, builder.leaf("parameter", "W", (H, H)))
    with pytest.raises(EquationError, match="on the matrix W .H x H.: a matrix only multiplies a vector") as caught:
        write(matrix)
    assert caught.value.hint == "write W @ v first"


@pytest.mark.parametrize(
    ("write", "hint"),
    [
        (lambda v: 2**v, "use exp: 2**v is exp(v * 0.6931)"), (lambda v: (-2) ** v, "use exp(v)"),
        (lambda v: v.tanh(), "write tanh(v), with the functions of recur.equations: sigmoid, tanh, split, concat, ..."),
        (lambda v: v[0], "use split(v, 4) for equal parts"),
        (lambda v: split(v, 3), "declare the matrices before it with 3 "
         "times the size, such as W='3H X'"), (list, "split a vector with split: a, b = split(v, 2)"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_write(write: Callable[[Any], object], hint: str) -> None:
    with pytest.raises(EquationError) as caught:
        write(vector())
    assert caught.value.hint == hint


def test_what_python_looks_for_on_any_object_seems_missing() -> None:
    assert not hasattr(vector(), "__array__")
    assert not hasattr(vector(), "__deepcopy__")


def test_parts_in_another_order_are_the_numbers_in_that_order() -> None:
    v = vector(size="2X")
    first, second = split(v, 2)
    assert value(concat(second, first), (v, np.arange(6.0))).tolist() == [3, 4, 5, 0, 1, 2]
