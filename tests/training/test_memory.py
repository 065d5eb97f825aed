"""The memory that training needs, before any of it is used."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from recur.errors import ConfigError
from recur.training import memory


def linear() -> Any:
    """250 parameters of 4 bytes."""
    return torch.nn.Linear(24, 10)


@pytest.mark.parametrize(("optimizer", "copies"), [("adam", 4), ("adamw", 4), ("sgd", 2), ("asgd", 3), ("another", 2)])
def test_weights_gradients_and_what_the_optimizer_keeps_are_counted(
    monkeypatch: pytest.MonkeyPatch, optimizer: str, copies: int
) -> None:
    monkeypatch.setattr(memory, "_physical", lambda: 250 * 4 * copies)
    memory.refuse_too_large(linear, optimizer)
    monkeypatch.setattr(memory, "_physical", lambda: 250 * 4 * copies - 1)
    with pytest.raises(ConfigError, match="a network of 250 parameters requires .* this machine has") as caught:
        memory.refuse_too_large(linear, optimizer)
    assert "smaller --hidden-size" in (caught.value.hint or "")


def test_where_the_system_does_not_say_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_physical", lambda: None)
    memory.refuse_too_large(lambda: torch.nn.Linear(10**9, 10**6), "adam")


def test_no_memory_is_used_and_what_cannot_be_built_is_refused() -> None:
    seen: list[bool] = []

    def make() -> Any:
        network = linear()
        seen.append(network.weight.is_meta)
        return network

    memory.refuse_too_large(make, "adam")
    assert seen == [True]
    with pytest.raises(ConfigError, match="the network cannot be built"):
        memory.refuse_too_large(lambda: torch.nn.Linear(2**40, 2**40), "adam")
