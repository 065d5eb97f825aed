"""The display of several trainings, where nobody watches a terminal: plain lines on standard error."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from recur.demos.display import Display
from recur.demos.side_by_side import Event
from recur.modes import Sample
from recur.training.progress import Beginning, Evaluation, Step

STEP = Step(0, 2, 50, 100, 1.5, ("perplexity", 4.5), 0.25, 0.001, 1234.5, 90.0, 0.5)
BEGINNING = Beginning("", "9 rows", ["words: 5"], "lstm", 1234, "cpu", None, 0, None)
NAMES = {"a": "elman", "b": "lstm net"}


def said(capsys: pytest.CaptureFixture[str], *events: Event) -> list[str]:
    with Display(NAMES) as display:
        for event in events:
            display.show(event)
    return capsys.readouterr().err.splitlines()


def test_the_rows_of_all_are_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, Event("a", "begin", BEGINNING), Event("b", "begin", BEGINNING))
    assert lines == [
        "elman: lstm, 1,234 parameters", "same rows for both: 9 rows", "words: 5",
        "lstm net: lstm, 1,234 parameters",
    ]  # fmt: skip


def test_a_step_is_a_line_with_the_name_of_its_network(capsys: pytest.CaptureFixture[str]) -> None:
    [line] = said(capsys, Event("a", "step", STEP))
    assert line.startswith("elman     perplexity 4.5")
    assert line.endswith("epoch 1/2  loss 1.500  gradient 0.25  1,234 words/s")


def test_an_evaluation_shows_the_first_word_of_each_answer(capsys: pytest.CaptureFixture[str]) -> None:
    samples = [Sample("the cat", "sat", "sat down"), Sample("a", "b", "")]
    evaluation = Evaluation(1, 50, "perplexity", {"perplexity": 4.5}, True, None, samples, 1.0)
    lines = said(capsys, Event("b", "evaluated", evaluation))
    assert lines[0].startswith("lstm net  after epoch 1: held-out perplexity 4.5")
    assert [line.strip() for line in lines[1:]] == ["the cat ( sat )", "a ( (nothing) )"]


def test_the_end_of_a_training_is_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, Event("a", "done", SimpleNamespace(seconds=61.0))) == []
