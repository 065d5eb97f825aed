"""The options beyond torch.nn's, each against its definition written out."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch.nn import functional

from recur.equations import equation, stock, tanh
from recur.errors import ConfigError, RecurError
from recur.nn import GRU, LSTM, RNN, ArgumentTypeError, Recurrent, flat_state
from tests.nn.reference import lstm_row, lstm_step
from tests.tolerances import close, rounded

DOUBLE = torch.float64


@equation(x="X", h="H", W_xh="H X", W_hh="H H", a="H")
def leaky(x, h, W_xh, W_hh, a):
    """A leaky integrator."""
    return (1 - a) * h + a * tanh(W_xh @ x + W_hh @ h)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def rows(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=DOUBLE)


def test_resets_zero_the_state_before_a_step_in_both_directions() -> None:
    layer = LSTM(3, 4, bidirectional=True, batch_first=True, dtype=DOUBLE)
    x, lengths = rows(3, 6, 3), [6, 4, 5]
    resets = torch.zeros(3, 6, dtype=torch.bool)
    resets[0, 2] = resets[0, 5] = resets[1, 0] = resets[2, 3] = True
    h0, c0 = rows(2, 3, 4), rows(2, 3, 4)
    output, (h, c) = layer(x, (h0, c0), lengths=lengths, resets=resets)
    for row, n in enumerate(lengths):
        for direction, suffix in enumerate(("l0", "l0_reverse")):
            series, h_end, c_end = lstm_row(
                x[row, :n], layer, suffix, h0[direction, row], c0[direction, row], resets[row, :n], direction == 1
            )
            close(output[row, :n, direction * 4 : direction * 4 + 4], series)
            close(h[direction, row], h_end)
            close(c[direction, row], c_end)


def test_resets_cut_a_row_into_independent_rows() -> None:
    layer = GRU(3, 4, 2, bidirectional=True, batch_first=True, dtype=DOUBLE)
    x = rows(1, 7, 3)
    resets = torch.zeros(1, 7, dtype=torch.bool)
    resets[0, 3] = True
    close(layer(x, resets=resets)[0], torch.cat([layer(x[:, :3])[0], layer(x[:, 3:])[0]], dim=1))
    time_major = GRU(3, 4, 2, bidirectional=True, dtype=DOUBLE)
    time_major.load_state_dict(layer.state_dict())
    close(time_major(x.transpose(0, 1), resets=resets)[0].transpose(0, 1), layer(x, resets=resets)[0])
    close(layer(x[0], resets=resets[0])[0], layer(x, resets=resets)[0][0])


def test_resets_follow_the_rows_of_a_packed_input() -> None:
    layer = GRU(3, 4, dtype=DOUBLE)
    x, lengths = rows(6, 3, 3), torch.tensor([3, 6, 5])
    resets = torch.rand(3, 6) < 0.3
    expected, state = layer(x, lengths=lengths, resets=resets)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    output, packed_state = layer(packed, resets=resets)
    close(torch.nn.utils.rnn.pad_packed_sequence(output)[0], expected)
    close(packed_state, state)


def test_each_layer_has_its_own_size() -> None:
    layer = LSTM(3, [4, 6, 5], bidirectional=True, dtype=DOUBLE)
    assert layer.num_layers == 3
    assert layer.weight_ih_l1.shape == (24, 8)
    assert layer.weight_hh_l2_reverse.shape == (20, 5)
    x = rows(7, 2, 3)
    output, state = layer(x)
    assert output.shape == (7, 2, 10)
    assert [tuple(h.shape) for h, _ in state] == [(2, 2, 4), (2, 2, 6), (2, 2, 5)]
    first, carried = layer(x[:4])
    forward_only = LSTM(3, [4, 6], dtype=DOUBLE)
    whole, end = forward_only(x)
    start, carried = forward_only(x[:4])
    rest, end_in_two = forward_only(x[4:], carried)
    close(torch.cat([start, rest]), whole)
    for a, b in zip(flat_state(end_in_two), flat_state(end), strict=True):
        close(a, b)
    assert first.shape == (4, 2, 10)
    unbatched, alone = forward_only(x[:, 0])
    close(unbatched, whole[:, 0])
    close(alone[1][1], end[1][1][:, 0])


def test_equal_sizes_in_a_list_are_as_one_size() -> None:
    by_list, by_number = GRU(3, [4, 4]), GRU(3, 4, 2)
    by_list.load_state_dict(by_number.state_dict())
    x = torch.randn(5, 2, 3)
    close(by_list(x)[1], by_number(x)[1])


def test_directions_can_be_summed() -> None:
    summed = GRU(3, 4, bidirectional=True, merge="sum", dtype=DOUBLE)
    joined = GRU(3, 4, bidirectional=True, dtype=DOUBLE)
    joined.load_state_dict(summed.state_dict())
    x = rows(5, 2, 3)
    output = joined(x)[0]
    close(summed(x)[0], output[..., :4] + output[..., 4:])
    assert GRU(3, 4, 2, bidirectional=True, merge="sum").weight_ih_l1.shape == (12, 4)


def test_residual_adds_a_layers_input_to_its_output() -> None:
    layer = RNN(4, 4, 2, residual=True, batch_first=True, dtype=DOUBLE)
    below, above = (RNN(4, 4, batch_first=True, dtype=DOUBLE) for _ in range(2))
    for k, one in enumerate((below, above)):
        one.load_state_dict({name: getattr(layer, name.replace("l0", f"l{k}")) for name in one.state_dict()})
    x, lengths = rows(3, 5, 4), [5, 2, 0]
    padding = torch.arange(5).view(1, -1, 1) >= torch.tensor(lengths).view(-1, 1, 1)
    first = below(x, lengths=lengths)[0] + x.masked_fill(padding, 0)
    close(layer(x, lengths=lengths)[0], above(first, lengths=lengths)[0] + first)
    plain = RNN(3, 4, residual=True, dtype=DOUBLE)
    assert plain(rows(5, 2, 3))[0].shape == (5, 2, 4)  # 3 and 4 columns cannot be added
    with pytest.raises(ConfigError, match="residual adds the input of layer 1"):
        RNN(3, [4, 5], residual=True)


def test_variational_dropout_keeps_its_mask_over_time() -> None:
    layer = RNN(3, 50, 2, variational_dropout=0.4, nonlinearity="relu", dtype=DOUBLE)
    with torch.no_grad():
        layer.weight_ih_l1.copy_(torch.eye(50))
        layer.weight_hh_l1.zero_()
        layer.bias_ih_l1.zero_()
        layer.bias_hh_l1.zero_()
    x = rows(6, 4, 3)
    output = layer(x)[0]
    below = RNN(3, 50, nonlinearity="relu", dtype=DOUBLE)
    below.load_state_dict({name: getattr(layer, name) for name in below.state_dict()})
    inner = below(x)[0]
    live = inner > 0
    ratio = torch.where(live, output / inner, torch.nan)
    for row in range(4):
        for unit in range(50):
            values = ratio[:, row, unit][live[:, row, unit]]
            assert torch.allclose(values, values[:1].expand_as(values))
    kept = ratio[live]
    assert set(kept.round(decimals=6).tolist()) == {0.0, round(1 / 0.6, 6)}
    masks = ratio.nan_to_num(0).amax(0)
    assert not torch.equal(masks[0], masks[1])
    assert 0.5 < float((kept > 0).double().mean()) < 0.7


def test_recurrent_dropout_masks_h_in_the_products_only() -> None:
    layer = LSTM(3, 4, recurrent_dropout=0.5, dtype=DOUBLE)
    x, h0, c0 = rows(6, 2, 3), rows(1, 2, 4), rows(1, 2, 4)
    torch.manual_seed(5)
    output, (_, c_end) = layer(x, (h0, c0))
    torch.manual_seed(5)
    mask = torch.empty(2, 4, dtype=DOUBLE).bernoulli_(0.5) / 0.5
    for row in range(2):
        h, c = h0[0, row], c0[0, row]
        for t in range(6):
            h, c = lstm_step(x[t, row], h, c, layer, "l0", seen=h * mask[row])
            close(output[t, row], h)
        close(c_end[0, row], c)
    layer.engine = "stock"
    with pytest.raises(RuntimeError, match="have no recurrent dropout"):
        layer(x)


def test_zoneout_keeps_old_values_and_in_evaluation_their_expectation() -> None:
    layer = LSTM(3, 4, zoneout={"h": 0.3, "c": 0.6}, dtype=DOUBLE)
    x = rows(6, 1, 3)
    layer.eval()
    output, (_, c_end) = layer(x)
    h = c = torch.zeros(4, dtype=DOUBLE)
    for t in range(6):
        new_h, new_c = lstm_step(x[t, 0], h, c, layer, "l0")
        h, c = 0.3 * h + 0.7 * new_h, 0.6 * c + 0.4 * new_c
        close(output[t, 0], h)
    close(c_end[0, 0], c)
    layer.train()
    wide = GRU(3, 200, zoneout=0.25, dtype=DOUBLE)
    steps = wide(rows(20, 1, 3))[0][:, 0]
    share = float((steps[1:] == steps[:-1]).double().mean())
    assert 0.22 < share < 0.28
    assert Recurrent("indrnn", 3, 4, zoneout=0.1).zoneout == {"h": 0.1}


def test_weight_drop_drops_recurrent_weights_for_a_pass_and_leaves_them_alone() -> None:
    layer = LSTM(3, 20, 2, weight_drop=0.5, bidirectional=True, dtype=DOUBLE)
    plain = LSTM(3, 20, 2, bidirectional=True, dtype=DOUBLE)
    assert list(layer.state_dict()) == list(plain.state_dict())
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    x = rows(5, 2, 3)
    first, second = layer(x)[0], layer(x)[0]
    assert not torch.equal(first, second)
    for name, value in layer.state_dict().items():
        assert torch.equal(value, before[name])
    plain.load_state_dict(layer.state_dict())
    close(layer.eval()(x)[0], plain(x)[0])
    layer.train()
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        torch.manual_seed(1)
        expected = layer(x)[0]
        torch.manual_seed(1)
        assert torch.equal(other(x)[0], expected)
    single = RNN(3, 20, weight_drop=0.5, dtype=DOUBLE)
    torch.manual_seed(2)
    output = single(x)[0]
    torch.manual_seed(2)
    dropped = functional.dropout(single.weight_hh_l0, 0.5)
    plain_rnn = RNN(3, 20, dtype=DOUBLE)
    plain_rnn.load_state_dict({**single.state_dict(), "weight_hh_l0": dropped.detach()})
    close(output, plain_rnn(x)[0])
    output.sum().backward()
    grad = single.weight_hh_l0.grad
    assert grad is not None
    assert bool((grad[dropped == 0] == 0).all())


def test_weight_drop_finds_the_recurrent_matrices_of_any_cell() -> None:
    found = {name: Recurrent(name, 3, 4, sizes={"P": 2}).layout.recurrent_matrices for name in stock()}
    assert found["lstm_projected"] == ("W_hh",)
    assert found["gru_reset_before"] == ("W_hh", "W_nh")
    assert found["minimal_gated_unit"] == ("W_fh", "W_nh")
    assert found["indrnn"] == ()
    with pytest.raises(ConfigError, match="indrnn has none"):
        Recurrent("indrnn", 3, 4, weight_drop=0.1)
    with pytest.raises(ConfigError, match="multiplies no state by a matrix"):
        Recurrent("indrnn", 3, 4, recurrent_dropout=0.1)


@pytest.mark.parametrize("option", ["dropout", "variational_dropout", "recurrent_dropout", "zoneout", "weight_drop"])
def test_one_seed_gives_one_result_and_evaluation_draws_nothing(option) -> None:
    layer = GRU(3, 8, 2, bidirectional=True, **{option: 0.5})
    x = torch.randn(5, 2, 3)
    torch.manual_seed(4)
    first = layer(x)[0]
    torch.manual_seed(4)
    assert torch.equal(layer(x)[0], first)
    assert not torch.equal(layer(x)[0], first)
    layer.eval()
    state = torch.get_rng_state()
    layer(x)
    assert torch.equal(torch.get_rng_state(), state)


def test_initial_state_can_be_learnt() -> None:
    layer = LSTM(3, 4, 2, bidirectional=True, learn_initial_state=True, dtype=DOUBLE)
    names = [name for name in layer.state_dict() if name.startswith("initial")]
    assert names == [
        f"initial_{state}_l{k}{suffix}" for k in range(2) for suffix in ("", "_reverse") for state in ("h", "c")
    ]
    with torch.no_grad():
        for name in names:
            getattr(layer, name).normal_()
    x = rows(5, 3, 3)
    given = tuple(
        torch.stack([getattr(layer, name).detach().expand(3, -1) for name in names if f"_{state}_" in name])
        for state in ("h", "c")
    )
    for a, b in zip(flat_state(layer(x)), flat_state(layer(x, given)), strict=True):
        close(a, b)
    layer(x)[0].sum().backward()
    assert all(float(getattr(layer, name).grad.abs().sum()) > 0 for name in names)
    assert [len(weights) for weights in layer.all_weights] == [4, 4, 4, 4]


def test_all_states_of_every_layer_and_step_are_returned() -> None:
    layer = LSTM(3, [4, 5], bidirectional=True, batch_first=True, dtype=DOUBLE)
    x, lengths = rows(3, 6, 3), [4, 6, 0]
    output, state, series = layer(x, lengths=lengths, return_all_states=True)
    plain = layer(x, lengths=lengths)
    close(output, plain[0])
    assert [[sorted(one) for one in in_layer] for in_layer in series] == [[["c", "h"]] * 2] * 2
    close(torch.cat([series[1][0]["h"], series[1][1]["h"]], dim=-1), output)
    assert series[0][1]["c"].shape == (3, 6, 4)
    for k in range(2):
        close(series[k][0]["c"][0, 3], state[k][1][0, 0])
        close(series[k][0]["c"][1, 5], state[k][1][0, 1])
        close(series[k][1]["c"][:2, 0], state[k][1][1, :2])
        assert bool((series[k][0]["c"][0, 4:] == 0).all())
    time_major = LSTM(3, 4, dtype=DOUBLE)
    assert time_major(x.transpose(0, 1), return_all_states=True)[2][0][0]["c"].shape == (6, 3, 4)
    assert time_major(x[0], return_all_states=True)[2][0][0]["c"].shape == (6, 4)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x.transpose(0, 1), [2, 6, 3], enforce_sorted=False)
    close(
        time_major(packed, return_all_states=True)[2][0][0]["c"],
        time_major(x.transpose(0, 1), lengths=[2, 6, 3], return_all_states=True)[2][0][0]["c"],
    )


@pytest.mark.parametrize("name", stock())
def test_any_cell_is_a_layer_with_every_option(name) -> None:
    layer = Recurrent(
        name, 3, 6, 2, sizes={"P": 2}, bidirectional=True, batch_first=True, zoneout=0.1, learn_initial_state=True
    )
    output, state = layer(torch.randn(4, 5, 3), lengths=[5, 1, 0, 3])
    output.sum().backward()
    for parameter, value in layer.named_parameters():
        assert value.grad is not None, parameter
        assert bool(value.grad.isfinite().all()), parameter
    assert isinstance(state, torch.Tensor) == (len(layer.equation.states) == 1)
    again = pickle.loads(pickle.dumps(layer)).eval()
    close(again(torch.ones(4, 5, 3))[0], layer.eval()(torch.ones(4, 5, 3))[0])
    assert repr(layer).startswith(f"Recurrent({name}, 3, 6, num_layers=2, batch_first=True")


@pytest.mark.parametrize(("name", "cell"), [("elman", RNN), ("lstm", LSTM), ("gru", GRU)])
def test_a_named_cell_is_the_layer_of_that_name(name, cell) -> None:
    layer, general = cell(3, 4, dtype=DOUBLE), Recurrent(name, 3, 4, dtype=DOUBLE)
    own = dict(layer.named_parameters())
    values = {"W_xh_l0": own["weight_ih_l0"], "W_hh_l0": own["weight_hh_l0"]}
    if name == "gru":
        values |= {"b_x_l0": own["bias_ih_l0"], "b_h_l0": own["bias_hh_l0"]}
    else:
        values["b_l0"] = own["bias_ih_l0"] + own["bias_hh_l0"]
    general.load_state_dict({key: value.detach() for key, value in values.items()})
    x = rows(5, 2, 3)
    for a, b in zip(flat_state(layer(x)), flat_state(general(x)), strict=True):
        close(a, b)


@pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")
def test_a_users_equation_is_a_layer() -> None:
    layer = Recurrent(leaky, 3, 4, dtype=DOUBLE)
    x = rows(5, 2, 3)
    output, state = layer(x)
    h = torch.zeros(2, 4, dtype=DOUBLE)
    for t in range(5):
        h = (1 - layer.a_l0) * h + layer.a_l0 * (x[t] @ layer.W_xh_l0.T + h @ layer.W_hh_l0.T).tanh()
        close(output[t], h)
    close(state[0], h)
    assert layer.backend_report().ran == "native"


def test_bias_false_takes_the_biases_of_an_equation_away() -> None:
    layer = Recurrent("gru_layernorm", 3, 4, bias=False)
    assert [name for name, _ in layer.named_parameters()] == ["W_xh_l0", "W_hh_l0", "g_x_l0", "g_h_l0"]
    assert torch.equal(layer.g_x_l0, torch.ones(12))
    layer(torch.randn(5, 2, 3))


@pytest.mark.parametrize(("cell", "extra"), [(LSTM, ["g_x", "g_h", "g_c", "b_c"]), (GRU, ["g_x", "g_h"])])
def test_layer_norm_adds_its_own_parameters(cell, extra) -> None:
    layer = cell(3, 4, layer_norm=True)
    plain = [name for name, _ in cell(3, 4).named_parameters()]
    assert [name for name, _ in layer.named_parameters()] == plain + [f"{name}_l0" for name in extra]
    assert "layer_norm=True" in repr(layer)
    layer(torch.randn(5, 2, 3))[0].sum().backward()
    with pytest.raises(ConfigError, match="no cell with both"):
        LSTM(3, 4, proj_size=2, layer_norm=True)


def test_precision_bfloat16_is_near() -> None:
    layer = GRU(16, 32, precision="bfloat16")
    exact = GRU(16, 32)
    exact.load_state_dict(layer.state_dict())
    x = torch.randn(10, 4, 16)
    output, reference = layer(x)[0], exact(x)[0]
    assert output.dtype == torch.float32
    assert not torch.equal(output, reference)
    rounded(output, reference)


def test_options_of_the_wrong_type_are_refused() -> None:
    for options, text in (
        ({"residual": "yes"}, "residual should be of type bool, got: str"),
        ({"learn_initial_state": 1}, "learn_initial_state should be of type bool, got: int"),
        ({"forget_bias": "1"}, "forget_bias should be a number, got '1'"),
        ({"sizes": {"P": 0}}, "a whole number from 1 for each size symbol"),
        ({"sizes": 3}, "a whole number from 1 for each size symbol"),
    ):
        with pytest.raises(ArgumentTypeError, match=text):
            Recurrent("lstm", 3, 4, **options)
    with pytest.raises(ArgumentTypeError, match=r"takes an equation or the name of one(.|\n)*hint: put @recur"):
        Recurrent(torch.nn.LSTM, 3, 4)
    with pytest.raises(ConfigError, match="hidden_size is an empty list"):
        Recurrent("lstm", 3, [])
    with pytest.raises(ArgumentTypeError, match="takes a tensor or a PackedSequence, got list"):
        LSTM(3, 4)([[1.0, 2.0, 3.0]])


@pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")
def test_an_equation_that_fixes_its_input_size_is_held_to_it() -> None:
    @equation(x="H", h="H", W_hh="H H")
    def highway(x, h, W_hh):
        return tanh(W_hh @ h + x)

    assert Recurrent(highway, 4, 4, 2)(torch.randn(5, 2, 4))[0].shape == (5, 2, 4)
    with pytest.raises(ConfigError, match=r"reads vectors of 3, and highway declares its input x as H, here 4"):
        Recurrent(highway, 3, 4)
    with pytest.raises(ConfigError, match="layer 1 reads vectors of 8"):
        Recurrent(highway, 4, 4, 2, bidirectional=True)


def test_a_projection_of_any_size_is_a_layer() -> None:
    for projected in (3, 4, 6):
        layer = Recurrent("lstm_projected", 3, 4, sizes={"P": projected})
        assert layer(torch.randn(5, 2, 3))[0].shape == (5, 2, projected)


def test_report_before_the_first_pass_is_refused() -> None:
    with pytest.raises(RecurError, match="has not run yet"):
        GRU(3, 4).backend_report()


def test_wrong_options_are_refused_with_the_nearest() -> None:
    for options, text in (
        ({"merge": "concatenate"}, 'Did you mean "concat"'),
        ({"recurrent_init": "orthogonl"}, 'Did you mean "orthogonal"'),
        ({"precision": "float16"}, "precision='float16' is not one of float32, bfloat16, int8"),
        ({"engine": "eagre"}, 'Did you mean "eager"'),
        ({"zoneout": {"k": 0.1}}, 'zoneout names the state "k"'),
        ({"zoneout": 1.0}, r"zoneout should be a number in range \[0, 1\)"),
        ({"weight_drop": -0.1}, r"weight_drop should be a number in range \[0, 1\)"),
    ):
        with pytest.raises(RecurError, match=text):
            LSTM(3, 4, **options)
    with pytest.raises(RecurError, match='there is no cell "lstn". Did you mean "lstm"'):
        Recurrent("lstn", 3, 4)
    with pytest.raises(ConfigError, match="names 2 layers and num_layers=3"):
        GRU(3, [4, 5], 3)
    with pytest.raises(RecurError, match="the size P is required"):
        Recurrent("lstm_projected", 3, 4)
