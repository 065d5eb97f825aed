"""Two processes that share a batch under DistributedDataParallel have the gradient of the whole batch."""

from pathlib import Path

import pytest
import torch
from torch import distributed, multiprocessing
from torch.nn.parallel import DistributedDataParallel

from recur.nn import LSTM


def gradients(layer: torch.nn.Module, x: torch.Tensor) -> None:
    layer(x)[0].square().mean().backward()


def work(rank: int, file: str) -> None:
    distributed.init_process_group("gloo", init_method=f"file://{file}", rank=rank, world_size=2)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    layer, alone = LSTM(5, 7, num_layers=2), LSTM(5, 7, num_layers=2)
    alone.load_state_dict(layer.state_dict())
    x = torch.randn(4, 6, 5)
    gradients(DistributedDataParallel(layer), x[:, 3 * rank : 3 * rank + 3])
    gradients(alone, x)
    assert layer.backend_report().ran == "native"
    for mine, whole in zip(layer.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, whole.grad)
    distributed.destroy_process_group()


@pytest.mark.skipif(not distributed.is_available(), reason="this torch was built without distributed")
def test_two_processes_have_the_gradient_of_the_whole_batch(tmp_path: Path) -> None:
    multiprocessing.spawn(work, (str(tmp_path / "meeting"),), nprocs=2)
