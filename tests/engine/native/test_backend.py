"""Compiled cells agree with the reference: every output, state and gradient, at awkward sizes, in dirty memory."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from recur.engine import Noise, recurrent_states, run
from tests import tolerances
from tests.engine.helpers import CELLS, SIZES, Case, assert_native_is_eager, everything, make, threads

# both sides of whole vectors and of panels; few rows and enough for each thread to take some of its own
WIDE = [(2, 2, 39, 63), (2, 3, 1, 33), (2, 4, 5, 16), (2, 9, 3, 17), (2, 1, 39, 100), (3, 25, 2, 9)]
NOISES = ["none", "recurrent", "zoneout", "both", "expected", "recurrent and expected"]


@pytest.fixture(autouse=True)
def _memory_is_full_of_nan(monkeypatch):
    monkeypatch.setenv("RECUR_FILL_NAN", "1")


def with_noise(case: Case, kind: str) -> Case:
    """The case with one kind of noise out of those that it was made with, or with an expectation."""
    recurrent, zoneout = case.noise.recurrent, case.noise.zoneout
    expected = {name: 0.1 + 0.2 * n for n, name in enumerate(case.states)}
    case.noise = {
        "none": None,
        "recurrent": Noise(recurrent),
        "zoneout": Noise(zoneout=zoneout),
        "both": Noise(recurrent, zoneout),
        "expected": Noise(zoneout=expected),
        "recurrent and expected": Noise(recurrent, expected),
    }[kind]
    return case


def test_an_input_without_columns_runs_in_torch_and_the_report_says_why():
    case = make("minimal_gated_unit", 3, 2, 0, 4)
    result = run(case.equation, case.x, case.states, case.parameters)
    assert result.report.ran == "eager"
    assert result.report.reasons["native"].startswith("W_xh has shape (8, 0), and the core")


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", CELLS)
def test_every_cell_agrees_with_every_option(name, size):
    for ragged, resets, reverse in itertools.product((False, True), repeat=3):
        case = make(name, *size, ragged=ragged, resets=resets)
        assert_native_is_eager(case, f"{ragged=} {resets=} {reverse=}", reverse=reverse)


@pytest.mark.parametrize("kind", NOISES[1:])
@pytest.mark.parametrize("name", CELLS)
def test_every_cell_agrees_under_every_noise(name, kind):
    for n, (ragged, resets, reverse) in enumerate(itertools.product((False, True), repeat=3)):
        case = with_noise(make(name, *SIZES[n % 3], ragged=ragged, resets=resets, noise=True), kind)
        if case.noise:
            assert_native_is_eager(case, f"{kind} {ragged=} {resets=} {reverse=}", reverse=reverse)


@pytest.mark.parametrize("budget", ["sqrt", 1, 3000])
@pytest.mark.parametrize("name", CELLS)
def test_segments_that_are_computed_again_give_the_same(name, budget):
    for n, (ragged, resets, reverse) in enumerate(itertools.product((False, True), repeat=3)):
        case = with_noise(make(name, 9 + n, 3, 2, 3, ragged=ragged, resets=resets, noise=True), NOISES[n % len(NOISES)])
        assert_native_is_eager(case, f"{budget=} {ragged=} {resets=} {reverse=}", reverse=reverse, memory_budget=budget)


@pytest.mark.parametrize("size", WIDE, ids=str)
@pytest.mark.parametrize("name", CELLS)
def test_sizes_beside_whole_vectors_agree(name, size):
    for n, count in enumerate((1, 2, 3)):
        case = make(name, *size, ragged=n != 1, resets=n == 2, noise=n == 0)
        with threads(count):
            assert_native_is_eager(case, f"{count} threads", reverse=n != 0)


@pytest.mark.parametrize("name", CELLS)
def test_float32_agrees_as_far_as_float32_goes(name):
    for size, reverse in itertools.product([(5, 3, 4, 6), (3, 17, 39, 33)], (False, True)):
        case = make(name, *size, ragged=True, resets=reverse, noise=not reverse, dtype=torch.float32)
        # the truth is eager in float64: the difference of two results in float32 has the errors of both
        expected, found = (
            everything(exactly(case), "eager", reverse=reverse),
            everything(case, "native", reverse=reverse),
        )
        for what, value in found.items():
            tolerances.near(value, expected[what], f"{name} {what}", torch.float32)


@pytest.mark.parametrize("name", ["lstm", "gru", "gru_reset_before", "lstm_layernorm"])
@pytest.mark.parametrize("rows", [2, 25])
def test_threads_that_share_units_or_take_rows_agree(name, rows):
    for count in (1, 2, 3):
        case = make(name, 4, rows, 39, 100, ragged=True, resets=True)
        with threads(count):
            assert_native_is_eager(case, f"{rows} rows, {count} threads")


@pytest.mark.parametrize("name", ["lstm", "gru", "gru_reset_before", "lstm_layernorm", "elman"])
def test_matrices_too_large_for_one_core_are_shared_by_threads_though_rows_are_many(name):
    # elements of the matrices of a step: at 730 units those of every cell here are beyond the bound
    case = make(name, 3, 26, 5, 730, ragged=True, resets=True)
    for parameter in case.parameters.values():
        parameter.data *= 0.05  # so that gates are not all shut or open
    with threads(2):
        assert_native_is_eager(case)


sizes = st.one_of(st.integers(1, 9), st.sampled_from([15, 16, 17, 31, 33, 48, 63]))


@given(data=st.data())
def test_any_size_agrees(data):
    name = data.draw(st.sampled_from(CELLS))
    size = (data.draw(st.integers(0, 6)), data.draw(st.integers(0, 20)), data.draw(sizes), data.draw(sizes))
    case = make(name, *size, noise=True, seed=data.draw(st.integers(0, 9)))
    case = with_noise(case, data.draw(st.sampled_from(NOISES)))
    T, B = size[:2]
    if data.draw(st.booleans()):
        case.lengths = torch.tensor(data.draw(st.lists(st.integers(0, T), min_size=B, max_size=B)), dtype=torch.int64)
    if data.draw(st.booleans()):
        case.resets = torch.rand(T, B, generator=torch.Generator().manual_seed(size[2])) < data.draw(st.floats(0, 1))
    with threads(data.draw(st.integers(1, 3))):
        assert_native_is_eager(case, str(size), reverse=data.draw(st.booleans()), all_states=data.draw(st.booleans()))


@pytest.mark.parametrize("name", CELLS)
def test_one_mask_serves_all_rows_or_steps_in_any_layout(name):
    case = make(name, 4, 3, 2, 5, noise=True)
    widths = {state: value.shape[-1] for state, value in case.states.items()}
    layouts = {
        "one mask": (lambda n: torch.rand(n), lambda n: torch.rand(n)),
        "one a row": (lambda n: torch.rand(3, n), lambda n: torch.rand(3, n)),
        "one a row, the same": (lambda n: torch.rand(1, n).expand(3, n), lambda n: torch.rand(4, 1, n).expand(4, 3, n)),
        "the other way round": (lambda n: torch.rand(n, 3).t(), lambda n: torch.rand(3, 4, n).transpose(0, 1)),
        "every second": (lambda n: torch.rand(3, 2 * n)[:, ::2], lambda n: torch.rand(4, 6, n)[:, ::2]),
    }
    for layout, (recurrent, zoneout) in layouts.items():
        case.noise = Noise(
            {state: recurrent(widths[state]).double() for state in recurrent_states(case.equation)},
            {state: zoneout(width).double() for state, width in widths.items()},
        )
        assert_native_is_eager(case, layout)


@pytest.mark.parametrize("shape", [(1, 5), (3, 1)], ids=str)
def test_a_mask_with_axes_of_size_one_stretches(shape):
    case = make("gru", 4, 3, 2, 5)
    larger = torch.rand(12, 20, dtype=torch.float64)  # so that reading too far stays inside the tensor
    case.noise = Noise({"h": larger[: shape[0], : shape[1]]}, {})
    assert_native_is_eager(case)


@pytest.mark.parametrize("kind", ["recurrent", "zoneout"])
def test_a_mask_of_another_dtype_is_converted(kind):
    case = make("gru", 4, 3, 2, 5)
    mask = torch.rand(64, 3, 5)[:4] if kind == "zoneout" else torch.rand(64, 5)[:3]
    case.noise = Noise(**{kind: {"h": mask}})
    assert_native_is_eager(case)


def test_where_float32_misses_the_truth_it_does_so_as_torch_does() -> None:
    # layer normalisation of W x is the same for every length of a single x: dE/dx is what is left of terms that cancel
    ratios, worst = [], {"eager": 0.0, "native": 0.0}
    for seed in range(1, 241, 6):
        case = make("lstm_layernorm", 7, 1, 1, 5, dtype=torch.float32, seed=seed)
        exact = exactly(case)
        assert_native_is_eager(exact, f"seed {seed}")
        truth = everything(exact, "eager")["dE/d x"]
        errors = {
            backend: float((everything(case, backend)["dE/d x"] - truth).abs().max() / truth.abs().max())
            for backend in worst
        }
        ratios.append(math.log(errors["native"] / errors["eager"]))
        worst = {backend: max(error, errors[backend]) for backend, error in worst.items()}
    assert worst["eager"] > 100 * tolerances.SHARE[torch.float32]
    assert worst["native"] < 4 * worst["eager"]
    assert abs(sum(ratios) / len(ratios)) < math.log(2)


@pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")
def test_slstm_in_float32_misses_the_truth_from_a_negative_normaliser_alone_and_as_torch_does() -> None:
    # where n <= 0, h = c / max(n, 1e-6) is up to 1e6, and the rounding of W_hh h is added to exponents; from n_0 >= 0
    # on, n is never negative
    errors: dict[tuple[str, str], float] = {}
    for start, seed in itertools.product(("any", "positive"), (0, 3)):
        case = make("slstm", 9, 5, 20, 33, ragged=True, resets=True, dtype=torch.float32, seed=seed)
        if start == "positive":
            case.states["n"] = case.states["n"].detach().abs().requires_grad_()
        truth = everything(exactly(case), "eager")
        for backend in ("eager", "native"):
            found = everything(case, backend)
            error = max(float((found[name] - truth[name]).abs().max() / truth[name].abs().max()) for name in truth)
            errors[start, backend] = max(errors.get((start, backend), 0.0), error)
    assert errors["any", "eager"] > 100 * tolerances.SHARE[torch.float32]
    assert errors["any", "native"] < 2 * errors["any", "eager"]
    assert errors["positive", "native"] < tolerances.SHARE[torch.float32]


def exactly(case: Case) -> Case:
    """The same case in float64."""
    noise = case.noise and Noise(
        *({name: mask.double() for name, mask in masks.items()} for masks in vars(case.noise).values())
    )
    return replace(
        case, noise=noise, x=doubled(case.x), states={name: doubled(state) for name, state in case.states.items()},
        parameters={name: doubled(parameter) for name, parameter in case.parameters.items()},
    )  # fmt: skip


def doubled(leaf: Tensor) -> Tensor:
    return leaf.detach().double().requires_grad_()
