"""The declarations of a mode: exactly one kind of answer, and what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from recur.modes.abilities import Abilities


@pytest.mark.parametrize(
    ("answers", "one_answer", "continues", "writes"),
    [
        ("input", True, False, False), ("steps", False, False, False), ("next", False, True, False),
        ("written", False, False, True), ("ahead", False, False, False),
    ],
)  # fmt: skip
def test_abilities_follow_from_the_kind_of_answer(
    answers: Any, one_answer: bool, continues: bool, writes: bool
) -> None:
    abilities = Abilities(answers)
    assert (abilities.one_answer, abilities.continues, abilities.writes) == (one_answer, continues, writes)
