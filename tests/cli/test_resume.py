"""The command that resumes an interrupted training."""

from __future__ import annotations

import pytest

from recur.cli.resume import COMMAND_LINE, resume_command


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["train", "my file.csv", "--fresh"], "recur train 'my file.csv'"),
        (["train", "a.csv", "--lr", "0.1"], "recur train a.csv --lr 0.1"), (["predict", "run"], None), ([], None),
    ],
)  # fmt: skip
def test_a_training_is_resumed_by_its_own_words_without_starting_over(words: list[str], line: str | None) -> None:
    assert resume_command(words) == line


def test_the_words_are_those_of_the_running_command() -> None:
    assert resume_command() is None
    token = COMMAND_LINE.set(("train", "a.csv"))
    assert resume_command() == "recur train a.csv"
    COMMAND_LINE.reset(token)
