"""The demonstration, shortened: both networks learn in processes of their own, are asked, and resume when run again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recur.config import Config, options
from recur.demos import corpus, last_word
from recur.demos.side_by_side import Job, together
from recur.errors import TrainingError
from recur.training import Paused
from tests.cli.running import run


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's folder with a corpus a tenth as large."""
    folder = tmp_path_factory.mktemp("demo")
    corpus.build(train=2400, dev=60, test_repeats=1).write(folder / "corpus")
    return folder


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = last_word.recipe

    def short(cell: str, folder: Path) -> Config:
        config = whole(cell, folder)
        config.model.hidden_size = 24
        config.training.epochs = 1
        return config

    monkeypatch.setattr(last_word, "recipe", short)


def test_it_trains_both_asks_both_and_says_where_they_are(small: Path) -> None:
    outcome = run("demo", "last-word", "--out", small)
    assert outcome.code == 0, outcome.err
    for words in ("Elman network", "LSTM", "60 words", "the clouds are in the ( )", "I speak fluent ( )"):
        assert words in outcome.out
    assert str(small / "lstm") in outcome.out
    for name in ("elman", "lstm"):
        assert (small / name / "model.safetensors").is_file()
    assert "words/s" in outcome.err
    assert "held-out perplexity" in outcome.err
    page = small / "report.html"
    assert f"open {page} in a browser" in outcome.out
    text = page.read_text(encoding="utf-8")
    for words in (last_word.NEAR, last_word.LONG, "The network unrolled"):
        assert words in text


def test_again_it_only_asks_and_json_holds_the_figures(small: Path) -> None:
    outcome = run("demo", "--out", small, "--json")
    assert outcome.code == 0, outcome.err
    said = json.loads(outcome.out)
    assert set(said["networks"]) == {"elman", "lstm"}
    for network in said["networks"].values():
        assert set(network["by_distance"]) == {str(distance) for distance in corpus.TEST_DISTANCES}
        assert all(0 <= share <= 1 for share in network["by_distance"].values())
        assert len(network["answers"][last_word.NEAR]) == 3


def test_the_whole_recipe_differs_in_nothing_that_decides_the_comparison(tmp_path: Path) -> None:
    elman, lstm = (last_word.recipe(cell, tmp_path) for cell in ("elman", "lstm"))
    assert elman.data == lstm.data
    same = ("hidden_size", "embedding_size", "num_layers")
    assert all(options()[name].of(elman) == options()[name].of(lstm) for name in same)
    assert (elman.training.epochs, elman.training.batch_size) == (lstm.training.epochs, lstm.training.batch_size)


def asked(job: Job) -> str:
    return job.name


def test_a_training_that_fails_says_which(tmp_path: Path) -> None:
    config = last_word.recipe("lstm", tmp_path)  # without the corpus
    with pytest.raises(TrainingError, match=r"first: there is no file"):
        list(together([Job("first", config, tmp_path / "a")], asked, command="again"))


def test_one_core_trains_one_after_the_other(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    config = last_word.recipe("elman", small)
    config.training.max_steps = 2
    jobs = [Job(name, config, tmp_path / name) for name in ("a", "b")]
    done = [event.content for event in together(jobs, asked, command="again") if event.kind == "done"]
    assert done == ["a", "b"]


def test_a_pause_names_the_command_to_go_on() -> None:
    assert "recur demo" in str(Paused(Path("runs/x"), step=3, epoch=0, command="recur demo last-word"))
