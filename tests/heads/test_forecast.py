"""The head of a forecast: its error, that of one value, its answers, and its graph beside its tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from recur.codecs import NumbersCodec
from recur.errors import ConfigError, DataError
from recur.heads.forecast import ForecastHead
from recur.heads.naive import PERSISTENCE, SEASONAL
from tests.modes.helpers import ahead, small
from tests.tolerances import close

STEPS, COLUMNS, SEASON = 2, 2, 3
MASK = torch.tensor([[True, False, True], [False, False, True]])
PLACES = (MASK.nonzero()[:, 0], MASK.nonzero()[:, 1])
RAW = np.stack([10 + 3 * np.arange(8.0), np.arange(8.0) % 3], axis=1)


def codec() -> NumbersCodec:
    own = NumbersCodec(sequence=True, columns=["a", "b"]).fit([RAW])
    own.season = SEASON
    return own


def made(quantiles: list[float] | None = None, how: str = "direct", **options: object) -> ForecastHead:
    torch.manual_seed(0)
    asked = ahead(STEPS, how, quantiles=quantiles or [], **options)
    return ForecastHead(codec(), 3, small(), asked).double().eval()


def drawn() -> tuple[Tensor, Tensor, Tensor]:
    """Vectors (B, T, H), truth and base (K, S, C)."""
    sizes = ((2, 3, 3), (3, STEPS, COLUMNS), (3, STEPS, COLUMNS))
    vectors, truth, base = (torch.randn(size, dtype=torch.float64) for size in sizes)
    return vectors, truth, base


@pytest.mark.parametrize("quantiles", [[], [0.1, 0.5, 0.9]], ids=str)
@pytest.mark.parametrize("relative", [False, True])
def test_each_forecast_has_its_own_error_and_their_mean_is_that_of_all(quantiles: list[float], relative: bool) -> None:
    head = made(quantiles).train()
    vectors, truth, base = drawn()
    targets, mask = head.targets_at(PLACES, truth, base if relative else None, vectors)
    assert torch.equal(mask, MASK)
    each, z = head.errors(vectors, targets, mask)
    assert z is not None
    close(z.detach(), head.readout(vectors).detach())
    forecasts = head.forecasts(vectors[MASK], base if relative else None)
    error, sums = head.measure(forecasts, truth)
    close(each.mean().detach(), error.detach())
    close(head.error(vectors, targets, mask)[0].detach(), error.detach())
    assert sums == {"loss": (pytest.approx(3 * error.item()), 3.0)}
    if not quantiles:
        close(each.detach(), (forecasts[..., 0] - truth).square().mean(dim=(1, 2)).detach())


def test_a_missing_value_is_in_no_error_and_gives_no_gradient() -> None:
    head = made()
    vectors, truth, base = drawn()
    vectors.requires_grad_()
    truth[0], truth[1, 0, 0] = torch.nan, torch.nan
    targets, mask = head.targets_at(PLACES, truth, base, vectors)
    error, sums = head.error(vectors, targets, mask)
    gaps = (head.forecasts(vectors[MASK], base)[..., 0] - truth)[~truth.isnan()]
    close(error.detach(), gaps.square().mean().detach())
    assert sums["loss"][1] == 7 / 4
    [slope] = torch.autograd.grad(error, vectors)
    assert not slope[0, 0].any()
    assert bool(slope.isfinite().all())


def test_where_no_forecast_is_made_there_is_no_error() -> None:
    head = made()
    vectors, truth, _ = drawn()
    none = (torch.zeros(0, dtype=torch.long), torch.zeros(0, dtype=torch.long))
    targets, mask = head.targets_at(none, truth[:0], None, vectors)
    assert not mask.any()
    assert head.errors(vectors, targets, mask)[0].shape == (0,)
    assert head.error(vectors, targets, mask)[0].item() == 0


@pytest.mark.parametrize("quantiles", [[], [0.1, 0.5, 0.9]], ids=str)
def test_one_value_is_compared_with_the_mean_of_training(quantiles: list[float]) -> None:
    head = made(quantiles)
    vectors, _, base = drawn()
    last = (torch.tensor([1]), torch.tensor([2]))
    targets, mask = head.targets_at(last, head.one_value(1, 0), base[:1], vectors)
    each, _ = head.errors(vectors, targets, mask)
    # quantiles are in order, and the median is meant
    value = head.quantiles.middle(head.forecasts(vectors[1, 2:], base[:1]))[:, 1, 0]
    close(each.detach(), value.square().detach())


def test_a_forecast_is_relative_to_the_naive_one_of_its_name() -> None:
    naive = {name: torch.randn(1, STEPS, COLUMNS) for name in (PERSISTENCE, SEASONAL)}
    assert made().base(naive) is None
    for option, name in (("last", PERSISTENCE), ("season", SEASONAL)):
        base = made(relative_to=option).base(naive)
        assert base is not None
        assert torch.equal(base, naive[name])
    # of what is read back there is one step
    one = made(how="recursive", relative_to="last").base(naive)
    assert one is not None
    assert torch.equal(one, naive[PERSISTENCE][:, :1])


def test_quantiles_of_an_answer_are_in_order_and_of_training_are_not_sorted() -> None:
    head = made([0.1, 0.5, 0.9])
    vectors = torch.randn(5, 3, dtype=torch.float64)
    answered = head.forecasts(vectors, None)
    learned = head.train().forecasts(vectors, None)
    assert bool((answered.diff(dim=-1) >= 0).all())
    assert not torch.equal(answered, learned)
    close(learned.sort(dim=-1).values.detach(), answered.detach())


def test_the_median_is_answered_with_the_interval_beside_it() -> None:
    head, own = made([0.1, 0.5, 0.9]), codec()
    forecasts = torch.zeros(1, STEPS, COLUMNS, 3) + torch.tensor([-1.0, 0.0, 1.0])
    [answer] = head.answers(forecasts, own)
    assert answer.quantiles is not None
    assert list(answer.quantiles) == [0.1, 0.5, 0.9]
    assert answer.value == answer.quantiles[0.5]
    mean, deviation = own.normalisation()
    close(torch.tensor(answer.quantiles[0.9][0]), torch.tensor(mean + deviation))
    low, high = (own.show(answer.quantiles[share]) for share in (0.1, 0.9))
    assert answer.shown.endswith(f"[80 %: {low} to {high}]")


def test_a_mean_is_answered_alone_and_must_be_finite() -> None:
    [answer] = made().answers(torch.zeros(1, STEPS, COLUMNS, 1), codec())
    assert answer.quantiles is None
    assert "%" not in answer.shown
    with pytest.raises(DataError, match="not finite"):
        made().answers(torch.full((1, STEPS, COLUMNS, 1), torch.nan), codec())


def test_tensors_are_in_the_units_of_the_columns() -> None:
    own = codec()
    mean, deviation = (torch.from_numpy(each) for each in own.normalisation())
    forecasts = torch.randn(1, STEPS, COLUMNS, 3)
    found = made([0.1, 0.5, 0.9]).tensors(forecasts, own)
    close(found["values"], forecasts[..., 1] * deviation + mean)
    close(found["quantiles"], forecasts * deviation[:, None] + mean[:, None])
    assert list(made().tensors(forecasts[..., :1], own)) == ["values"]


def test_what_only_symbols_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="tie_weights is for symbols; a forecast is numbers"):
        ForecastHead(codec(), 3, small(tie_weights=True), ahead(STEPS))
    head = made()
    vectors, truth, _ = drawn()
    targets, mask = head.targets_at(PLACES, truth, None, vectors)
    with pytest.raises(ConfigError, match="label_smoothing"):
        head.error(vectors, targets, mask, label_smoothing=0.1)
