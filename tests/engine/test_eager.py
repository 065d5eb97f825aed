"""The eager backend is the truth: it is held against the equations written out by hand, and against gradcheck."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recur.engine import Noise, run
from recur.errors import EquationError
from tests.engine.helpers import CELLS, SIZES, make
from tests.tolerances import close


def test_elman_is_the_slides_equation():
    case = make("elman", 4, 2, 3, 5)
    W_xh, W_hh, b = case.parameters.values()
    h = case.states["h"]
    result = run(case.equation, case.x, case.states, case.parameters, backend="eager")
    for t in range(4):
        h = torch.tanh(case.x[t] @ W_xh.T + h @ W_hh.T + b)
        close(result.outputs[t], h)
    close(result.states["h"], h)


def test_lstm_is_the_published_equation():
    case = make("lstm", 4, 2, 3, 5)
    W_xh, W_hh, b = case.parameters.values()
    h, c = case.states.values()
    result = run(case.equation, case.x, case.states, case.parameters, backend="eager", all_states=True)
    for t in range(4):
        i, f, g, o = (case.x[t] @ W_xh.T + h @ W_hh.T + b).chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        close(result.all_states["h"][t], h)
        close(result.all_states["c"][t], c)


def test_layer_norm_is_torchs():
    case = make("lstm_layernorm", 1, 2, 3, 5)
    p = case.parameters
    result = run(case.equation, case.x, case.states, p, backend="eager")
    norm = torch.nn.functional.layer_norm
    z = norm(case.x[0] @ p["W_xh"].T, (20,), p["g_x"]) + norm(case.states["h"] @ p["W_hh"].T, (20,), p["g_h"]) + p["b"]
    i, f, g, o = z.chunk(4, -1)
    c = f.sigmoid() * case.states["c"] + i.sigmoid() * g.tanh()
    close(result.outputs[0], o.sigmoid() * norm(c, (5,), p["g_c"], p["b_c"]).tanh())


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("reverse", [False, True])
def test_a_row_alone_gives_what_it_gives_in_a_ragged_batch(name, reverse):
    case = make(name, 6, 4, 3, 4, ragged=True, resets=True)
    both = run(case.equation, case.x, case.states, case.parameters, backend="eager", lengths=case.lengths,
               resets=case.resets, reverse=reverse)  # fmt: skip
    for row, length in enumerate(case.lengths.tolist()):
        alone = run(
            case.equation,
            case.x[:length, row : row + 1],
            {k: v[row : row + 1] for k, v in case.states.items()},
            case.parameters,
            backend="eager",
            resets=case.resets[:length, row : row + 1],
            reverse=reverse,
        )
        close(both.outputs[:length, row : row + 1], alone.outputs)
        assert not both.outputs[length:, row].any()
        for state, value in alone.states.items():
            close(both.states[state][row : row + 1], value)


@given(
    name=st.sampled_from(CELLS),
    T=st.integers(0, 6),
    B=st.integers(0, 4),
    reverse=st.booleans(),
    seed=st.integers(0, 99),
)
def test_padding_never_changes_a_result(name, T, B, reverse, seed):
    case = make(name, T, B, 2, 3, ragged=True, resets=True, seed=seed)
    lengths = case.lengths
    results = []
    for filler in (0.0, 1e9, float("nan")):
        padded = torch.arange(T).unsqueeze(1) >= lengths
        x = case.x.detach().masked_fill(padded.unsqueeze(-1), filler)
        results.append(run(case.equation, x, case.states, case.parameters, lengths=lengths, resets=case.resets,
                           reverse=reverse))  # fmt: skip
    for other in results[1:]:
        assert torch.equal(results[0].outputs, other.outputs)
        assert all(torch.equal(results[0].states[s], other.states[s]) for s in case.states)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_reset_makes_two_independent_sequences(reverse):
    case = make("lstm", 6, 2, 3, 4)
    resets = torch.zeros(6, 2, dtype=torch.bool)
    resets[4] = True
    whole = run(case.equation, case.x, None, case.parameters, resets=resets, reverse=reverse)
    first = run(case.equation, case.x[:4], None, case.parameters, reverse=reverse)
    second = run(case.equation, case.x[4:], None, case.parameters, reverse=reverse)
    close(whole.outputs, torch.cat([first.outputs, second.outputs]))


@pytest.mark.parametrize("name", CELLS)
def test_gradcheck_in_float64(name):
    case = make(name, 3, 2, 2, 2, ragged=True, noise=True)
    leaves = list(case.leaves.values())

    def outputs(x, *rest):
        states = dict(zip(case.states, rest[: len(case.states)], strict=True))
        parameters = dict(zip(case.parameters, rest[len(case.states) :], strict=True))
        result = run(case.equation, x, states, parameters, lengths=case.lengths, noise=case.noise, backend="eager")
        return result.outputs, *result.states.values()

    assert torch.autograd.gradcheck(outputs, leaves)


@pytest.mark.parametrize("name", ["elman", "lstm", "gru_reset_before", "lstm_layernorm"])
def test_second_derivatives_are_right(name):
    case = make(name, 2, 1, 2, 2)
    names = list(case.parameters)

    def energy(*values):
        return run(case.equation, case.x, None, dict(zip(names, values, strict=True)), backend="eager").outputs

    assert torch.autograd.gradgradcheck(energy, list(case.parameters.values()))


def test_vmap_and_forward_mode_go_to_eager_and_agree():
    case = make("gru", 3, 4, 2, 3)
    parameters = {k: v.detach() for k, v in case.parameters.items()}

    def energy(row):
        return run(case.equation, row.unsqueeze(1), None, parameters).outputs.square().sum()

    x = case.x.detach()
    per_sample = torch.func.vmap(torch.func.grad(energy), in_dims=1, out_dims=1)(x)
    leaf = x.clone().requires_grad_()
    run(case.equation, leaf, None, parameters, backend="eager").outputs.square().sum().backward()
    close(per_sample, leaf.grad)
    tangent = torch.ones_like(x[:, 0])
    _, derivative = torch.func.jvp(energy, (x[:, 0],), (tangent,))
    close(derivative, (leaf.grad[:, 0]).sum())


def test_noise_is_the_published_equation():
    case = make("elman", 2, 3, 2, 4)
    W_xh, W_hh, b = case.parameters.values()
    mask, keep = torch.rand(3, 4).double(), (torch.rand(2, 3, 4) < 0.5).double()
    result = run(case.equation, case.x, case.states, case.parameters, noise=Noise({"h": mask}, {"h": keep}))
    h = case.states["h"]
    for t in range(2):
        new = torch.tanh(case.x[t] @ W_xh.T + (h * mask) @ W_hh.T + b)
        h = keep[t] * h + (1 - keep[t]) * new
        close(result.outputs[t], h)


def test_recurrent_dropout_reaches_the_reset_gates_product():
    case = make("gru_reset_before", 2, 3, 2, 4)
    zeros = Noise({"h": torch.zeros(3, 4).double()})
    result = run(case.equation, case.x, case.states, case.parameters, noise=zeros)
    case.parameters["W_nh"] = torch.full_like(case.parameters["W_nh"], 1e3)
    close(run(case.equation, case.x, case.states, case.parameters, noise=zeros).outputs, result.outputs)


def test_recurrent_dropout_on_a_cell_without_a_recurrent_product_is_refused():
    case = make("indrnn", 2, 3, 2, 4)
    with pytest.raises(EquationError, match="no matrix product with the state h"):
        run(case.equation, case.x, None, case.parameters, noise=Noise({"h": torch.ones(3, 4)}))


@pytest.mark.parametrize(("T", "B", "X", "H"), SIZES)
def test_awkward_sizes_have_the_right_shapes(T, B, X, H):
    case = make("lstm", T, B, X, H)
    result = run(case.equation, case.x, case.states, case.parameters, all_states=True)
    assert result.outputs.shape == (T, B, H)
    assert result.all_states["c"].shape == (T, B, H)
    assert result.states["c"].shape == (B, H)


def test_bfloat16_rounds_products_and_keeps_the_state_in_float32():
    case = make("lstm", 5, 2, 8, 8, dtype=torch.float32)
    exact = run(case.equation, case.x, None, case.parameters)
    rough = run(case.equation, case.x, None, case.parameters, precision="bfloat16")
    assert rough.outputs.dtype == torch.float32
    assert not torch.equal(exact.outputs, rough.outputs)
    torch.testing.assert_close(rough.outputs, exact.outputs, rtol=5e-2, atol=5e-2)
