"""The command that resumes an interrupted training."""

from __future__ import annotations

import pytest

from recur.cli.resume import TYPED, command_to_go_on


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["train", "my file.csv", "--fresh"], "recur train 'my file.csv'"),
        (["train", "a.csv", "--lr", "0.1"], "recur train a.csv --lr 0.1"), (["predict", "run"], None), ([], None),
    ],
)  # fmt: skip
def test_a_training_is_resumed_by_its_own_words_without_starting_over(words: list[str], line: str | None) -> None:
    assert command_to_go_on(words) == line


def test_the_words_are_those_of_the_running_command() -> None:
    assert command_to_go_on() is None
    token = TYPED.set(("train", "a.csv"))
    assert command_to_go_on() == "recur train a.csv"
    TYPED.reset(token)
