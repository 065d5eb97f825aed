"""Numbers in words: how translations are judged and drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from recur.demos import translate
from tests.demos.fakes import Answers

NUMBERS = [(1, "one", "un"), (2, "two", "deux"), (21, "twenty one", "vingt et un")]
ROWS = [{"number": number, "english": english, "french": french} for number, english, french in NUMBERS]


def test_a_number_is_right_to_the_last_letter() -> None:
    model: Any = Answers(lambda english: {"one": "un", "two": "deuxx"}.get(english, "vingt et un"), np.eye(2))
    verdict = translate.judge(model, ROWS)
    assert (verdict.value, verdict.rows, verdict.beside) == (2 / 3, 3, {})
    # the longest are shown first, and then those that are wrong
    assert verdict.examples[0]["number"] == 21
    assert verdict.examples[-1]["number"] == 2
    assert verdict.examples[0]["alignment"] == [[1.0, 0.0], [0.0, 1.0]]


def test_each_word_names_the_word_that_it_looked_at() -> None:
    example = {
        "number": 21, "english": ["twenty", "one"], "french": ["vingt", "un"], "truth": "vingt et un",
        "alignment": [[0.9, 0.1, 0.0], [0.1, 0.1, 0.8]],
    }  # fmt: skip
    lines = list(translate.draw(example, 80))
    assert lines[0] == "    21  twenty one"
    assert lines[2].endswith("  twenty")
    assert lines[3].endswith("  the end")
    assert lines[-2:] == ["    -> vingt un", "    wrong: vingt et un"]


def test_a_narrow_terminal_has_no_picture_of_the_attention() -> None:
    example = {"number": 1, "english": ["one"], "french": ["un"], "truth": "un", "alignment": [[1.0]]}
    assert list(translate.draw(example, 10)) == ["    1  one", "    -> un"]
