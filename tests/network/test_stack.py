"""Recurrent layers built from the configuration: which layer, its states, its summary, the bridge to a decoder."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from recur.errors import ConfigError
from recur.network.stack import Bridge, Stack, select
from recur.nn import GRU, LSTM, RNN, Recurrent, flat_state
from tests.modes.helpers import small
from tests.tolerances import close


def made(input_size: int = 3, *, bidirectional: bool = False, **options: Any) -> Stack:
    torch.manual_seed(0)
    config = small(**{"hidden_size": 4, **options})
    return Stack(config, input_size, bidirectional=bidirectional).double()


def vectors(rows: int = 2, steps: int = 3) -> torch.Tensor:
    return torch.randn(rows, steps, 3, dtype=torch.float64)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("lstm", LSTM), ("gru", GRU), ("elman", RNN), ("elman_relu", RNN), ("minimal_gated_unit", Recurrent)],
)
def test_a_cell_is_the_layer_of_that_name(cell: str, expected: type[Recurrent]) -> None:
    assert type(made(cell=cell).layer) is expected


@pytest.mark.parametrize(("cell", "nonlinearity"), [("elman", torch.tanh), ("elman_relu", torch.relu)])
def test_the_nonlinearity_of_elman_is_in_its_name(cell: str, nonlinearity: Any) -> None:
    stack, x = made(cell=cell), vectors()
    w = dict(stack.layer.named_parameters())
    h, outputs = x.new_zeros(2, 4), []
    for step in x.unbind(1):
        h = nonlinearity(step @ w["weight_ih_l0"].T + w["bias_ih_l0"] + h @ w["weight_hh_l0"].T + w["bias_hh_l0"])
        outputs.append(h)
    close(stack(x)[0], torch.stack(outputs, dim=1))


@pytest.mark.parametrize(
    ("options", "output_size", "shapes"),
    [
        ({"cell": "gru"}, 8, [(2, 4)]),
        ({"num_layers": 2}, 8, [(4, 4), (4, 4)]),
        ({"hidden_size": [4, 3]}, 6, [(2, 4), (2, 4), (2, 3), (2, 3)]),
        ({"cell": "lstm_projected"}, 4, [(2, 2), (2, 4)]),
    ],
    ids=["one state", "two layers", "sizes of layers", "projection to half"],
)
def test_states_have_a_row_for_each_layer_and_direction(
    options: dict[str, Any], output_size: int, shapes: list[tuple[int, int]]
) -> None:
    stack = made(bidirectional=True, **options)
    assert stack.output_size == output_size
    assert stack.state_shapes == shapes
    assert [tuple(one.shape) for one in flat_state(stack.start(3))] == [(rows, 3, size) for rows, size in shapes]


@pytest.mark.parametrize("options", [{}, {"cell": "gru"}, {"hidden_size": [4, 3]}], ids=str)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_summary_is_the_last_step_forwards_beside_the_first_one_backwards(
    options: dict[str, Any], bidirectional: bool
) -> None:
    stack = made(bidirectional=bidirectional, **options)
    outputs, state = stack(vectors(), lengths=torch.tensor([3, 2]))
    size = stack.output_size // stack.directions
    last = outputs[torch.arange(2), torch.tensor([2, 1]), :size]
    close(stack.summary(state), torch.cat([last, outputs[:, 0, size:]], dim=-1))


@pytest.mark.parametrize(
    ("options", "sizes"),
    [
        ({"cell": "slstm_heads"}, {"heads": 4}),
        ({"cell": "slstm_heads", "hidden_size": 6}, {"heads": 3}),
        ({"cell": "mlstm_heads"}, {"heads": 4}),
        ({"cell": "mlstm_heads", "hidden_size": 6, "cell_sizes": ["heads=2"]}, {"heads": 2}),
        ({"cell": "slstm_heads", "hidden_size": 6, "cell_sizes": ["heads=2"]}, {"heads": 2}),
        ({"cell": "lstm_projected", "cell_sizes": ["P=3"]}, {"P": 3}),
        ({"cell": "short_attention", "cell_sizes": [" K = 5 "]}, {"K": 5}),
    ],
)
def test_a_cell_has_the_sizes_that_are_named_and_usual_ones_otherwise(
    options: dict[str, Any], sizes: dict[str, int]
) -> None:
    (level,) = made(**options).layer.layout.levels
    assert {name: level.sizes[name] for name in sizes} == sizes


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"cell": "slstm_heads", "hidden_size": 8, "cell_sizes": ["heads=3"]}, "does not divide the hidden size 8",
         "--hidden-size 9"),
        ({"cell": "mlstm_heads", "hidden_size": 8, "cell_sizes": ["heads=3"]}, "does not divide the hidden size 8",
         "--hidden-size 9"),
        ({"cell": "slstm_heads", "cell_sizes": ["head=2"]}, 'no size "head". Did you mean "heads"', "heads"),
        ({"cell": "conv_lstm"}, "its height and width are not given", "--cell-sizes height=8 --cell-sizes width=8"),
        ({"cell": "lstm", "cell_sizes": ["P=2"]}, 'the cell "lstm" has no size "P"', "leave out --cell-sizes"),
        ({"cell": "lstm_projected", "cell_sizes": ["H=2"]}, "H is not a size of the cell's own", "--hidden-size"),
    ],
)  # fmt: skip
def test_a_size_that_a_cell_does_not_have_or_that_does_not_divide_is_refused(
    options: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(ConfigError, match=message) as refusal:
        made(**options)
    assert hint in str(refusal.value.hint)


@pytest.mark.parametrize("size", ["heads", "heads=", "heads=0", "heads=-1", "heads=2.5", "=4", "heads=1e3", "a b=4",
                                  "heads=99999999999999999999"])  # fmt: skip
def test_a_size_of_a_cell_is_a_name_and_a_number(size: str) -> None:
    with pytest.raises(ValueError, match="such as heads=4"):
        small(cell="slstm_heads", cell_sizes=[size])


def test_a_size_of_a_cell_is_given_once() -> None:
    with pytest.raises(ValueError, match="heads of the cell is given 2 times"):
        small(cell="slstm_heads", cell_sizes=["heads=2", "heads=4"])


def test_a_row_without_steps_is_summed_up_by_its_initial_state() -> None:
    stack = made(learn_initial_state=True)
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.normal_()
    _, state = stack(vectors(), lengths=torch.tensor([0, 3]))
    start = stack.start(2)
    close(stack.summary(state)[0], stack.summary(start)[0])
    assert stack.summary(start).abs().max() > 0


@pytest.mark.parametrize("options", [{}, {"hidden_size": [4, 3]}], ids=str)
def test_steps_one_by_one_are_the_steps_at_once(options: dict[str, Any]) -> None:
    stack, x = made(**options), vectors()
    outputs, state = stack(x)
    own, alone = None, []
    for step in x.unbind(1):
        one, own = stack.step(step, own)
        alone.append(one)
    close(torch.stack(alone, dim=1), outputs)
    for actual, expected in zip(flat_state(own), flat_state(state), strict=True):
        close(actual, expected)


@pytest.mark.parametrize("options", [{}, {"cell": "gru"}, {"hidden_size": [4, 3]}], ids=str)
def test_the_state_after_every_step_is_that_after_so_many_steps(options: dict[str, Any]) -> None:
    stack, x = made(**options), vectors()
    outputs, states = stack.everywhere(x)
    close(outputs, stack(x)[0])
    for steps in (1, 2, 3):
        _, expected = stack(x[:, :steps])
        rows = torch.arange(2) * 3 + steps - 1
        for actual, one in zip(flat_state(select(states, rows)), flat_state(expected), strict=True):
            close(actual, one, f"after {steps} steps")


def test_resets_clear_the_state_before_their_step() -> None:
    stack, x = made(), vectors()
    outputs, _ = stack(x, resets=torch.tensor([[False, True, False]] * 2))
    close(outputs[:, 1:], stack(x[:, 1:])[0])


def test_a_bridge_makes_every_state_of_every_layer_from_its_own_rows_of_one_matrix() -> None:
    stack = made(hidden_size=[4, 3])
    bridge, summary = Bridge(2, stack).double(), torch.randn(5, 2, dtype=torch.float64)
    state = bridge(summary, stack.start(5))
    assert bridge.linear.out_features == 4 + 4 + 3 + 3
    every = torch.tanh(summary @ bridge.linear.weight.T + bridge.linear.bias)
    close(torch.cat([one[0] for one in flat_state(state)], dim=-1), every)
    assert isinstance(state, list)
    assert [len(layer) for layer in state] == [2, 2]


def test_layers_of_one_state_share_a_part_of_the_bridge_layer_by_layer() -> None:
    stack = made(cell="gru", num_layers=2)
    bridge, summary = Bridge(2, stack).double(), torch.randn(5, 2, dtype=torch.float64)
    state = bridge(summary, stack.start(5))
    every = torch.tanh(bridge.linear(summary))
    close(state, torch.stack([every[:, :4], every[:, 4:]]))


def test_rows_of_a_state_may_repeat() -> None:
    state = (torch.arange(3.0)[None, :, None], torch.arange(3.0)[None, :, None] * 10)
    first, second = select(state, torch.tensor([2, 0, 2]))
    assert first.flatten().tolist() == [2, 0, 2]
    assert second.flatten().tolist() == [20, 0, 20]


def test_dropout_between_layers_needs_two_of_them() -> None:
    assert made(dropout=0.5).layer.dropout == 0.0
    assert made(dropout=0.5, num_layers=2).layer.dropout == 0.5


def test_the_initial_bias_of_the_forget_gate_is_as_configured() -> None:
    layer = made(forget_bias=3.0).layer
    bias = sum(value for name, value in layer.named_parameters() if name.startswith("bias"))
    close(bias[4:8], torch.full((4,), 3.0, dtype=torch.float64))


@pytest.mark.parametrize("cell", ["elman", "indrnn"])
def test_layer_norm_of_a_cell_that_has_none_is_refused(cell: str) -> None:
    with pytest.raises(ConfigError) as caught:
        made(cell=cell, layer_norm=True)
    assert caught.value.message == f'layer_norm is made for the cells lstm and gru, not for "{cell}"'
    assert caught.value.hint == "--cell lstm --layer-norm"


def test_a_misspelled_cell_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match='there is no cell "lstn". Did you mean "lstm"?') as caught:
        made(cell="lstn")
    assert caught.value.hint == "recur cells lists them"
