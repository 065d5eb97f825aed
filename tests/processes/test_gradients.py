"""The gradients of several processes add up to those of the whole batch, in every kind of network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from recur import config_file
from recur.nn.shared_rows import RowShare
from recur.processes.rows import take
from recur.training import randomness, tbptt
from recur.training.setup import Task, prepare
from tests.processes.simulated import shares
from tests.processes.test_trajectories import FILES
from tests.tolerances import near


def task_of(folder: Path, name: str, **more: Any) -> Task:
    make, file, options = FILES[name]
    make(folder / file)
    told = {"hidden_size": 8, "threads": 1, "device": "cpu", "source": str(folder / file)}
    config = config_file.from_options({**told, **options, **more})
    return prepare(config, None, torch.device("cpu"), None, None)


def gradients_of(task: Task, share: RowShare | None, forcing: float) -> tuple[dict[str, Tensor], Tensor]:
    """Gradients by name, and the error, of the first batch."""
    task.mode.train()
    task.mode.zero_grad()
    randomness.seed(3)
    batch = task.train.batch(0, 0)
    own = batch if share is None else take(batch, share.rows)
    training = task.config.training
    loss, _ = tbptt.error(
        task.mode, own, None, training, carries=task.train.carries, first=True, teacher_forcing=forcing
    )
    torch.autograd.backward(loss.mean)
    named = task.mode.named_parameters()
    return {name: p.grad.clone() for name, p in named if p.grad is not None}, loss.mean.detach()


@pytest.mark.parametrize("size", [2, 7])
@pytest.mark.parametrize("name", FILES)
def test_gradients_add_up_to_those_of_the_whole_batch(tmp_path: Path, name: str, size: int) -> None:
    task = task_of(tmp_path, name)
    expected, error = gradients_of(task, None, 0.5)
    rows = len(task.train.batch(0, 0))
    assert rows < 7, "a process without a row of its own takes part too"
    parts = [found for _, found in shares(size, rows, lambda share: gradients_of(task, share, 0.5))]
    near(torch.stack([part[1] for part in parts]).sum(), error, "error")
    for key, whole in expected.items():
        near(torch.stack([part[0][key] for part in parts]).sum(0), whole, key)
