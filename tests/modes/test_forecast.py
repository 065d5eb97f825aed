"""All next steps of a series, at once or one after another."""

from __future__ import annotations

import doctest
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from recur import modes
from recur.codecs import NumbersCodec
from recur.errors import ConfigError, DataError
from recur.heads.backtest import Backtest
from recur.heads.naive import naive_steps
from recur.heads.quantiles import Quantiles
from recur.modes import Forecast
from recur.run import load_weights
from tests.modes.helpers import Row, ahead, batch_of, same, small
from tests.tolerances import close

H = 3
WAVE = np.stack([10 + 3 * np.sin(np.arange(60) / 2), np.cos(np.arange(60) / 2), np.arange(60) % 5.0], axis=1)


def forecaster(
    how: str = "direct", columns: tuple[int, ...] = (0,), read: tuple[int, ...] | None = None, season: int = 1,
    horizon: int = H, **options: object,
) -> Forecast:  # fmt: skip
    read = columns if read is None else read
    network = {name: options.pop(name) for name in ("bidirectional", "tie_weights") if name in options}
    torch.manual_seed(0)
    names = [f"c{index}" for index in range(3)]
    source = NumbersCodec(sequence=True, columns=[names[i] for i in read]).fit([WAVE[:, read]])
    target = NumbersCodec(sequence=True, columns=[names[i] for i in columns]).fit([WAVE[:, columns]])
    target.season = season
    mode = modes.build("forecast", source, target, small(**network), forecast=ahead(horizon, how, **options))
    assert isinstance(mode, Forecast)
    return mode.eval()


def row(mode: Forecast, first: int, known: int, last: int) -> Row:
    """Steps of the wave; those from ``first + known`` on are forecast."""
    read = [int(name[1]) for name in mode.input_codec.columns]
    asked = [int(name[1]) for name in mode.target_codec.columns]
    return Row(WAVE[first:last, read], WAVE[first + known : last, asked])


KINDS: dict[str, dict[str, object]] = {
    "direct": {},
    "one column of two": {"read": (1, 0), "columns": (0,)},
    "from the last value": {"relative_to": "last", "columns": (0, 1), "read": (1, 0)},
    "from the season": {"relative_to": "season", "season": 4},
    "quantiles": {"quantiles": [0.1, 0.5, 0.9]},
    "recursive": {"how": "recursive", "columns": (0, 1), "read": (1, 0)},
    "recursive from the last value": {"how": "recursive", "relative_to": "last"},
}


def by_hand(mode: Forecast, past: np.ndarray) -> np.ndarray:
    """(H, C) standardised answers after a past, by `predict` alone."""
    [answer] = mode.predict([past])
    values = np.asarray(answer.value, np.float64).reshape(H, -1)
    return (values - mode.target_codec.mean) / mode.target_codec.deviation


@pytest.mark.parametrize("kind", KINDS)
def test_the_error_is_that_of_a_forecast_from_every_place(kind: str) -> None:
    mode = forecaster(**KINDS[kind])
    rows = [row(mode, 0, 6, 14), row(mode, 5, 2, 11), row(mode, 3, 6, 12)]
    loss = mode.loss(batch_of(mode, rows))
    squares, count = 0.0, 0
    for each in rows:
        known = len(each.input) - len(each.target)
        truth = mode.target_codec.encode(each.target)
        for place in range(known, len(each.input) - H + 1):
            guess = by_hand(mode, each.input[:place])
            squares += float(((guess - truth[place - known : place - known + H]) ** 2).mean())
            count += 1
    assert loss.sums["square"][1] == count == 6 + 2 + 1
    same(loss.sums["square"][0], squares)
    figures = mode.summary(loss.sums)
    same(figures["mse"], squares / count)
    if not mode.output.quantiles:
        same(float(loss.mean.detach()), squares / count)


@pytest.mark.parametrize("kind", KINDS)
def test_training_lowers_the_error(kind: str) -> None:
    mode = forecaster(**KINDS[kind])
    batch = batch_of(mode, [row(mode, 0, 8, 40), row(mode, 10, 8, 50)])
    optimizer = torch.optim.Adam(mode.parameters(), lr=0.02)
    mode.train()
    losses = []
    for _ in range(15):
        optimizer.zero_grad()
        loss = mode(batch).mean
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(parameter.grad is not None for parameter in mode.parameters())


def test_what_comes_after_a_place_cannot_change_its_forecast() -> None:
    mode = forecaster()
    changed = WAVE[:20, :1].copy()
    changed[12:] += 100
    close(torch.tensor(by_hand(mode, changed[:12])), torch.tensor(by_hand(mode, WAVE[:12, :1])))
    before = mode.encode(Row(WAVE[:20, :1], WAVE[12:20, :1])).input
    assert before is not None
    assert len(before) == 20 - H


def test_weights_from_before_the_readout_was_a_head_are_loaded(tmp_path: Path) -> None:
    mode, other = forecaster(), forecaster(horizon=H)
    names = {present: former for former, present in mode.former_names.items()}
    assert set(names) <= set(mode.state_dict())
    with torch.no_grad():
        for parameter in mode.parameters():
            parameter.add_(1.0)
    save_file({names.get(name, name): value for name, value in mode.state_dict().items()}, tmp_path / "weights")
    load_weights(other, tmp_path / "weights")
    assert other.predict([WAVE[:9, :1]]) == mode.predict([WAVE[:9, :1]])


def test_rows_too_short_to_forecast_have_nothing_to_predict() -> None:
    mode = forecaster()
    loss = mode.loss(batch_of(mode, [Row(WAVE[:4, :1], WAVE[2:4, :1])]))
    assert loss.sums == {"loss": (0.0, 0.0)}
    assert float(loss.mean.detach()) == 0.0
    loss.mean.backward()


def test_quantiles_never_cross_and_their_error_is_the_pinball_loss() -> None:
    mode = forecaster(quantiles=[0.1, 0.5, 0.9])
    [answer] = mode.predict([WAVE[:9, :1]])
    assert answer.quantiles is not None
    assert list(answer.quantiles) == [0.1, 0.5, 0.9]
    assert answer.value == answer.quantiles[0.5]
    for low, middle, high in zip(*answer.quantiles.values(), strict=True):
        assert low <= middle <= high
    assert "80 %" in answer.shown
    loss = mode.loss(batch_of(mode, [Row(WAVE[: 9 + H, :1], WAVE[9 : 9 + H, :1])]))
    expected = []
    for share, value in answer.quantiles.items():
        gap = (WAVE[9 : 9 + H, 0] - np.asarray(value)) / mode.target_codec.deviation[0]
        expected.append(np.maximum(share * gap, (share - 1) * gap).mean())
    same(float(loss.mean.detach()), float(np.mean(expected)))
    inside = np.mean((np.asarray(answer.quantiles[0.1]) <= WAVE[9:12, 0]) & (WAVE[9:12, 0] <= answer.quantiles[0.9]))
    assert mode.summary(loss.sums)["coverage_rate"] == inside


def test_a_recursive_forecast_goes_on_as_far_as_asked_and_reads_itself() -> None:
    mode = forecaster("recursive", columns=(0, 1), read=(1, 0))
    read = WAVE[:9][:, [1, 0]]
    [answer] = mode.predict([read], length=5)
    assert len(answer.value) == 5
    past = read
    for step in answer.value:
        [one] = mode.predict([past], length=1)
        close(torch.tensor(one.value[0]), torch.tensor(step))
        past = np.vstack([past, [step[1], step[0]]])


def test_a_direct_forecast_refuses_to_go_beyond_its_horizon() -> None:
    mode = forecaster()
    assert len(mode.predict([WAVE[:9, :1]], length=2)[0].value) == 2
    with pytest.raises(ConfigError, match="3 steps at once"):
        mode.predict([WAVE[:9, :1]], length=4)
    with pytest.raises(DataError, match="at least one step"):
        mode.predict([[]])


def test_a_recursive_forecast_with_quantiles_refuses_to_read_one_of_them_back() -> None:
    mode = forecaster("recursive", horizon=1, quantiles=[0.1, 0.5, 0.9])
    assert len(mode.predict([WAVE[:9, :1]])[0].value) == 1
    with pytest.raises(ConfigError, match="not quantiles of the later steps") as caught:
        mode.predict([WAVE[:9, :1]], length=2)
    assert "--forecast direct" in (caught.value.hint or "")


def test_naive_forecasts_repeat_the_last_season() -> None:
    own = torch.arange(10.0)[None, :, None]
    places = torch.tensor([[9, 3, 1]])
    assert naive_steps(own, places, 5, 1)[0, :, :, 0].tolist() == [[9.0] * 5, [3.0] * 5, [1.0] * 5]
    seasonal = naive_steps(own, places, 5, 3)[0, :, :, 0].tolist()
    assert seasonal[0] == [7.0, 8.0, 9.0, 7.0, 8.0]
    assert seasonal[1] == [1.0, 2.0, 3.0, 1.0, 2.0]
    # the season before is not known yet: as the last value
    assert seasonal[2] == [1.0, 0.0, 1.0, 1.0, 0.0]


def test_figures_stand_beside_those_of_naive_forecasts_by_step_and_by_column() -> None:
    mode = forecaster(columns=(2, 0), season=5)
    rows = [row(mode, 0, 10, 40)]
    sums = mode.loss(batch_of(mode, rows)).sums
    tables = mode.tables(sums)
    network, persistence, seasonal = tables["beside"]
    same(network["mse"], mode.summary(sums)["mse"])
    assert (persistence["forecast"], seasonal["forecast"]) == ("persistence", "seasonal naive")
    [asked, other] = tables["by_column"]
    # the third column repeats itself after five steps, to the digit
    same(asked["seasonal naive mae"], 0.0)
    truth = WAVE[:, 0]
    gaps = [truth[place + h] - truth[place - 1] for place in range(10, 38) for h in range(H)]
    same(other["persistence rmse"], math.sqrt(float(np.mean(np.square(gaps)))))
    assert [one["step"] for one in tables["by_step"]] == [1, 2, 3]
    same(float(np.mean([one["mse"] for one in tables["by_step"]])), network["mse"])
    simple = mode.simple_guesses([mode.encode(each) for each in rows])
    same(mode.summary(simple["persistence"])["mse"], persistence["mse"])
    same(mode.summary(simple["seasonal naive"])["mae"], seasonal["mae"])


@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 9))
def test_a_forecast_made_without_a_network_has_the_same_figures(horizon: int, columns: int, seed: int) -> None:
    torch.manual_seed(seed)
    backtest = Backtest(horizon, [str(each) for each in range(columns)], [1.0] * columns, Quantiles(), 1)
    guess, truth = torch.randn(6, horizon, columns), torch.randn(6, horizon, columns)
    sums = backtest.simple(guess, truth)
    same(backtest.summary(sums)["mse"], float((guess - truth).square().mean()))
    same(backtest.summary(sums)["mae"], float((guess - truth).abs().mean()))


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "an unread target": ({"read": (1,), "columns": (0,)}, "not among its inputs"),
    "covariates that would have to be known": ({"how": "recursive", "read": (0, 1)}, "read but not forecast"),
    "quantiles read back": ({"how": "recursive", "quantiles": [0.5]}, "not quantiles"),
    "no season": ({"relative_to": "season"}, "needs a season"),
    "a season read back": ({"how": "recursive", "relative_to": "season", "season": 4}, "direct"),
    "both ways": ({"bidirectional": True}, "both directions"),
    "tied": ({"tie_weights": True}, "for symbols"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_named(case: str) -> None:
    options, said = WRONG[case]
    with pytest.raises(ConfigError, match=said):
        forecaster(**options)


def test_examples_of_docstrings() -> None:
    from recur.data.examples import forecasts

    assert doctest.testmod(forecasts, extraglobs={"np": np}).failed == 0
