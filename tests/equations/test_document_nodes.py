"""Sizes, shapes and nodes of a stored equation are read as they are written, in one form only."""

from __future__ import annotations

import pytest

from recur.equations.document_nodes import Leaves, is_name, read_nodes, read_shape, read_size
from recur.equations.graph import Builder
from recur.equations.sizes import Size
from recur.errors import EquationError

H, X = Size.parse("H"), Size.parse("X")


@pytest.mark.parametrize("size", ["H", "4H", "H+P", "H*P", "2H*P+3", "H*H/heads", "4H/heads+1", "1", "12", "H+P+X+1"])
def test_a_size_is_read_as_it_is_written(size: str) -> None:
    assert str(read_size(size)) == size


@pytest.mark.parametrize(
    "size",
    [
        "",
        "H+",
        "+H",
        "1H",
        "01",
        "H+H",
        "P+H",
        "H-P",
        "H H",
        "-1",
        "H*",
        "H/",
        "/H",
        "H/H",
        "heads*H/heads",
        "H/heads/a",
        "P*H",
        "1e5",
        "H()",
        3,
        None,
    ],
)
def test_another_form_of_a_size_is_refused(size: object) -> None:
    with pytest.raises(EquationError, match="is not a size"):
        read_size(size)


def test_names_are_names_of_python() -> None:
    assert is_name("W_xh")
    assert not any(map(is_name, ["", "1a", "a b", "a;b", "a" * 101, 3, None]))


def test_a_shape_has_at_most_two_sizes_and_no_size_0() -> None:
    assert read_shape(["4H", "X"]) == (Size.parse("4H"), X)
    for value in (["H", "H", "H"], ["0"], "H", None):
        with pytest.raises(EquationError, match="is not a shape"):
            read_shape(value)


def test_nodes_that_the_words_simplify_are_refused() -> None:
    builder = Builder()
    x, h = builder.leaf("input", "x", (H,)), builder.leaf("state", "h", (H,))
    leaves = Leaves({("input", "x"): x, ("state", "h"): h}, frozenset("H"))
    plain = [{"op": "input", "shape": ["H"], "attribute": "x"}, {"op": "constant", "shape": [], "attribute": 1.0}]
    assert [node.op for node in read_nodes(plain, builder, leaves)] == ["input", "constant"]
    for extra in (
        {"op": "mul", "args": [0, 1], "shape": ["H"]},
        {"op": "div", "args": [0, 1], "shape": ["H"]},
        {"op": "slice", "args": [0], "shape": ["H"], "attribute": ["0", "H"]},
        {"op": "concat", "args": [0], "shape": ["H"]},
        {"op": "add", "args": [1, 1], "shape": []},
    ):
        with pytest.raises(EquationError, match="is not in its simplest form"):
            read_nodes([*plain, extra], builder, leaves)


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"op": "slice", "args": [0], "shape": ["H"], "attribute": ["H", "2H"]}, "is not one of a vector"),
        ({"op": "slice", "args": [0], "shape": ["0"], "attribute": ["0", "0"]}, "is not a shape"),
        ({"op": "matvec", "args": [0, 0], "shape": ["H"]}, "not a matrix"),
        ({"op": "pow", "args": [0, 0], "shape": ["H"]}, "a power is not a positive number"),
        ({"op": "expand", "args": [0], "shape": ["H"]}, "only one number is expanded"),
        ({"op": "contract", "args": [0, 0], "shape": ["H"], "attribute": ["H", "H"]}, "has other sizes"),
        ({"op": "outer", "args": [0, 0], "shape": ["H*H"], "attribute": ["H", "1"]}, "rows and columns of outer"),
        ({"op": "count", "shape": [], "attribute": "Q"}, "a size that no argument declares"),
        ({"op": "tanh", "args": [0], "shape": ["H"], "attribute": 3}, "other parts than its operation takes"),
        ({"op": "mask", "shape": ["H"], "attribute": "x"}, "is not an operation of an equation"),
        ({"op": "tanh", "args": [0], "shape": ["H"], "code": "x"}, "has other keys"),
    ],
)
def test_a_node_that_no_equation_has_is_refused(extra: dict[str, object], reason: str) -> None:
    builder = Builder()
    leaves = Leaves({("input", "x"): builder.leaf("input", "x", (H,))}, frozenset("H"))
    with pytest.raises(EquationError, match=reason):
        read_nodes([{"op": "input", "shape": ["H"], "attribute": "x"}, extra], builder, leaves)
