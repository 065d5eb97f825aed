"""Two processes that share a batch under DistributedDataParallel are trained as one on the whole batch."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import distributed, multiprocessing
from torch.nn.parallel import DistributedDataParallel

from recur.nn import LSTM

# what DistributedDataParallel does with gradients and graphs
OPTIONS: list[dict[str, Any]] = [{}, {"gradient_as_bucket_view": True}, {"static_graph": True}]


def trained(module: torch.nn.Module, x: torch.Tensor, steps: int) -> None:
    """Some steps down the gradient, with another call between the forward and the backward pass."""
    optimizer = torch.optim.SGD(module.parameters(), 0.5)
    for _ in range(steps):
        optimizer.zero_grad()
        error = module(x)[0].square().mean()
        with torch.no_grad():
            module(x[:2])
        error.backward()
        optimizer.step()


def work(rank: int, file: str) -> None:
    distributed.init_process_group("gloo", init_method=f"file://{file}", rank=rank, world_size=2)
    torch.set_num_threads(1)
    for number, options in enumerate(OPTIONS):
        torch.manual_seed(number)
        alone = LSTM(5, 7, num_layers=2)
        x = torch.randn(4, 6, 5)
        # every process begins with weights of its own, on which its layer is warm: rank 0's replace them
        torch.manual_seed(10 + rank)
        layer = LSTM(5, 7, num_layers=2)
        if rank == 0:
            layer.load_state_dict(alone.state_dict())
        layer(x)[0].sum().backward()
        layer.zero_grad()
        trained(DistributedDataParallel(layer, **options), x[:, 3 * rank : 3 * rank + 3], 4)
        trained(alone, x, 4)
        assert layer.backend_report().ran == "native"
        for mine, whole in zip(layer.parameters(), alone.parameters(), strict=True):
            torch.testing.assert_close(mine, whole)
    distributed.destroy_process_group()


@pytest.mark.skipif(not distributed.is_available(), reason="this torch was built without distributed")
def test_two_processes_that_share_a_batch_are_trained_as_one_is(tmp_path: Path) -> None:
    multiprocessing.spawn(work, (str(tmp_path / "meeting"),), nprocs=2)
