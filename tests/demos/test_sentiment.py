"""Reviews: how verdicts are judged beside counted words, and drawn word by word."""

from __future__ import annotations

from typing import Any

from recur.demos import sentiment
from recur.demos.made import reviews
from tests.demos.fakes import Answers


def test_verdicts_are_counted_and_opinions_are_of_every_beginning() -> None:
    rows: Any = list(reviews.rows("test", 120))
    model: Any = Answers(lambda _: "good")
    verdict = sentiment.judge(model, rows)
    assert verdict.value == sum(row["verdict"] == "good" for row in rows) / 120
    good, bad, wrong = verdict.examples
    assert [one["truth"] for one in (good, bad, wrong)] == ["good", "bad", "bad"]
    assert good["words"][0][1] == 0.9
    assert sentiment.LONG[0] <= len(good["words"]) <= sentiment.LONG[1]
    # pairs such as "anything but dull" are held out: words alone are no better than chance is likely to be
    assert 0 < next(iter(verdict.beside.values())) < 1


def test_every_word_has_its_bar_and_a_wrong_verdict_the_truth() -> None:
    lines = list(sentiment.draw({"words": [("not", 0.25), ("dull", 0.8)], "says": "good", "truth": "bad"}, 60))
    assert lines[0].startswith("    not    25 % good  ")
    assert lines[-1] == "    -> good, wrong: it is bad"
    assert len(lines) == 3
