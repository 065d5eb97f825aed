"""Compiled gradients are torch's gradients: checked by differences, taken in part, again, twice, in any layout."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from recur.engine import Packing, bptt, prepare, run
from recur.engine.native import passes
from recur.engine.native.compiled_cell import compiled_cell, parameters_of
from tests.engine.helpers import CELLS, assert_native_is_eager, everything, make
from tests.tolerances import close

DOUBLE = torch.float64


@pytest.fixture(autouse=True)
def _memory_is_full_of_nan(monkeypatch):
    monkeypatch.setenv("RECUR_FILL_NAN", "1")


def function_of_leaves(case, **options):
    names = list(case.leaves)

    def outputs(*leaves):
        given = dict(zip(names, leaves, strict=True))
        states = {name: given[f"{name}_0"] for name in case.states}
        parameters = {name: given[name] for name in case.parameters}
        result = run(case.equation, given["x"], states, parameters, lengths=case.lengths, resets=case.resets,
                     noise=case.noise, backend="native", **options)  # fmt: skip
        assert result.report.ran == "native"
        return (result.outputs, *result.states.values(), *(result.all_states or {}).values())

    return outputs


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", CELLS)
def test_gradients_are_what_differences_say(name, reverse):
    case = make(name, 3, 2, 2, 3, ragged=True, resets=True, noise=reverse, seed=4)
    assert gradcheck(
        function_of_leaves(case, reverse=reverse, all_states=True), tuple(case.leaves.values()), fast_mode=True
    )


@pytest.mark.parametrize("name", CELLS)
def test_second_derivatives_are_what_differences_say(name):
    case = make(name, 2, 2, 2, 2, ragged=True, noise=True, seed=4)
    assert gradgradcheck(
        function_of_leaves(case, all_states=name == "lstm"), tuple(case.leaves.values()), fast_mode=True
    )


def test_a_gradient_that_will_be_differentiated_is_the_plain_gradient():
    case = make("gru_layernorm", 4, 3, 2, 5, ragged=True, resets=True)
    leaves = tuple(case.leaves.values())
    outputs = function_of_leaves(case)(*leaves)[0]
    plain = torch.autograd.grad(outputs.square().sum(), leaves, retain_graph=True)
    again = torch.autograd.grad(outputs.square().sum(), leaves, create_graph=True)
    for a, b in zip(again, plain, strict=True):
        close(a.detach(), b)


@pytest.mark.parametrize("name", CELLS)
def test_a_retained_graph_gives_its_gradients_again(name):
    case = make(name, 4, 3, 2, 5)
    leaves = tuple(case.leaves.values())
    outputs = function_of_leaves(case)(*leaves)[0]
    first = torch.autograd.grad(outputs.square().sum(), leaves, retain_graph=True)
    run(case.equation, case.x * 2, None, case.parameters).outputs.sum().backward()  # other work between the two
    second = torch.autograd.grad(outputs.square().sum(), leaves)
    for a, b in zip(first, second, strict=True):
        assert torch.equal(a, b)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        torch.autograd.grad(outputs.square().sum(), leaves)


@pytest.mark.parametrize("name", ["lstm", "gru", "lstm_projected", "indrnn", "gru_reset_before"])
def test_any_choice_of_leaves_gets_the_gradients_it_gets_among_all(name):
    whole = everything(make(name, 4, 3, 2, 5, ragged=True), "native")
    names = list(make(name, 4, 3, 2, 5).leaves)
    for chosen in [(one,) for one in names] + list(itertools.pairwise(names)):
        case = make(name, 4, 3, 2, 5, ragged=True)
        for leaf in set(names) - set(chosen):
            case.leaves[leaf].requires_grad_(False)
        found = everything(case, "native")
        assert [key for key in found if key.startswith("dE")] == [f"dE/d {one}" for one in names if one in chosen]
        for one in chosen:
            close(found[f"dE/d {one}"], whole[f"dE/d {one}"], f"{name} {one} of {chosen}")


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("used", ["the last state only", "one step only", "the inner series only"])
def test_outputs_that_nobody_uses_have_no_part_in_the_gradient(name, used):
    found = []
    for backend in ("eager", "native"):
        case = make(name, 4, 3, 2, 5, ragged=True, resets=True)
        result = run(case.equation, case.x, case.states, case.parameters, lengths=case.lengths, resets=case.resets,
                     backend=backend, all_states=True)  # fmt: skip
        last = list(case.states)[-1]
        error = (
            {
                "the last state only": result.states[last],
                "one step only": result.outputs[1],
                "the inner series only": result.all_states[last],
            }[used]
            .square()
            .sum()
        )
        gradients = torch.autograd.grad(error, list(case.leaves.values()), allow_unused=True)
        found.append([
            torch.zeros_like(leaf) if gradient is None else gradient
            for leaf, gradient in zip(case.leaves.values(), gradients, strict=True)
        ])  # fmt: skip
    for leaf, a, b in zip(case.leaves, *found, strict=True):
        close(b, a, f"{name} {leaf}")


@pytest.mark.parametrize("name", ["lstm", "gru", "elman_relu"])
def test_an_outer_gradient_in_any_layout_is_read_right(name):
    T, B, H = 4, 3, 5
    generator = torch.Generator().manual_seed(1)

    def random(*shape):
        return torch.randn(*shape, dtype=DOUBLE, generator=generator)

    layouts = {
        "one number": random(1, 1, 1).expand(T, B, H),
        "the same at all steps": random(1, B, H).expand(T, B, H),
        "the same for all rows": random(T, 1, H).expand(T, B, H),
        "the same for all units": random(T, B, 1).expand(T, B, H),
        "batch first": random(B, T, H).transpose(0, 1),
        "units outermost": random(H, T, B).permute(1, 2, 0),
        "every second unit": random(T, B, 2 * H)[..., ::2],
        "a part of something wider": random(T, B, 3 * H)[..., H : 2 * H],
        "every second step": random(2 * T, B, H)[::2],
    }
    case = make(name, T, B, 2, H)
    leaves = list(case.leaves.values())
    for layout, seed in layouts.items():
        assert seed.shape == (T, B, H)
        expected = run(case.equation, case.x, case.states, case.parameters, backend="eager").outputs
        found = run(case.equation, case.x, case.states, case.parameters, backend="native").outputs
        gradients = [torch.autograd.grad(one, leaves, seed) for one in (found, expected)]
        for a, b in zip(*gradients, strict=True):
            close(a, b, f"{name} {layout}")


@pytest.mark.parametrize("name", ["lstm", "gru_layernorm", "gru_reset_before"])
def test_inputs_states_and_weights_in_any_layout_are_read_right(name):
    def relaid(tensor, kind):
        value = tensor.detach()
        if kind == "axes swapped":
            value = value.transpose(0, 1).contiguous().transpose(0, 1) if value.dim() > 1 else value
        elif kind == "apart":
            value = torch.stack([value, value.new_full((), float("nan")).expand_as(value)], -1)[..., 0]
        elif kind == "a window":
            value = torch.nn.functional.pad(value, (2, 3))[..., 2:-3]
        elif kind == "one row for all":
            value = value[:, :1].expand_as(value) if value.dim() == 3 else value
        return value.requires_grad_()

    for kind, reverse in itertools.product(("axes swapped", "apart", "a window", "one row for all"), (False, True)):
        case = make(name, 4, 3, 2, 5, ragged=True, resets=True)
        case.x = relaid(case.x, kind)
        case.states = {state: relaid(value, kind) for state, value in case.states.items()}
        case.parameters = {p: relaid(value, kind) for p, value in case.parameters.items()}
        case.resets = torch.stack([case.resets] * 2, -1)[..., 0]
        assert_native_is_eager(case, kind, reverse=reverse)


def test_outputs_are_laid_out_as_the_inputs_are():
    case = make("lstm", 4, 3, 2, 5)
    time_first = run(case.equation, case.x, None, case.parameters, backend="native").outputs
    batch_first = run(
        case.equation, case.x.transpose(0, 1).contiguous().transpose(0, 1), None, case.parameters, backend="native"
    ).outputs
    assert time_first.is_contiguous()
    assert batch_first.transpose(0, 1).is_contiguous()
    assert torch.equal(time_first, batch_first)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("counts", [[3, 3, 2, 1], [1, 1], [4], [5, 3, 3, 3, 1]], ids=str)
@pytest.mark.parametrize("name", CELLS)
def test_packed_rows_give_what_padded_rows_give(name, counts, reverse):
    packing = Packing(torch.tensor(counts))
    case = make(name, packing.steps, packing.rows, 2, 5, resets=True)
    case.x = packing.pack(case.x.detach()).requires_grad_()
    assert_native_is_eager(case, "packed", packing=packing, reverse=reverse)


@pytest.mark.parametrize("options", [{}, {"all_states": True}, {"reverse": True}], ids=str)
def test_without_gradients_the_outputs_are_the_same_and_nothing_is_recorded(options):
    case = make("lstm_peephole", 4, 3, 2, 5, ragged=True)
    recorded = function_of_leaves(case, **options)(*case.leaves.values())
    with torch.no_grad():
        plain = function_of_leaves(case, **options)(*case.leaves.values())
    with torch.inference_mode():
        inferred = function_of_leaves(case, **options)(*case.leaves.values())
    assert all(value.requires_grad for value in recorded)
    assert not any(value.requires_grad for value in (*plain, *inferred))
    for a, b, c in zip(recorded, plain, inferred, strict=True):
        close(b, a.detach())
        close(c.clone(), a.detach())


def test_weights_that_were_changed_since_the_forward_pass_are_refused():
    case = make("gru", 3, 2, 2, 3)
    outputs = run(case.equation, case.x, None, case.parameters, backend="native").outputs
    with torch.no_grad():
        case.parameters["W_hh"].mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        outputs.sum().backward()


def test_outputs_may_be_changed_in_place():
    case = make("gru", 3, 2, 2, 3)
    expected = run(case.equation, case.x, None, case.parameters, backend="eager").outputs.mul(2).sin().sum()
    found = run(case.equation, case.x, None, case.parameters, backend="native").outputs.mul_(2).sin_().sum()
    leaves = [case.x, *case.parameters.values()]
    for a, b in zip(torch.autograd.grad(found, leaves), torch.autograd.grad(expected, leaves), strict=True):
        close(a, b)


def test_a_recomputed_pass_gives_the_same_gradients():
    from torch.utils.checkpoint import checkpoint

    case = make("lstm", 4, 3, 2, 5)
    leaves = [case.x, *case.parameters.values()]

    def outputs(x):
        return run(case.equation, x, None, case.parameters, backend="native").outputs

    plain = torch.autograd.grad(outputs(case.x).square().sum(), leaves)
    again = torch.autograd.grad(checkpoint(outputs, case.x, use_reentrant=False).square().sum(), leaves)
    for a, b in zip(again, plain, strict=True):
        close(a, b)


@pytest.mark.parametrize("reverse", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("resets", [False, True], ids=["without resets", "resets"])
@pytest.mark.parametrize("ragged", [False, True], ids=["dense", "ragged"])
@pytest.mark.parametrize("name", ["elman", "lstm", "gru_reset_before", "lstm_projected", "simple_recurrent_unit"])
def test_recorded_norms_are_those_of_bptt_written_out(name, ragged, resets, reverse):
    case = make(name, 7, 3, 4, 18, ragged=ragged, resets=resets)
    leaves = {key: value.detach() for key, value in case.leaves.items()}
    call = prepare(
        case.equation, leaves["x"], {s: leaves[f"{s}_0"] for s in case.states},
        {p: leaves[p] for p in case.parameters}, case.lengths, case.resets, reverse,
    )  # fmt: skip
    cell = compiled_cell(call)
    parameters = parameters_of(cell, call)
    tensors = [call.x, *call.states.values(), *(parameters[n] for n in (*cell.matrices, *cell.vectors))]
    outputs, tape = passes.forward(cell, call, tensors, training=True)
    seeds = [torch.randn_like(o) for o in outputs]
    norms = torch.zeros(len(cell.states), 7, dtype=torch.float64)
    passes.backward(cell, call, tensors, tape, seeds, [True] * len(tensors), norms=norms)

    _, written = bptt.forward(call.without_padding())
    finals = dict(zip(cell.states, seeds[1:], strict=True))
    totals = bptt.backward(written, seeds[0], finals).totals
    live = torch.ones(7, 3, 1) if case.lengths is None else (torch.arange(7)[:, None] < case.lengths)[..., None]
    for number, state in enumerate(cell.states):
        expected = (totals[state] * live).square().sum((1, 2))
        close(norms[number], expected, state)
