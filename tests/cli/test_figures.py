"""Tables that ``recur evaluate`` and ``recur predict`` write beside single figures."""

from __future__ import annotations

import doctest
import json
from pathlib import Path

import pytest
from examples.files import reviews, series

from recur.cli import output
from tests.cli.running import run


@pytest.fixture(scope="module")
def forecast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a series and a run that forecasts it with quantiles."""
    folder = tmp_path_factory.mktemp("forecast")
    series(folder / "load.csv")
    words = [
        "--input", "load", "--forecast", "direct", "--horizon", "3", "--window", "8", "--quantiles", "0.1",
        "--quantiles", "0.5", "--quantiles", "0.9", "--hidden-size", "6", "--epochs", "1",
    ]  # fmt: skip
    outcome = run("train", folder / "load.csv", *words, "--out", folder / "run")
    assert outcome.code == 0, outcome.err
    assert "load -> forecast, numbers -> the next 3 values of load" in outcome.err
    assert "to beat: seasonal naive" in outcome.err
    return folder


def test_a_forecast_is_shown_beside_naive_ones(forecast: Path) -> None:
    outcome = run("evaluate", forecast / "run", forecast / "load.csv")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    for name in ("pinball", "mse", "coverage rate", "beside", "by step", "by column", "persistence", "seasonal naive"):
        assert any(line.startswith(name) for line in lines), name
    figures = json.loads(run("evaluate", forecast / "run", forecast / "load.csv", "--json").out)
    assert [row["step"] for row in figures["by_step"]] == [1, 2, 3]
    assert [row["forecast"] for row in figures["beside"]] == ["network", "persistence", "seasonal naive"]


def test_a_forecast_answers_with_its_quantiles(forecast: Path) -> None:
    [answer] = json.loads(run("predict", forecast / "run", "50 52 55 58 60 63 66 67", "--json").out)
    assert list(answer["quantiles"]) == ["0.1", "0.5", "0.9"]
    assert answer["value"] == answer["quantiles"]["0.5"]
    assert len(answer["value"]) == 3
    header = run("predict", forecast / "run", "--file", forecast / "load.csv").out.splitlines()[0]
    assert header.endswith("load,load 10 %,load 90 %")
    refused = run("predict", forecast / "run", "50 52", "--length", "9")
    assert refused.code == 2
    assert "--horizon 9" in refused.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--window", "5"], "--forecast direct"),
        (["--quantiles", "0.5"], "--forecast direct"),
        (["--forecast", "direct", "--quantiles", "0.9"], "0.5 among them"),
        (["--forecast", "direct", "--max-length", "5"], "max_length"),
        (["--crf"], "where every step gets a tag"),
        (["--character-size", "4"], "words are read"),
        (["--time-features", "hour"], "no time column"),
    ],
)
def test_what_has_no_effect_is_refused(words: list[str], said: str, forecast: Path, tmp_path: Path) -> None:
    outcome = run("train", forecast / "load.csv", "--input", "load", *words, "--out", tmp_path / "run")
    assert outcome.code == 2
    assert said in outcome.err


def test_classes_that_are_taken_for_one_another_are_shown(tmp_path: Path) -> None:
    reviews(tmp_path / "reviews.csv")
    outcome = run("train", tmp_path / "reviews.csv", "--out", tmp_path / "run", "--hidden-size", "6", "--epochs", "1")
    assert outcome.code == 0, outcome.err
    shown = run("evaluate", tmp_path / "run", tmp_path / "reviews.csv", "--confusion").out
    assert "true \\ guessed" in shown
    assert "macro accuracy" in shown
    figures = json.loads(run("evaluate", tmp_path / "run", tmp_path / "reviews.csv", "--confusion", "--json").out)
    assert sum(map(sum, figures["confusion"]["counts"])) == figures["rows"] == 240


def test_examples_of_docstrings() -> None:
    assert doctest.testmod(output).failed == 0
