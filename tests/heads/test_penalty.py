"""Penalties on outputs: against sums written out, and only on what is learned from."""

from __future__ import annotations

import pytest
import torch

from recur.heads.penalty import Penalty
from tests.modes.helpers import batch_of, build, rows
from tests.tolerances import close


def test_penalties_are_means_over_real_steps() -> None:
    generator = torch.Generator().manual_seed(0)
    raw, dropped = torch.randn(2, 2, 3, 4, generator=generator)
    mask = torch.tensor([[True, True, True], [True, True, False]])
    real = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    large = sum(dropped[row, step].square().sum() for row, step in real) / (len(real) * 4)
    jumps = [(0, 1), (0, 2), (1, 1)]
    change = sum((raw[row, step] - raw[row, step - 1]).square().sum() for row, step in jumps) / (len(jumps) * 4)
    found = Penalty(2.0, 0.5)(raw, dropped, mask)
    assert found is not None
    close(found, 2.0 * large + 0.5 * change)


def test_without_factors_there_is_no_penalty() -> None:
    assert Penalty()(torch.ones(1, 2, 3), torch.ones(1, 2, 3), None) is None


@pytest.mark.parametrize("name", ["synced", "many-to-many", "one-to-many", "many-to-one"])
def test_a_mode_learns_from_the_penalty_and_does_not_report_it(name: str) -> None:
    source = "class" if name == "one-to-many" else "words"
    target = {"synced": None, "many-to-one": "class"}.get(name, "words")
    mode = build(name, source, target)
    batch = batch_of(mode, rows(source, target))
    plain = mode.train().loss(batch)
    mode.head.penalty.activation, mode.head.penalty.temporal = 2.0, 1.0
    learned, reported = mode.loss(batch), mode.eval().loss(batch)
    assert learned.mean.item() > plain.mean.item()
    assert learned.sums["loss"] == pytest.approx(plain.sums["loss"])
    close(reported.mean, plain.mean)


def test_one_step_cannot_jump() -> None:
    one = torch.ones(2, 1, 3)
    found = Penalty(0.0, 1.0)(one, one, None)
    assert found is not None
    assert found.item() == 0.0
