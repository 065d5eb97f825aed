"""The parts of a network that answers in one pass, put together, are what it computes."""

from __future__ import annotations

import pytest
import torch

from tests.modes.helpers import batch_of, build, rows
from tests.tolerances import close

NETWORKS = [
    ("one-to-one", "numbers", "class", ""), ("many-to-one", "words", "class", "last"),
    ("many-to-one", "words", "class", "max"), ("synced", "words", "tags", ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source", "target", "pooling"), NETWORKS)
def test_the_parts_in_their_order_give_the_vectors_that_are_read_out(
    name: str, source: str, target: str, pooling: str
) -> None:
    mode = build(name, source, target, **({"pooling": pooling} if pooling else {})).eval()
    parts, batch = mode.one_pass, batch_of(mode, rows(source, target))
    assert parts is not None
    assert batch.inputs is not None
    vectors = parts.inputs(batch.inputs)
    assert (parts.hidden is None) == (name != "one-to-one")
    assert (parts.stack is None) == (name == "one-to-one")
    if parts.hidden is not None:
        vectors = parts.hidden(vectors)
    if parts.stack is not None:
        outputs, state = parts.stack(vectors, lengths=batch.input_lengths)
        steps = torch.arange(outputs.shape[1])[:, None] < batch.input_lengths[:, None, None]
        highest = outputs.masked_fill(~steps, -torch.inf).amax(1)
        vectors = {"": outputs, "last": parts.stack.summary(state), "max": highest}[parts.pooling]
    close(parts.run(batch.inputs, None, batch.input_lengths)[0], vectors)
    assert parts.head is mode.head
    assert parts.pooling == pooling


@pytest.mark.parametrize(("name", "source"), [("one-to-many", "class"), ("many-to-many", "words")])
def test_a_network_that_writes_does_not_answer_in_one_pass(name: str, source: str) -> None:
    assert build(name, source, "words").one_pass is None
