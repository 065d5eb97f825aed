"""Decoding by networks: seeds over batches, and beams beside greedy decoding."""

from __future__ import annotations

import pytest
import torch

from recur import continuation
from recur.modes.mode import PREDICT_BATCH
from tests.modes.helpers import TEXTS, build, rows, train
from tests.tolerances import close


@pytest.mark.parametrize(
    ("name", "source", "target"),
    [("one-to-many", "class", "characters"), ("many-to-many", "words", "characters"), ("synced", "characters", None)],
)
def test_a_seed_draws_on_over_batches_of_inputs(name: str, source: str, target: str | None) -> None:
    mode = build(name, source, target)
    inputs = ["yes" if source == "class" else TEXTS[0]] * (PREDICT_BATCH + 1)
    options = {"temperature": 1.0, "seed": 0, "length": 30}
    answers = [answer.value for answer in continuation.predict(mode, inputs, **options)]
    assert answers[PREDICT_BATCH] != answers[0]
    assert answers == [answer.value for answer in continuation.predict(mode, inputs, **options)]
    [several] = continuation.predict(mode, inputs[:1], top=3, **options)
    # three draws of their own; two of them may well be equal, all three hardly
    assert len(several.scores) == 3
    assert len({value for value, _ in several.scores}) >= 2
    assert several.value == several.scores[0][0]


def test_a_network_writes_the_same_with_a_beam_of_one_as_without() -> None:
    mode = build("many-to-many", "words", "tags")
    train(mode, rows("words", "tags"), steps=15)
    assert [a.value for a in continuation.predict(mode, TEXTS, beam=1)] == [
        a.value for a in continuation.predict(mode, TEXTS)
    ]


def test_a_network_with_the_widest_beam_is_never_less_likely_than_greedy() -> None:
    mode = build("many-to-many", "words", "tags")
    train(mode, rows("words", "tags"), steps=15)
    wide = continuation.predict(mode, TEXTS, beam=6**4, length=4, length_penalty=0.0, top=6**4)
    for one, other in zip(continuation.predict(mode, TEXTS, length=4), wide, strict=True):
        ended = [probability for value, probability in other.scores]
        assert one.scores[0][1] <= max(ended) * 1.0001


def test_every_sequence_of_a_network_has_probabilities_that_sum_to_one() -> None:
    mode = build("one-to-many", "class", "tags")
    [answer] = continuation.predict(mode, ["yes"], top=10**4, length=3, length_penalty=0.0)
    # the symbols that are never written have the rest
    total = torch.tensor([probability for _, probability in answer.scores]).sum()
    assert 0.5 < float(total) < 1.0
    close(total, torch.tensor(sum(probability for _, probability in answer.scores)))
