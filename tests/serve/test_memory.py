"""The state of sequences between requests: read together, kept apart, restored or refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

from recur.errors import DataError
from recur.model import Model
from recur.serve.memory import Memory, Reader
from tests.tolerances import close


def test_many_sequences_read_together_stay_apart(models: dict[str, Model]) -> None:
    reader = Reader(models["lines"].mode)
    random = np.random.default_rng(0)
    texts = [random.integers(4, 12, size=length) for length in (0, 1, 5, 3, 0, 9)]
    start = [reader.begin() for _ in texts]
    together = reader.read(start, texts)
    for text, one, before in zip(texts, together, start, strict=True):
        [alone] = reader.read([before], [text])
        assert one.count == len(text)
        for a, b in zip((*one.states, one.vector), (*alone.states, alone.vector), strict=True):
            close(a, b)
            assert a.untyped_storage().nbytes() == a.numel() * a.element_size(), "it keeps no batch alive"


def test_a_snapshot_with_numbers_that_are_not_finite_is_refused(models: dict[str, Model]) -> None:
    reader = Reader(models["lines"].mode)
    memory = reader.begin()
    broken = Memory(tuple(one * torch.nan for one in memory.states), memory.vector, 0)
    with pytest.raises(DataError, match="not finite"):
        reader.restore(reader.dump(broken))


def test_a_snapshot_of_another_type_is_refused_and_spoils_no_session(models: dict[str, Model]) -> None:
    reader = Reader(models["lines"].mode)
    memory = reader.begin()
    double = Memory(tuple(one.double() for one in memory.states), memory.vector.double(), 1)
    with pytest.raises(DataError, match="not of the network's sizes and type"):
        reader.restore(reader.dump(double))
    with pytest.raises(DataError, match="not of the network's sizes and type"):
        reader.restore(reader.dump(Memory(memory.states, memory.vector, -3)))


@pytest.mark.parametrize("count", ["9" * 4301, "-1", "²", "1e5", ""])
def test_a_snapshot_with_a_count_that_is_none_is_refused(models: dict[str, Model], count: str) -> None:
    reader = Reader(models["lines"].mode)
    data = reader.dump(reader.begin())
    size = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + size])
    head["__metadata__"]["count"] = count
    text = json.dumps(head).encode()
    with pytest.raises(DataError, match="this snapshot is damaged"):
        reader.restore(len(text).to_bytes(8, "little") + text + data[8 + size :])


def test_a_state_that_makes_the_answer_infinite_is_refused_and_spoils_no_session(
    models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(models["lines"].mode)
    start = reader.begin()
    run = reader.mode.run

    def infinite(*arguments: Any, **options: Any) -> Any:
        vectors, state = run(*arguments, **options)
        return vectors * torch.inf, state

    monkeypatch.setattr(reader.mode, "run", infinite)
    with pytest.raises(DataError, match="is not finite"):
        reader.read([start], [np.array([4])])
    with pytest.raises(DataError, match="is not finite"):
        reader.log_probs([Memory(start.states, start.vector * torch.nan, 0)])
