"""What people read of a training: the lines, and when they are written."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from recur.evaluation.baselines import Baseline
from recur.modes import Sample
from recur.training.progress import (
    Beginning,
    Evaluation,
    Lines,
    Step,
    ending,
    evaluation_line,
    introduction,
    sample_lines,
    step_line,
    steps_between_lines,
)

GUESS = Baseline("accuracy", {"majority class": 0.5})
STEP = Step(1, 3, 1500, 3000, 0.25, ("accuracy", 0.5), 1.234, 0.001, 12345.6, 61.0, 0.5)
EVALUATION = Evaluation(
    2,
    1500,
    "accuracy",
    {"loss": 0.5, "macro_accuracy": 0.25, "accuracy": 0.75},
    True,
    GUESS,
    [Sample("a", "yes", "no")],
    1.0,
)


@pytest.mark.parametrize(("epoch", "expected"), [(1, 1), (7, 7), (500, 50), (501, 50), (700, 70), (5000, 100)])
def test_there_are_about_ten_lines_an_epoch(epoch: int, expected: int) -> None:
    assert steps_between_lines(epoch) == expected


def test_what_will_be_learned_is_said_without_empty_lines() -> None:
    beginning = Beginning(
        "text to label", "10 rows", ["words: 9"], "lstm", 12345, "cpu", GUESS, 0, None, ["", "text: words"]
    )
    said = introduction(beginning)
    assert said == [
        "text to label", "text: words", "10 rows", "words: 9", "lstm, 12,345 parameters, on cpu", f"to beat: {GUESS}",
    ]  # fmt: skip
    resumed = introduction(replace(beginning, step=1500, folder="runs/a", baseline=None))
    assert resumed[-1] == "resuming after update 1,500 of runs/a"


def test_a_step_is_one_line_counted_from_one() -> None:
    said = step_line(STEP)
    assert said.startswith("epoch 2/3  step 1,500/3,000  loss 0.2500  accuracy ")
    assert "gradient 1.23  lr 0.001  12,346 tokens/s" in said
    assert "accuracy" not in step_line(replace(STEP, figure=None))


def test_the_figure_that_people_look_at_comes_first_and_the_loss_is_left_out() -> None:
    said = evaluation_line(EVALUATION)
    assert said.startswith("held out after step 1,500: accuracy ")
    assert said.index("macro_accuracy") > said.index("accuracy ")
    assert "loss" not in said
    assert said.endswith(f"({GUESS})  * best so far")
    assert "best" not in evaluation_line(replace(EVALUATION, best=False, baseline=None))


def test_samples_have_lines_for_what_they_have_and_long_ones_stay_beside_their_name() -> None:
    assert sample_lines([Sample("a", "b\nc", "d"), Sample("", "", "e")]) == [
        "    input  a", "    truth  b\n           c", "    guess  d", "    guess  e",
    ]  # fmt: skip


def test_samples_that_are_answered_as_before_are_not_shown_again() -> None:
    stream = io.StringIO()
    lines = Lines(stream)
    lines.evaluated(EVALUATION)
    lines.evaluated(EVALUATION)
    assert stream.getvalue().count("guess") == 1
    lines.evaluated(replace(EVALUATION, samples=[Sample("a", "yes", "yes")]))
    assert stream.getvalue().count("guess") == 2


def test_what_would_move_a_terminal_is_not_written() -> None:
    stream = io.StringIO()
    Lines(stream).say("red \x1b[31m")
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("metrics", "folder", "expected"),
    [
        ({"held_out": {}, "test": None}, None, "finished: early"),
        ({"held_out": {"accuracy": 0.5}, "test": {"accuracy": 0.25}}, Path("run"), "; test accuracy "),
    ],
    ids=["no figures", "figures"],
)
def test_the_end_says_why_with_what_figures_and_where(metrics: dict, folder: Path | None, expected: str) -> None:
    said = ending("early", {"figure": "accuracy", **metrics}, folder)
    assert expected in said
    assert said.endswith("; the run is in run") == (folder is not None)
