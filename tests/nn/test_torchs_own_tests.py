"""torch's own tests of RNN, LSTM and GRU, with ours put in their place.

The inputs and the wrong inputs are those of torch's wheel (``torch.testing._internal.common_modules``); what is
done with them is what torch's ``test/test_modules.py`` and ``test/test_nn.py`` do.
"""

from __future__ import annotations

import copy
import pickle
import sys
import types
import unittest
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from recur import nn as ours
from tests.nn.words import in_torchs_words
from tests.tolerances import close

CELLS = ["RNN", "GRU", "LSTM"]
DTYPES = [torch.float32, torch.float64]


@pytest.fixture(scope="module")
def modules() -> dict[str, Any]:
    """torch's descriptions of the three modules, by name."""
    frozen = torch.backends.flags_frozen()
    lent = "expecttest" not in sys.modules
    if lent:
        # torch's test helpers import it for a base class that nothing here uses
        stand_in = types.ModuleType("expecttest")
        stand_in.TestCase = unittest.TestCase
        sys.modules["expecttest"] = stand_in
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            common = pytest.importorskip("torch.testing._internal.common_modules")
    finally:
        if lent:
            del sys.modules["expecttest"]
        # the import forbids every later change of torch.backends
        torch.backends.__allow_nonbracketed_mutation_flag = not frozen
    return {info.module_cls.__name__: info for info in common.module_db if info.module_cls.__module__.endswith(".rnn")}


def samples(info: Any, dtype: torch.dtype, requires_grad: bool = False, training: bool = True) -> list[Any]:
    arguments = {"device": "cpu", "dtype": dtype, "requires_grad": requires_grad, "training": training}
    found = info.module_inputs_func(info, **arguments)
    if info.module_cls is not torch.nn.LSTM:
        # packed inputs are torch's too, switched off in its database
        found = info.module_inputs_func(info, with_packed_sequence=True, **arguments)
    assert len(found) >= 16
    return found


def build(cell: str, sample: Any, dtype: torch.dtype, training: bool = True) -> torch.nn.Module:
    options = {"device": "cpu", "dtype": dtype, **sample.constructor_input.kwargs}
    return getattr(ours, cell)(*sample.constructor_input.args, **options).train(training)


def call(layer: torch.nn.Module, sample: Any) -> Any:
    return layer(*sample.forward_input.args, **sample.forward_input.kwargs)


def flat(result: Any) -> list[Tensor]:
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, PackedSequence):
        return [result.data]
    return [tensor for one in result for tensor in flat(one)]


def same(actual: Any, expected: Any) -> None:
    for a, b in zip(flat(actual), flat(expected), strict=True):
        close(a, b)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("cell", CELLS)
def test_forward_agrees_with_torchs_reference_and_torchs_module(modules, cell, training, dtype) -> None:
    for sample in samples(modules[cell], dtype, training=training):
        layer = build(cell, sample, dtype, training)
        theirs = getattr(torch.nn, cell)(*sample.constructor_input.args, **sample.constructor_input.kwargs, dtype=dtype)
        theirs.load_state_dict(layer.state_dict())
        result = call(layer, sample)
        same(result, call(theirs.train(training), sample))
        packed = isinstance(sample.forward_input.args[0], PackedSequence)
        if sample.reference_fn is not None and not packed:
            same(result, sample.reference_fn(layer, *sample.forward_input.args))
        assert str(layer) == repr(layer) == repr(theirs)


@pytest.mark.parametrize("cell", CELLS)
def test_factory_arguments_reach_parameters_and_a_default_device_is_taken(modules, cell) -> None:
    for sample in samples(modules[cell], torch.float32):
        for dtype in (torch.float16, torch.float64):
            layer = build(cell, sample, dtype)
            assert {p.dtype for p in layer.parameters()} == {dtype}
        with torch.device("meta"):
            bare = getattr(ours, cell)(*sample.constructor_input.args, **sample.constructor_input.kwargs)
        assert {p.device.type for p in bare.parameters()} == {"meta"}
        filled = bare.to_empty(device="cpu")
        assert {p.device.type for p in filled.parameters()} == {"cpu"}


@pytest.mark.parametrize("cell", CELLS)
def test_copies_and_pickles_give_the_same_output(modules, cell) -> None:
    for sample in samples(modules[cell], torch.float64):
        layer = build(cell, sample, torch.float64)
        expected = call(layer, sample)
        for other in (copy.deepcopy(layer), copy.copy(layer), pickle.loads(pickle.dumps(layer))):
            same(call(other, sample), expected)


@pytest.mark.parametrize("cell", CELLS)
def test_inputs_that_are_not_contiguous_give_the_same_gradients(modules, cell) -> None:
    def spread(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(spread(one) for one in value)
        wide = value.detach().repeat_interleave(2, dim=-1)
        return wide[..., ::2].requires_grad_()

    for sample in samples(modules[cell], torch.float64, requires_grad=True):
        given = sample.forward_input.args
        if isinstance(given[0], PackedSequence):
            continue
        layer = build(cell, sample, torch.float64)
        plain = tuple(
            tuple(t.detach().requires_grad_() for t in one) if isinstance(one, tuple) else one.detach().requires_grad_()
            for one in given
        )
        strided = tuple(spread(one) for one in given)
        found = []
        for arguments in (plain, strided):
            result = layer(*arguments)
            total = sum(tensor.sin().sum() for tensor in flat(result))
            found.append([*flat(result), *torch.autograd.grad(total, [*flat(arguments), *layer.parameters()])])
        same(found[1], found[0])


@pytest.mark.parametrize("cell", CELLS)
def test_first_and_second_derivatives_are_right(modules, cell) -> None:
    for sample in samples(modules[cell], torch.float64, requires_grad=True)[:: 7 if cell == "RNN" else 4]:
        given = sample.forward_input.args
        if isinstance(given[0], PackedSequence):
            continue
        layer = build(cell, sample, torch.float64)
        names = [name for name, _ in layer.named_parameters()]
        state = given[1] if len(given) > 1 else None
        inputs = [given[0], *([] if state is None else flat(state))]
        states = len(inputs) - 1

        def run(x: Tensor, *rest: Tensor, layer=layer, names=names, state=state, count=states) -> tuple:
            hx: Any = None if state is None else rest[:count] if isinstance(state, tuple) else rest[0]
            parameters = dict(zip(names, rest[count:], strict=True))
            return tuple(flat(torch.func.functional_call(layer, parameters, (x, hx))))

        leaves = (*inputs, *layer.parameters())
        assert torch.autograd.gradcheck(run, leaves, fast_mode=True)
        assert torch.autograd.gradgradcheck(run, leaves, fast_mode=True)


@pytest.mark.parametrize("cell", CELLS)
def test_training_and_evaluation_differ_by_dropout_only(modules, cell) -> None:
    assert modules[cell].train_and_eval_differ
    for sample in samples(modules[cell], torch.float64):
        layer = build(cell, sample, torch.float64)
        same(call(layer.eval(), sample), call(layer.train(), sample))


@pytest.mark.parametrize("cell", CELLS)
def test_moving_a_layer_keeps_or_replaces_its_parameters_as_torch_does(modules, cell) -> None:
    for sample in samples(modules[cell], torch.float32)[:4]:
        layer = build(cell, sample, torch.float32)
        before = list(layer.parameters())
        layer.to(torch.float64).to(torch.float32)
        assert all(a is b for a, b in zip(layer.parameters(), before, strict=True))
        call(layer, sample)
        layer.share_memory()
        assert all(p.is_shared() for p in layer.parameters())
        layer.zero_grad()
        layer.requires_grad_(False)
        assert not any(tensor.requires_grad for tensor in flat(call(layer, sample)))


@in_torchs_words
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_wrong_inputs_are_refused_in_torchs_words(modules, cell, dtype) -> None:
    info = modules[cell]
    wrong = info.module_error_inputs_func(info, device="cpu", dtype=dtype, requires_grad=False, training=False)
    assert len(wrong) >= 14
    for case in wrong:
        sample = case.module_error_input
        arguments = (sample.constructor_input.args, sample.constructor_input.kwargs)
        if "CONSTRUCTION" in case.error_on.name:
            with pytest.raises(case.error_type, match=case.error_regex):
                getattr(ours, cell)(*arguments[0], **arguments[1])
            continue
        layer = getattr(ours, cell)(*arguments[0], **arguments[1])
        with pytest.raises(case.error_type, match=case.error_regex):
            call(layer, sample)


# what follows is test_nn.py's, under the behaviours that its tests name


@pytest.mark.parametrize("cell", CELLS)
def test_backward_may_be_run_again_and_again(cell) -> None:
    layer = getattr(ours, cell)(10, 20, num_layers=2)
    x = torch.randn(5, 6, 10, requires_grad=True)
    output = layer(x)[0]
    output.sum().backward(retain_graph=True)
    leaves = [x, *layer.parameters()]
    first = [leaf.grad.clone() for leaf in leaves]
    for _ in range(4):
        for leaf in leaves:
            leaf.grad.zero_()
        output.sum().backward(retain_graph=True)
        assert all(torch.equal(leaf.grad, grad) for leaf, grad in zip(leaves, first, strict=True))


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_a_batch_of_sequences_of_several_lengths_is_each_sequence_alone(cell, batch_first) -> None:
    lengths = [7, 5, 5, 2, 1, 1]
    layer = getattr(ours, cell)(3, 4, 2, bidirectional=True, batch_first=batch_first, dtype=torch.float64)
    x = torch.randn(7, 6, 3, dtype=torch.float64)
    for row, length in enumerate(lengths):
        x[length:, row] = 0
    x = (x.transpose(0, 1) if batch_first else x).contiguous().requires_grad_()
    packed, state = layer(pack_padded_sequence(x, lengths, batch_first=batch_first))
    output, counted = pad_packed_sequence(packed, batch_first=batch_first)
    assert counted.tolist() == lengths
    packed.data.sum().backward()
    grad = x.grad.clone()
    x.grad = None
    for row, length in enumerate(lengths):
        single = x[row : row + 1, :length] if batch_first else x[:length, row : row + 1]
        alone, end = layer(single)
        alone.sum().backward()
        close(output[row, :length] if batch_first else output[:length, row], alone.squeeze(0 if batch_first else 1))
        for a, b in zip(flat(state), flat(end), strict=True):
            close(a[:, row], b[:, 0])
    close(x.grad, grad)


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("way", ["by name", "by position"])
def test_the_nonlinearity_is_the_one_that_was_asked_for(nonlinearity, way) -> None:
    options = (1, 10) if way == "by name" else (1, 10, 1, nonlinearity)
    layer = ours.RNN(*options, **({"nonlinearity": nonlinearity} if way == "by name" else {}), bias=False)
    assert layer.nonlinearity == nonlinearity
    x, h = torch.tensor([[[2.0]]]), torch.ones(1, 1, 10) * 0.5
    expected = getattr(torch, nonlinearity)(x[0] @ layer.weight_ih_l0.T + h[0] @ layer.weight_hh_l0.T)
    close(layer(x, h)[0][0], expected)


@pytest.mark.parametrize("p", [0.0, 0.1234])
@pytest.mark.parametrize("train", [True, False])
def test_dropout_goes_on_drawing_after_a_pickle(p, train) -> None:
    layer = ours.RNN(100, 100, 2, bias=False, dropout=p, nonlinearity="relu").train(train)
    x = torch.rand(1, 1, 100)
    first, second = layer(x)[0], layer(x)[0]
    third = pickle.loads(pickle.dumps(layer))(x)[0]
    drawn = p > 0 and train
    assert torch.equal(first, second) != drawn
    assert torch.equal(first, third) != drawn


@pytest.mark.parametrize(("cell", "proj_size"), [("RNN", 0), ("GRU", 0), ("LSTM", 0), ("LSTM", 5)])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_zero_state_is_the_default_also_with_projection(cell, bidirectional, proj_size) -> None:
    options = {"proj_size": proj_size} if proj_size else {}
    layer = getattr(ours, cell)(30, 20, 2, bidirectional=bidirectional, **options)
    x, rows = torch.randn(10, 32, 30), 4 if bidirectional else 2
    h, c = torch.zeros(rows, 32, proj_size or 20), torch.zeros(rows, 32, 20)
    same(layer(x, (h, c) if cell == "LSTM" else h), layer(x))


@pytest.mark.parametrize("cell", CELLS)
def test_every_combination_of_wrong_sizes_is_refused(cell) -> None:
    batch, size, hidden, layers, steps, wrong = 3, 5, 6, 2, 5, 7
    for bidirectional in (False, True):
        rows = layers * (2 if bidirectional else 1)
        theirs = getattr(torch.nn, cell)(size, hidden, layers, bidirectional=bidirectional)
        layer = getattr(ours, cell)(size, hidden, layers, bidirectional=bidirectional)
        for x_shape, h_shape in (
            ((steps, wrong, size), (rows, batch, hidden)),
            ((steps, batch, wrong), (rows, batch, hidden)),
            ((steps, batch, size), (rows, batch, wrong)),
            ((steps, batch, size), (wrong, batch, hidden)),
            ((steps, batch, size), (rows, wrong, hidden)),
        ):
            x, h = torch.randn(x_shape), torch.randn(h_shape)
            for state in [h] if cell != "LSTM" else [(h, torch.randn(h_shape))]:
                for one in (theirs, layer):
                    with pytest.raises(RuntimeError, match=r"Expected hidden.*size|input.size\(-1\) must be equal"):
                        one(x, state)


@pytest.mark.parametrize("cell", CELLS)
def test_a_state_of_another_dtype_is_refused(cell) -> None:
    layer, h = getattr(ours, cell)(3, 4), torch.zeros(1, 2, 4, dtype=torch.float64)
    with pytest.raises(RuntimeError, match="Input and hidden tensors are not the same dtype"):
        layer(torch.zeros(5, 2, 3), (h, h) if cell == "LSTM" else h)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        layer(torch.zeros(5, 2, 3), (h.bfloat16(), h.bfloat16()) if cell == "LSTM" else h.bfloat16())


@pytest.mark.parametrize("cell", CELLS)
def test_autocast_gives_what_it_gives_in_torch(cell) -> None:
    layer, theirs = getattr(ours, cell)(3, 4, bidirectional=True), getattr(torch.nn, cell)(3, 4, bidirectional=True)
    layer.load_state_dict(theirs.state_dict())
    x = torch.randn(5, 2, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        actual = layer(x)
        try:
            expected = theirs(x)
        except RuntimeError as error:
            pytest.skip(f"torch's own {cell} has no bfloat16 on this processor: {error}")
    for a, b in zip(flat(actual), flat(expected), strict=True):
        assert a.dtype == b.dtype
        close(a.bfloat16(), b.bfloat16())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_halves_are_as_in_torch(cell, dtype) -> None:
    layer = getattr(ours, cell)(3, 4, 2, bidirectional=True, dtype=dtype)
    theirs = getattr(torch.nn, cell)(3, 4, 2, bidirectional=True, dtype=dtype)
    layer.load_state_dict(theirs.state_dict())
    x = torch.randn(5, 2, 3, dtype=dtype)
    for a, b in zip(flat(layer(x)), flat(theirs(x)), strict=True):
        assert a.dtype == dtype
        close(a.bfloat16(), b.bfloat16())
