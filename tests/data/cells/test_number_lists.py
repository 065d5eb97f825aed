"""Cells that are several numbers in one text."""

from __future__ import annotations

import pytest

from recur.data.cells.number_lists import are_lists, opened
from tests.data.reading import refused


@pytest.mark.parametrize(
    ("cells", "lists"),
    [
        (["[0.1, 0.2]", "[]", "[1]"], True),
        (["12 0 255", "1 2 3"], True),
        (["1;2;3", "4;5;6;7"], True),
        (["1 2", "3 4"], False),
        (["1 2 3", "see 3 4"], False),
        (["1,2,3", "4,5,6"], False),
        (["nan nan nan"], False),
        ([], False),
    ],
)
def test_texts_that_are_lists_of_numbers(cells: list[str], lists: bool) -> None:
    assert are_lists(cells) is lists


def test_a_broken_list_is_refused() -> None:
    assert opened("(1, 2)") == [1.0, 2.0]
    assert '"[1, x]" is not a list of numbers' in refused(lambda: opened("[1, x]")).message
