"""The C++ of a kernel: what is computed once for a row is not computed for every unit of it."""

from __future__ import annotations

import re

from recur import equations
from recur.compiler.cplusplus import source
from recur.compiler.kernel_text import panel_vectors
from recur.compiler.program import program
from recur.equations import Equation, equation, exp, layer_norm, softplus, sqrt, tanh, total


def kernels(cell: Equation, kind: str) -> list[str]:
    """The kernels of a pass, each divided where its loop over units begins."""
    text = source(program(cell.graph), "mine")
    return re.findall(rf"void {kind}_\d+\(.*?\n}}\n", text, re.DOTALL)


def per_unit(kernel: str) -> str:
    return kernel[kernel.index("for (int64_t u = ") :]


def test_a_stage_takes_two_vectors_where_a_product_stands_alone() -> None:
    passes = {name: program(equations.get(name).graph).forward for name in ("elman", "lstm")}
    assert [panel_vectors(stage) for stage in passes["elman"].stages] == [2]
    assert [panel_vectors(stage) for stage in passes["lstm"].stages] == [1]


def test_mean_and_deviation_are_computed_once_for_a_row_and_no_unit_is_divided_by_them() -> None:
    @equation(x="X", h="H", W="H X", U="H H", g="H = 1")
    def cell(x, h, W, U, g):
        return tanh(W @ x + layer_norm(U @ h, g))

    for kind in ("forward", "training", "backward"):
        written = kernels(cell, kind)
        assert any("row_" in kernel for kernel in written)
        assert all("v_sqrt(" not in per_unit(kernel) for kernel in written)
        assert all(not re.search(r"= v\d+ / v\d+;", per_unit(kernel)) for kernel in written)


def test_a_total_that_may_be_tiny_stays_a_divisor() -> None:
    @equation(x="X", h="H", W="H X")
    def cell(x, h, W):
        z = W @ x + h
        return z / total(z)

    assert any(re.search(r"= v\d+ / v\d+;", per_unit(kernel)) for kernel in kernels(cell, "forward"))


def test_a_root_of_units_divides_every_unit_itself() -> None:
    @equation(x="X", h="H", W="H X")
    def cell(x, h, W):
        return (W @ x) / sqrt(1 + h * h)

    assert all("row_" not in kernel for kernel in kernels(cell, "forward"))


def test_kernels_without_numbers_of_a_row_have_one_loop_over_all_rows() -> None:
    for kernel in kernels(equations.get("lstm"), "training"):
        assert "for (int64_t i = first_row; i < last_row; ++i)" in kernel
        assert "from" not in kernel


def test_a_state_that_is_a_number_and_what_follows_from_it_is_computed_once_for_a_row() -> None:
    @equation(x="X", h="H", m="1", W="H X", w="1 X", b="1")
    def cell(x, h, m, W, w, b):
        m = exp(-softplus(w @ x + m + b))
        return m * h + W @ x, m

    for kernel in kernels(cell, "forward"):
        assert "v_exp(" not in per_unit(kernel)
    assert any("v_exp(" in kernel for kernel in kernels(cell, "forward"))


def test_the_row_of_an_element_of_a_matrix_is_counted_and_not_divided_for() -> None:
    kernel = next(kernel for kernel in kernels(equations.get("fast_weights"), "forward") if "spread_of_rows" in kernel)
    assert "/" not in re.sub(r"//.*", "", per_unit(kernel))


def test_kernels_without_products_take_one_row_after_another() -> None:
    with_products, *others = kernels(equations.get("lstm_layernorm"), "training")
    assert "product +" in with_products
    assert with_products.index("int64_t u = first_unit") < with_products.index("int64_t i = first_row")
    for kernel in others:
        assert "store<T>(partial" not in per_unit(kernel).split("\n      }")[0]
    scanned = kernels(equations.get("min_gru"), "training")
    assert all(k.index("int64_t u = first_unit") < k.index("int64_t i = first_row") for k in scanned)
