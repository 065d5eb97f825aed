"""The answer to one input: what a person reads of it."""

from __future__ import annotations

import pytest

from recur.heads.prediction import Option, Prediction


@pytest.mark.parametrize(("written", "shown"), [("", "(nothing)"), ("a cat", "a cat"), (" ", " ")])
def test_an_answer_without_a_character_is_shown_as_nothing(written: str, shown: str) -> None:
    answer = Prediction(written, [(written, 1.0)], written)
    assert answer.shown == shown
    assert answer.value == written


def test_what_an_answer_need_not_have_is_absent() -> None:
    answer = Prediction(1.5, [], "1.5")
    assert (answer.alignment, answer.ranks, answer.quantiles) == (None, None, None)


def test_outputs_are_compared_by_their_values() -> None:
    assert Option("yes", 0.5, 1) == Option("yes", 0.5, 1)
    assert Option("yes", 0.5, 1) != Option("yes", 0.5, 0)
