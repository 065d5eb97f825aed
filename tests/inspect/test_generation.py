"""Questions to networks that write: the item at a place, after what was written before it."""

from __future__ import annotations

import numpy as np
import pytest

from recur import inspect as inspector
from recur.inspect.generation import GeneratedItem
from tests.inspect.helpers import network
from tests.tolerances import SINGLE


@pytest.mark.parametrize(
    ("target", "says"),
    [("words", "word 1 of the answer is"), ("characters", "step 1 of the answer is"), ("series", "step 1 of the"),
     ("roll", "whether “C4” sounds at step 1 of the answer")],
)  # fmt: skip
def test_what_is_written_is_said_by_its_kind(target: str, says: str) -> None:
    mode, given, _ = network("many-to-many", "words", target)
    question = inspector.ask(mode, given[0], at=1, target="C4" if target == "roll" else None)
    assert question.says.startswith(says)


def test_the_end_of_an_answer_is_an_option_with_a_name() -> None:
    mode, given, _ = network("many-to-many", "words", "tags")
    assert "⟨end⟩" in {one.label for one in inspector.ask(mode, given[0], top=9).options}
    question = inspector.ask(mode, given[0], target="⟨end⟩", at=1)
    assert question.options[0].label == "⟨end⟩"
    assert isinstance(question, GeneratedItem)
    assert question.labels[-1] == "⟨end⟩"


def test_the_alignment_has_a_row_for_each_written_item_and_a_column_for_each_read_one() -> None:
    mode, given, _ = network("many-to-many", "words", "words", attention="luong")
    question = inspector.ask(mode, given[0])
    assert question.alignment is not None
    weights = question.alignment["weights"]
    assert weights.shape == (len(question.alignment["rows"]), len(question.items))
    np.testing.assert_allclose(weights.sum(1), 1, rtol=SINGLE)
    plain, given, _ = network("many-to-many", "words", "words")
    assert inspector.ask(plain, given[0]).alignment is None
