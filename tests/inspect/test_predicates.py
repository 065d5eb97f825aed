"""Predicates of texts, symbol by symbol."""

from __future__ import annotations

from recur.inspect import predicates


def test_two_quotation_marks_in_one_symbol_open_and_close() -> None:
    assert predicates.inside_quotes(["he", '"yes"', "and", "“no”", "so", '"', "x", '"', "y"]) == [
        0,
        0,
        0,
        0,
        0,
        0,
        1,
        1,
        0,
    ]
