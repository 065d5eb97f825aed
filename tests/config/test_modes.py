"""The facts of the modes, of which there is one for each name that a configuration may give."""

from __future__ import annotations

from typing import get_args

from recur.config import MODE_FACTS, MODES
from recur.config.modes import ModeName


def test_every_mode_has_its_facts() -> None:
    assert set(MODE_FACTS) == set(get_args(ModeName)) == {*MODES, "forecast"}


def test_one_answer_for_many_steps_is_a_summary_and_one_value_has_no_recurrence() -> None:
    assert [name for name, facts in MODE_FACTS.items() if facts.summarises] == ["many-to-one"]
    assert [name for name, facts in MODE_FACTS.items() if not facts.recurrent] == ["one-to-one"]
