"""What every head has: the error of known targets, padded steps left out, answers that are finite."""

from __future__ import annotations

import math

import pytest
import torch

from recur.codecs.codec import NO_TARGET
from recur.errors import DataError
from recur.heads import StepHead, build_head
from recur.heads.head import Sums, add_sums, finite, ratio
from tests.modes.helpers import codec, small
from tests.tolerances import close

KINDS = ("class", "tags", "numbers", "series")


def made(kind: str) -> StepHead:
    torch.manual_seed(1)
    return build_head(codec(kind), 3, small()).double().eval()


def test_padded_steps_are_left_out_before_the_readout() -> None:
    head = made("series")
    vectors = torch.randn(2, 3, 3, dtype=torch.float64)
    targets = torch.randn(2, 3, 1, dtype=torch.float64)
    mask = torch.tensor([[True, True, False], [True, False, False]])
    mean, sums = head.error(vectors, targets, mask)
    expected = (head.readout(vectors)[mask] - targets[mask]).square().mean()
    close(mean.detach(), expected.detach())
    assert sums["loss"] == pytest.approx((3 * expected.item(), 3.0))
    poisoned = vectors.masked_fill(~mask[..., None], 1e6)
    close(head.error(poisoned, targets, mask)[0].detach(), mean.detach())


@pytest.mark.parametrize("masked", [False, True])
def test_a_step_without_a_target_costs_nothing(masked: bool) -> None:
    head = made("tags")
    vectors = torch.randn(1, 3, 3, dtype=torch.float64)
    mask = torch.tensor([[True, True, True]]) if masked else None
    _, sums = head.error(vectors, torch.tensor([[1, NO_TARGET, 0]]), mask)
    log_p = head.log_probs(vectors)[0].detach()
    assert sums["loss"] == pytest.approx((-float(log_p[0, 1] + log_p[2, 0]), 2.0))


@pytest.mark.parametrize("kind", ["tags", "series"])
def test_where_nothing_is_to_be_predicted_the_error_is_zero_and_reaches_every_parameter(kind: str) -> None:
    head = made(kind)
    vectors = torch.randn(1, 2, 3, dtype=torch.float64, requires_grad=True)
    targets = torch.zeros(1, 2, dtype=torch.long) if kind == "tags" else torch.zeros(1, 2, 1, dtype=torch.float64)
    mean, sums = head.error(vectors, targets, torch.zeros(1, 2, dtype=torch.bool))
    assert (mean.item(), sums["loss"]) == (0.0, (0.0, 0.0))
    mean.backward()
    slopes = [vectors.grad, *(parameter.grad for parameter in head.parameters())]
    assert [slope is not None and not slope.any() for slope in slopes] == [True] * 3


@pytest.mark.parametrize("kind", ["tags", "series"])
def test_errors_of_single_predictions_have_the_error_as_their_mean(kind: str) -> None:
    head = made(kind)
    vectors = torch.randn(2, 3, 3, dtype=torch.float64)
    targets = torch.tensor([[0, 1, 2], [3, 0, 0]]) if kind == "tags" else torch.randn(2, 3, 1, dtype=torch.float64)
    mask = torch.tensor([[True, True, True], [True, False, False]])
    each, z = head.errors(vectors, targets, mask)
    assert z is not None
    close(z.detach(), head.readout(vectors).detach())
    assert each.shape == (4,)
    close(each.mean().detach(), head.error(vectors, targets, mask)[0].detach())


@pytest.mark.parametrize(
    ("wrong", "count"),
    [([math.nan, 1.0], "1 of 2"), ([math.inf, math.nan], "2 of 2"), ([math.inf, -math.inf], "1 of 2")],
)
def test_an_answer_that_is_not_finite_is_refused(wrong: list[float], count: str) -> None:
    with pytest.raises(DataError, match=f"not finite: {count} values") as caught:
        finite(torch.tensor(wrong))
    assert caught.value.hint is not None
    assert "train again" in caught.value.hint


def test_the_log_probability_of_what_cannot_be_is_an_answer() -> None:
    values = torch.tensor([0.0, -math.inf])
    assert finite(values) is values


def test_in_training_an_answer_that_is_not_finite_is_left_to_the_error() -> None:
    head, vectors = made("class"), torch.full((1, 3), math.nan, dtype=torch.float64)
    with pytest.raises(DataError):
        head.log_probs(vectors)
    assert head.train().log_probs(vectors).isnan().all()


def test_a_ratio_of_nothing_is_not_a_number() -> None:
    assert ratio((3.0, 4.0)) == 0.75
    assert math.isnan(ratio((0.0, 0.0)))


def test_sums_are_added_by_name() -> None:
    sums: Sums = {"loss": (1.0, 2.0)}
    add_sums(sums, {"loss": (0.5, 1.0), "accuracy": (3.0, 4.0)})
    assert sums == {"loss": (1.5, 3.0), "accuracy": (3.0, 4.0)}
