"""A stream gives, step by step and in blocks, what the layer gives over a whole sequence; its memory becomes bytes."""

import copy
import os
import pickle
import sys
import threading

import numpy as np
import pytest
import torch

from recur import equations
from recur.equations import equation, tanh
from recur.errors import ConfigError
from recur.nn import GRU, LSTM, RNN, Recurrent
from recur.nn.checks import LayerInputError
from tests.tolerances import close, near, rounded


def whole(layer, x):
    with torch.no_grad():
        return layer.eval()(x)[0]


@pytest.mark.parametrize("batch", [1, 3, 20])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("make", [RNN, GRU, LSTM])
def test_steps_give_what_the_whole_sequence_gives(make, dtype, batch):
    layer = make(5, 33, num_layers=2, dtype=dtype)
    x = torch.randn(7, batch, 5, dtype=dtype)
    stream = layer.stream(batch)
    assert stream.backend == "native"
    y = torch.stack([stream.step(step) for step in x])
    (close if dtype == torch.float64 else near)(y, whole(layer, x), "y")


@pytest.mark.parametrize("cell", ["gru_reset_before", "lstm_projected", "lstm_layernorm", "indrnn", "lstm_peephole"])
def test_any_cell_streams(cell):
    layer = Recurrent(cell, 4, 12, sizes={"P": 5} if cell == "lstm_projected" else None)
    x = torch.randn(6, 2, 4)
    stream = layer.stream(2)
    near(torch.stack([stream.step(step) for step in x]), whole(layer, x), cell)
    assert stream.backend == "native"


def test_a_cell_that_reads_its_input_element_by_element_streams():
    @equation(x="H", h="H", W="H H")
    def added(x, h, W):
        return tanh(W @ h + x)

    layer = Recurrent(added, 9, 9)
    x = torch.randn(5, 3, 9)
    stream = layer.stream(3)
    near(torch.stack([stream.step(step) for step in x]), whole(layer, x), "added")


@pytest.mark.parametrize("zoneout", [0.3, {"c": 0.5}])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("batch", [1, 3, 20])
def test_expected_zoneout_streams_natively(batch, dtype, zoneout):
    layer = LSTM(5, 33, num_layers=2, zoneout=zoneout, dtype=dtype)
    x = torch.randn(7, batch, 5, dtype=dtype)
    stream = layer.stream(batch)
    assert stream.backend == "native"
    assert stream.backend_report().ran == "native"
    found = torch.stack([stream.step(step) for step in x])
    layer.engine = "eager"
    (close if dtype == torch.float64 else near)(found, whole(layer, x), "y")
    slow = layer.stream(batch)
    assert slow.backend_report().reasons["native"] == "eager was requested"
    slow.set_states(stream.states())
    (close if dtype == torch.float64 else near)(slow.step(x[0]), stream.step(x[0]), "after a state was handed over")


@pytest.mark.parametrize("options", [{"zoneout": 0.3}, {"engine": "eager"}, {"residual": True}, {"bias": False}])
def test_options_hold_in_a_stream_as_in_evaluation(options):
    layer = LSTM(6, 6, num_layers=2, **options)
    x = torch.randn(5, 2, 6)
    stream = layer.stream(2)
    near(torch.stack([stream.step(step) for step in x]), whole(layer, x), str(options))


def test_bfloat16_streams():
    layer = LSTM(8, 32, precision="bfloat16")
    x = torch.randn(4, 2, 8)
    stream = layer.stream(2)
    found = torch.stack([stream.step(step) for step in x])
    rounded(found, whole(layer, x))


def test_numpy_in_numpy_out_and_one_row_without_a_batch_axis():
    layer = GRU(3, 4)
    stream, again = layer.stream(), layer.stream()
    y = stream.step(np.ones(3, np.float32))
    assert isinstance(y, np.ndarray)
    assert y.shape == (4,)
    assert (again.step(np.ones((1, 3))) == y).all()  # float64 is converted
    assert np.array_equal(stream.step(np.ones((1, 3), np.float32)), again.step(torch.ones(1, 3)).numpy())


def test_the_memory_goes_into_bytes_and_back():
    layer = LSTM(3, 5, num_layers=2)
    stream = layer.stream(2)
    first = torch.randn(2, 3)
    stream.step(first)
    kept = stream.state()
    assert isinstance(kept, bytes)
    x = torch.randn(2, 3)
    expected = stream.step(x)
    other = layer.stream(2)
    other.restore(kept)
    assert torch.equal(other.step(x), expected)


def test_a_reset_forgets_the_rows_that_are_named():
    layer = RNN(3, 4)
    stream, fresh = layer.stream(3), layer.stream(3)
    x = torch.randn(3, 3)
    stream.step(x)
    stream.reset([1])
    y, begun = stream.step(x), fresh.step(x)
    assert torch.equal(y[1], begun[1])
    assert not torch.equal(y[0], begun[0])
    stream.reset()
    assert torch.equal(stream.step(x), begun)


def test_a_learned_initial_state_begins_a_stream():
    layer = GRU(3, 4, learn_initial_state=True)
    with torch.no_grad():
        layer.initial_h_l0.normal_()
    x = torch.randn(3, 2, 3)
    stream = layer.stream(2)
    near(torch.stack([stream.step(step) for step in x]), whole(layer, x), "learned")


def test_a_stream_keeps_the_weights_it_was_made_with():
    layer = GRU(3, 4)
    stream, x = layer.stream(), torch.ones(1, 3)
    expected = layer.stream().step(x)
    with torch.no_grad():
        layer.weight_ih_l0.zero_()
    assert torch.equal(stream.step(x), expected)


def test_what_does_not_fit_is_refused_in_words():
    with pytest.raises(ConfigError, match="cannot be streamed"):
        LSTM(3, 4, bidirectional=True).stream()
    with pytest.raises(ConfigError, match="batch is 0"):
        LSTM(3, 4).stream(0)
    with pytest.raises(ConfigError, match="bfloat16"):
        LSTM(3, 4, dtype=torch.bfloat16).stream()
    stream = LSTM(3, 4).stream(2)
    with pytest.raises(LayerInputError, match=r"x has shape \(1, 3\), expected \(2, 3\)"):
        stream.step(torch.zeros(1, 3))
    with pytest.raises(LayerInputError, match="are not the state of a stream"):
        stream.restore(b"nothing")
    with pytest.raises(LayerInputError, match="state h of layer 0"):
        stream.restore(LSTM(3, 5).stream(2).state())


@equation(x="X", h="H", W="H X")
def counter(x, h, W):
    return h + W @ x


def test_threads_that_share_a_stream_take_one_step_after_another():
    layer = Recurrent(counter, 4, 96)
    torch.nn.init.constant_(next(layer.parameters()), 0.25)
    stream, x, count = layer.stream(), torch.ones(1, 4), 500
    found = []

    def step():
        found.extend(int(stream.step(x)[0, 0]) for _ in range(count))

    threads = [threading.Thread(target=step) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stream.backend == "native"
    assert sorted(found) == list(range(1, 3 * count + 1))


def test_states_are_read_and_written_while_another_thread_steps():
    stream = LSTM(4, 32).stream()
    stepping = threading.Thread(target=lambda: [stream.step(torch.ones(1, 4)) for _ in range(1000)])
    stepping.start()
    while stepping.is_alive():
        stream.set_states(stream.states())
        stream.reset()
        stream.restore(stream.state())
    assert all(torch.isfinite(value).all() for value in stream.states()[0].values())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_does_not_wait_for_a_thread_that_it_does_not_have():
    stream = LSTM(4, 8).stream()
    with stream._lock:
        child = os.fork()
        if child == 0:
            done = []
            other = threading.Thread(target=lambda: done.append(stream.step(torch.ones(1, 4))), daemon=True)
            other.start()
            other.join(20)
            os._exit(0 if done else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_stream_says_that_it_cannot_be_copied_and_what_can(way):
    with pytest.raises(ConfigError, match="cannot be copied or pickled"):
        way(LSTM(3, 5).stream())


NUMPY = {torch.float32: np.float32, torch.float64: np.float64}


def layer_of(cell, X, H, **options):
    return Recurrent(cell, X, H, sizes={"P": 5} if cell == "lstm_projected" else None, **options)


@pytest.mark.parametrize("dtype", list(NUMPY))
@pytest.mark.parametrize("cell", sorted(equations.stock()))
def test_a_block_gives_the_bits_of_its_steps_and_what_the_equation_gives(cell, dtype, monkeypatch):
    monkeypatch.setenv("RECUR_FILL_NAN", "1")
    # one draw in sixty of normalised layers has a deviation so small that both backends' rounding grows beyond a share
    torch.manual_seed(0)
    layer = layer_of(cell, 12, 12, num_layers=1 if cell == "lstm_projected" else 2, dtype=dtype)
    x = torch.randn(9, 3, 12, dtype=dtype)
    stepped, torch_block, numpy_block = layer.stream(3), layer.stream(3), layer.stream(3)
    assert stepped.backend == "native"
    expected = torch.stack([stepped.step(step) for step in x])
    assert torch.equal(torch_block.run(x), expected)
    found = np.full(expected.shape, np.nan, NUMPY[dtype])
    assert numpy_block.run(x[:4].numpy(), out=found[:4]).base is found  # the state is kept between blocks
    numpy_block.run(x[4:].numpy(), out=found[4:])
    assert np.array_equal(found, expected.numpy())
    assert torch_block.state() == numpy_block.state() == stepped.state()
    layer.engine = "eager"
    (close if dtype == torch.float64 else near)(expected, whole(layer, x), cell)


@pytest.mark.parametrize("options", [{"residual": True}, {"zoneout": 0.3}, {"engine": "eager"}, {"bias": False}])
def test_options_hold_in_a_block_as_in_its_steps(options):
    layer = LSTM(6, 6, num_layers=3, **options)
    x = torch.randn(5, 2, 6)
    stepped, block = layer.stream(2), layer.stream(2)
    expected = torch.stack([stepped.step(step) for step in x])
    x = x.numpy()
    x.flags.writeable = False
    assert np.array_equal(block.run(x), expected.numpy())
    assert np.array_equal(block.step(x[0]), stepped.step(x[0]))


def test_a_long_block_is_divided_into_calls(monkeypatch):
    layer, x = GRU(3, 4), torch.randn(150, 1, 3)
    stream = layer.stream()
    monkeypatch.setattr(stream, "_call_steps", 64)
    assert torch.equal(stream.run(x), layer.stream().run(x))


def test_an_interrupted_block_leaves_the_state_after_the_steps_that_it_computed(monkeypatch):
    layer, x = GRU(3, 4), np.ones((20, 1, 3), np.float32)
    stream, other, out = layer.stream(), layer.stream(), np.full((20, 1, 4), np.nan, np.float32)
    run, calls = stream._stack.run, []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        run(*arguments)

    monkeypatch.setattr(stream, "_call_steps", 5)
    monkeypatch.setattr(stream._stack, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        stream.run(x, out=out)
    assert np.array_equal(out[:10], other.run(x[:10]))
    assert np.isnan(out[10:]).all()
    assert stream.state() == other.state()


def test_a_block_without_steps_is_empty_and_one_row_needs_no_batch_axis():
    layer = GRU(3, 4)
    assert layer.stream().run(np.zeros((0, 1, 3), np.float32)).shape == (0, 1, 4)
    x = np.ones((7, 3), np.float32)
    assert np.array_equal(layer.stream().run(x), layer.stream().run(x[:, None])[:, 0])
    apart = np.ones((7, 6), np.float32)[:, ::2]
    assert np.array_equal(layer.stream().run(apart), layer.stream().run(x))


def shared(shape):
    return np.zeros(1000, np.float32)[: int(np.prod(shape))].reshape(shape)


@pytest.mark.parametrize("engine", ["auto", "eager"])
@pytest.mark.parametrize(
    ("x", "out", "message"),
    [
        (np.zeros((5, 1, 3), np.float32), None, r"x has shape \(5, 1, 3\), expected \(T, 2, 3\)"),
        (np.zeros((2, 3), np.float32), None, r"x has shape \(2, 3\), expected \(T, 2, 3\)"),
        (np.zeros((5, 2, 3)), None, "x has the dtype float64, expected float32"),
        (np.zeros((5, 2, 3), ">f4"), None, "x has the dtype >f4, expected float32"),
        (torch.zeros(5, 2, 3, dtype=torch.float64), None, "x has the dtype torch.float64, expected torch.float32"),
        ([[["a"] * 3] * 2], None, "expected float32"),
        ([[1, 2], [3]], None, "no array of numbers"),
        (torch.zeros(5, 2, 4), None, r"x has shape \(5, 2, 4\)"),
        (np.zeros((5, 2, 3), np.float32), np.zeros((5, 2, 4)), "the dtype float64, expected"),
        (np.zeros((5, 2, 3), np.float32), np.zeros((4, 2, 4), np.float32), r"out has shape \(4, 2, 4\)"),
        (np.zeros((5, 2, 3), np.float32), np.zeros((5, 2, 8), np.float32)[..., ::2], "not contiguous"),
        (np.zeros((5, 2, 3), np.float32), torch.zeros(5, 2, 4), "out is a Tensor, expected an ndarray"),
        (torch.zeros(5, 2, 3), np.zeros((5, 2, 4), np.float32), "out is a ndarray, expected a tensor"),
        (torch.zeros(5, 2, 3), torch.zeros(5, 2, 4, requires_grad=True), "requires a gradient"),
        (torch.zeros(5, 2, 3), torch.zeros(5, 2, 8)[..., ::2], "cannot write to out"),
        (torch.zeros(5, 2, 3), torch.zeros(5, 2, 4).double(), "cannot write to out"),
        (shared((5, 2, 3)), None, "shares memory"),
    ],
)  # fmt: skip
def test_a_block_that_does_not_fit_is_refused_and_changes_nothing(x, out, message, engine):
    if message == "shares memory":
        out = x.base[:40].reshape(5, 2, 4)
    stream = LSTM(3, 4, engine=engine).stream(2)
    before = stream.state()
    with pytest.raises(LayerInputError, match=message):
        stream.run(x, out=out)
    assert stream.state() == before


def test_an_output_that_a_backward_pass_needs_is_known_to_have_changed():
    weight = torch.ones(5, 1, 4, requires_grad=True)
    out = torch.ones(5, 1, 4)
    product = (weight * out).sum()
    GRU(3, 4).stream().run(torch.ones(5, 1, 3), out=out)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()


@pytest.mark.parametrize(
    "x", [np.zeros((1, 3), complex), np.array([["a", "b", "c"]]), np.array([[None] * 3]), [[1], 2]]
)
def test_a_step_of_what_are_no_real_numbers_is_refused(x):
    with pytest.raises(LayerInputError, match="expected float32|no array of numbers"):
        GRU(3, 4).stream().step(x)


def test_two_streams_run_blocks_in_two_threads_at_once():
    layer = LSTM(4, 48, num_layers=2)
    x = torch.randn(300, 1, 4).numpy()
    expected = layer.stream().run(x)
    found = {}

    def run(name):
        stream, out = layer.stream(), np.empty_like(expected)
        found[name] = np.concatenate([stream.run(x[n : n + 60], out=out[n : n + 60]) for n in range(0, 300, 60)])

    threads = [threading.Thread(target=run, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(np.array_equal(y, expected) for y in found.values())


@pytest.mark.parametrize("way", ["step", "run"])
def test_other_threads_of_python_run_while_a_large_layer_computes(way):
    stream = LSTM(4, 256).stream()
    x = np.zeros((64, 1, 4) if way == "run" else (1, 4), np.float32)
    seen, call, interval = [], getattr(stream, way), sys.getswitchinterval()
    # threads change only where one gives up its turn
    sys.setswitchinterval(1000)
    try:
        other = threading.Thread(target=lambda: seen.append(True), daemon=True)
        other.start()
        for _ in range(20_000):
            if seen:
                break
            call(x)
    finally:
        sys.setswitchinterval(interval)
    assert seen


def test_blocks_and_steps_of_threads_that_share_a_stream_do_not_mix():
    layer = Recurrent(counter, 4, 96)
    torch.nn.init.constant_(next(layer.parameters()), 0.25)
    stream, x = layer.stream(), np.ones((20, 1, 4), np.float32)
    found = []

    def run():
        for _ in range(50):
            found.append(stream.run(x)[:, 0, 0])
            found.append(stream.step(x[0])[0, :1])

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(np.diff(block), np.ones(len(block) - 1)) for block in found)
    assert sorted(np.concatenate(found)) == list(range(1, 3 * 50 * 21 + 1))
