"""Truncated backpropagation: windows that follow one another, and windows that overlap."""

from __future__ import annotations

from typing import Any

import torch

from recur.config import Config, TrainingConfig
from recur.modes import Loss
from recur.network import Batch
from recur.training import tbptt
from tests.continuation.models import model
from tests.tolerances import close

IDS = torch.tensor([[4, 5, 6, 7, 4, 6, 5, 7, 7]])


def config(steps: int, stride: int | None = None, **options: Any) -> TrainingConfig:
    return Config.of(bptt=steps, bptt_stride=stride, **options).training


def window(start: int, stop: int) -> Batch:
    return Batch(IDS[:, start:stop], None, IDS[:, start + 1 : stop + 1])


def error(batch: Batch, state: Any, given: TrainingConfig, *, first: bool, carries: bool = True) -> tuple[Loss, Any]:
    mode = model(stream=True).double()
    return tbptt.error(mode, batch, state, given, carries=carries, first=first, teacher_forcing=1.0)


def parts(state: Any) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    tbptt.map_tensors(lambda one: found.append(one) or one, state)
    return found


def test_rows_that_do_not_follow_one_another_carry_nothing() -> None:
    loss, state = error(window(0, 4), "anything", config(4), first=True, carries=False)
    assert state is None
    assert loss.sums["loss"][1] == 4


def test_the_state_goes_on_and_its_history_does_not() -> None:
    _, state = error(window(0, 4), None, config(4), first=True)
    assert state is not None
    assert not any(one.requires_grad for one in parts(state))
    second, _ = error(window(4, 8), state, config(4), first=False)
    mode = model(stream=True).double()
    outputs, _ = mode.run(IDS[:, :8])
    log_p = mode.output.log_probs(outputs[:, 4:])
    close(second.mean.detach(), -log_p.gather(-1, IDS[:, 5:9, None]).mean().detach())


def test_of_overlapping_windows_only_the_last_errors_are_new_and_the_state_is_that_after_the_stride() -> None:
    first, state = error(window(0, 4), None, config(4, 2), first=True)
    assert first.sums["loss"][1] == 4
    mode = model(stream=True).double()
    _, expected = mode.run(IDS[:, :2])
    for one, other in zip(parts(state), parts(expected), strict=True):
        close(one, other.detach())
    second, _ = error(window(2, 6), state, config(4, 2), first=False)
    outputs, _ = mode.run(IDS[:, :6])
    log_p = mode.output.log_probs(outputs[:, 4:6])
    assert second.sums["loss"][1] == 2
    close(second.mean.detach(), -log_p.gather(-1, IDS[:, 5:7, None]).mean().detach())


def test_an_error_travels_back_over_the_whole_window() -> None:
    torch.manual_seed(0)
    start = tuple(torch.zeros(1, 1, 8, dtype=torch.float64, requires_grad=True) for _ in range(2))
    loss, _ = error(window(2, 6), start, config(4, 2), first=False)
    slopes = torch.autograd.grad(loss.mean, start)
    assert [bool(one.any()) for one in slopes] == [True, True]


def test_a_function_reaches_every_tensor_of_a_state() -> None:
    one = torch.ones(1)
    found = tbptt.map_tensors(lambda tensor: tensor + 1, {"a": [one, None], "b": (one,)})
    assert found == {"a": [torch.tensor([2.0]), None], "b": (torch.tensor([2.0]),)}


def test_a_piece_of_a_window_has_its_part_of_everything() -> None:
    batch = Batch(IDS, None, IDS * 2, resets=IDS > 5, rate=0.5)
    cut = tbptt.piece(batch, 1, 3)
    assert cut.inputs is not None
    assert cut.resets is not None
    assert (cut.inputs.tolist(), cut.targets.tolist(), cut.resets.tolist()) == ([[5, 6]], [[10, 12]], [[False, True]])
    assert cut.rate == 0.5
