"""The eager backend is the truth: it is held against the equations written out by hand, and against gradcheck."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recur.engine import Noise, run
from recur.equations import equation, maximum, minimum
from recur.errors import EquationError
from tests.engine.helpers import CELLS, SIZES, make
from tests.tolerances import close, rounded


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


def gru_reset_before(x, h, p):
    r_x, z_x, n_x = (x @ p["W_xh"].T + p["b"]).chunk(3, -1)
    r_h, z_h = (h @ p["W_hh"].T).chunk(2, -1)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    return (z * h + (1 - z) * (n_x + (r * h) @ p["W_nh"].T).tanh(),)


def gru_layernorm(x, h, p):
    norm, width = torch.nn.functional.layer_norm, (p["g_x"].numel(),)
    r_x, z_x, n_x = (norm(x @ p["W_xh"].T, width, p["g_x"]) + p["b_x"]).chunk(3, -1)
    r_h, z_h, n_h = (norm(h @ p["W_hh"].T, width, p["g_h"]) + p["b_h"]).chunk(3, -1)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    return (z * h + (1 - z) * (n_x + r * n_h).tanh(),)


def lstm_peephole(x, h, c, p):
    i, f, g, o = (x @ p["W_xh"].T + h @ p["W_hh"].T + p["b"]).chunk(4, -1)
    new = (f + p["p_f"] * c).sigmoid() * c + (i + p["p_i"] * c).sigmoid() * g.tanh()
    return (o + p["p_o"] * new).sigmoid() * new.tanh(), new


def lstm_projected(x, h, c, p):
    i, f, g, o = (x @ p["W_xh"].T + h @ p["W_hh"].T + p["b"]).chunk(4, -1)
    new = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return (o.sigmoid() * new.tanh()) @ p["W_hr"].T, new


def indrnn(x, h, p):
    return ((x @ p["W_xh"].T + p["u"] * h + p["b"]).relu(),)


def minimal_gated_unit(x, h, p):
    f_x, n_x = (x @ p["W_xh"].T + p["b"]).chunk(2, -1)
    f = (f_x + h @ p["W_fh"].T).sigmoid()
    return ((1 - f) * h + f * (n_x + (f * h) @ p["W_nh"].T).tanh(),)


WRITTEN_OUT = [gru_reset_before, gru_layernorm, lstm_peephole, lstm_projected, indrnn, minimal_gated_unit]


@pytest.mark.parametrize("step", WRITTEN_OUT, ids=lambda step: step.__name__)
def test_a_cell_is_its_published_equation_written_out(step):
    case = make(step.__name__, 4, 2, 3, 5)
    result = run(case.equation, case.x, case.states, case.parameters, backend="eager", all_states=True)
    states = tuple(case.states.values())
    for t in range(4):
        states = step(case.x[t], *states, case.parameters)
        for name, value in zip(case.states, states, strict=True):
            close(result.all_states[name][t], value, name)


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


@pytest.mark.parametrize("name", CELLS)
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


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_runs_under_vmap_and_in_forward_mode(name):
    case = make(name, 3, 4, 2, 3)
    names = list(case.parameters)
    values = [p.detach() for p in case.parameters.values()]
    x, lengths = case.x.detach(), torch.tensor([3])

    def outputs(x, *values):
        result = run(case.equation, x, None, dict(zip(names, values, strict=True)), lengths=lengths - 1, backend="auto")
        return result.outputs

    rows = torch.func.vmap(lambda row: outputs(row.unsqueeze(1), *values), in_dims=1, out_dims=1)(x)
    whole = run(case.equation, x, None, case.parameters, lengths=torch.full((4,), 2), backend="eager").outputs
    close(rows.squeeze(2), whole.detach())
    arguments = tuple(range(1 + len(values)))
    row = x[:, :1]
    backwards = torch.func.jacrev(outputs, arguments)(row, *values)
    forwards = torch.func.jacfwd(outputs, arguments)(row, *values)
    for a, b in zip(forwards, backwards, strict=True):
        close(a, b)
    per_row = torch.func.vmap(torch.func.grad(lambda row, *v: outputs(row.unsqueeze(1), *v).sum(), arguments),
                              in_dims=(1, *[None] * len(values)))(x, *values)  # fmt: skip
    leaves = [case.x, *case.parameters.values()]
    two = torch.full((4,), 2)
    total = run(case.equation, case.x, None, case.parameters, lengths=two, backend="eager").outputs.sum()
    close(per_row[0].transpose(0, 1), torch.autograd.grad(total, leaves, retain_graph=True)[0])
    for a, b in zip(per_row[1:], torch.autograd.grad(total, leaves)[1:], strict=True):
        close(a.sum(0), b)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32], ids=str)
@pytest.mark.parametrize("size", [(1, 1, 1, 1), (2, 0, 3, 2), (1, 3, 2, 1), (4, 1, 2, 3)], ids=str)
def test_every_dtype_keeps_to_itself_at_awkward_sizes(name, dtype, size):
    case = make(name, *size, ragged=True, resets=True, noise=True, dtype=dtype)
    options = {"lengths": case.lengths, "resets": case.resets, "noise": case.noise, "all_states": True}
    result = run(case.equation, case.x, case.states, case.parameters, **options)
    exact = make(name, *size, ragged=True, resets=True, noise=True, dtype=dtype)
    wide = {k: v.double() for k, v in exact.parameters.items()}
    states = {k: v.double() for k, v in exact.states.items()}
    masks = Noise({k: v.double() for k, v in exact.noise.recurrent.items()},
                  {k: v.double() for k, v in exact.noise.zoneout.items()})  # fmt: skip
    reference = run(case.equation, exact.x.double(), states, wide, **{**options, "noise": masks})
    result.outputs.float().sum().backward()
    assert case.x.grad.dtype == dtype
    for state, value in result.all_states.items():
        assert value.dtype == result.states[state].dtype == dtype
        if "layernorm" not in name:
            # a norm over one or two units multiplies a rounding error by the inverse of their spread
            close(value, reference.all_states[state].to(dtype), state)


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
    rounded(rough.outputs, exact.outputs)


@pytest.mark.parametrize("word", [maximum, minimum])
def test_a_constant_keeps_the_precision_of_the_layer_whichever_side_it_is_on(word):
    @equation(x="H", h="H", a="H")
    def left(x, h, a):
        return word(0.1, a * h) + x

    @equation(x="H", h="H", a="H")
    def right(x, h, a):
        return word(a * h, 0.1) + x

    case = make(left, 3, 2, 4, 4)
    found = [run(one, case.x, case.states, case.parameters, backend="eager").outputs for one in (left, right)]
    assert torch.equal(*found)
