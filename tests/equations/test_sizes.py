"""Sizes are sums of symbols that can be read, added and divided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.equations.sizes import Size, show
from recur.errors import EquationError


@pytest.mark.parametrize("text", ["H", "4H", "H+P", "2H+3X+1", "1", "0"])
def test_a_size_reads_back_as_it_was_written(text):
    assert Size.parse(str(Size.parse(text))) == Size.parse(text)


@given(st.integers(1, 8), st.integers(1, 64), st.integers(0, 5))
def test_arithmetic_on_symbols_is_arithmetic_on_numbers(factor, hidden, constant):
    size = Size((("H", factor),), constant)
    assert (size + size - size).value({"H": hidden}) == factor * hidden + constant


def test_a_size_divides_only_into_equal_parts():
    assert Size.parse("4H").divided_by(4) == Size.parse("H")
    assert Size.parse("4H").divided_by(3) is None
    assert Size.parse("2H+1").divided_by(2) is None


def test_a_part_for_each_head_times_their_number_is_the_whole():
    H, P, heads = map(Size.parse, ("4H", "P", "heads"))
    assert str(H.over(heads)) == "4H/heads"
    assert H.over(heads).times(heads) == H
    assert P.over(heads).times(P.over(heads)).times(heads) == Size.parse("P*P/heads", products=True)
    assert Size.parse("P*P/heads", products=True).value({"P": 6, "heads": 3}) == 12
    assert heads.over(heads) == Size.parse("1")
    assert P.over(heads).symbols == ("P", "heads")
    assert P.over(heads).divisors == ("heads",)
    assert P.times(P).over(heads).substituted({"P": 6, "heads": 3}) == Size.parse("12")
    assert P.over(heads).substituted({"P": 6}) == P.over(heads)


@pytest.mark.parametrize("text", ["", "H*4", "4 H", "-H", "H/heads"])
def test_an_unreadable_size_is_refused_with_an_example(text):
    with pytest.raises(EquationError, match="cannot read the size"):
        Size.parse(text)


def test_shapes_are_shown_as_people_write_them():
    assert show((Size.parse("4H"), Size.parse("X"))) == "4H x X"
    assert show(()) == "a number"
