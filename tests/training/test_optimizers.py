"""Groups, averages."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from recur.config import Config
from recur.engine import torch_state
from recur.training.optimizers import Averages, clipping, make, total_norm
from tests.tolerances import near


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "asgd"])
def test_biases_and_gains_do_not_decay(name: str) -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4))
    optimizer = make(network, Config.of(optimizer=name, weight_decay=0.1).training)
    decays = {p.shape: group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert decays == {torch.Size([4, 3]): 0.1, torch.Size([4]): 0.0}


def _updated(name: str, clip: float, *, ours: bool, resumed: bool = False) -> list[torch.Tensor]:
    """The weights after five updates, by our optimizer or by torch's as a script has it."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 40), nn.Tanh(), nn.Linear(40, 2))
    options = Config.of(optimizer=name, weight_decay=0.1, lr=0.01).training
    optimizer = make(network, options)
    if not ours:
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}.get(name, torch.optim.SGD)
        optimizer = kind(optimizer.param_groups, lr=0.01)  # type: ignore[assignment]
    for number in range(5):
        if resumed and number == 3:
            state, optimizer = optimizer.state_dict(), make(network, options)
            optimizer.load_state_dict(state)
        network.zero_grad()
        network(torch.randn(6, 3) * 10).square().sum().backward()
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        if ours:
            optimizer.update(clipping(float(total_norm(gradients)), clip))
        else:
            if clip:
                nn.utils.clip_grad_norm_(network.parameters(), clip)
            optimizer.step()
    return [p.detach().clone() for p in network.parameters()]


@pytest.mark.parametrize(
    ("name", "clip"),
    # without clipping plain gradient descent diverges here
    [("sgd", 1e-3), ("sgd", 1.0), *((name, clip) for name in ("adam", "adamw") for clip in (0.0, 1e-3, 1.0, 1e6))],
)
def test_update_clips_and_steps_as_torch_does(name: str, clip: float) -> None:
    for ours, torchs in zip(_updated(name, clip, ours=True), _updated(name, clip, ours=False), strict=True):
        near(ours, torchs)


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_update_after_a_checkpoint_has_the_same_bits(name: str) -> None:
    whole, resumed = (_updated(name, 1.0, ours=True, resumed=resumed) for resumed in (False, True))
    assert all(torch.equal(one, other) for one, other in zip(whole, resumed, strict=True))


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_weight_without_a_gradient_stays(name: str) -> None:
    network = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
    optimizer = make(network, Config.of(optimizer=name, weight_decay=0.1).training)
    before = network[1].weight.detach().clone()
    for _ in range(3):
        optimizer.zero_grad()
        network[0](torch.ones(1, 2)).sum().backward()
        optimizer.update(0.5)
    assert torch.equal(network[1].weight, before)


def test_kernel_that_torch_lacks_is_replaced_by_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    with_kernel = _updated("adamw", 1.0, ours=True)
    monkeypatch.setattr(torch_state, "fused_adamw", None)
    for one, other in zip(with_kernel, _updated("adamw", 1.0, ours=True), strict=True):
        assert torch.equal(one, other)


def test_norm_is_that_of_all_gradients_of_any_dtype() -> None:
    gradients = [torch.full((3,), 2.0), torch.full((1,), 2.0)]
    assert float(total_norm(gradients)) == pytest.approx(4.0)
    assert float(total_norm([gradients[0], gradients[1].double()])) == pytest.approx(4.0)


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
