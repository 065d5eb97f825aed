"""What heads say of one step: its outputs, their scores, the one that is named, the target whose error is its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recur.codecs import NotesCodec
from recur.codecs.codec import Codec
from recur.errors import DataError
from recur.heads import StepHead, build_head
from tests.modes.helpers import codec, small
from tests.tolerances import close

KINDS = ("class", "tags", "numbers", "series", "roll")


def fitted(kind: str) -> Codec:
    return NotesCodec().fit([[[60], [60, 64]]]) if kind == "roll" else codec(kind)


def made(kind: str) -> tuple[StepHead, Codec]:
    torch.manual_seed(0)
    own = fitted(kind)
    return build_head(own, 6, small()).eval(), own


@pytest.mark.parametrize("kind", KINDS)
def test_options_have_the_scores_of_their_outputs_the_likeliest_first(kind: str) -> None:
    head, own = made(kind)
    vectors = torch.randn(4, 6)
    found = head.options(vectors, 2, own, 3)
    targets = [one.target for one in found]
    scores = head.scores(vectors[2], targets).detach()
    in_row = head.scores(vectors[None], targets, torch.tensor([4])).detach()
    close(in_row[0, 2], scores, "the same step within a row")
    if head.unit == "nats":
        assert [one.probability for one in found] == pytest.approx(scores.exp().tolist())
        assert [one.probability for one in found] == sorted((one.probability for one in found), reverse=True)
        assert len(found) == min(3, own.size)
    else:
        assert [one.target for one in found] == list(range(own.size))
        assert {one.probability for one in found} == {None}


@pytest.mark.parametrize("kind", KINDS)
def test_the_output_that_is_asked_for_comes_first_and_is_found_by_its_name(kind: str) -> None:
    head, own = made(kind)
    vectors = torch.randn(1, 6)
    worst = head.options(vectors, 0, own, own.size)[-1]
    found = head.options(vectors, 0, own, 2, first=worst.target)
    assert found[0] == worst
    assert len(found) == min(2, own.size)
    name = own.column_names()[worst.target] if head.unit != "nats" else worst.label
    assert head.output_id(name, own) == worst.target
    with pytest.raises(DataError):
        head.output_id("no such output", own)


@pytest.mark.parametrize("kind", KINDS)
def test_the_error_of_a_truth_depends_on_its_output(kind: str) -> None:
    head, own = made(kind)
    vectors = torch.randn(1, 6, requires_grad=True)
    answer = head.choice(vectors).detach()[0].numpy()
    truth = head.truth(answer, own.size - 1)
    error, _ = head.error(vectors, torch.from_numpy(truth)[None], None)
    assert error.item() > 0
    error.backward()
    assert vectors.grad is not None
    assert vectors.grad.abs().sum() > 0
    if head.unit != "nats":
        # the other columns are as they were answered, so that their error is zero
        assert error.item() == pytest.approx(float(answer[-1]) ** 2 / own.size, rel=1e-5)
    assert head.references(np.stack([answer, answer])).shape == (2, *answer.shape)
