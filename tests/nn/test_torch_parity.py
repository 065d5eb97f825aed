"""The behaviours that torch.nn's own tests ask of RNN, LSTM and GRU, asked of ours."""

from __future__ import annotations

import copy
import io
import itertools
import pickle
import re
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence

from recur import nn as ours
from tests.nn.words import in_torchs_words
from tests.tolerances import close

CELLS = ["RNN", "GRU", "LSTM"]
VARIANTS = [
    ("RNN", {}),
    ("RNN", {"nonlinearity": "relu"}),
    ("GRU", {}),
    ("LSTM", {}),
    ("LSTM", {"proj_size": 2}),
]


def pair(cell: str, *args: Any, **options: Any) -> tuple[torch.nn.Module, torch.nn.Module]:
    """torch's layer and ours with the same parameters, in float64."""
    expected = getattr(torch.nn, cell)(*args, **options, dtype=torch.float64)
    actual = getattr(ours, cell)(*args, **options, dtype=torch.float64)
    actual.load_state_dict(expected.state_dict())
    return expected, actual


def initial_state(cell: str, rows: int, batch: int | None, hidden: int, proj_size: int = 0) -> Any:
    shape = (rows,) if batch is None else (rows, batch)
    h = torch.randn(*shape, proj_size or hidden, dtype=torch.float64, requires_grad=True)
    c = torch.randn(*shape, hidden, dtype=torch.float64, requires_grad=True)
    return (h, c) if cell == "LSTM" else h


def flat(result: Any) -> list[Tensor]:
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, PackedSequence):
        return [result.data]
    return [tensor for one in result for tensor in flat(one)]


def gradients(layer: torch.nn.Module, result: Any, inputs: list[Tensor]) -> list[Tensor]:
    weights = [tensor.detach().cos() for tensor in flat(result)]
    total = sum((tensor * weight).sum() for tensor, weight in zip(flat(result), weights, strict=True))
    return list(torch.autograd.grad(total, [*inputs, *layer.parameters()]))


def assert_same(cell: str, expected: torch.nn.Module, actual: torch.nn.Module, x: Any, hx: Any) -> None:
    leaves = [x.data if isinstance(x, PackedSequence) else x, *([] if hx is None else flat(hx))]
    theirs, mine = expected(x, hx), actual(x, hx)
    assert type(theirs[0]) is type(mine[0])
    if isinstance(theirs[0], PackedSequence):
        for a, b in zip(mine[0][1:], theirs[0][1:], strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                assert torch.equal(a, b)
    for a, b in zip(flat(mine), flat(theirs), strict=True):
        close(a, b, cell)
    for a, b in zip(gradients(actual, mine, leaves), gradients(expected, theirs, leaves), strict=True):
        close(a, b, f"{cell} gradient")


@pytest.mark.parametrize("engine", ["native", "stock", "eager"])
@pytest.mark.parametrize(("cell", "options"), VARIANTS, ids=str)
@pytest.mark.parametrize("layout", ["batched", "unbatched", "packed", "packed unsorted"])
def test_outputs_states_and_gradients_are_torchs(cell, options, layout, engine) -> None:
    torch.manual_seed(0)
    for layers, bias, batch_first, bidirectional, given in itertools.product(
        (1, 2), (True, False), (True, False), (True, False), (True, False)
    ):
        if layers == 1 and (not bias or batch_first):
            continue
        expected, actual = pair(
            cell, 3, 4, layers, bias=bias, batch_first=batch_first, bidirectional=bidirectional, **options
        )
        actual.engine = engine
        batch = None if layout == "unbatched" else 3
        x: Any = torch.randn(5, 3, dtype=torch.float64) if batch is None else torch.randn(3, 5, 3, dtype=torch.float64)
        if layout.startswith("packed"):
            lengths = [5, 3, 3] if layout == "packed" else [2, 5, 1]
            padded = x if batch_first else x.transpose(0, 1)
            x = pack_padded_sequence(padded, lengths, batch_first=batch_first, enforce_sorted=layout == "packed")
            x = x._replace(data=x.data.clone().requires_grad_())
        else:
            x = (x if batch is None or batch_first else x.transpose(0, 1).contiguous()).requires_grad_()
        hx = None
        if given:
            hx = initial_state(cell, layers * (2 if bidirectional else 1), batch, 4, options.get("proj_size", 0))
        assert_same(cell, expected, actual, x, hx)


@pytest.mark.parametrize(("cell", "options"), VARIANTS, ids=str)
def test_lengths_give_what_packing_gives(cell, options) -> None:
    torch.manual_seed(1)
    expected, actual = pair(cell, 3, 4, 2, bidirectional=True, batch_first=True, **options)
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    lengths = torch.tensor([2, 6, 1, 5])
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    theirs, state = expected(packed)
    padded, _ = torch.nn.utils.rnn.pad_packed_sequence(theirs, batch_first=True)
    for given in (lengths, lengths.tolist(), lengths.int()):
        output, mine = actual(x, lengths=given)
        close(output, padded)
        for a, b in zip(flat(mine), flat(state), strict=True):
            close(a, b)


@pytest.mark.parametrize(("cell", "options"), VARIANTS, ids=str)
def test_parameters_have_torchs_names_shapes_order_and_start(cell, options) -> None:
    for layers, bias, bidirectional in itertools.product((1, 3), (True, False), (True, False)):
        arguments = {"bias": bias, "bidirectional": bidirectional, **options}
        torch.manual_seed(7)
        expected = getattr(torch.nn, cell)(3, 5, layers, **arguments)
        torch.manual_seed(7)
        actual = getattr(ours, cell)(3, 5, layers, **arguments)
        assert list(actual.state_dict()) == list(expected.state_dict())
        for name, value in expected.state_dict().items():
            assert torch.equal(actual.state_dict()[name], value), name
        for mine, theirs in zip(actual.all_weights, expected.all_weights, strict=True):
            assert [tuple(w.shape) for w in mine] == [tuple(w.shape) for w in theirs]
        expected.load_state_dict(actual.state_dict())
        torch.manual_seed(8)
        expected.reset_parameters()
        torch.manual_seed(8)
        actual.reset_parameters()
        assert torch.equal(actual.weight_hh_l0, expected.weight_hh_l0)


def test_arguments_may_be_given_by_position() -> None:
    assert repr(ours.RNN(3, 4, 2, "relu", False, True, 0.5, True)) == (
        "RNN(3, 4, num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True)"
    )
    arguments = (3, 4, 2, False, True, 0.5, True)
    assert repr(ours.LSTM(*arguments, 2)) == repr(torch.nn.LSTM(*arguments, 2))
    assert repr(ours.GRU(*arguments)) == repr(torch.nn.GRU(*arguments))


@pytest.mark.parametrize("cell", CELLS)
def test_repr_is_torchs(cell) -> None:
    for options in ({}, {"num_layers": 2, "dropout": 0.25}, {"bias": False, "bidirectional": True}):
        assert repr(getattr(ours, cell)(3, 4, **options)) == repr(getattr(torch.nn, cell)(3, 4, **options))


@pytest.mark.parametrize("cell", CELLS)
def test_factory_arguments_reach_every_parameter(cell) -> None:
    layer = getattr(ours, cell)(3, 4, 2, bidirectional=True, device="meta", dtype=torch.bfloat16)
    assert {p.device.type for p in layer.parameters()} == {"meta"}
    assert {p.dtype for p in layer.parameters()} == {torch.bfloat16}


@pytest.mark.parametrize("cell", CELLS)
def test_layer_is_copied_pickled_and_saved(cell) -> None:
    layer = getattr(ours, cell)(3, 4, 2, weight_drop=0.3, zoneout=0.1, bidirectional=True)
    x = torch.randn(5, 2, 3)
    layer(x)
    expected = layer.eval()(x)[0]
    buffer = io.BytesIO()
    torch.save(layer, buffer)
    buffer.seek(0)
    saved = torch.load(buffer, weights_only=False)
    saved.flatten_parameters()
    weights = io.BytesIO()
    torch.save(layer.state_dict(), weights)
    weights.seek(0)
    loaded = getattr(ours, cell)(3, 4, 2, zoneout=0.1, bidirectional=True).eval()
    loaded.load_state_dict(torch.load(weights, weights_only=True))
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), saved, loaded):
        assert torch.equal(other(x)[0], expected)
        assert other.weight_ih_l0 is not layer.weight_ih_l0


@pytest.mark.parametrize("cell", CELLS)
def test_dtype_moves_with_the_layer(cell) -> None:
    layer = getattr(ours, cell)(3, 4, 2)
    for change, dtype in ((layer.double, torch.float64), (layer.float, torch.float32)):
        output, state = change()(torch.randn(5, 2, 3, dtype=dtype))
        assert {tensor.dtype for tensor in flat((output, state))} == {dtype}


@pytest.mark.parametrize("cell", CELLS)
def test_initial_state_is_zero_by_default(cell) -> None:
    layer = getattr(ours, cell)(30, 20, 2)
    x, zeros = torch.randn(10, 32, 30), torch.zeros(2, 32, 20)
    with_zeros, without = layer(x, (zeros, zeros) if cell == "LSTM" else zeros), layer(x)
    for a, b in zip(flat(with_zeros), flat(without), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(("cell", "options"), VARIANTS, ids=str)
def test_gradients_of_first_and_second_order(cell, options) -> None:
    torch.manual_seed(0)
    layer = getattr(ours, cell)(2, 3, **options, dtype=torch.float64)
    x = torch.randn(3, 2, 2, dtype=torch.float64, requires_grad=True)
    hx = initial_state(cell, 1, 2, 3, options.get("proj_size", 0))
    names = [name for name, _ in layer.named_parameters()]

    def run(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        states = rest[: len(flat(hx))]
        parameters = dict(zip(names, rest[len(states) :], strict=True))
        state = states if cell == "LSTM" else states[0]
        return tuple(flat(torch.func.functional_call(layer, parameters, (x, state))))

    inputs = (x, *flat(hx), *layer.parameters())
    assert torch.autograd.gradcheck(run, inputs)
    assert torch.autograd.gradgradcheck(run, inputs, atol=1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_inputs_and_states_need_not_be_contiguous(cell) -> None:
    expected, actual = pair(cell, 3, 4, 2)
    x = torch.randn(2, 3, 5, dtype=torch.float64).permute(2, 0, 1).requires_grad_()
    state = torch.randn(2, 4, 2, 2, dtype=torch.float64)[..., 0].transpose(1, 2).requires_grad_()
    assert_same(cell, expected, actual, x, (state, state) if cell == "LSTM" else state)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [True, False])
def test_no_steps_is_an_error_and_no_rows_is_not(cell, bidirectional) -> None:
    layer = getattr(ours, cell)(3, 4, bidirectional=bidirectional)
    with pytest.raises(RuntimeError, match="Expected sequence length to be larger than 0 in RNN"):
        layer(torch.ones(0, 10, 3))
    output, _ = layer(torch.zeros(5, 0, 3))
    assert output.shape == (5, 0, 8 if bidirectional else 4)
    output.sum().backward()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_dropout_between_layers_draws_as_torch_does(cell, packed) -> None:
    expected, actual = pair(cell, 3, 4, 3, dropout=0.4, bidirectional=True)
    x: Any = torch.randn(5, 3, 3, dtype=torch.float64)
    if packed:
        x = pack_padded_sequence(x, [2, 5, 4], enforce_sorted=False)
    torch.manual_seed(3)
    theirs = expected(x)
    torch.manual_seed(3)
    mine = actual(x)
    for a, b in zip(flat(mine), flat(theirs), strict=True):
        close(a, b)


def test_dropout_can_be_changed_and_is_off_in_evaluation() -> None:
    layer = ours.RNN(10, 20, 2, nonlinearity="relu", dropout=0.0, dtype=torch.float64)
    x = torch.rand(3, 2, 10, dtype=torch.float64)
    reference = layer(x)[0]
    for p in (0.5, 0.0, 0.7, 1.0, 0.2):
        layer.dropout = p
        layer.train()
        first, second = layer(x)[0], layer(x)[0]
        assert torch.equal(first, second) == (p in (0.0, 1.0))
        assert torch.equal(first, reference) == (p == 0.0)
        assert torch.equal(layer.eval()(x)[0], reference)


def test_dropout_stands_between_the_layers_only() -> None:
    for p in (0.0, 0.3, 0.7, 1.0):
        layer = ours.RNN(10, 400, 2, bias=False, dropout=p, nonlinearity="relu", dtype=torch.float64)
        with torch.no_grad():
            for weight in layer.parameters():
                weight.fill_(1)
        output, h = layer(torch.ones(1, 1, 10, dtype=torch.float64))
        assert bool((h[0] == 10).all())
        assert output.min() == output.max() == h[1].max()
        # every unit of the second layer sums the first layer's 400 units of 10, each dropped or scaled up
        kept = output.max().item() * (1 - p) / 10
        assert kept == pytest.approx(round(kept))


def test_one_layer_with_dropout_warns() -> None:
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last recurrent layer") as caught:
        ours.LSTM(3, 4, dropout=0.5)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours.LSTM(3, 4, 2, dropout=0.5)


@pytest.mark.parametrize("cell", CELLS)
def test_parameters_may_be_tied_replaced_and_normalised(cell) -> None:
    layer = getattr(ours, cell)(3, 4, bidirectional=True)
    x = torch.randn(5, 2, 3)
    layer.bias_ih_l0_reverse = layer.bias_ih_l0
    layer(x)[0].sum().backward()
    expected = layer(x)[0]
    assert "bias_ih_l0_reverse" in layer.state_dict()
    normalised = torch.nn.utils.weight_norm(layer, "weight_hh_l0")
    close(normalised(x)[0], expected)
    restored = torch.nn.utils.remove_weight_norm(normalised, "weight_hh_l0")
    close(restored(x)[0], expected)
    torch.nn.utils.parametrize.register_parametrization(layer, "weight_ih_l0", torch.nn.Tanh())
    assert not torch.allclose(layer(x)[0], expected)
    torch.nn.utils.parametrize.remove_parametrizations(layer, "weight_ih_l0", leave_parametrized=False)
    close(layer(x)[0], expected)
    kept = layer.weight_hh_l0
    del layer.weight_hh_l0
    layer.double().float()
    layer.weight_hh_l0 = kept
    close(layer(x)[0], expected)


def test_layer_works_under_vmap_and_functional_call() -> None:
    layers = [ours.GRU(3, 4) for _ in range(3)]
    stacked, _ = torch.func.stack_module_state(layers)
    x = torch.randn(5, 2, 3)
    output = torch.func.vmap(lambda p: torch.func.functional_call(layers[0], p, (x,))[0])(stacked)
    close(output, torch.stack([layer(x)[0] for layer in layers]))


def test_packed_lists_keep_their_order() -> None:
    expected, actual = pair("LSTM", 3, 4, bidirectional=True)
    rows = [torch.randn(n, 3, dtype=torch.float64) for n in (2, 4, 1, 3)]
    packed = pack_sequence(rows, enforce_sorted=False)
    output, (h, _) = actual(packed)
    for i, row in enumerate(rows):
        alone, (h_alone, _) = expected(row)
        close(torch.nn.utils.rnn.unpack_sequence(output)[i], alone)
        close(h[:, i], h_alone)


WRONG = [
    ((10, 0), {}, ValueError, "hidden_size must be greater than zero"),
    ((10, 10, 0), {}, ValueError, "num_layers must be greater than zero"),
    ((0, 5), {}, ValueError, "input_size must be greater than zero"),
    ((-1, 5), {}, ValueError, "input_size must be greater than zero"),
    ((3.0, 5), {}, TypeError, "input_size should be of type int, got: float"),
    (("10", 5), {}, TypeError, "input_size should be of type int, got: str"),
    ((3, 5.0), {}, TypeError, "hidden_size should be of type int, got: float"),
    ((3, 5), {"bias": 0}, TypeError, "bias should be of type bool, got: int"),
    ((3, 5), {"bias": "True"}, TypeError, "bias should be of type bool, got: str"),
    ((3, 5), {"batch_first": 1}, TypeError, "batch_first should be of type bool, got: int"),
    ((3, 5), {"batch_first": "False"}, TypeError, "batch_first should be of type bool, got: str"),
    ((3, 5), {"dropout": 1.5}, ValueError, r"dropout should be a number in range \[0, 1\]"),
    ((3, 5), {"dropout": True}, ValueError, r"dropout should be a number in range \[0, 1\]"),
]


@in_torchs_words
@pytest.mark.parametrize(("arguments", "options", "kind", "text"), WRONG, ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_constructor_refuses_in_torchs_words(cell, arguments, options, kind, text) -> None:
    with pytest.raises(kind, match=text):
        getattr(torch.nn, cell)(*arguments, **options)
    with pytest.raises(kind, match=text):
        getattr(ours, cell)(*arguments, **options)


def test_projection_is_for_lstm_and_smaller_than_hidden() -> None:
    for cell in ("RNN", "GRU"):
        with pytest.raises(ValueError, match="proj_size argument is only supported for LSTM, not RNN or GRU"):
            getattr(ours, cell)(30, 20, 2, proj_size=10)
    with pytest.raises(ValueError, match="proj_size has to be smaller than hidden_size"):
        ours.LSTM(3, 4, proj_size=4)
    with pytest.raises(ValueError, match="proj_size should be a positive integer or zero"):
        ours.LSTM(3, 4, proj_size=-1)
    with pytest.raises(ValueError, match="Unknown nonlinearity 'sigmoid'"):
        ours.RNN(3, 4, nonlinearity="sigmoid")


@in_torchs_words
@pytest.mark.parametrize("cell", CELLS)
def test_forward_refuses_in_torchs_words(cell) -> None:
    layer, theirs = getattr(ours, cell)(3, 5, 2), getattr(torch.nn, cell)(3, 5, 2)

    def state(*shape: int) -> Any:
        return (torch.randn(shape), torch.randn(shape)) if cell == "LSTM" else torch.randn(shape)

    cases: list[tuple[Any, Any, type[Exception], str]] = [
        (torch.randn(6, 4, 7), None, RuntimeError, re.escape("input.size(-1) must be equal to input_size. Expected 3")),
        (torch.randn(6, 4, 7), state(2, 7, 5), RuntimeError, re.escape("input.size(-1) must be equal to input_size")),
        (torch.randn(6, 7, 3), state(2, 4, 5), RuntimeError, "Expected hidden.*size.*got"),
        (torch.randn(6, 4, 3), state(2, 4, 7), RuntimeError, "Expected hidden.*size.*got"),
        (torch.randn(6, 4, 3), state(7, 4, 5), RuntimeError, "Expected hidden.*size.*got"),
        (torch.randn(6, 4, 3), state(2, 5), RuntimeError, "For batched 3-D input, hx.*should also be 3-D but got"),
        (torch.randn(6, 3), state(2, 4, 5), RuntimeError, "For unbatched 2-D input, hx.*should also be 2-D but got"),
        (torch.randn(6, 4, 3, 1), None, ValueError, f"{cell}: Expected input to be 2D or 3D, got 4D"),
        (torch.randn(6, 4, 3).double(), None, ValueError, r"RNN input dtype .* Convert input: input\.to\(.*\), or"),
    ]
    for x, hx, kind, text in cases:
        for one in (theirs, layer):
            with pytest.raises(kind, match=text):
                one(x, hx)
    with pytest.raises(RuntimeError, match="input must have 2 dimensions, got 3"):
        layer(PackedSequence(torch.randn(6, 4, 3), torch.tensor([6])))


def test_each_wrong_state_of_a_pair_is_named() -> None:
    layer = ours.LSTM(3, 5, 2, proj_size=2)
    x, h, c = torch.randn(6, 4, 3), torch.randn(2, 4, 2), torch.randn(2, 4, 5)
    layer(x, (h, c))
    with pytest.raises(RuntimeError, match=re.escape("Expected hidden[0] size (2, 4, 2), got [2, 4, 5]")):
        layer(x, (c, c))
    with pytest.raises(RuntimeError, match=re.escape("Expected hidden[1] size (2, 4, 5), got [2, 4, 2]")):
        layer(x, (h, h))


@pytest.mark.parametrize("cell", CELLS)
def test_devices_must_agree(cell) -> None:
    layer = getattr(ours, cell)(3, 5)
    state = torch.zeros(1, 4, 5, device="meta")
    with pytest.raises(RuntimeError, match="Input and hidden tensors are not at the same device"):
        layer(torch.zeros(6, 4, 3), (state, state) if cell == "LSTM" else state)
    with pytest.raises(RuntimeError, match="Input and parameter tensors are not at the same device"):
        layer(torch.zeros(6, 4, 3, device="meta"))


@pytest.mark.parametrize("cell", CELLS)
def test_a_layer_runs_compiled_code_or_torchs_kernel_and_says_so(cell) -> None:
    layer = getattr(ours, cell)(3, 4, 2, bidirectional=True)
    resets = torch.zeros(2, 5, dtype=torch.bool)
    for options in ({}, {"resets": resets}):
        layer(torch.randn(5, 2, 3), **options)
        assert str(layer.backend_report()) == "backend: native"
    layer.engine = "stock"
    layer(torch.randn(5, 2, 3))
    assert layer.backend_report().ran == "stock"
    with pytest.raises(RuntimeError, match="cannot reset a state inside a row"):
        layer(torch.randn(5, 2, 3), resets=resets)
