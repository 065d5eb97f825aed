"""Questions to networks that answer an input: one answer for the whole, or one at every step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recur import inspect as inspector
from tests.inspect.helpers import TEXT, learned
from tests.modes.helpers import build
from tests.tolerances import DOUBLE


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_a_number_is_followed_back_through_the_steps_of_its_input_alone(pooling: str) -> None:
    mode = build("many-to-one", "words", "numbers", pooling=pooling, bidirectional=False)
    [layer] = inspector.explain(mode, "the dog ran")["flow"]["layers"]
    assert layer["labels"] == ["the", "dog", "ran"]
    assert layer["asked"] == 3


def test_a_chain_of_tags_is_explained_by_its_own_answer_and_probability() -> None:
    mode = build("synced", "words", "tags", crf=True).double()
    torch.nn.init.normal_(mode.output.crf.transitions, std=2.0)
    best, _ = mode.output.best(mode.run(torch.from_numpy(mode.encode_input(TEXT))[None])[0], None)
    for at in range(1, 5):
        question = inspector.ask(mode, TEXT, at=at)
        assert question.options[0].target == int(best[0, at - 1])
        found = inspector.influence(mode, TEXT, at=at)
        assert np.log(question.options[0].probability or 0) == pytest.approx(found.output, rel=DOUBLE)


def test_leaving_a_tagged_word_out_moves_the_place() -> None:
    mode = learned("synced", "words", "tags", {})
    found = inspector.influence(mode, "the dog ran to a cat", at="ran")
    assert np.isnan(found.scores["leave_one_out"][2])
    without_first = inspector.influence(mode, "dog ran to a cat", at="ran", target=found.option.label)
    without_last = inspector.influence(mode, "the dog ran to a", at="ran", target=found.option.label)
    assert found.scores["leave_one_out"][0] == pytest.approx(found.output - without_first.output)
    assert found.scores["leave_one_out"][5] == pytest.approx(found.output - without_last.output)
