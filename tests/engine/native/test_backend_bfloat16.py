"""Products of bfloat16 factors, summed in float32: what the reference gives when it rounds the same factors."""

from __future__ import annotations

import itertools

import pytest
import torch

from recur.engine import Packing, run
from tests.engine.helpers import CELLS, Case, assert_native_is_eager, everything, make, threads
from tests.tolerances import near

# products of products, and products of what a product has just made, round a sum that may fall on either side
ONE_PRODUCT = [name for name in CELLS if name not in {"gru_reset_before", "lstm_projected", "minimal_gated_unit"}]


@pytest.fixture(autouse=True)
def _memory_is_full_of_nan(monkeypatch):
    monkeypatch.setenv("RECUR_FILL_NAN", "1")


def moderate(name: str, *size: int, share: float = 0.3, dtype: torch.dtype = torch.float32, **options) -> Case:
    """A case whose weights keep the states from growing, so that roundings do not either."""
    case = make(name, *size, dtype=dtype, **options)
    case.parameters = {p: (value.detach() * share).requires_grad_() for p, value in case.parameters.items()}
    return case


@pytest.mark.parametrize("size", [(5, 3, 4, 6), (1, 1, 2, 1), (7, 1, 1, 5), (3, 9, 3, 17), (2, 25, 39, 33),
                                  (4, 2, 39, 100), (0, 2, 3, 4), (3, 0, 2, 2)], ids=str)  # fmt: skip
@pytest.mark.parametrize("name", CELLS)
def test_every_cell_agrees_in_outputs_and_gradients(name, size):
    for n, (ragged, noise) in enumerate(itertools.product((False, True), repeat=2)):
        case = moderate(name, *size, ragged=ragged, resets=ragged != noise, noise=noise)
        with threads(2 if n == 3 else 1):
            assert_native_is_eager(case, precision="bfloat16", reverse=noise)


@pytest.mark.parametrize("name", ONE_PRODUCT)
def test_one_step_rounds_the_factors_and_nothing_else(name):
    case = moderate(name, 1, 9, 39, 63)
    results = [
        run(case.equation, case.x, case.states, case.parameters, precision="bfloat16", backend=backend)
        for backend in ("native", "eager")
    ]
    near(results[0].outputs.detach(), results[1].outputs.detach(), name)
    exact = run(case.equation, case.x, case.states, case.parameters, backend="eager")
    assert float((results[0].outputs - exact.outputs).detach().abs().max()) > 1e-4


def distance(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> float:
    """Of all gradients together, as a share of their length."""
    keys = [key for key in b if key.startswith("dE")]
    off = sum(float((a[key].double() - b[key]).square().sum()) for key in keys)
    return (off / sum(float(b[key].square().sum()) for key in keys)) ** 0.5


@pytest.mark.parametrize("name", CELLS)
def test_gradients_are_as_near_to_exact_ones_as_those_of_the_reference(name):
    case, exact = moderate(name, 6, 12, 20, 40, share=0.15), moderate(name, 6, 12, 20, 40, share=0.15)
    exact.x = exact.x.detach().double().requires_grad_()
    exact.states = {s: value.detach().double().requires_grad_() for s, value in exact.states.items()}
    exact.parameters = {p: value.detach().double().requires_grad_() for p, value in exact.parameters.items()}
    truth = everything(exact, "eager")
    reference = distance(everything(case, "eager", precision="bfloat16"), truth)
    assert distance(everything(case, "native", precision="bfloat16"), truth) < 2 * reference + 1e-3


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_packed_rows_agree(name):
    packing = Packing(torch.tensor([5, 3, 3, 1]))
    case = moderate(name, packing.steps, packing.rows, 7, 18)
    case.x = packing.pack(case.x.detach()).requires_grad_()
    for reverse in (False, True):
        assert_native_is_eager(case, packing=packing, precision="bfloat16", reverse=reverse)


@pytest.mark.parametrize("name", ["lstm", "gru_layernorm", "lstm_projected"])
def test_the_same_bits_come_again(name):
    for count in (1, 2):
        with threads(count):
            first, second = (everything(moderate(name, 4, 20, 7, 40), "native", precision="bfloat16") for _ in range(2))
            for key, value in first.items():
                assert torch.equal(value, second[key]), key
