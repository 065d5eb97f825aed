"""One operation of an equation on values: written out, at its edges, and for numbers as for tensors."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from recur import equations
from recur.engine.low_precision import round_to_bfloat16
from recur.engine.operations import compute, evaluate
from recur.equations.graph import topological
from tests.tolerances import close

A, B = [-2.0, 0.0, 0.5], [1.0, 3.0, -0.5]


def row(*values: float) -> torch.Tensor:
    return torch.tensor([values], dtype=torch.float64)


@pytest.mark.parametrize(
    ("op", "given", "expected"),
    [
        ("add", (row(*A), row(*B)), [-1.0, 3.0, 0.0]), ("sub", (row(*A), 1.0), [-3.0, -1.0, -0.5]),
        ("mul", (row(*A), row(*B)), [-2.0, 0.0, -0.25]), ("div", (row(*A), 2.0), [-1.0, 0.0, 0.25]),
        ("neg", (row(*A),), [2.0, 0.0, -0.5]), ("abs", (row(*A),), [2.0, 0.0, 0.5]),
        ("relu", (row(*A),), [0.0, 0.0, 0.5]), ("sign", (row(*A),), [-1.0, 0.0, 1.0]),
        ("tanh", (row(*A),), [math.tanh(one) for one in A]), ("exp", (row(*A),), [math.exp(one) for one in A]),
        ("sin", (row(*A),), [math.sin(one) for one in A]), ("cos", (row(*A),), [math.cos(one) for one in A]),
        ("sigmoid", (row(*A),), [1 / (1 + math.exp(-one)) for one in A]),
        ("softplus", (row(*A),), [math.log1p(math.exp(one)) for one in A]),
        ("sqrt", (row(0.0, 4.0),), [0.0, 2.0]), ("log", (row(1.0, math.e),), [0.0, 1.0]),
        ("maximum", (row(*A), 0.0), [0.0, 0.0, 0.5]), ("minimum", (0.25, row(*A)), [-2.0, 0.0, 0.25]),
        ("greater", (row(*A), 0.0), [0.0, 0.0, 1.0]), ("sum", (row(*A),), [-1.5]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_operation_is_its_formula(op: str, given: tuple[Any, ...], expected: list[float]) -> None:
    found = compute(op, (), given)
    assert isinstance(found, torch.Tensor)
    close(found, row(*expected), op)


def test_softplus_keeps_its_last_digits_beyond_torchs_threshold() -> None:
    found = compute("softplus", (), (row(25.0),))
    assert isinstance(found, torch.Tensor)
    assert found.item() == 25.0 + math.log1p(math.exp(-25.0)) != 25.0


def test_products_are_of_rows_with_a_matrix_and_with_it_transposed() -> None:
    matrix = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype=torch.float64)
    close(compute("matvec", (), (matrix, row(1.0, 0.0, -1.0))), row(-2.0, -2.0))
    close(compute("matvec_transposed", (), (matrix, row(1.0, -1.0))), row(-3.0, -3.0, -3.0))


def test_bfloat16_rounds_the_factors_of_products_and_nothing_else() -> None:
    fine = 1 + 2**-12
    assert round_to_bfloat16(row(fine)).item() == 1.0
    matrix = torch.tensor([[fine]], dtype=torch.float64)
    assert compute("matvec", (), (matrix, row(fine)), "bfloat16").item() == 1.0
    assert compute("mul", (), (row(fine), row(fine)), "bfloat16").item() == fine * fine


def test_slices_and_what_is_put_together_are_by_columns() -> None:
    close(compute("slice", (1, 3), (row(*A),)), row(0.0, 0.5))
    two = torch.zeros(2, 1, dtype=torch.float64)
    found = compute("concat", (1, 2), (two, 7.0))
    assert found.tolist() == [[0.0, 7.0, 7.0], [0.0, 7.0, 7.0]]
    assert compute("expand", (3,), (two,)).shape == (2, 3)


def test_a_vector_of_a_product_that_has_no_value_is_an_error() -> None:
    with pytest.raises(TypeError, match="has no value"):
        compute("matvec", (), (torch.ones(2, 2), 1.0))


def test_a_graph_is_computed_node_by_node() -> None:
    equation = equations.get("elman")
    sizes = {"X": 2, "H": 3}
    torch.manual_seed(0)
    leaves = {name: torch.randn(equation.shape(name, **sizes), dtype=torch.float64) for name in equation.parameters}
    x, h = row(1.0, -1.0), row(0.5, 0.0, -0.5)
    given = {equation.input: x, "h": h, **leaves}
    graph = equation.graph
    leaf_nodes = {equation.input: graph.input, **graph.states, **graph.parameters}
    values: dict[int, Any] = {id(node): given[name] for name, node in leaf_nodes.items()}
    [output] = graph.outputs.values()
    evaluate([node for node in topological([output]) if id(node) not in values], values, sizes)
    close(values[id(output)], torch.tanh(x @ leaves["W_xh"].T + h @ leaves["W_hh"].T + leaves["b"]))
