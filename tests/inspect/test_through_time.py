"""The sentence about a gradient says what becomes of it."""

from __future__ import annotations

import numpy as np

from recur.inspect.through_time import sentence


def test_the_sentence_names_what_happens() -> None:
    labels = ["⟨start⟩", "I", "like", "tea"]
    assert sentence(np.array([9, 1e-6, 0.1, 1]), labels).endswith("of the gradient of step 4: it vanishes")
    assert "(I) receives 50 %" in sentence(np.array([9, 0.5, 0.1, 1]), labels)
    assert sentence(np.array([9, 0.5, 0.1, 1]), labels).endswith("it is preserved")
    assert sentence(np.array([9, 50, 0.1, 1]), labels).endswith("explodes")
    assert sentence(np.array([1.0]), ["I"]).startswith("no gradient flows back")
