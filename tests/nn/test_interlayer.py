"""Between two layers: directions together, dropout in two forms."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch.nn import functional

from recur.nn.interlayer import drop_between, merge_directions
from recur.nn.padding import TimeMajorSteps

T, B, S = 5, 3, 40


def lock(name: str, draw: Any) -> Any:
    del name
    return draw()


def steps() -> TimeMajorSteps:
    return TimeMajorSteps(torch.zeros(T, B, S), None, None, False)


def test_directions_are_concatenated_or_summed_and_one_stays_as_it_is() -> None:
    there, back = torch.ones(2, 1, 2), torch.full((2, 1, 2), 3.0)
    assert merge_directions([there, back], "concat")[0].tolist() == [[1, 1, 3, 3]]
    assert merge_directions([there, back], "sum")[0].tolist() == [[4, 4]]
    assert merge_directions([there], "sum") is there


def test_variational_dropout_has_one_mask_for_all_steps_and_another_row_another() -> None:
    torch.manual_seed(0)
    dropped = drop_between(torch.ones(T, B, S), steps(), 0.0, 0.5, lock)
    assert torch.equal(dropped, dropped[:1].expand(T, B, S))
    assert not torch.equal(dropped[:, 0], dropped[:, 1])
    assert set(dropped.flatten().tolist()) == {0.0, 2.0}


@pytest.mark.parametrize("contiguous", [True, False])
def test_one_seed_is_one_mask_whatever_the_layout(contiguous: bool) -> None:
    y = torch.randn(T, B, S)
    given = y if contiguous else y.transpose(0, 1).contiguous().transpose(0, 1)
    torch.manual_seed(0)
    found = drop_between(given, steps(), 0.5, 0.0, lock)
    torch.manual_seed(0)
    assert torch.equal(found, functional.dropout(y, 0.5))


def test_without_dropout_nothing_is_drawn() -> None:
    y, before = torch.randn(T, B, S), torch.get_rng_state()
    assert torch.equal(drop_between(y, steps(), 0.0, 0.0, partial(lock)), y)
    assert torch.equal(torch.get_rng_state(), before)
