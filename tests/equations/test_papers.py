"""Cells of the literature: native is eager, BPTT is autograd, and each does what its paper says it does."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import torch

from recur import equations
from recur.engine import run
from recur.equations.diagram import drawing, svg
from recur.equations.naming import naming
from recur.equations.papers import legendre_memory
from recur.errors import EquationError
from recur.nn import Recurrent
from tests.engine.helpers import assert_native_is_eager, make, threads
from tests.engine.test_bptt import both
from tests.tolerances import APPROXIMATED, DOUBLE, SHOWN, agree, close, largest

pytestmark = pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")

PAPERS = sorted(set(equations.names()) - set(equations.stock()))
EAGER = ("short_attention",)  # the rows of its matrix move
NOT_SMOOTH = {"leaky_integrate_and_fire", "phased_lstm", "boundary_lstm"}
MATRICES = ("fast_weights", "linear_attention", "mlstm", "mlstm_heads")


def case(name: str, T: int = 5, B: int = 3, H: int = 4, **options: bool):
    """A random recurrence whose inputs are positive, as times are."""
    made = make(name, T, B, 3, H, **options)
    made.x = made.x.detach().abs().requires_grad_()
    return made


@pytest.mark.parametrize("name", [name for name in PAPERS if name not in EAGER])
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
def test_native_is_eager(name: str, reverse: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECUR_FILL_NAN", "1")
    assert_native_is_eager(case(name, ragged=True, resets=True), reverse=reverse)
    with threads(2):
        assert_native_is_eager(case(name, T=3, B=2, H=37, ragged=True), reverse=reverse)


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize(("T", "B", "H"), [(3, 2, 131), (2, 17, 9)], ids=["of elements", "of rows"])
def test_threads_that_share_a_matrix_compute_what_one_does(
    name: str, T: int, B: int, H: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECUR_FILL_NAN", "1")
    with threads(2):
        assert_native_is_eager(case(name, T, B, H, ragged=True, resets=True), reverse=T == 2)


@pytest.mark.parametrize("name", MATRICES)
def test_a_matrix_memory_in_a_stream_is_that_of_the_layer(name: str) -> None:
    torch.manual_seed(0)
    sizes = {"heads": 3} if name == "mlstm_heads" else None
    layer, x = Recurrent(name, 3, 6, sizes=sizes).eval(), torch.randn(5, 2, 3)
    stream = layer.stream(2)
    steps = torch.stack([torch.as_tensor(stream.step(one)).clone() for one in x])
    close(steps, layer(x)[0].detach())


@pytest.mark.parametrize(("T", "B", "H"), [(3, 2, 132), (2, 17, 12), (3, 2, 51), (2, 3, 3)], ids=str)
def test_threads_that_share_the_matrices_of_heads_compute_what_one_does(
    T: int, B: int, H: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECUR_FILL_NAN", "1")
    with threads(2):
        assert_native_is_eager(case("mlstm_heads", T, B, H, ragged=True, resets=True), reverse=T == 2)


def test_each_head_of_the_mlstm_is_an_mlstm_of_its_own() -> None:
    heads, size = 3, 2
    given = weights("mlstm_heads", X=3, H=heads * size, heads=heads)
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    whole = run(equations.get("mlstm_heads"), x, None, given)
    for head in range(heads):
        rows = torch.cat([torch.arange(size) + size * (heads * part + head) for part in range(4)])
        one = {"W_x": given["W_x"][rows], "b": given["b"][rows]}
        one |= {f"w_{gate}": given[f"W_{gate}"][head : head + 1] for gate in "if"}
        one |= {f"b_{gate}": given[f"b_{gate}"][head : head + 1] for gate in "if"}
        expected = run(equations.get("mlstm"), x, None, one)
        close(whole.outputs[..., head * size : (head + 1) * size], expected.outputs, f"head {head}")
        close(whole.states["C"].reshape(2, heads, -1)[:, head], expected.states["C"], f"the matrix of head {head}")


def test_heads_that_do_not_divide_the_units_are_refused() -> None:
    with pytest.raises(EquationError, match="heads = 3 parts do not divide H = 4"):
        Recurrent("mlstm_heads", 2, 4, sizes={"heads": 3})


@pytest.mark.parametrize("name", EAGER)
def test_a_matrix_whose_rows_move_runs_in_torch_and_the_report_says_so(name: str) -> None:
    layer = Recurrent(name, 3, 4, sizes=dict.fromkeys(equations.get(name).free_sizes, 2) or None)
    layer(torch.randn(5, 2, 3))[0].sum().backward()
    assert layer.backend_report().ran == "eager"
    assert "the rows of a matrix that is a state are moved" in layer.backend_report().reasons["native"]


@pytest.mark.parametrize("name", PAPERS)
@pytest.mark.parametrize("variant", ["ragged", "resets"])
def test_explicit_bptt_is_autograd(name: str, variant: str) -> None:
    expected, actual, *_ = both(case(name, **{variant: True}), reverse=False)
    for leaf in expected:
        close(actual[leaf], expected[leaf], f"{name} d{leaf}")


# spikes and binary gates have the derivative of another function, and a phase jumps where a period ends
@pytest.mark.parametrize("name", sorted(set(PAPERS) - NOT_SMOOTH))
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    made = case(name, T=3, B=2, H=3)
    names = list(made.leaves)

    def outputs(*leaves: torch.Tensor) -> torch.Tensor:
        given = dict(zip(names, leaves, strict=True))
        states = {state: given.pop(f"{state}_0") for state in made.equation.states}
        return run(made.equation, given.pop("x"), states, given, backend="eager").outputs

    assert torch.autograd.gradcheck(outputs, tuple(made.leaves.values()), rtol=1e-6, atol=1e-7, fast_mode=True)


@pytest.mark.parametrize("name", PAPERS)
def test_a_cell_can_be_read_and_drawn(name: str) -> None:
    cell = equations.get(name)
    assert cell.reference
    assert len(naming(cell).lines) >= 1
    picture = svg(cell.graph)
    assert picture.count("<rect") == len(drawing(cell.graph).boxes)
    assert all(f">{state}</tspan>" in picture for state in cell.states)


def weights(name: str, **sizes: int) -> dict[str, torch.Tensor]:
    cell, generator = equations.get(name), torch.Generator().manual_seed(1)
    return {p: torch.randn(cell.shape(p, **sizes), generator=generator).double() for p in cell.parameters}


def test_linear_attention_is_causal_attention_with_its_feature_map() -> None:
    given = weights("linear_attention", X=3, H=4)
    x = torch.randn(6, 2, 3, dtype=torch.float64)
    k, v, q = (x @ given["W_x"].t() + given["b"]).chunk(3, -1)
    k, q = torch.nn.functional.elu(k) + 1, torch.nn.functional.elu(q) + 1
    scores = torch.einsum("tbh,sbh->bts", q, k).tril()
    expected = torch.einsum("bts,sbh->tbh", scores, v) / (scores.sum(-1).t().unsqueeze(-1) + 1e-6)
    close(run(equations.get("linear_attention"), x, None, given).outputs, expected, "outputs")


def test_the_mlstm_is_its_parallel_form() -> None:
    given = weights("mlstm", X=3, H=4)
    x = torch.randn(6, 1, 3, dtype=torch.float64)
    q, k, v, o = (x @ given["W_x"].t() + given["b"])[:, 0].chunk(4, -1)
    log_i = (x[:, 0] @ given["w_i"].t() + given["b_i"])[:, 0]
    log_f = torch.nn.functional.logsigmoid(x[:, 0] @ given["w_f"].t() + given["b_f"])[:, 0].cumsum(0)
    # the stabiliser starts from 0, which is one more way through all forget gates
    decay = log_f.unsqueeze(1) - log_f.unsqueeze(0) + log_i.unsqueeze(0)
    decay = decay.masked_fill(torch.ones(6, 6).triu(1).bool(), -torch.inf)
    top = torch.maximum(decay.amax(1), log_f)
    scores = (q @ k.t() / 2) * torch.exp(decay - top.unsqueeze(1))
    normaliser = torch.maximum(scores.sum(1).abs(), torch.exp(-top))
    expected = torch.sigmoid(o) * (scores @ v) / normaliser.unsqueeze(1)
    close(run(equations.get("mlstm"), x, None, given).outputs[:, 0], expected, "outputs")


def test_fast_weights_give_back_what_was_stored_under_a_key() -> None:
    # keys that a softmax makes nearly one-hot, written with all strength
    given = {"W_x": torch.zeros(12, 5), "w_b": torch.tensor([[50.0, 50.0, 50.0, 50.0, 0.0]]), "b": torch.zeros(12)}
    given["W_x"][0:4, 0:4] = given["W_x"][8:12, 0:4] = 40 * torch.eye(4)
    given["W_x"][4:8, 4] = torch.tensor([1.0, 2.0, 3.0, 4.0])
    x = torch.zeros(3, 1, 5)
    x[0, 0, [0, 4]] = torch.tensor([1.0, 1.0])  # under key 0
    x[1, 0, [2, 4]] = torch.tensor([1.0, -1.0])  # under key 2
    x[2, 0, [0, 4]] = torch.tensor([1.0, 7.0])  # key 0 again, another value
    outputs = run(equations.get("fast_weights"), x, None, given).outputs[:, 0]
    for t, factor in enumerate((1.0, -1.0, 7.0)):
        close(outputs[t], factor * torch.tensor([1.0, 2.0, 3.0, 4.0]), f"step {t}")


@pytest.mark.parametrize("order", [1, 6])
def test_the_legendre_memory_is_the_delay_of_its_paper_and_gives_back_old_inputs(order: int) -> None:
    cell, steps = legendre_memory.window(20), 20
    q = np.arange(order)
    a = np.array([[(2 * i + 1) * (-1 if i < j else (-1) ** (i - j + 1)) for j in q] for i in q]) / steps
    b = np.array([[(2 * i + 1) * (-1) ** i] for i in q]) / steps
    A, B, *_ = scipy.signal.cont2discrete((a, b, np.eye(order), np.zeros((order, 1))), 1.0, "zoh")
    agree(cell.fixed_value("A", N=order, X=1, H=1), A, DOUBLE)
    agree(cell.fixed_value("B", N=order, X=1, H=1), B, DOUBLE)
    if order == 1:
        return
    signal = np.sin(np.arange(100) * 2 * np.pi / 60)
    # each value is held for a step, so that a window ago is its middle
    expected = np.sin((np.arange(60, 100) - steps + 0.5) * 2 * np.pi / 60)
    m, ago = np.zeros((order, 1)), []
    for value in signal:
        m = A @ m + B * value
        ago.append(float(np.polynomial.legendre.legval(1.0, m[:, 0] * 1.0)))
    # at 1 the polynomials give the input of a whole window ago
    agree(ago[60:], expected, APPROXIMATED)


def test_the_last_states_are_kept_in_order_and_older_ones_are_dropped() -> None:
    layer = Recurrent("short_attention", 2, 3, sizes={"K": 2})
    _, (_, h, _, kept), states = layer(torch.randn(5, 1, 2), return_all_states=True)
    every = states[0][0]["h"]
    close(h[0], every[-1], "the last state")
    close(kept[0, 0].reshape(2, 3), torch.stack([every[4, 0], every[3, 0]]), "the last two, the newest first")


def test_a_unit_of_ordered_neurons_is_kept_at_least_as_long_as_those_before_it() -> None:
    given = weights("ordered_lstm", X=3, H=6)
    x = torch.randn(1, 4, 3, dtype=torch.float64)
    forget = torch.softmax((x[0] @ given["W_xh"].t() + given["b"]).chunk(6, -1)[4], -1).cumsum(-1)
    assert bool((forget.diff(dim=-1) >= 0).all())
    close(given["cumsum_H"] * 0 + torch.from_numpy(equations.get("ordered_lstm").fixed_value("cumsum_H", X=3, H=6)),
          torch.ones(6, 6, dtype=torch.float64).tril(), "the triangle of the running sum")  # fmt: skip


def test_a_moving_average_is_its_closed_form() -> None:
    x, decay = torch.randn(7, 2, 3, dtype=torch.float64), torch.tensor([0.5, 2.0, -1.0], dtype=torch.float64)
    a = torch.sigmoid(decay)
    powers = torch.stack([a ** (6 - t) for t in range(7)]).unsqueeze(1)
    output = run(equations.get("moving_average"), x, None, {"decay": decay}).outputs[-1]
    close(output, ((1 - a) * powers * x).sum(0), "the last average")


def test_spikes_are_zeros_and_ones_and_reduce_the_potential() -> None:
    layer = Recurrent("leaky_integrate_and_fire", 1, 1)
    with torch.no_grad():
        layer.W_xs_l0.fill_(0.6)
        layer.W_ss_l0.zero_()
    spikes, (_, potential) = layer(torch.ones(40, 1, 1))
    assert set(spikes.flatten().tolist()) == {0.0, 1.0}
    assert 0.3 < float(spikes.detach().mean()) < 0.7
    assert float(potential.detach()) < 1.6


def test_the_solver_of_a_liquid_network_takes_six_steps_of_a_sixth_each() -> None:
    given = weights("liquid_solver", X=3, H=4)
    x = torch.rand(1, 2, 4, dtype=torch.float64)
    part = x.clone()
    part[..., 3] /= 6
    state = torch.randn(2, 4, dtype=torch.float64)
    expected = state
    for _ in range(6):
        expected = run(equations.get("liquid"), part, {"h": expected}, given).outputs[0]
    close(run(equations.get("liquid_solver"), x, {"h": state}, given).outputs[0], expected, "h")


@pytest.mark.parametrize("options", [{}, {"memory_budget": "sqrt"}], ids=["at once", "in segments"])
def test_both_backends_draw_the_same_boundaries(options: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECUR_FILL_NAN", "1")
    assert_native_is_eager(case("boundary_lstm", T=9, noise=True, ragged=True, resets=True), reverse=True, **options)


@pytest.mark.parametrize("engine", ["native", "eager"])
def test_boundaries_are_drawn_in_training_by_the_seed_and_decided_outside(engine: str) -> None:
    torch.manual_seed(0)
    layer, x = Recurrent("boundary_lstm", 3, 4, engine=engine), torch.randn(9, 5, 3)

    def boundaries(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return layer(x, return_all_states=True)[2][0][0]["z"].detach()

    assert set(boundaries(1).flatten().tolist()) == {0.0, 1.0}
    assert torch.equal(boundaries(1), boundaries(1))
    assert not torch.equal(boundaries(1), boundaries(2))
    other = Recurrent("boundary_lstm", 3, 4, engine="eager" if engine == "native" else "native")
    other.load_state_dict(layer.state_dict())
    torch.manual_seed(1)
    assert torch.equal(other(x, return_all_states=True)[2][0][0]["z"], boundaries(1))
    layer.eval()
    assert torch.equal(boundaries(1), boundaries(2))
    stream = layer.stream(5)
    steps = torch.stack([torch.as_tensor(stream.step(one)).clone() for one in x])
    close(steps, layer(x)[0].detach(), "the stream decides as the layer does")


def test_time_that_passes_forgets_the_short_term_memory_only() -> None:
    given = weights("time_lstm", X=3, H=4)
    states = {"h": torch.zeros(1, 4).double(), "c": torch.randn(1, 4).double()}
    short = torch.tanh(states["c"] @ given["W_d"].t() + given["b_d"])

    def cell_state(dt: float) -> torch.Tensor:
        x = torch.tensor([[[0.3, -0.2, 0.1, dt]]], dtype=torch.float64)
        return run(equations.get("time_lstm"), x, states, given).states["c"]

    i, f, g, _ = (torch.tensor([[0.3, -0.2, 0.1]], dtype=torch.float64) @ given["W_xh"].t() + given["b"]).chunk(4, -1)
    expected = torch.sigmoid(f) * short * (1 / np.log(np.e + 9.0) - 1)
    close(cell_state(9.0) - cell_state(0.0), expected, "what nine steps take away")
    assert bool(torch.isfinite(torch.sigmoid(i) * torch.tanh(g)).all())


def test_the_decay_of_a_gru_d_holds_the_last_value_and_lets_it_fade() -> None:
    given = {name: torch.zeros_like(value) for name, value in weights("gru_d", X=1, H=2).items()}
    given["w_x"][:] = 0.1
    x = torch.tensor([[5.0, 1.0, 0.0], [0.0, 0.0, 10.0]], dtype=torch.float64).unsqueeze(1)
    result = run(equations.get("gru_d"), x, None, given, all_states=True)
    assert result.all_states is not None
    close(result.all_states["last"].flatten(), torch.tensor([5.0, 5.0]).double(), "the last known value")


@pytest.mark.parametrize("name", ["min_gru", "min_lstm", "quasi_recurrent", "simple_recurrent_unit",
                                  "gated_linear_recurrence", "moving_average"])  # fmt: skip
def test_the_state_enters_affinely(name: str) -> None:
    cell = equations.get(name)
    width = cell.shape(cell.input, X=3, H=4)[0]
    given = weights(name, X=3, H=4)
    x = torch.randn(1, 1, width, dtype=torch.float64)
    state = cell.states[-1]

    def new(value: torch.Tensor) -> torch.Tensor:
        states = {one: torch.zeros(1, 4).double() for one in cell.states} | {state: value}
        return run(cell, x, states, given).states[state]

    a, b = torch.randn(1, 4).double(), torch.randn(1, 4).double()
    close(new(a) + new(b) - new(torch.zeros(1, 4).double()), new(a + b), "f(a) + f(b) - f(0) = f(a + b)")


def with_normal_weights(name: str, moved: float = 0) -> Recurrent:
    """A layer with standard normal weights, of which each was moved by a random share of at most ``moved``."""
    layer = Recurrent(name, 64, 64, engine="eager").double()
    draws = torch.Generator().manual_seed(0)
    for weights in layer.parameters():
        values, shares = (torch.randn(weights.shape, generator=draws, dtype=torch.float64) for _ in range(2))
        weights.data = values * (1 + moved * shares.clamp(-1, 1))
    return layer


def test_the_rounding_of_float32_in_large_weights_changes_what_slstm_computes_and_not_an_lstm() -> None:
    x = torch.randn(100, 2, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    changed = {}
    for name in ("lstm", "slstm"):
        with torch.no_grad():
            exact, other = (with_normal_weights(name, moved)(x)[0] for moved in (0, 2**-24))
        changed[name] = largest(other - exact)
    assert changed["lstm"] < SHOWN < changed["slstm"]


@pytest.mark.parametrize(("name", "sizes"), [("slstm", None), ("slstm_heads", {"heads": 2})])
def test_the_bias_of_the_input_gate_of_slstm_has_no_effect_from_zero_states(name: str, sizes: dict | None) -> None:
    torch.manual_seed(0)
    layer, x = Recurrent(name, 3, 8, sizes=sizes).double().train(), torch.randn(6, 2, 3, dtype=torch.float64)
    outputs = layer(x)[0]
    (outputs * torch.randn_like(outputs)).sum().backward()
    bias = dict(layer.named_parameters())["b_l0"]
    assert largest(bias.grad[:8]) <= DOUBLE * largest(bias.grad[8:])
    with torch.no_grad():
        bias[:8] += 1
        agree(layer(x)[0], outputs, DOUBLE)
