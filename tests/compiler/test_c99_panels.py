"""Panels: their blocks, and what begins with one number or has few rows."""

from __future__ import annotations

import pytest

from recur.compiler import c99_panels as c99
from recur.compiler.c99_panels import Operand, Panel, Row, element, product_calls, product_lines


def panel(rows: int, *sizes: int) -> Panel:
    operands = tuple(Operand(f"s->v{number}", size) for number, size in enumerate(sizes))
    return Panel("p", operands, (Row(rows, (), ()),), "s->z")


@pytest.mark.parametrize("rows", [1, 8, 9, 31, 32, 33, 40, 57, 512])
def test_widths_cover_all_rows_in_vectors(rows: int) -> None:
    widths = c99.widths(rows)
    assert sum(widths) == c99.padded(rows) >= rows
    assert set(widths) <= {8, 16, 24, 32}


def test_a_first_operand_of_one_number_is_read_together_with_the_biases() -> None:
    lines = product_lines(panel(40, 1, 5))
    assert lines[0] == "NAME_start(NAME_p_b, NAME_p_w, s->v0, s->z, 40);"
    assert lines[1:] == [
        "NAME_product32(NAME_p_w + 40, s->v1, 5, s->z);",
        "NAME_product8(NAME_p_w + 200, s->v1, 5, s->z + 32);",
    ]
    assert product_calls(panel(40, 1, 5)) == {"start", "product32", "product8"}
    assert product_calls(panel(40, 1)) == {"start"}


def test_few_rows_are_summed_one_by_one() -> None:
    assert product_lines(panel(2, 3, 4)) == [
        "s->z[0] = NAME_p_b[0] + NAME_dot(NAME_p_w + 0, s->v0, 3) + NAME_dot(NAME_p_w + 3, s->v1, 4);",
        "s->z[1] = NAME_p_b[1] + NAME_dot(NAME_p_w + 7, s->v0, 3) + NAME_dot(NAME_p_w + 10, s->v1, 4);",
    ]
    assert product_calls(panel(2, 3, 4)) == {"dot"}


@pytest.mark.parametrize(
    ("address", "at", "expected"),
    [
        ("s->h", "u", "s->h[u]"),
        ("s->h + 8", "u", "s->h[8 + u]"),
        ("s->h + 8", "2", "s->h[10]"),
        ("s->z + 8 + 1", "u", "s->z[8 + 1 + u]"),
        ("s->z + 8 + 1", "0", "s->z[9]"),
    ],
)
def test_elements_are_indexed_from_the_start_of_their_array(address: str, at: str, expected: str) -> None:
    assert element(address, at) == expected
