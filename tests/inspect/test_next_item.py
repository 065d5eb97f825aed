"""Questions to networks that predict the next item."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recur import codecs, continuation, modes
from recur import inspect as inspector
from tests.inspect.helpers import learned
from tests.modes.helpers import small
from tests.tolerances import SHOWN


@pytest.mark.parametrize("steps", [1, 2, 6])
def test_the_value_that_is_explained_is_the_value_that_is_answered(steps: int) -> None:
    torch.manual_seed(0)
    mode = modes.build(
        "synced", codecs.make("numbers", sequence=True).fit([[1.0, 2.0, 3.0, 5.0]]), None, small(), ahead=4
    )
    series = [1.0, 2.5, 3.0, 1.5, 4.0, 2.0][:steps]
    [answer] = continuation.predict(mode, [series])
    found = inspector.explain(mode, series)
    assert found["question"]["options"][0]["label"] == f"{answer.value[0]:.4g}"
    # of a series shorter than the steps ahead, what is read before it is shown
    assert found["input"]["items"][: max(0, 4 - steps)] == ["(mean)"] * max(0, 4 - steps)


def test_the_surprise_of_an_item_is_the_error_of_the_step_before() -> None:
    mode = learned("synced", "words", None, {})
    found = inspector.explain(mode, "the dog ran")
    ledger = inspector.bptt(mode, "the dog ran")
    assert found["input"]["items"] == ["⟨start⟩", "the", "dog", "ran"]
    assert found["surprise"][0] is None
    np.testing.assert_allclose(found["surprise"][1:], ledger.errors[:3], rtol=SHOWN)
