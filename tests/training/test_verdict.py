"""The verdict at the end of a training: better, worse or unclear beside the simple guess, and what to try."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

import recur.training.loop as training_loop  # the name in the room is a function
from recur.codecs import ClassCodec, Codec, NumbersCodec, TagsCodec, WordsCodec
from recur.config import Config
from recur.config import options as known_options
from recur.config_file import from_options
from recur.modes import Mode, build
from recur.training import Paused, Silent, learn
from recur.training.verdict import Verdict, verdict
from tests.training.test_resume import After


def network(mode: str, **model: Any) -> Mode:
    words: Codec = WordsCodec().fit(["a b c"])
    targets: dict[str, Codec | None] = {
        "many-to-one": ClassCodec().fit(["x", "y"]), "synced": TagsCodec().fit(["A B"]), "next": None,
        "many-to-many": words, "one-to-one": ClassCodec().fit(["x", "y"]),
    }  # fmt: skip
    read: Codec = NumbersCodec(sequence=False, columns=["n"]).fit([[1.0], [2.0]]) if mode == "one-to-one" else words
    config = Config.of(**{"hidden_size": 4, **model}).model
    return build("synced" if mode == "next" else mode, read, targets[mode], config)


def figures(value: float, simple: float, **more: Any) -> dict[str, Any]:
    return {
        "figure": "accuracy", "higher_is_better": True, "held_out": {"accuracy": value},
        "baseline": {"majority class": simple}, "best_step": 90, "steps": 100, "ended": "10 epochs are done", **more,
    }  # fmt: skip


def judge(metrics: dict[str, Any], mode: str = "many-to-one", held_out: int = 0, **options: Any) -> Verdict | None:
    config = Config.of(**{"hidden_size": 4, **options})
    model = {name: value for name, value in options.items() if known_options()[name].path[0] == "model"}
    return verdict(config, network(mode, **model), metrics, held_out)


ONE_WAY = {"bidirectional": False}
NO_GAIN = "2 evaluations in a row brought no gain"
LOSS = {"figure": "perplexity", "higher_is_better": False}


@pytest.mark.parametrize(
    ("metrics", "held_out", "outcome"),
    [
        (figures(0.9, 0.5), 100, "better"),
        (figures(0.4, 0.5), 100, "worse"),
        (figures(0.55, 0.5), 100, "unclear"),  # two standard errors are 0.1
        (figures(0.55, 0.5), 1000, "better"),
        (figures(0.55, 0.5), 0, "better"),
        (figures(0.5, 0.5), 0, "unclear"),
        (figures(0, 0, **LOSS, held_out={"perplexity": 2.0}, baseline={"bigram": 3.0, "unigram": 9.0}), 0, "better"),
        (figures(0, 0, **LOSS, held_out={"perplexity": 4.0}, baseline={"bigram": 3.0, "unigram": 9.0}), 0, "worse"),
        (figures(0, 0, **LOSS, held_out={"perplexity": float("inf")}, baseline={"bigram": 3.0}), 0, "worse"),
    ],
)
def test_it_compares_the_best_held_out_figure_with_the_best_guess(
    metrics: dict[str, Any], held_out: int, outcome: str
) -> None:
    found = judge(metrics, held_out=held_out)
    assert found is not None
    assert found.outcome == outcome
    assert bool(found.advice) == (outcome != "better")
    assert "bigram" in str(found) or "majority class" in str(found)


def test_where_the_guess_is_right_everywhere_there_is_nothing_to_try() -> None:
    found = judge(figures(1.0, 1.0), "synced", held_out=10)
    assert found == Verdict(
        "unclear",
        "equal to the simple guess, which is right everywhere: accuracy 100.0 % against 100.0 % (majority class)",
        (),
    )


@pytest.mark.parametrize("metrics", [
    figures(0.9, 0.5, baseline={}), figures(float("nan"), 0.5), figures(0.9, 0.5, held_out={}),
])  # fmt: skip
def test_without_a_figure_or_a_guess_there_is_none(metrics: dict[str, Any]) -> None:
    assert judge(metrics) is None


@pytest.mark.parametrize(
    ("mode", "options", "more", "expected"),
    [
        ("many-to-one", {}, {}, ["--epochs 20", "--hidden-size 8", "--pooling mean"]),
        ("many-to-one", ONE_WAY, {}, ["--epochs 20", "--hidden-size 8", "--bidirectional", "--pooling mean"]),
        ("many-to-one", {"pooling": "mean"}, {}, ["--epochs 20", "--hidden-size 8"]),
        ("many-to-one", {"cell": "elman"}, {}, ["--epochs 20", "--cell lstm", "--hidden-size 8", "--pooling mean"]),
        ("synced", ONE_WAY, {}, ["--epochs 20", "--hidden-size 8", "--bidirectional"]),
        ("next", {}, {}, ["--epochs 20", "--hidden-size 8"]),
        ("many-to-many", ONE_WAY, {}, ["--epochs 20", "--hidden-size 8", "--bidirectional"]),
        ("one-to-one", {}, {}, ["--epochs 20", "--hidden-size 8"]),
        ("next", {"hidden_size": [4, 6]}, {}, ["--epochs 20", "--hidden-size 8 --hidden-size 12"]),
        ("next", {"max_steps": 50}, {"ended": "50 updates are done"}, ["--max-steps 100", "--hidden-size 8"]),
        ("next", {"max_minutes": 5}, {"ended": "5 minutes are over"}, ["--max-minutes 10", "--hidden-size 8"]),
        ("next", {"lr": 0.03, "patience": 2}, {"ended": NO_GAIN}, ["--lr 0.01", "--hidden-size 8"]),
        ("next", {}, {"best_step": 20}, ["--dropout 0.3"]),
        (
            "many-to-one", {"cell": "elman", **ONE_WAY}, {"best_step": 20},
            ["--cell lstm", "--bidirectional", "--pooling mean", "more rows"],
        ),
    ],
)  # fmt: skip
def test_a_network_that_is_no_better_is_told_what_to_try(
    mode: str, options: dict[str, Any], more: dict[str, Any], expected: list[str]
) -> None:
    found = judge(figures(0.4, 0.5, **more), mode, **options)
    assert found is not None
    assert [option for each, option in zip(found.advice, expected, strict=True) if option in each] == expected


class Heard(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


# the label is the word, or has nothing to do with it and another majority in the rows held out
LEARNABLE = [(word, label) for word, label in [("fine", "good"), ("dull", "bad")] * 10]
MISLEADING = [("a", "x")] * 6 + [("b", "y")] * 5


@pytest.mark.parametrize(
    ("train", "dev", "outcome"),
    [(LEARNABLE, LEARNABLE, "better"), (MISLEADING, [("a", "y"), ("b", "x")] * 20 + [("b", "x")], "worse")],
)
def test_the_last_line_of_a_training_says_it_and_a_finished_run_says_it_again(
    train: list[tuple[str, str]], dev: list[tuple[str, str]], outcome: str, tmp_path: Path
) -> None:
    for name, rows in (("train", train), ("dev", dev)):
        text = "".join(f"{word},{label}\n" for word, label in rows)
        (tmp_path / f"{name}.csv").write_text(f"text,label\n{text}", encoding="utf-8")
    config = Config.of(
        source=str(tmp_path / "train.csv"),
        dev=str(tmp_path / "dev.csv"),
        input=["text"],
        target=["label"],
        hidden_size=8,
        epochs=15,
        lr=0.03,
        batch_size=4,
    )
    said = []
    for _ in range(2):
        heard = Heard()
        learned = learn(config, out=tmp_path / "run", progress=heard)
        said.append(heard.said[-1])
        assert learned.metrics["verdict"]["outcome"] == outcome
    assert said[0] == said[1]
    assert said[0].startswith(f"verdict: {outcome} than the simple guess: accuracy ")
    assert ("; try " in said[0]) == (outcome == "worse")
    kept = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert kept["verdict"] == learned.metrics["verdict"]
    assert said[0] in (tmp_path / "run" / "README.md").read_text(encoding="utf-8")

    # a run that is continued to its new end is judged again
    config.training.epochs = 16
    heard = Heard()
    learn(config, out=tmp_path / "run", progress=heard)
    assert heard.said[-1].startswith(f"verdict: {outcome} than the simple guess: accuracy ")


# a task of its own each: rows, what is set, what ended the training, and the figure that is judged
ENDINGS: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str, str]] = {
    "a language model": (
        [{"text": text} for text in ("the sun is up", "a dog is here", "the cat sat down", "no sun today") * 5],
        {"input": ["text"]}, "2 epochs are done", "perplexity",
    ),
    "a forecast": (
        [{"value": float(step % 7)} for step in range(80)],
        {"input": ["value"], "forecast": "direct", "horizon": 2, "window": 8}, "2 epochs are done", "mse",
    ),
    "a run that stopped early": (
        [{"a": float(i % 7), "b": float(i % 5), "label": "xy"[i * i % 3 % 2]} for i in range(60)],
        {"target": ["label"], "epochs": 50, "patience": 2, "lr": 1e-7},
        "2 evaluations in a row brought no gain", "accuracy",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDINGS)
def test_every_training_is_judged_and_a_resumed_one_as_one_without_a_pause(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, options, ended, figure = ENDINGS[name]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    own = {"source": str(file), "epochs": 2, "hidden_size": 4, "seed": 1, "batch_size": 4, **options}
    config = from_options(own, Config())
    heard = Heard()
    learned = learn(config, out=tmp_path / "whole", progress=heard)
    assert learned.reason == ended
    assert re.match(rf"verdict: .* than the simple guess: {figure} \d", heard.said[-1])

    with monkeypatch.context() as patched:
        patched.setattr(training_loop, "on_interrupt", lambda: nullcontext(After(3)))
        with pytest.raises(Paused):
            learn(config, out=tmp_path / "paused", progress=False)
    resumed = Heard()
    again = learn(config, out=tmp_path / "paused", progress=resumed)
    assert again.metrics["verdict"] == learned.metrics["verdict"]
    assert resumed.said[-1] == heard.said[-1]
