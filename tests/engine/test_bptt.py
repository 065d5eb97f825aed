"""The explicit BPTT gives the gradients of autograd through the eager loop: every cell, every gradient, float64."""

import pytest
import torch

from recur.compiler.gradient import gradient
from recur.compiler.plan import backward_plan, plan
from recur.engine import bptt, prepare, run
from recur.equations import (
    absolute,
    concat,
    cos,
    equation,
    exp,
    get,
    layer_norm,
    log,
    maximum,
    mean,
    minimum,
    relu,
    sigmoid,
    sin,
    softplus,
    split,
    sqrt,
    tanh,
    total,
)  # fmt: skip
from tests.engine.helpers import CELLS, SIZES, make
from tests.tolerances import close


def detached(values):
    return {name: value.detach() for name, value in values.items()}


def both(case, reverse):
    """Gradients by autograd through the eager loop, and by the explicit BPTT."""
    options = {"lengths": case.lengths, "resets": case.resets, "reverse": reverse, "noise": case.noise}
    result = run(case.equation, case.x, case.states, case.parameters, backend="eager", all_states=True, **options)
    dy = torch.randn_like(result.outputs)
    final = {name: torch.randn_like(state) for name, state in result.states.items()}
    error = (result.outputs * dy).sum() + sum((result.states[s] * final[s]).sum() for s in final)
    names = list(case.leaves)
    found = torch.autograd.grad(error, list(case.leaves.values()), allow_unused=True)
    expected = {n: torch.zeros_like(case.leaves[n]) if g is None else g for n, g in zip(names, found, strict=True)}
    call = prepare(case.equation, case.x.detach(), detached(case.states), detached(case.parameters), **options)
    again, tape = bptt.forward(call)
    close(again.outputs, result.outputs.detach())
    for state in result.states:
        close(again.states[state], result.states[state].detach())
        close(again.all_states[state], result.all_states[state].detach())
    gradients = bptt.backward(tape, dy, final)
    actual = {
        "x": gradients.x,
        **{f"{s}_0": d for s, d in gradients.states.items()},
        **gradients.parameters,
    }
    return expected, actual, gradients, result, error


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("variant", ["plain", "ragged", "resets", "noise", "all"])
def test_explicit_bptt_equals_autograd(name, reverse, variant):
    for seed, size in enumerate(SIZES):
        options = {k: variant in (k, "all") for k in ("ragged", "resets", "noise")}
        expected, actual, *_ = both(make(name, *size, seed=seed, **options), reverse)
        assert expected.keys() == actual.keys()
        for leaf in expected:
            close(actual[leaf], expected[leaf], f"{name} {size} d{leaf}")


def test_every_operation_of_the_language_has_its_derivative():
    @equation(x="X", h="H", c="H", W="4H X", U="2H H", g="H = 1", s="1")
    def everything(x, h, c, W, U, g, s):
        a, b, d, e = split(W @ x, 4)
        u, v = split(tanh(U @ h), 2)
        p = sigmoid(a) * c + exp(-(b**2)) * sin(u) - cos(v) / (1.5 + sigmoid(d))
        q = log(1 + softplus(p)) + sqrt(1 + p * p) * relu(e) + absolute(u) + maximum(a, v) - minimum(p, 0.3)
        r = layer_norm(q, g, 0.1) + mean(p) + total(a) * s
        first, second = split(concat(r, q, p, r), 2)
        left, right = split(first, 2)
        return tanh(left) + right * 0.1, split(second, 2)[1] * 0.5 + 2 / (3 + u * u)

    for size in SIZES:
        expected, actual, *_ = both(make(everything, *size, ragged=True), reverse=False)
        for leaf in expected:
            close(actual[leaf], expected[leaf], f"{size} d{leaf}")


def test_a_matrix_that_multiplies_a_sum_as_it_is_and_transposed_has_its_whole_gradient():
    @equation(x="X", h="H", W="H H", U="H X")
    def tied(x, h, W, U):
        return tanh(W.T @ (h + sigmoid(W @ h)) + U @ x)

    expected, actual, *_ = both(make(tied, 4, 2, 3, 5), reverse=False)
    for leaf in expected:
        close(actual[leaf], expected[leaf], leaf)


def test_where_a_maximum_is_a_tie_each_side_gets_half():
    @equation(x="X", h="H", c="H", W="H X", U="H H")
    def tied(x, h, c, W, U):
        z = W @ x + U @ h
        return maximum(h, 0.0) + minimum(c, h) + maximum(z, 2 * z - z), minimum(h, 0.0) + relu(c) + absolute(c) + z

    case = make(tied, 3, 2, 2, 3)
    case.states = {name: torch.zeros_like(state).requires_grad_() for name, state in case.states.items()}
    expected, actual, *_ = both(case, reverse=False)
    for leaf in expected:
        close(actual[leaf], expected[leaf], leaf)


def test_totals_are_the_derivatives_through_time():
    """dE/dh_t contains what every later step contributes, which a hook on the output would not show."""
    case = make("elman", 5, 2, 3, 4)
    hidden = []
    h = case.states["h"].detach()
    W_xh, W_hh, b = (p.detach() for p in case.parameters.values())
    for t in range(5):
        h = torch.tanh(case.x[t].detach() @ W_xh.T + h @ W_hh.T + b).requires_grad_()
        h.retain_grad()
        hidden.append(h)
    hidden[-1].sum().backward()
    call = prepare(case.equation, case.x.detach(), detached(case.states), detached(case.parameters))
    result, tape = bptt.forward(call)
    dy = torch.zeros_like(result.outputs)
    dy[-1] = 1
    totals = bptt.backward(tape, dy).totals["h"]
    for t in range(5):
        close(totals[t], hidden[t].grad)


@pytest.mark.parametrize("name", CELLS)
def test_the_shares_of_the_steps_sum_to_the_gradient(name):
    *_, gradients, _, _ = both(make(name, 5, 3, 3, 4, ragged=True), reverse=False)
    for matrix, pairs in gradients.products.items():
        shares = sum(torch.einsum("tbm,tbn->tmn", dz, v) for dz, v in pairs)
        close(shares.sum(0), gradients.parameters[matrix])


def test_paths_are_told_apart():
    derived = gradient(get("elman").graph)
    assert derived.products["W_xh"][0][1] is get("elman").graph.input
    assert derived.products["W_hh"][0][1] is get("elman").graph.states["h"]


def test_the_plan_hoists_the_input_product_and_defers_the_weight_gradients():
    graph = get("lstm").graph
    planned, backward = plan(graph), backward_plan(graph)
    assert [n.attribute for node in planned.before if node.op == "matvec" for n in node.args[:1]] == ["W_xh"]
    assert [n.attribute for node in planned.inside if node.op == "matvec" for n in node.args[:1]] == ["W_hh"]
    transposed = [node.args[0].attribute for node in backward.inside if node.op == "matvec_transposed"]
    assert transposed == ["W_hh"]
    assert [node.args[0].attribute for node in backward.after if node.op == "matvec_transposed"] == ["W_xh"]


def test_the_gradient_goes_through_one_minus_a_mean():
    @equation(x="H", h="H", W_hh="H H")
    def scaled(x, h, W_hh):
        return tanh(W_hh @ h + x) * (1 - mean(h))

    case = make(scaled, 3, 2, 4, 4)
    result = run(scaled, case.x, case.states, case.parameters, backend="eager")
    expected = torch.autograd.grad(result.outputs.sum(), [case.x, *case.states.values()])
    result, tape = bptt.forward(prepare(scaled, case.x.detach(), detached(case.states), detached(case.parameters)))
    found = bptt.backward(tape, torch.ones_like(result.outputs))
    for a, b in zip([found.x, *found.states.values()], expected, strict=True):
        close(a, b)
