"""Products whose factors have 8 or 16 bits: the reference that backends are compared with, and what it refuses."""

from __future__ import annotations

import pytest
import torch

from recur import equations
from recur.engine import bptt, prepare, run
from recur.engine.low_precision import PRECISIONS, product, quantize
from recur.errors import BackendError, ShapeError
from recur.nn import GRU, LSTM
from tests.engine.helpers import CELLS, make

GENERATOR = torch.Generator().manual_seed(0)


def drawn(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape, generator=GENERATOR).to(dtype)


def test_the_largest_element_of_a_row_is_127_and_no_element_is_off_by_more_than_half_a_unit() -> None:
    rows = drawn(5, 33, dtype=torch.float64) * torch.tensor(
        [[1e-20], [1e-3], [1.0], [1e3], [1e20]], dtype=torch.float64
    )
    whole, scale = quantize(rows)
    assert bool((whole.abs().amax(-1) == 127).all())
    assert torch.equal(whole, whole.round())
    assert bool(((whole * scale - rows).abs() <= 0.5001 * scale).all())


def test_halves_are_rounded_to_even() -> None:
    whole, scale = quantize(torch.tensor([[127.0, 0.5, 1.5, -2.5]]))
    assert whole.tolist() == [[127.0, 0.0, 2.0, -2.0]]
    assert scale.item() == 1.0


def test_a_row_of_zeros_or_of_the_smallest_numbers_is_zero() -> None:
    whole, scale = quantize(torch.tensor([[0.0, -0.0], [1e-45, 0.0]]))
    assert whole.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert scale.tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_stays_visible_in_its_row_alone(value: float) -> None:
    rows = drawn(3, 8)
    rows[1, 2] = value
    found = product(drawn(4, 8), rows, "int8")
    assert bool(found[1].isnan().all())
    assert bool(found[[0, 2]].isfinite().all())


def test_products_are_sums_of_whole_numbers_times_both_scales() -> None:
    matrix, rows = drawn(7, 1500), drawn(3, 1500)  # the sums do not fit into the 24 bits of a float
    found = product(matrix, rows, "int8")
    a, scales = quantize(matrix)
    b, scale = quantize(rows)
    sums = b.to(torch.int64) @ a.to(torch.int64).t()
    assert int(sums.abs().max()) > 2**16
    assert torch.equal(found, sums.to(torch.float32) * scale * scales.t())


def test_products_are_within_one_percent_of_the_exact_ones() -> None:
    matrix, rows = drawn(64, 256), drawn(16, 256)
    exact = rows @ matrix.t()
    assert float((product(matrix, rows, "int8") - exact).norm() / exact.norm()) < 0.01


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_results_have_the_dtype_of_the_vector(dtype: torch.dtype) -> None:
    assert product(drawn(3, 8, dtype=dtype), drawn(2, 8, dtype=dtype), "int8").dtype is dtype
    assert product(drawn(3, 0, dtype=dtype), drawn(2, 0, dtype=dtype), "int8").tolist() == [[0.0] * 3] * 2


@pytest.mark.parametrize("name", equations.names())
def test_every_equation_runs_in_int8(name: str) -> None:
    case = make(name, 5, 3, 5, 12, dtype=torch.float32, ragged=True, resets=True)
    options = {"lengths": case.lengths, "resets": case.resets}
    with torch.no_grad():
        found = run(case.equation, case.x, case.states, case.parameters, precision="int8", backend="eager", **options)
    assert bool(found.outputs.isfinite().all())
    assert found.outputs.dtype is torch.float32


@pytest.mark.parametrize("name", CELLS)
def test_the_error_of_int8_is_that_of_the_rounded_products(name: str) -> None:
    case = make(name, 6, 3, 5, 16)
    small = {key: value.detach() / 4 for key, value in case.parameters.items()}
    with torch.no_grad():
        exact = run(case.equation, case.x, case.states, small).outputs
        found = run(case.equation, case.x, case.states, small, precision="int8").outputs
    error = float((found - exact).norm() / exact.norm())
    assert 0 < error < 0.03


def test_a_row_of_a_batch_has_the_product_that_it_has_alone() -> None:
    matrix, rows = drawn(9, 5), drawn(4, 5) * torch.tensor([[1.0], [100.0], [0.01], [0.0]])
    whole = product(matrix, rows, "int8")
    for row in range(4):
        assert torch.equal(product(matrix, rows[row : row + 1], "int8"), whole[row : row + 1])


def test_a_gradient_of_int8_is_refused_with_what_to_type() -> None:
    layer = LSTM(3, 4, precision="int8")
    x = drawn(2, 1, 3)
    with pytest.raises(BackendError, match="for inference: rounded factors have no gradient") as caught:
        layer(x)
    assert caught.value.hint is not None
    assert "no_grad" in caught.value.hint
    with torch.no_grad():
        layer(x)
    layer.requires_grad_(False)
    layer(x)
    with pytest.raises(BackendError, match="no gradient"):
        layer(x.requires_grad_())


def test_derivatives_forward_in_time_and_bptt_are_refused_in_int8() -> None:
    case = make("elman", 3, 2, 2, 4, dtype=torch.float32)
    call = prepare(case.equation, case.x.detach(), None, case.parameters, precision="int8")
    _, tape = bptt.forward(call)
    with pytest.raises(BackendError, match="no gradient"):
        bptt.backward(tape, torch.ones(3, 2, 4))
    layer = GRU(2, 4, precision="int8").requires_grad_(False)
    with pytest.raises(BackendError, match="no gradient"):
        torch.func.jvp(lambda x: layer(x)[0], (drawn(3, 1, 2),), (drawn(3, 1, 2),))


def test_a_stream_steps_in_int8_as_the_layer_does() -> None:
    layer = LSTM(5, 8, num_layers=2, precision="int8", engine="eager")
    x = drawn(4, 2, 5)
    stream = layer.stream(2)
    assert stream.backend_report().ran == "eager"
    with torch.no_grad():
        assert torch.equal(torch.stack([stream.step(one) for one in x]), layer(x)[0])


def test_there_is_one_list_of_precisions() -> None:
    case = make("elman", 2, 1, 2, 3)
    with pytest.raises(ShapeError, match=", ".join(PRECISIONS)):
        run(case.equation, case.x, None, case.parameters, precision="int4")
