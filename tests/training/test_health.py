"""Numbers that are no longer finite: where they were lost first, and what to do."""

from __future__ import annotations

import math

import pytest
import torch

from recur.errors import TrainingError
from recur.nn import LSTM
from recur.training import Silent
from recur.training.health import Autopsy, Finding, Health
from recur.training.loop import loop
from recur.training.pause import PauseRequest
from tests.training.fakes import begin, settings


def test_weights_that_are_not_finite_are_named() -> None:
    training = begin(settings(), None, Silent())
    with torch.no_grad():
        training.mode.get_parameter("readout.weight")[0, 1] = torch.nan
    with pytest.raises(TrainingError, match="The parameter readout.weight already contains numbers"):
        loop(training, PauseRequest())


def autopsy() -> Autopsy:
    norms = [1.0, 2.0, 3.0, 4.0, 5.0, 1234.5]
    finding = Finding("The output of layer (Linear) is not finite", layer="layer")
    return Autopsy(12, 1, math.nan, math.inf, 0.1, finding, norms, ["a:1"], {"W": 3.0}, "a lower learning rate")


@pytest.mark.parametrize(("saved", "said"), [("run/autopsy.json", "; the details are in run/autopsy.json"), (None, "")])
def test_the_error_says_what_was_lost_and_keeps_the_advice(saved: str | None, said: str) -> None:
    error = autopsy().error(saved)
    assert error.message == (
        "training stopped at update 12 (epoch 2): the loss is nan, the gradient norm inf. The output of layer (Linear) "
        f"is not finite. Last gradient norms: 2, 3, 4, 5, 1.23e+03. The weights from before this update are saved{said}"
    )
    assert error.hint == "a lower learning rate"


def test_what_is_not_finite_is_text_in_the_record() -> None:
    record = autopsy().record()
    assert (record["loss"], record["gradient_norm"], record["lr"]) == ("nan", "inf", 0.1)
    assert record["finding"]["layer"] == "layer"


def examined(network: torch.nn.Module, clip: float = 0.0) -> Autopsy:
    health = Health(network, "lstm", clip, 0.3)
    return health.autopsy(lambda: torch.zeros(()), step=1, epoch=0, loss=math.nan, norm=1.0, lr=0.3, rows=["a:1"] * 99)


@pytest.mark.parametrize(
    ("row", "gate"), [(0, "input gate i"), (4, "forget gate f"), (8, "candidate g"), (15, "output gate o")]
)
def test_the_gate_whose_weights_are_lost_is_named(row: int, gate: str) -> None:
    layer = LSTM(2, 4)
    with torch.no_grad():
        layer.weight_hh_l0[row, 0] = torch.inf
    found = examined(layer)
    assert (found.finding.parameter, found.finding.gate) == ("weight_hh_l0", gate)
    assert "shorter windows: bptt" in found.advice
    assert len(found.rows) == 64


def test_a_gradient_that_is_lost_first_is_the_one_nearest_to_the_error() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    for parameter in network.parameters():
        parameter.grad = torch.full_like(parameter, torch.nan)
    found = examined(network).finding
    assert (found.layer, found.parameter) == ("1", "1.bias")
    assert "(4 parameters in all)" in found.what


def test_where_no_layer_is_at_fault_the_error_is() -> None:
    assert examined(torch.nn.Linear(2, 2)).finding.what == "the error itself overflows, no layer before it does"


@pytest.mark.parametrize(("clip", "advice"), [(0.0, "clip = 1.0"), (5.0, "clip = 0.5"), (1.0, None)])
def test_a_lower_rate_is_advised_and_clipping_where_it_is_loose(clip: float, advice: str | None) -> None:
    said = examined(torch.nn.Linear(2, 2), clip).advice
    assert "lr = 0.1" in said
    assert ("clip" in said) == (advice is not None)
    assert advice is None or advice in said


def test_norms_are_kept_while_both_numbers_are_finite() -> None:
    health = Health(torch.nn.Linear(1, 1), "lstm", 0.0, 0.1)
    assert health.finite(torch.tensor(1.0), torch.tensor(2.0)) == (1.0, 2.0, True)
    assert health.finite(torch.tensor(1.0), torch.tensor(torch.inf))[2] is False
    assert health.finite(torch.tensor(torch.nan), torch.tensor(2.0))[2] is False
    assert list(health.norms) == [2.0]
