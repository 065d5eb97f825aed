"""The graph of a step: each node once, what is known is folded, and the order of computation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.equations.graph import Builder, Graph, Node, text, topological
from recur.equations.sizes import ONE, ZERO, Shape, Size
from tests.equations.computed import MEANING, computed
from tests.tolerances import EXACT

H, X = Size.parse("H"), Size.parse("X")
SIZES = {"H": 4, "X": 3}


@pytest.fixture
def make() -> Builder:
    return Builder()


def vectors(make: Builder, *names: str) -> list[Node]:
    return [make.leaf("state", name, (H,)) for name in names]


def test_equal_parts_are_one_node_and_others_are_not(make: Builder) -> None:
    a, b = vectors(make, "a", "b")
    assert make.binary("add", a, b) is make.binary("add", a, b)
    assert make.leaf("state", "a", (H,)) is a
    assert make.constant(2) is make.constant(2.0)
    others = [
        make.binary("add", a, b), make.binary("add", b, a), make.binary("sub", a, b), make.constant(1),
        make.leaf("state", "a", (X,)), make.leaf("noise", "a", (H,)),
    ]  # fmt: skip
    assert len(set(map(id, others))) == len(others)


@pytest.mark.parametrize(
    ("op", "a", "b", "value"), [("add", 2, 3, 5.0), ("sub", 2, 3, -1.0), ("mul", 2, 3, 6.0), ("div", 3, 2, 1.5)]
)
def test_numbers_are_computed_at_once(make: Builder, op: str, a: float, b: float, value: float) -> None:
    found = make.binary(op, make.constant(a), make.constant(b))
    assert (found.op, found.attribute, found.shape) == ("constant", value, ())


@pytest.mark.parametrize(("op", "a", "b"), [("div", 1, 0), ("maximum", 1, 2), ("greater", 1, 2)])
def test_other_operations_on_numbers_stay(make: Builder, op: str, a: float, b: float) -> None:
    assert make.binary(op, make.constant(a), make.constant(b)).op == op


@pytest.mark.parametrize(
    ("op", "number", "left"),
    [("mul", 1, True), ("mul", 1, False), ("add", 0, True), ("add", 0, False), ("sub", 0, False), ("div", 1, False)],
)
def test_what_changes_nothing_is_left_out(make: Builder, op: str, number: float, left: bool) -> None:
    (a,) = vectors(make, "a")
    pair = (make.constant(number), a) if left else (a, make.constant(number))
    assert make.binary(op, *pair) is a


@pytest.mark.parametrize(("op", "number"), [("sub", 0), ("div", 1), ("mul", 0), ("maximum", 0)])
def test_a_number_on_the_left_may_change_what_it_does_not_on_the_right(make: Builder, op: str, number: float) -> None:
    (a,) = vectors(make, "a")
    assert make.binary(op, make.constant(number), a).op == op


def test_the_negative_of_a_negative_is_the_value(make: Builder) -> None:
    (a,) = vectors(make, "a")
    assert make.unary("neg", make.unary("neg", a)) is a
    assert make.unary("tanh", make.unary("tanh", a)).args[0].op == "tanh"


@pytest.mark.parametrize(
    ("first", "second", "shape"),
    [((H,), (H,), (H,)), ((H,), (), (H,)), ((), (H,), (H,)), ((ONE,), (H,), (H,)), ((H,), (ONE,), (H,)),
     ((ONE,), (), (ONE,)), ((), (), ())],
)  # fmt: skip
def test_a_number_and_a_vector_of_one_element_stretch(make: Builder, first: Shape, second: Shape, shape: Shape) -> None:
    assert make.binary("mul", make.leaf("state", "a", first), make.leaf("state", "b", second)).shape == shape


def test_cuts_and_sums_of_the_whole_are_the_vector(make: Builder) -> None:
    (a,) = vectors(make, "a")
    one = make.leaf("state", "s", (ONE,))
    assert make.slice(a, ZERO, H) is a
    assert make.concat([a]) is a
    assert make.sum(one) is one
    assert make.expand(a, H) is a
    assert make.expand(one, H).shape == (H,)


def test_sizes_follow_from_the_operation(make: Builder) -> None:
    (a,) = vectors(make, "a")
    matrix = make.leaf("parameter", "W", (X, H))
    assert make.matvec(matrix, a).shape == (X,)
    assert make.matvec(matrix, make.leaf("input", "x", (X,)), transposed=True).shape == (H,)
    assert make.concat([a, make.leaf("input", "x", (X,))]).shape == (H + X,)
    assert make.slice(make.concat([a, a]), H, H + H).shape == (H,)
    assert make.sum(a).shape == (ONE,)


def test_an_expression_is_written_as_people_write_it(make: Builder) -> None:
    a, b = vectors(make, "a", "b")
    matrix = make.leaf("parameter", "W", (H, H))
    assert str(make.binary("add", make.matvec(matrix, a), b)) == "(W @ a + b)"
    assert str(make.matvec(matrix, b, transposed=True)) == "W^T @ b"
    assert str(make.unary("neg", make.unary("tanh", a))) == "-tanh(a)"
    assert str(make.slice(make.concat([a, b]), H, H + H)) == "concat(a, b)[H:2H]"
    assert str(make.binary("mul", make.constant(0.5), a)) == "(0.5 * a)"
    assert str(make.leaf("seed", "h", (H,))) == "dE/dh"
    assert (str(make.zeros(H)), str(make.count(H))) == ("0", "H")


def test_a_deep_expression_is_cut_off(make: Builder) -> None:
    (a,) = vectors(make, "a")
    node = a
    for _ in range(6):
        node = make.unary("tanh", node)
    assert text(node, depth=2) == "tanh(tanh(...))"


def test_every_node_comes_once_and_after_its_arguments(make: Builder) -> None:
    a, b = vectors(make, "a", "b")
    both = make.binary("mul", a, b)
    top = make.binary("add", both, make.unary("tanh", both))
    order = topological([top, both])
    place = {id(node): index for index, node in enumerate(order)}
    assert len(place) == len(order) == 5
    assert all(place[id(argument)] < place[id(node)] for node in order for argument in node.args)


def test_a_chain_of_any_length_has_an_order(make: Builder) -> None:
    (node,) = vectors(make, "a")
    for _ in range(5000):
        node = make.unary("tanh", node)
    assert len(topological([node])) == 5001


def one_step(number: float = 2.0, state: str = "h", op: str = "tanh") -> Graph:
    make = Builder()
    x, h = make.leaf("input", "x", (H,)), make.leaf("state", state, (H,))
    new = make.unary(op, make.binary("add", make.binary("mul", make.constant(number), h), x))
    return Graph(x, {state: h}, {}, {state: new}, make)


def test_graphs_that_compute_the_same_have_one_digest_and_others_have_others() -> None:
    assert one_step().digest == one_step().digest
    others = {one.digest for one in (one_step(), one_step(3.0), one_step(state="k"), one_step(op="sin"))}
    assert len(others) == 4


OPERATIONS = st.sampled_from(["add", "sub", "mul", "maximum", "minimum", "greater"])
NUMBERS = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0])


@given(st.lists(st.tuples(OPERATIONS, NUMBERS, st.booleans()), min_size=1, max_size=8), st.integers(0, 99))
def test_leaving_out_what_changes_nothing_changes_no_value(steps: list[tuple[str, float, bool]], seed: int) -> None:
    make = Builder()
    (a,) = vectors(make, "a")
    start = np.random.default_rng(seed).normal(size=4)
    node, expected = a, start
    for op, number, left in steps:
        pair = (make.constant(number), node) if left else (node, make.constant(number))
        node = make.binary(op, *pair)
        expected = MEANING[op](*((number, expected) if left else (expected, number)))
    np.testing.assert_allclose(computed([node], {id(a): start}, SIZES)[id(node)], expected, rtol=EXACT)
