"""What runs a call: compiled code, else torch's kernels, else the equation; and the report says what and why."""

import pytest
import torch

from recur.engine import choose, prepare, run
from recur.errors import BackendError, ShapeError
from tests.engine.helpers import make


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
        assert all(reason == f"{backend} was requested" for reason in report.reasons.values())


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
