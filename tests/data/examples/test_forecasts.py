"""Series cut by time, with a past that is read and not measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur import data
from recur.config import Config
from recur.data.examples.forecasts import ForecastExamples, season_of
from recur.errors import ConfigError, DataError

ROWS = 100


def settings(source: Path, **options: Any) -> Config:
    usual: dict[str, Any] = {"forecast": "direct", "horizon": 4, "window": 10}
    return Config.of(source=str(source), bptt=16, **{**usual, **options})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two columns that count, with a time of each row."""
    path = tmp_path / "load.csv"
    lines = ["date,load,temp"]
    lines += [f"2020-01-{1 + t // 24:02d} {t % 24:02d}:00:00,{t},{1000 + t}" for t in range(ROWS)]
    path.write_text("\n".join(lines) + "\n")
    return path


def parts(config: Config) -> tuple[ForecastExamples, ForecastExamples]:
    dataset = data.load(config)
    assert isinstance(dataset.train, ForecastExamples)
    assert isinstance(dataset.dev, ForecastExamples)
    return dataset.train, dataset.dev


def test_nothing_held_out_is_learned_from_and_the_past_is_read(file: Path) -> None:
    train, dev = parts(settings(file))
    border = 90
    assert max(example.input[-1, 0] for example in train) == border - 1
    [held] = list(dev)
    assert held.input[:, 0].tolist() == list(range(border - 10, ROWS))
    assert held.target[:, 0].tolist() == list(range(border, ROWS))


def test_windows_have_a_past_of_their_own_and_end_in_what_is_forecast(file: Path) -> None:
    train, _ = parts(settings(file))
    for example in train:
        assert len(example.input) == 10 + 10 + 4 - 1
        assert len(example.input) - len(example.target) == 10
        assert np.array_equal(example.input[10:], example.target)


def test_scales_count_every_training_row_once(file: Path) -> None:
    config = settings(file)
    dataset = data.load(config)
    given_, target = data.fit_codecs(config, dataset.roles, dataset.train)
    assert given_.mean.tolist() == target.mean.tolist() == [44.5, 1044.5]
    assert target.deviation.tolist() == pytest.approx([np.arange(90).std()] * 2)


def test_a_file_to_measure_on_begins_with_its_past(file: Path) -> None:
    config = settings(file, dev=str(file))
    _, dev = parts(config)
    [whole] = list(dev)
    assert len(whole.input) == ROWS
    assert len(whole.target) == ROWS - 10
    roles = data.load(config).roles
    [alone] = data.inputs(file, roles, config)
    assert np.array_equal(alone, whole.input)


def test_columns_may_be_read_and_not_forecast(file: Path) -> None:
    roles = data.load(settings(file, input=["temp"], target=["load"], time_features=["hour"])).roles
    assert (roles.input, roles.target) == (["temp", "load", "hour sin", "hour cos"], ["load"])
    assert roles.sentence == "temp, load, hour sin, hour cos -> forecast, numbers -> the next 4 values of load"
    assert data.load(settings(file, target=["load"])).roles.input == ["load"]
    assert data.load(settings(file)).roles.target == ["load", "temp"]


@pytest.mark.parametrize("asked", [{"mode": "forecast", "forecast": None}, {"mode": "synced"}, {"mode": "forecast"}])
def test_the_mode_may_be_named(file: Path, asked: dict[str, Any]) -> None:
    roles = data.load(settings(file, **asked)).roles
    assert (roles.mode, roles.forecast) == ("forecast", "direct")


def test_no_other_mode_forecasts(file: Path) -> None:
    with pytest.raises(ConfigError, match="a forecast is a mode of its own, not many-to-one"):
        data.load(settings(file, mode="many-to-one"))


def test_groups_are_series_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "shops.csv"
    lines = ["shop,sales"] + [f"{shop},{100 * shop + t}" for t in range(40) for shop in range(10)]
    path.write_text("\n".join(lines) + "\n")
    train, dev = parts(settings(path, group="shop", input=["sales"]))
    shops = [{int(value) // 100 for value in example.input[:, 0]} for part in (train, dev) for example in part]
    assert all(len(each) == 1 for each in shops)
    assert not {int(one.input[0, 0]) // 100 for one in train} & {int(one.input[0, 0]) // 100 for one in dev}


def test_texts_cannot_be_forecast_and_a_bad_number_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    path.write_text("a,b\n" + "\n".join(f"word{i},text{i}" for i in range(30)) + "\n")
    with pytest.raises(ConfigError, match="columns of numbers"):
        data.load(settings(path, input=["a"]))
    bad = tmp_path / "bad.csv"
    bad.write_text("load\n" + "\n".join(["1.5"] * 60 + ["oops"] + ["2"] * 10) + "\n")
    with pytest.raises(DataError, match=r"bad\.csv:62.*oops"):
        data.load(settings(bad))


@given(st.integers(3, 40), st.integers(0, 5))
def test_a_season_is_found_under_a_trend(season: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    shape = draw.normal(size=season)
    steps = np.arange(8 * season)
    series = 3 * shape[steps % season] + 0.05 * steps + 0.1 * draw.normal(size=len(steps))
    # where a pattern nearly repeats itself within the season, the shorter one is as right
    found = season_of(series[:, None])
    assert found == season or season % found == 0 or found % season == 0 or np.ptp(shape) < 1


def test_noise_and_lines_have_no_season() -> None:
    draw = np.random.default_rng(0)
    assert season_of(draw.normal(size=(500, 1))) == 1
    assert season_of(np.arange(50.0)[:, None]) == 1
    assert season_of(np.full((50, 1), np.nan)) == 1
    assert season_of(np.zeros((4, 1))) == 1
