"""Questions to networks that answer an input: one answer for the whole, or one at every step."""

from __future__ import annotations

import pytest

from recur import inspect as inspector
from tests.modes.helpers import build


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_a_number_is_followed_back_through_the_steps_of_its_input_alone(pooling: str) -> None:
    mode = build("many-to-one", "words", "numbers", pooling=pooling, bidirectional=False)
    [layer] = inspector.explain(mode, "the dog ran")["flow"]["layers"]
    assert layer["labels"] == ["the", "dog", "ran"]
    assert layer["asked"] == 3
