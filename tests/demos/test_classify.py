"""Digits: how they are judged beside the nearest mean picture, and drawn."""

from __future__ import annotations

from typing import Any

import pytest

from recur.demos import classify
from recur.demos.made import digits
from tests.demos.fakes import Answers


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return list(digits.rows("test"))[:40]


def test_digits_that_are_read_right_and_wrong_are_shown_apart(rows: list[dict[str, Any]]) -> None:
    first: Any = rows[0]["digit"]
    model: Any = Answers(lambda _: first)
    verdict = classify.judge(model, rows)
    assert verdict.value == sum(row["digit"] == first for row in rows) / 40
    right, wrong = verdict.examples
    assert (right["title"], wrong["title"]) == ("read right:", "read wrong:")
    assert {one["truth"] for one in right["digits"]} == {first}
    assert first not in {one["truth"] for one in wrong["digits"]}
    assert 0.5 < next(iter(verdict.beside.values())) <= 1


def test_a_wrong_digit_has_its_truth_below_it() -> None:
    one = {"pixels": [0] * digits.SIDE**2, "truth": "3", "scores": [("8", 0.9), ("3", 0.1)]}
    drawn = "\n".join(classify.draw({"title": "read wrong:", "digits": [one]}, 80))
    assert "8 90 %" in drawn
    assert "truth 3" in drawn
    assert "truth" not in "\n".join(classify.draw({"title": "", "digits": [{**one, "truth": "8"}]}, 80))
