"""The sentence about a gradient says what becomes of it."""

from __future__ import annotations

import numpy as np
import pytest

from recur.inspect.through_time import sentence


def test_the_sentence_names_what_happens() -> None:
    labels = ["⟨start⟩", "I", "like", "tea"]
    assert sentence(np.array([9, 1e-6, 0.1, 1]), labels).endswith("of the gradient of step 4: it vanishes")
    assert "(I) receives 50 %" in sentence(np.array([9, 0.5, 0.1, 1]), labels)
    assert sentence(np.array([1.0]), ["I"]).startswith("no gradient flows back")


@pytest.mark.parametrize(
    ("share", "word"),
    [
        (0.0099, "vanishes"), (0.01, "weakens"), (0.494, "weakens"), (0.5, "is carried"), (1.99, "is carried"),
        (2.0, "is carried"), (2.1, "grows"), (1e6, "grows"),
    ],
)  # fmt: skip
def test_the_word_follows_the_rule_that_the_pictures_state(share: float, word: str) -> None:
    assert sentence(np.array([share, 0.1, 1.0]), ["I", "like", "tea"]).endswith(f": it {word}")
