"""The stock backend: torch's own kernels beside the equation, and what they cannot do."""

import pytest
import torch

from recur.engine import Noise, native, run
from recur.equations import equation, tanh
from recur.errors import BackendError
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
