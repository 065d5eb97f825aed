"""Sums that a panel of C99 computes as one product: products and biases that nothing else reads."""

from __future__ import annotations

import pytest

from recur import equations
from recur.compiler.c99_sums import Joined
from recur.compiler.program import program
from recur.equations import Equation, equation, tanh


def sums(cell: Equation) -> list[list[list[str]]]:
    """For each stage the sums of its panels, as the kinds of their terms."""
    stages = program(cell.graph).forward.stages
    joined = Joined(stages)
    return [
        [sorted(term.kind or term.op for term in joined.terms(root)) for root in joined.roots(stage)]
        for stage in stages
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("elman", [[["parameter", "product", "product"]]]),
        ("lstm", [[["parameter", "product", "product"]] * 4]),
        # W_hn h is multiplied by r before it is added
        ("gru", [[["parameter", "parameter", "product", "product"]] * 2 + [["parameter", "product"]] * 2]),
    ],
)
def test_products_and_biases_of_a_sum_are_joined(name: str, expected: list[list[list[str]]]) -> None:
    cells = [sorted(stage) for stage in sums(equations.get(name))]
    assert cells == [sorted(stage) for stage in expected]


def test_a_product_that_something_else_reads_stays_alone() -> None:
    @equation(x="X", h="H", W="H X", U="H H", b="H")
    def twice(x, h, W, U, b):
        z = U @ h
        return tanh(W @ x + z + b) * z

    assert sums(twice) == [[["product"]]]
