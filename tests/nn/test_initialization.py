"""Initial values: gates that remember, orthogonal blocks, values that an equation fixes."""

from __future__ import annotations

import pytest
import torch

from recur.errors import ConfigError
from recur.nn import LSTM, Recurrent
from tests.tolerances import close

DOUBLE = torch.float64


@pytest.mark.parametrize("cell", ["gru", "gru_reset_before", "gru_layernorm"])
def test_memory_steps_set_the_update_gate_of_a_gru_alone(cell: str) -> None:
    torch.manual_seed(0)
    plain = Recurrent(cell, 3, 400)
    torch.manual_seed(0)
    layer = Recurrent(cell, 3, 400, memory_steps=64)
    biases = [name for name, _ in layer.named_parameters() if name.startswith(("bias", "b_"))]
    update = sum(getattr(layer, name).detach().chunk(3)[1] for name in biases)
    steps = update.exp() + 1
    assert 2 <= float(steps.min()) < 10
    assert 50 < float(steps.max()) <= 64.001
    for name in biases:
        for place in (0, 2):
            assert torch.equal(getattr(layer, name).chunk(3)[place], getattr(plain, name).chunk(3)[place])


def test_memory_steps_spread_the_memories_of_the_units() -> None:
    layer = LSTM(3, 500, 2, memory_steps=64)
    for k in range(2):
        total = (getattr(layer, f"bias_ih_l{k}") + getattr(layer, f"bias_hh_l{k}")).detach()
        write, keep, *_ = total.chunk(4)
        steps = keep.exp() + 1
        assert torch.equal(write, -keep)
        assert float(steps.min()) >= 2
        assert float(steps.max()) <= 64
        assert 25 < float(steps.mean()) < 40
    assert torch.equal(*(part for part in Recurrent("lstm_peephole", 3, 4, memory_steps=9).b_l0.abs().chunk(4)[:2]))
    with pytest.raises(ConfigError, match="memory_steps is for the gates of LSTM and GRU cells; elman is neither"):
        Recurrent("elman", 3, 4, memory_steps=10)
    with pytest.raises(ConfigError, match="memory_steps should be at least 3, got 2"):
        LSTM(3, 4, memory_steps=2)
    with pytest.raises(ConfigError, match="both set the forget gate"):
        LSTM(3, 4, memory_steps=9, forget_bias=1.0)
    with pytest.raises(TypeError, match="memory_steps should be a whole number, got '9'"):
        LSTM(3, 4, memory_steps="9")


def test_forget_bias_is_the_sum_of_the_two_biases() -> None:
    layer = LSTM(3, 4, 2, forget_bias=1.5, bidirectional=True)
    for suffix in ("l0", "l0_reverse", "l1", "l1_reverse"):
        total = getattr(layer, f"bias_ih_{suffix}") + getattr(layer, f"bias_hh_{suffix}")
        assert torch.equal(total[4:8], torch.full((4,), 1.5))
        assert not torch.equal(total[:4], torch.full((4,), 1.5))
    assert torch.equal(Recurrent("lstm_peephole", 3, 4, forget_bias=2.0).b_l0[4:8], torch.full((4,), 2.0))
    assert torch.equal(LSTM(3, 4, layer_norm=True, forget_bias=1.0).bias_ih_l0[4:8], torch.ones(4))
    with pytest.raises(ConfigError, match="forget_bias is for LSTM cells"):
        Recurrent("gru", 3, 4, forget_bias=1.0)
    with pytest.raises(ConfigError, match="bias=False"):
        LSTM(3, 4, bias=False, forget_bias=1.0)


@pytest.mark.parametrize("proj_size", [0, 3])
def test_orthogonal_start_is_orthogonal_gate_by_gate(proj_size) -> None:
    layer = LSTM(3, 6, 2, recurrent_init="orthogonal", proj_size=proj_size, dtype=DOUBLE)
    for block in layer.weight_hh_l1.detach().chunk(4):
        close(block.T @ block, torch.eye(block.shape[1], dtype=DOUBLE))
    gru = Recurrent("gru_reset_before", 3, 6, recurrent_init="orthogonal", dtype=DOUBLE)
    for block in (*gru.W_hh_l0.detach().chunk(2), gru.W_nh_l0.detach()):
        close(block @ block.T, torch.eye(6, dtype=DOUBLE))


def test_parameters_start_within_the_root_of_the_hidden_size_and_gains_at_one() -> None:
    layer = LSTM(3, 16, layer_norm=True)
    fixed = {name for name, value in layer.named_parameters() if bool((value == 1).all())}
    assert fixed
    for name, value in layer.named_parameters():
        if name not in fixed and value.any():
            assert 0.8 / 4 < value.detach().abs().max().item() <= 1 / 4, name
