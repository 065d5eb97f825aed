"""Captions: how sentences about pictures are judged and drawn."""

from __future__ import annotations

from typing import Any

from recur.demos import captions
from recur.demos.made import scenes
from tests.demos.fakes import Answers

ROWS = [{"picture": [index] * scenes.SIDE**2 * 3, "caption": text} for index, text in enumerate("aab")]


def test_a_sentence_is_right_to_the_last_word_beside_the_most_frequent_one() -> None:
    model: Any = Answers(lambda picture: "b" if picture[0] == 2 else "c")
    verdict = captions.judge(model, ROWS)
    assert (verdict.value, verdict.rows) == (1 / 3, 3)
    assert list(verdict.beside.values()) == [2 / 3]
    assert [(one["says"], one["truth"]) for one in verdict.examples] == [("c", "a"), ("c", "a"), ("b", "b")]


def test_a_wrong_sentence_stands_beside_the_truth_and_a_right_one_alone() -> None:
    picture = [0] * scenes.SIDE**2 * 3
    wrong = "\n".join(captions.draw({"picture": picture, "says": "a cat", "truth": "a dog"}, 80))
    assert "says   a cat" in wrong
    assert "truth  a dog" in wrong
    right = "\n".join(captions.draw({"picture": picture, "says": "a cat", "truth": "a cat"}, 80))
    assert "truth" not in right
    assert "right" in right
