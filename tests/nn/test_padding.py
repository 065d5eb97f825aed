"""Padding never changes a result, and lengths that cannot be right are refused."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recur.equations import stock
from recur.nn import GRU, LSTM, RNN, LayerInputError, Recurrent, flat_state, last
from tests.tolerances import close

DOUBLE = torch.float64
OPTIONS = [
    {},
    {"engine": "eager"},
    {"residual": True, "merge": "sum"},
    {"zoneout": 0.2, "learn_initial_state": True},
    {"recurrent_dropout": 0.3, "weight_drop": 0.2, "dropout": 0.4, "variational_dropout": 0.2},
]


@given(data=st.data())
def test_padding_never_changes_a_result(data) -> None:
    lengths = data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))
    extra = data.draw(st.integers(0, 3))
    fill = data.draw(st.sampled_from([0.0, 1e30, float("nan"), float("inf")]))
    kind = data.draw(st.sampled_from(stock()))
    options = dict(data.draw(st.sampled_from(OPTIONS)))
    if kind == "indrnn":
        options.pop("recurrent_dropout", None)
        options.pop("weight_drop", None)
    torch.manual_seed(data.draw(st.integers(0, 99)))
    time = max(1, max(lengths) + extra)
    options["sizes"] = {"P": 3 if options.get("residual") else 2}
    layer = Recurrent(kind, 3, 3, 2, bidirectional=True, batch_first=True, dtype=DOUBLE, **options).eval()
    boundaries = torch.rand(len(lengths), time) < 0.3 if data.draw(st.booleans()) else None
    clean = [torch.randn(n, 3, dtype=DOUBLE) for n in lengths]
    x = torch.full((len(lengths), time, 3), fill, dtype=DOUBLE)
    for row, steps in zip(x, clean, strict=True):
        row[: len(steps)] = steps
    x.requires_grad_()
    output, state = layer(x, lengths=torch.tensor(lengths), resets=boundaries)
    output.sum().backward()
    assert bool(x.grad.isfinite().all())
    assert all(bool(p.grad.isfinite().all()) for p in layer.parameters() if p.grad is not None)
    for row, (n, steps) in enumerate(zip(lengths, clean, strict=True)):
        assert bool((output[row, n:] == 0).all())
        assert bool((x.grad[row, n:] == 0).all())
        if n == 0:
            continue
        alone, end = layer(steps.unsqueeze(0), resets=None if boundaries is None else boundaries[row : row + 1, :n])
        close(output[row, :n], alone[0])
        for ours, theirs in zip(flat_state(state), flat_state(end), strict=True):
            close(ours[:, row], theirs[:, 0])


@pytest.mark.parametrize("cell", [RNN, GRU, LSTM])
@pytest.mark.parametrize("engine", ["auto", "eager"])
def test_a_row_of_no_steps_keeps_its_state(cell, engine) -> None:
    layer = cell(3, 4, 2, engine=engine, bidirectional=True, dtype=DOUBLE)
    h = torch.randn(4, 2, 4, dtype=DOUBLE)
    hx = (h, h + 1) if cell is LSTM else h
    for lengths in ([0, 0], [0, 5]):
        output, state = layer(torch.randn(5, 2, 3, dtype=DOUBLE), hx, lengths=lengths)
        assert bool((output[:, 0] == 0).all())
        for after, before in zip(flat_state(state), flat_state(hx), strict=True):
            assert torch.equal(after[:, 0], before[:, 0])


@pytest.mark.parametrize("cell", [RNN, GRU, LSTM])
def test_a_batch_of_no_rows_takes_an_empty_list_of_lengths(cell) -> None:
    output, _ = cell(3, 4, 2, bidirectional=True)(torch.zeros(5, 0, 3), lengths=[])
    assert output.shape == (5, 0, 8)


@pytest.mark.parametrize("cell", [RNN, GRU, LSTM])
def test_ragged_rows_run_torchs_packed_kernel(cell) -> None:
    layer = cell(3, 4, 2, bidirectional=True, engine="stock")
    for lengths in ([5, 2, 3], [0, 5, 1]):
        layer(torch.randn(5, 3, 3), lengths=lengths)
        assert layer.backend_report().ran == "stock"


@pytest.mark.parametrize("cell", [RNN, GRU, LSTM])
@pytest.mark.parametrize("engine", ["native", "stock"])
def test_a_packed_input_reaches_a_kernel_without_being_padded(cell, engine, monkeypatch) -> None:
    packed = torch.nn.utils.rnn.pack_padded_sequence(torch.randn(5, 3, 3), [2, 5, 1], enforce_sorted=False)
    packed = packed._replace(data=packed.data.requires_grad_())

    def refuse(*_: object) -> None:
        raise AssertionError("padded or packed")

    for name in ("_pack_padded_sequence", "_pad_packed_sequence"):
        monkeypatch.setattr(torch.nn.utils.rnn._VF, name, refuse, raising=False)
    layer = cell(3, 4, 2, bidirectional=True, dropout=0.2, variational_dropout=0.2, engine=engine)
    layer(packed)[0].data.sum().backward()
    assert packed.data.grad is not None
    assert layer.backend_report().ran == engine


def test_one_mask_for_all_steps_is_one_for_packed_steps_too() -> None:
    layer = RNN(3, 20, 2, variational_dropout=0.4, dtype=DOUBLE)
    x, lengths = torch.randn(5, 3, 3, dtype=DOUBLE), [2, 5, 1]
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    torch.manual_seed(0)
    output, _ = torch.nn.utils.rnn.pad_packed_sequence(layer(packed)[0])
    torch.manual_seed(0)
    # rows of a packed input are drawn for in its own order, longest first
    order = packed.sorted_indices
    expected, _ = layer(x[:, order], lengths=torch.tensor(lengths)[order])
    close(output[:, order], expected)


def test_resets_may_be_a_list() -> None:
    layer, x = GRU(3, 4), torch.randn(3, 2, 3)
    resets = [[False, True, False], [False, False, True]]
    assert torch.equal(layer(x, resets=resets)[0], layer(x, resets=torch.tensor(resets))[0])


def test_padding_gets_no_gradient_from_dropout_in_training() -> None:
    torch.manual_seed(0)
    layer = LSTM(3, 4, 2, dropout=0.3, zoneout=0.1, recurrent_dropout=0.2, residual=True, batch_first=True)
    x = torch.randn(2, 5, 3)
    x[1, 2:] = float("nan")
    x.requires_grad_()
    output, _ = layer(x, lengths=[5, 2])
    output.sum().backward()
    assert bool(x.grad.isfinite().all())
    assert bool((output[1, 2:] == 0).all())


@pytest.mark.parametrize(
    ("lengths", "text"),
    [
        ([6, 1, 1], "lengths should be from 0 to the 5 steps of the input, got 6"),
        ([-1, 1, 1], "lengths should be from 0 to the 5 steps of the input, got -1"),
        ([1, 1], r"lengths should have one number a row, shape \(3,\), got \(2,\)"),
        ([1.0, 1.0, 1.0], "lengths are whole numbers, got torch.float32"),
    ],
)
def test_impossible_lengths_are_refused(lengths, text) -> None:
    with pytest.raises(LayerInputError, match=text):
        GRU(3, 4, batch_first=True)(torch.zeros(3, 5, 3), lengths=lengths)


def test_a_forgotten_batch_first_is_named() -> None:
    with pytest.raises(LayerInputError, match="make the layer with batch_first=True"):
        GRU(3, 4)(torch.zeros(8, 5, 3), lengths=[5] * 8)
    with pytest.raises(LayerInputError, match=r"hx.transpose\(0, 1\)"):
        GRU(3, 4, 2, batch_first=True)(torch.zeros(8, 5, 3), torch.zeros(8, 2, 4))


def test_a_batch_without_features_axis_is_named() -> None:
    with pytest.raises(LayerInputError, match=r"a 2-D input is read as one sequence \(T, X\)"):
        GRU(3, 4, batch_first=True)(torch.zeros(8, 3), lengths=[2] * 8)
    with pytest.raises(LayerInputError, match="if these are ids, embed them first"):
        GRU(3, 4)(torch.zeros(8, 2, 3, dtype=torch.long))


def test_lengths_of_a_packed_input_are_its_own() -> None:
    packed = torch.nn.utils.rnn.pack_padded_sequence(torch.zeros(5, 2, 3), [5, 2])
    with pytest.raises(LayerInputError, match="carries its own lengths"):
        GRU(3, 4)(packed, lengths=[5, 2])


def test_wrong_resets_are_refused() -> None:
    layer, x = GRU(3, 4), torch.zeros(5, 2, 3)
    with pytest.raises(LayerInputError, match=r"resets should have shape \(2, 5\), got \(5, 2\)"):
        layer(x, resets=torch.zeros(5, 2, dtype=torch.bool))
    with pytest.raises(LayerInputError, match="resets are True or False"):
        layer(x, resets=torch.zeros(2, 5))


def test_wrong_states_are_refused() -> None:
    x = torch.zeros(5, 2, 3)
    with pytest.raises(LayerInputError, match=r"is a tuple of 2 tensors \(h, c\), got a tensor of shape"):
        LSTM(3, 4)(x, torch.zeros(1, 2, 4))
    with pytest.raises(LayerInputError, match=r"is one tensor \(h\), got a tuple of 2"):
        GRU(3, 4)(x, (torch.zeros(1, 2, 4), torch.zeros(1, 2, 4)))
    with pytest.raises(LayerInputError, match="its state is a list with one state per layer; expected 2"):
        GRU(3, [4, 5])(x, torch.zeros(2, 2, 4))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_last_is_the_final_state(bidirectional, batch_first) -> None:
    torch.manual_seed(0)
    layer = GRU(3, 4, 2, bidirectional=bidirectional, batch_first=batch_first)
    x = torch.randn(3, 5, 3)
    x = x if batch_first else x.transpose(0, 1)
    for lengths in ([2, 5, 3], None):
        output, h = layer(x, lengths=lengths)
        expected = torch.cat([h[-2], h[-1]], dim=-1) if bidirectional else h[-1]
        assert torch.equal(last(output, lengths, batch_first=batch_first, bidirectional=bidirectional), expected)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, [2, 5, 3], batch_first, enforce_sorted=False)
    output, h = layer(packed)
    expected = torch.cat([h[-2], h[-1]], dim=-1) if bidirectional else h[-1]
    assert torch.equal(last(output, bidirectional=bidirectional), expected)


def test_last_of_no_steps_is_zero_and_wrong_shapes_are_refused() -> None:
    output = torch.ones(2, 3, 4)
    assert last(output, [0, 3]).sum(-1).tolist() == [0.0, 4.0]
    with pytest.raises(LayerInputError, match="one number a row"):
        last(output, [1, 2, 3])
    with pytest.raises(LayerInputError, match="three axes"):
        last(output[0])
    with pytest.raises(LayerInputError, match="are not two directions"):
        last(torch.ones(2, 3, 5), bidirectional=True)
