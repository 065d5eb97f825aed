"""Groups, averages."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from recur.config import Config
from recur.training.optimizers import Averages, make
from tests.tolerances import near


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "asgd"])
def test_biases_and_gains_do_not_decay(name: str) -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4))
    optimizer = make(network, Config.of(optimizer=name, weight_decay=0.1).training)
    decays = {p.shape: group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert decays == {torch.Size([4, 3]): 0.1, torch.Size([4]): 0.0}


def test_average_is_the_mean_of_the_weights_since_it_began() -> None:
    network = nn.Linear(2, 1)
    averages = Averages(network)
    averages.update()
    assert not averages.active
    values = [torch.randn(1, 2) for _ in range(5)]
    for number, value in enumerate(values):
        with torch.no_grad():
            network.weight.copy_(value)
        if number == 0:
            averages.begin()
        else:
            averages.update()
    with averages.in_place():
        near(network.weight.detach(), torch.stack(values).mean(0))
    assert torch.equal(network.weight, values[-1])


def test_averages_go_on_from_a_checkpoint() -> None:
    network = nn.Linear(2, 1)
    averages = Averages(network)
    averages.begin()
    again = Averages(network)
    again.load_state_dict(averages.state_dict())
    with torch.no_grad():
        network.weight.add_(1)
    averages.update()
    again.update()
    with averages.in_place():
        expected = network.weight.clone()
    with again.in_place():
        assert torch.equal(network.weight, expected)
