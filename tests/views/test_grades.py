"""One rule for the words of a gradient, in Python and on every page."""

from __future__ import annotations

from recur.views import grades
from tests.node import evaluated

SHARES = [0.0, 0.0099, 0.01, 0.2, 0.499, 0.5, 1.0, 2.0, 2.01, 50.0]


def test_words_follow_the_rule_that_the_caption_of_the_picture_states() -> None:
    # below 1 % it vanishes, from 1 % it weakens, from 50 % to 200 % it is carried, above that it grows
    assert [grades.grade(share) for share in SHARES] == [
        *["vanishes"] * 2, *["weakens"] * 3, *["is carried"] * 3, *["grows"] * 2,
    ]  # fmt: skip


def test_pages_have_the_same_rule() -> None:
    said = evaluated(f"{grades.script()} answer = given.map(graded);", SHARES)
    assert said == [grades.grade(share) for share in SHARES]
