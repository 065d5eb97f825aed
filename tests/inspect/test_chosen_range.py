"""A range is named by numbers or by a piece of the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.errors import DataError
from recur.inspect.chosen_range import chosen_range
from tests.modes.helpers import build

LABELS = ["⟨start⟩", "the", "dog", "ran", "to", "the", "cat"]


def test_pieces_and_numbers_name_the_same_steps() -> None:
    mode = build("synced", "words", None)
    for over in ("3:4", " 3 : 4 ", (3, 4), "dog ran", "DOG ran"):
        assert chosen_range(mode, over, LABELS) == (2, 4)
    assert chosen_range(mode, "the cat", LABELS) == (5, 7)
    with pytest.raises(DataError, match="2 times in the input, at steps 2:2, 6:6"):
        chosen_range(mode, "the", LABELS)


@given(st.integers(-3, 12), st.integers(-3, 12))
def test_a_range_is_within_the_input_or_refused(first: int, last: int) -> None:
    mode = build("synced", "words", None)
    if 1 <= first <= last <= len(LABELS):
        start, stop = chosen_range(mode, (first, last), LABELS)
        assert LABELS[start:stop]
        assert (start, stop) == (first - 1, last)
    else:
        with pytest.raises(DataError) as refused:
            chosen_range(mode, (first, last), LABELS)
        assert "--match" in str(refused.value.hint)
