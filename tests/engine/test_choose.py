"""What runs a call: compiled code, else torch's kernels, else the equation; and the report says what and why."""

import pytest
import torch

from recur.engine import Noise, choose, native, prepare, run
from recur.equations import equation, tanh
from recur.errors import BackendError, ShapeError
from tests.engine.helpers import make
from tests.tolerances import close

STOCK = ["elman", "elman_relu", "gru", "lstm", "lstm_projected"]


@pytest.mark.parametrize("name", STOCK)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [(5, 3, 4, 6), (1, 1, 2, 1), (7, 2, 63, 5), (1, 4, 3, 8)])
def test_stock_agrees_with_eager_in_outputs_states_and_every_gradient(name, reverse, ragged, dtype, size):
    if name == "lstm_projected" and size[3] == 1:
        size = (*size[:3], 2)
    case = make(name, *size, ragged=ragged, dtype=dtype)
    found = {}
    for backend in ("eager", "stock"):
        result = run(case.equation, case.x, case.states, case.parameters, lengths=case.lengths, reverse=reverse,
                     backend=backend)  # fmt: skip
        assert result.report.ran == backend
        weight = torch.linspace(-1, 1, result.outputs.numel(), dtype=dtype).view_as(result.outputs)
        error = (result.outputs * weight).sum() + sum(s.square().sum() for s in result.states.values())
        gradients = torch.autograd.grad(error, list(case.leaves.values()))
        found[backend] = [result.outputs, *result.states.values(), *gradients]
    for what, ours, theirs in zip(["y", *case.states, *case.leaves], found["stock"], found["eager"], strict=True):
        close(ours, theirs, f"{name} {what}")


def test_auto_takes_native_on_the_cpu_and_passes_nothing_over():
    case = make("lstm", 3, 2, 2, 2)
    report = run(case.equation, case.x, None, case.parameters).report
    assert report.ran == "native"
    assert report.reasons == {}
    assert str(report) == "backend: native"


def test_a_backend_that_is_asked_for_runs_and_the_report_says_that_it_was():
    case = make("lstm", 3, 2, 2, 2)
    for backend in ("native", "stock", "eager"):
        report = run(case.equation, case.x, None, case.parameters, backend=backend).report
        assert report.ran == backend
        assert all(reason == f"{backend} was asked for" for reason in report.reasons.values())


def test_dtypes_that_native_does_not_compute_in_are_refused_by_name():
    case = make("lstm", 3, 2, 2, 2)
    x = case.x.detach().to(torch.complex128)
    parameters = {name: value.detach().to(x.dtype) for name, value in case.parameters.items()}
    report = run(case.equation, x, None, parameters, backend="eager").report
    assert report.ran == "eager"
    with pytest.raises(
        BackendError, match=r"it computes in real numbers of 16, 32 and 64 bits, not in torch.complex128"
    ):
        run(case.equation, x, None, parameters, backend="native")


def test_auto_says_that_mixed_dtypes_are_not_for_native():
    case = make("gru_layernorm", 3, 2, 2, 2)
    parameters = {name: value.float() for name, value in case.parameters.items()}
    call = prepare(case.equation, case.x, None, parameters)
    reason = choose(call).reasons["native"]
    assert reason == "the inputs are torch.float64 and a parameter or state is torch.float32"


def test_bfloat16_products_of_a_float64_layer_are_not_for_native():
    case = make("gru", 3, 2, 2, 2)
    report = run(case.equation, case.x, None, case.parameters, precision="bfloat16").report
    assert report.ran == "eager"
    assert report.reasons["native"] == "precision bfloat16 is for float32 layers"


def test_another_device_is_not_for_native():
    case = make("lstm", 3, 2, 2, 2)
    x, parameters = case.x.to("meta"), {name: value.to("meta") for name, value in case.parameters.items()}
    reason = choose(prepare(case.equation, x, None, parameters)).reasons["native"]
    assert reason == "it runs on the CPU, and the tensors are on meta"


def test_forward_mode_is_not_for_native():
    case = make("gru", 3, 2, 2, 2)
    weights = {name: value.detach() for name, value in case.parameters.items()}
    reasons = []

    def outputs(x):
        result = run(case.equation, x, None, weights)
        reasons.append((result.report.ran, result.report.reasons["native"]))
        return result.outputs

    x = case.x.detach()
    torch.func.jvp(outputs, (x,), (torch.ones_like(x),))
    with torch.autograd.forward_ad.dual_level():
        outputs(torch.autograd.forward_ad.make_dual(x, torch.ones_like(x)))
    assert [ran for ran, _ in reasons] == ["eager"] * 2
    assert "forward-mode derivatives" in reasons[0][1]
    assert "forward-mode derivatives" in reasons[1][1]


REASONS = [
    ({"resets": torch.zeros(3, 2, dtype=torch.bool)}, "cannot reset a state inside a row"),
    ({"all_states": True}, "return the inner state of the last step only"),
    ({"noise": Noise(zoneout={"h": 0.1})}, "have no zoneout"),
    ({"noise": Noise(recurrent={"h": torch.ones(2, 2).double()})}, "have no recurrent dropout"),
    ({"precision": "bfloat16"}, "precision bfloat16 is not torch's"),
]


@pytest.mark.parametrize(("options", "reason"), REASONS)
def test_the_report_says_why_stock_did_not_run(options, reason, monkeypatch):
    case = make("lstm", 3, 2, 2, 2)
    monkeypatch.setattr(native, "why_not", lambda _: "it is left out")
    report = run(case.equation, case.x, None, case.parameters, **options).report
    assert report.ran == "eager"
    assert reason in report.reasons["stock"]
    assert "backend: eager; native not used: it is left out; stock not used:" in str(report)
    with pytest.raises(BackendError, match=reason):
        run(case.equation, case.x, None, case.parameters, backend="stock", **options)


def test_a_users_cell_with_a_famous_name_is_not_taken_for_the_famous_one():
    @equation(x="X", h="H", W_xh="H X", W_hh="H H", b="H")
    def elman(x, h, W_xh, W_hh, b):
        return tanh(W_xh @ x - W_hh @ h + b)

    case = make(elman, 3, 2, 2, 2)
    with pytest.raises(BackendError, match="torch has no kernel for the cell elman"):
        run(elman, case.x, None, case.parameters, backend="stock")


@pytest.mark.parametrize("P", [4, 6])
def test_a_projection_that_is_not_smaller_is_not_torchs(P):
    case = make("lstm_projected", 3, 2, 2, 4)
    sizes = {"X": 2, "H": 4, "P": P}
    parameters = {p: torch.randn(case.equation.shape(p, **sizes)).double() for p in case.equation.parameters}
    with pytest.raises(BackendError, match="projects to fewer than H=4"):
        run(case.equation, case.x, None, parameters, backend="stock")
    assert run(case.equation, case.x, None, parameters).outputs.shape == (3, 2, P)


def test_evaluation_mode_has_gradients():
    case = make("gru", 3, 2, 2, 2)
    run(case.equation, case.x, None, case.parameters).outputs.sum().backward()
    assert case.x.grad.abs().sum() > 0


def test_wrong_shapes_and_names_are_refused_with_both_shapes():
    case = make("lstm", 3, 2, 2, 2)
    cell, x, p = case.equation, case.x, case.parameters
    with pytest.raises(ShapeError, match=r"x has shape \(3, 2\), expected \(T, B, X\)"):
        run(cell, x[..., 0], None, p)
    with pytest.raises(ShapeError, match=r"state h has shape \(1, 2\), expected \(2, 2\)"):
        run(cell, x, {"h": torch.zeros(1, 2)}, p)
    with pytest.raises(ShapeError, match='no state "k"'):
        run(cell, x, {"k": torch.zeros(2, 2)}, p)
    with pytest.raises(ShapeError, match=r"b has shape \(9,\), expected \(8,\)"):
        run(cell, x, None, {**p, "b": torch.zeros(9)})
    with pytest.raises(ShapeError, match="parameters are"):
        run(cell, x, None, {"W_xh": p["W_xh"]})
    with pytest.raises(ShapeError, match=r"lengths has shape \(3,\), expected \(2,\)"):
        run(cell, x, None, p, lengths=torch.ones(3))
    with pytest.raises(ShapeError, match=r"resets has shape \(2, 3\), expected \(3, 2\)"):
        run(cell, x, None, p, resets=torch.zeros(2, 3))
    with pytest.raises(ShapeError, match='precision is "int4"'):
        run(cell, x, None, p, precision="int4")
    with pytest.raises(BackendError, match='no backend "stok". Did you mean "stock"'):
        run(cell, x, None, p, backend="stok")
