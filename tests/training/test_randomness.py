"""Every source of randomness seeded, saved and restored together."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from recur.training import randomness


def drawn() -> tuple[float, ...]:
    """A number of each generator; a normal one of NumPy leaves another behind."""
    return random.random(), float(np.random.standard_normal()), float(torch.rand(()))


@pytest.mark.parametrize("value", [0, 2**32 + 7])
def test_the_same_seed_draws_the_same_of_every_generator(value: int) -> None:
    with randomness.preserve():
        randomness.seed(value)
        first = drawn()
        randomness.seed(value)
        assert drawn() == first
        randomness.seed(value + 1)
        assert all(one != other for one, other in zip(drawn(), first, strict=True))


def test_a_saved_state_draws_on_from_where_it_was_also_from_a_file(tmp_path: Path) -> None:
    with randomness.preserve():
        randomness.seed(3)
        drawn()
        torch.save(randomness.state(), tmp_path / "state")
        following = [drawn() for _ in range(3)]
        randomness.restore(torch.load(tmp_path / "state", weights_only=True))
        assert [drawn() for _ in range(3)] == following


def draw_and_fail() -> None:
    with randomness.preserve():
        drawn()
        raise KeyError


def test_what_is_drawn_aside_is_not_missed_even_after_an_error() -> None:
    with randomness.preserve():
        randomness.seed(5)
        expected = drawn()
        randomness.seed(5)
        with pytest.raises(KeyError):
            draw_and_fail()
        assert drawn() == expected
