"""Dropout over time: one mask for all steps, one for every step, both."""

from __future__ import annotations

import pytest
import torch

from recur.errors import ConfigError
from recur.nn import LockedDropout
from recur.nn.dropout import Drop


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_locked_dropout_holds_its_mask_over_time() -> None:
    x = torch.ones(4, 7, 300)
    dropped = LockedDropout(0.3)(x)
    assert torch.equal(dropped, dropped[:, :1].expand_as(x))
    assert not torch.equal(dropped[0], dropped[1])
    assert dropped.unique().tolist() == [0.0, pytest.approx(1 / 0.7)]
    assert float(dropped.mean()) == pytest.approx(1, rel=0.1)
    assert torch.equal(LockedDropout(0.3).eval()(x), x)
    swapped = LockedDropout(0.3, batch_first=False)(x)
    assert torch.equal(swapped, swapped[:1].expand_as(x))
    with pytest.raises(ConfigError, match=r"range \[0, 1\)"):
        LockedDropout(1.0)


@pytest.mark.parametrize(
    ("each", "locked", "alike"),
    [(0.5, 0.0, False), (0.0, 0.5, True), (0.5, 0.5, False)],
    ids=["each", "locked", "both"],
)
def test_vectors_are_dropped_step_by_step_or_for_all_steps(each: float, locked: float, alike: bool) -> None:
    dropped = Drop(each, locked)(torch.ones(30, 5, 2000))
    assert bool((dropped == dropped[:, :1]).all()) == alike
    scale = 1 / ((1 - each) * (1 - locked))
    assert sorted(set(dropped.flatten().tolist())) == [0.0, scale]
    # a column that is dropped for all steps is so whatever each step drops
    share = (dropped == 0).all(1).float().mean().item()
    assert share == pytest.approx(locked + (1 - locked) * each**5, rel=0.1)


def test_vectors_without_time_are_dropped_as_one_step() -> None:
    assert 0 < (Drop(0.0, 0.5)(torch.ones(3, 200)) == 0).float().mean().item() < 1
    assert Drop(0.5, 0.5)(torch.ones(3, 200)).shape == (3, 200)


@pytest.mark.parametrize("size", [(2, 3), (2, 4, 3)], ids=["vectors", "steps"])
def test_in_evaluation_nothing_is_dropped(size: tuple[int, ...]) -> None:
    x = torch.randn(size)
    assert torch.equal(Drop(0.5, 0.5).eval()(x), x)
