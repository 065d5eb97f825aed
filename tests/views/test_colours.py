"""Colour scales."""

from __future__ import annotations

from recur.views import colours


def test_signed_colours_are_symmetric_and_white_in_the_middle() -> None:
    assert colours.signed(0, 3) == (247, 247, 247)
    assert colours.signed(3, 3) == colours.SIGNED[-1]
    assert colours.signed(-9, 3) == colours.SIGNED[0]
