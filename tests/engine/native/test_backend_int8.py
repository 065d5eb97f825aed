"""Products of 8 bits in the native backend are those of the reference, in sequences and in streams."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from recur import nn
from recur.compiler.program import program
from recur.engine import prepare, run
from recur.engine.low_precision import WIDEST
from recur.engine.native import backend, passes
from recur.engine.native.arguments import inner_contiguous
from recur.engine.native.compiled_cell import compiled_cell
from recur.equations import concat, equation, tanh
from recur.errors import BackendError
from tests.engine.helpers import CELLS, Case, make, threads
from tests.tolerances import largest, near

WHOLE = 2e-2  # of the largest element: what a factor costs that lies within rounding of a half


@pytest.fixture(autouse=True)
def nan_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECUR_FILL_NAN", "1")


@torch.no_grad()
def results(case: Case, engine: str, reverse: bool = False) -> dict[str, Tensor]:
    """Every state of every step and the final ones, by a backend that is proved to have run."""
    result = run(
        case.equation, case.x, case.states, case.parameters, lengths=case.lengths, resets=case.resets,
        noise=case.noise, reverse=reverse, all_states=True, backend=engine, precision="int8",
    )  # fmt: skip
    assert result.report.ran == engine
    assert bool(result.report.instructions) is (engine == "native")
    assert result.all_states is not None
    return {f"{name} of every step": value for name, value in result.all_states.items()} | result.states


def assert_same(case: Case, reverse: bool = False, exact: bool = False) -> None:
    """The same whole numbers: a difference beyond rounding is that of a factor that lay within rounding of a half."""
    expected, found = results(case, "eager", reverse), results(case, "native", reverse)
    assert list(found) == list(expected)
    for name, value in found.items():
        if exact:
            near(value, expected[name], f"{case.equation.name} {name}")
            continue
        assert bool(value.isfinite().all())
        error = (value - expected[name]).detach().abs()
        assert not error.numel() or float(error.max()) <= WHOLE * largest(expected[name]), name
        assert not error.numel() or float((error > 1e-5 * largest(expected[name])).float().mean()) < 0.05, name


def reads_states_alone(case: Case) -> bool:
    """Whether products in the loop have no factors that the step itself computes, which may round to another number."""
    stages = program(case.equation.graph).forward.stages
    return all(place.kind == "state" for stage in stages for group in stage.groups for place, _ in group.operands)


@pytest.mark.parametrize("name", CELLS)
def test_a_step_is_that_of_the_reference_to_float32_rounding(name: str) -> None:
    for B, X, H in [(1, 5, 12), (3, 1, 1), (33, 7, 19), (4, 64, 67)]:
        case = make(name, 1, B, X, H, dtype=torch.float32)
        assert_same(case, exact=reads_states_alone(case))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", CELLS)
def test_sequences_are_those_of_the_reference(name: str, reverse: bool) -> None:
    for seed, (T, B, X, H) in enumerate([(6, 5, 6, 20), (4, 17, 3, 33), (3, 2, 1, 4), (0, 2, 3, 4)]):
        for noise in (False, True):
            case = make(name, T, B, X, H, dtype=torch.float32, seed=seed, ragged=True, resets=True, noise=noise)
            small = {key: value.detach() / 2 for key, value in case.parameters.items()}
            case.parameters = small
            assert_same(case, reverse)


@pytest.mark.parametrize("name", ["elman", "gru", "lstm"])
def test_every_number_of_rows_and_threads_gives_the_same(name: str) -> None:
    for count in (1, 2, 3):
        with threads(count):
            for B in (*range(1, 18), 33, 60, 130):
                assert_same(make(name, 1, B, 40, 70, dtype=torch.float32, seed=B), exact=True)


def test_a_row_of_thousands_of_inputs_has_one_scale() -> None:
    case = make("gru", 1, 3, 5000, 8, dtype=torch.float32)
    assert_same(case, exact=True)


@equation(x="X", h="H", W="H X+2H", b="H")
def joined(x, h, W, b):  # type: ignore[no-untyped-def]
    return tanh(W @ concat(h, x, 0.01 * h) + b)


def test_the_input_in_a_joined_vector_has_a_scale_of_its_own() -> None:
    case = make(joined, 1, 4, 7, 18, dtype=torch.float32)
    with torch.no_grad():
        case.x *= 1000
    assert_same(case, exact=True)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 0.0])
@pytest.mark.parametrize("name", ["elman", "gru", "lstm"])
def test_what_is_not_finite_is_nan_in_its_row_alone(name: str, value: float) -> None:
    case = make(name, 1, 5, 9, 20, dtype=torch.float32)
    with torch.no_grad():
        case.x[0, 1, 3] = value
        case.x[0, 2] = 0
        case.states["h"][3] = 0
        case.states["h"][4, 7] = value
    expected, found = results(case, "eager"), results(case, "native")
    for state, one in found.items():
        assert torch.equal(one.isnan(), expected[state].isnan()), state
        near(one.nan_to_num(0, 0, 0), expected[state].nan_to_num(0, 0, 0), state)
    whole = found["h of every step"][0]
    assert [bool(row.isnan().all()) for row in whole] == [False, value != 0, False, False, value != 0]


def test_a_weight_that_is_not_finite_is_nan_in_its_unit_alone() -> None:
    case = make("elman", 1, 3, 9, 20, dtype=torch.float32)
    (name,) = [name for name, value in case.parameters.items() if value.shape == (20, 9)]
    with torch.no_grad():
        case.parameters[name][11, 4] = float("inf")
    found = results(case, "native")["h"]
    assert found.isnan().nonzero()[:, 1].tolist() == [11, 11, 11]


@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
def test_a_stream_of_a_deep_layer_steps_as_the_layer_does(cell: str) -> None:
    layer = getattr(nn, cell)(21, 37, num_layers=3, precision="int8")
    x = torch.randn(6, 4, 21, generator=torch.Generator().manual_seed(1))
    stream = layer.stream(4)
    report = stream.backend_report()
    assert report.ran == "native"
    assert f"int8 products by {report.instructions}" in str(report)
    with torch.no_grad():
        y, _ = layer(x)
    assert layer.backend_report().instructions == report.instructions
    stepped = np.stack([stream.step(one.numpy()) for one in x])
    error = np.abs(stepped - y.numpy())
    assert error.max() <= WHOLE * float(y.abs().max())
    assert np.median(error) < 1e-6


def test_every_row_of_the_weights_has_a_scale_of_its_own() -> None:
    layer = nn.GRU(8, 16, precision="int8")
    with torch.no_grad():
        layer.weight_hh_l0[5] *= 1e6
        layer.weight_hh_l0[6] *= 1e-6
    x = torch.randn(1, 2, 8)
    with torch.no_grad():
        expected = run(layer.equation, x, None, layer.gather(0), precision="int8", backend="eager").outputs
    near(torch.from_numpy(layer.stream(2).step(x[0].numpy())), expected[0])


def test_training_is_refused_by_the_layer_and_by_the_core() -> None:
    layer = nn.LSTM(3, 4, precision="int8")
    x = torch.randn(2, 1, 3)
    with torch.no_grad():
        layer(x)
        assert layer.backend_report().ran == "native"
    with pytest.raises(BackendError, match="rounded factors have no gradient"):
        layer(x)
    case = make("gru", 3, 2, 4, 5, dtype=torch.float32)
    call = prepare(case.equation, case.x.detach(), case.states, case.parameters, precision="int8")
    cell = compiled_cell(call)
    tensors = [
        inner_contiguous(call.x), *call.states.values(),
        *(call.parameters[name] for name in (*cell.matrices, *cell.vectors)),
    ]  # fmt: skip
    with pytest.raises(BackendError, match="precision 2 has no gradient"):
        passes.forward(cell, call, [tensor.detach() for tensor in tensors], training=True)


@pytest.mark.parametrize(
    ("dtype", "width", "reason"),
    [
        (torch.float64, 3, "precision int8 is for float32 layers"),
        (torch.float16, 3, "precision int8 is for float32 layers"),
        (torch.float32, WIDEST + 1, "131,008 rows or columns"),
        (torch.float32, WIDEST, None),
    ],
)
def test_what_the_core_cannot_sum_is_left_to_the_reference(dtype: torch.dtype, width: int, reason: str | None) -> None:
    case = make("elman", 1, 1, width, 2, dtype=dtype)
    found = backend.unsupported(prepare(case.equation, case.x, case.states, case.parameters, precision="int8"))
    assert reason is None if found is None else reason is not None and reason in found
