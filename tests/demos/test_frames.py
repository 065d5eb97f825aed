"""Frames: how the labels of films are judged and drawn."""

from __future__ import annotations

from typing import Any

from recur.demos import frames
from recur.demos.made import clips
from tests.demos.fakes import Answers


def row(clip: int, label: str) -> dict[str, Any]:
    return {"clip": clip, "label": label, **dict.fromkeys(clips.columns(), 0)}


ROWS = [row(1, "appears"), row(1, "left"), row(2, "appears"), row(2, "left"), row(2, "left")]


def test_frames_are_counted_one_by_one_in_films_of_their_own() -> None:
    model: Any = Answers(lambda film: ["appears", *["right"] * (len(film) - 1)])
    verdict = frames.judge(model, ROWS)
    assert (verdict.value, verdict.rows) == (2 / 5, 5)
    assert verdict.beside == {'always "left"': 3 / 5}
    assert [len(one["frames"]) for one in verdict.examples] == [2, 3]


def test_a_wrong_label_has_the_truth_below_it() -> None:
    film = [[clips.INK] * clips.SIDE**2] * 2
    drawn = "\n".join(frames.draw({"frames": film, "says": ["appears", "right"], "truth": ["appears", "left"]}, 80))
    assert "right?" in drawn
    assert "(left)" in drawn
    assert "appears?" not in drawn
