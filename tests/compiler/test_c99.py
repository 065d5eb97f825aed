"""Steps in C99: what is joined to one product, what is kept, what is refused. Their numbers: export/c/test_exported."""

from __future__ import annotations

import pytest

from recur import equations
from recur.compiler import c99
from recur.compiler.partition import NotCompiledError
from recur.compiler.program import program
from recur.equations import Equation, equation, outer, tanh

SIZES = {"X": 3, "H": 5, "P": 4, "N": 6}


def step(cell: Equation) -> c99.Step:
    states = {name: f"s->{name}" for name in cell.states}
    return c99.step(program(cell.graph), SIZES, name="l0", states=states, scratch="s->scratch", noises={})


def shapes(written: c99.Step) -> list[tuple[int, list[int]]]:
    """Of each panel the products, and the sizes of the operands."""
    return [(len(panel.rows), [one.size for one in panel.operands]) for panel in written.panels]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lstm", [(4, [3, 5])]),
        ("elman", [(1, [3, 5])]),
        # the gates read x and h together; n reads r * (W h), so its two products are apart
        ("gru", [(2, [3, 5]), (1, [3]), (1, [5])]),
        # r is needed a stage before z and n
        ("gru_reset_before", [(1, [3, 5])] * 3),
        ("indrnn", [(1, [3])]),
    ],
)
def test_products_of_a_sum_are_one_product_that_starts_at_its_biases(
    name: str, expected: list[tuple[int, list[int]]]
) -> None:
    written = step(equations.get(name))
    assert sorted(shapes(written)) == sorted(expected)
    if name in {"lstm", "elman"}:
        assert all(row.biases for panel in written.panels for row in panel.rows)


def test_a_product_that_two_values_read_is_computed_once() -> None:
    @equation(x="X", h="H", W="H X", U="H H")
    def twice(x, h, W, U):
        z = W @ x
        return tanh(z + U @ h) * z

    assert sorted(shapes(step(twice))) == [(1, [3]), (1, [5])]


def test_a_state_that_a_later_stage_reads_is_not_overwritten_before() -> None:
    @equation(x="X", h="H", c="H", W="H X", U="H H", V="H H")
    def late(x, h, c, W, U, V):
        first = tanh(W @ x + U @ h)
        return first, tanh(V @ (first * h) + h + c)

    code = step(late).code.splitlines()
    last = [line for line in code if "NAME_copy(s->scratch" in line and ", s->" in line]
    assert len(last) == 1
    assert code[-1] == last[0]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0.0f"), (1e-30, "1e-30f"), (-2.5, "-2.5f"), (1 / 3, "0.333333333f"), (1e9, "1e+09f")]
)
def test_numbers_are_written_as_floats(value: float, text: str) -> None:
    assert c99.literal(value) == text


def test_a_cell_that_is_not_compiled_is_refused_with_the_reason() -> None:
    with pytest.raises(NotCompiledError, match="the rows of a matrix that is a state are moved"):
        step(equations.get("short_attention"))


def test_a_product_of_a_product_with_x_reads_what_the_first_one_computed() -> None:
    @equation(x="X", h="H", W="P X", U="H P", V="H H")
    def twice(x, h, W, U, V):
        return tanh(U @ (W @ x) + V @ h)

    written = step(twice)
    first = next(panel for panel in written.panels if [one.size for one in panel.operands] == [SIZES["X"]])
    assert any(one.expression == first.target for panel in written.panels for one in panel.operands)


def test_a_matrix_that_is_a_state_is_read_row_by_row_and_column_by_column() -> None:
    @equation(x="X", h="H", C="H P", W="H X", U="P X")
    def both_ways(x, h, C, W, U):
        C = 0.5 * C + outer(W @ x, U @ x)
        return C @ (C.T @ (W @ x + h)), C

    code = step(both_ways).code
    assert "u / 4]" in code
    assert "u % 4]" in code
    assert code.index("NAME_columns(") < code.index("NAME_dot(")
