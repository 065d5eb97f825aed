"""What heads that answer vectors have: answers, refusals and named outputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recur.errors import ConfigError, DataError
from recur.heads import StepHead, build_head
from tests.modes.helpers import codec, small

KINDS = ("class", "tags", "numbers", "series")


def made(kind: str) -> StepHead:
    torch.manual_seed(1)
    return build_head(codec(kind), 3, small()).double().eval()


@pytest.mark.parametrize(("kind", "has"), [("class", "events"), ("numbers", "symbols"), ("numbers", "events")])
def test_probabilities_that_a_head_lacks_are_refused(kind: str, has: str) -> None:
    head, vectors = made(kind), torch.zeros(1, 3, dtype=torch.float64)
    asked = head.log_probs if has == "symbols" else head.logits
    with pytest.raises(ConfigError, match=f"answers with {head.answers_with}: it has no probabilities of {has}"):
        asked(vectors)


def test_a_column_is_found_by_its_name_and_another_name_lists_them() -> None:
    own = codec("numbers")
    names = own.column_names()
    assert made("numbers").output_id(names[1], own) == 1
    with pytest.raises(DataError, match='"c" is not an output of this network') as caught:
        made("numbers").output_id("c", own)
    assert caught.value.hint == f"one of {', '.join(names)}"


@pytest.mark.parametrize("kind", KINDS)
def test_answers_refuse_a_top_below_one(kind: str) -> None:
    with pytest.raises(ConfigError, match="top"):
        made(kind).answers(torch.zeros(1, 3, dtype=torch.float64), codec(kind), 0)


def test_answers_in_a_row_end_with_its_real_steps() -> None:
    head, own = made("series"), codec("series")
    vectors = torch.randn(2, 3, 3, dtype=torch.float64)
    with torch.no_grad():
        answers = head.answers_in_row(vectors, torch.tensor([3, 1]), None, own)
        values = own.decode(head.choice(vectors)[1].numpy())
    assert [len(one.value) for one in answers] == [3, 1]
    assert answers[1].value == values[:1]


def test_references_are_the_answers_and_not_the_same_array() -> None:
    answers = np.array([1, 2])
    found = made("class").references(answers)
    found[0] = 9
    assert answers.tolist() == [1, 2]
