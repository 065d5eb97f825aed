"""Answers of any mode: the prompt is continued by its kind of item, every other input is answered."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from recur import codecs, modes
from recur.continuation import answer, frames, notes, series, text
from recur.decoding import Decoding
from recur.errors import ConfigError
from recur.modes import Mode
from tests.continuation.models import model
from tests.modes.helpers import TEXTS, build, rows, small

LINES = ["C4 D4 E4/2 r/2", "G4*2 C4", "D4"]


def notes_model(values: list[Any]) -> Mode:
    torch.manual_seed(0)
    own = codecs.make("notes").fit(values)
    return modes.build("synced", own, None, small()).eval()


def test_a_mode_that_continues_nothing_answers_as_it_does() -> None:
    mode = build("many-to-one", "words", "class").eval()
    assert answer.predict(mode, TEXTS, top=2) == mode.predict(TEXTS, top=2)
    assert answer.samples(mode, rows("words", "class"), count=1) == mode.samples(rows("words", "class"), count=1)


def test_symbols_are_candidates_unless_a_length_is_asked_for() -> None:
    mode = model().eval()
    with mode.answering():
        asked = text.candidates(mode, ["the"], 2, Decoding())
        longer = text.continuations(mode, ["the"], 1, Decoding(length=2), Decoding().chooser())
    assert answer.predict(mode, ["the"], top=2) == asked
    assert answer.predict(mode, ["the"], length=2) == longer


def test_numbers_and_frames_are_continued_as_such() -> None:
    numbers, roll = model("series").eval(), notes_model([[[60], [60, 64]]])
    with numbers.answering():
        assert answer.predict(numbers, [[1.0, 2.0]], length=2) == series.continuations(numbers, [[1.0, 2.0]], 2)
    one_by_one = list(frames.generate(roll, [[60]], Decoding(length=3)))
    assert answer.predict(roll, [[[60]]], length=3)[0].value == one_by_one
    assert list(answer.generate(roll, [[60]], length=3)) == one_by_one


def test_answers_are_in_the_order_of_their_prompts_beyond_one_batch() -> None:
    mode = model().eval()
    prompts = [("the", "a dog")[index % 2] for index in range(66)]
    found = answer.predict(mode, prompts)
    assert len(found) == 66
    assert found[65].value == answer.predict(mode, ["a dog"])[0].value


def test_a_series_is_not_written_item_by_item() -> None:
    with pytest.raises(ConfigError, match="only symbols are generated; this model continues") as caught:
        answer.generate(model("series"), [1.0])
    assert caught.value.hint == "predict(..., length=N) gives the next N items"


@pytest.mark.parametrize("opening", [None, ""])
def test_an_empty_text_is_no_opening_of_a_piece(opening: Any) -> None:
    mode = notes_model(LINES)
    assert list(answer.generate(mode, opening, length=3)) == list(answer.generate(mode, "", length=3))
    assert answer.complete(mode, opening, top=2) == answer.complete(mode, None, top=2)


def test_pieces_put_together_have_the_prompt_before_them_where_it_is_continued() -> None:
    assert answer.whole(model(), "the ", ["cat", " sat"]) == "the cat sat"
    assert answer.whole(build("many-to-many", "words", "words"), "the ", ["cat", " sat"]) == "cat sat"
    assert answer.whole(model("tags"), ["D"], ["N", "V"]) == ["N", "V"]
    mode = notes_model(LINES)
    own = notes.codec_of(mode)
    assert answer.whole(mode, "C4", ["D4"]) == notes.whole(own, "C4", ["D4"])


def test_a_completion_of_a_text_names_the_words_that_it_does_not_know() -> None:
    found = answer.complete(model().eval(), "the zebra", top=3)
    assert len(found) == 3
    assert found.unknown == ["zebra"]
    assert [one.probability for one in found] == sorted((one.probability for one in found), reverse=True)


def test_a_completion_of_a_piece_is_its_likeliest_notes() -> None:
    mode = notes_model(LINES)
    likeliest = notes.candidates(mode, "C4", 2)
    assert [tuple(one) for one in answer.complete(mode, "C4", top=2)] == likeliest


def test_a_network_that_continues_nothing_completes_nothing() -> None:
    with pytest.raises(ConfigError):
        answer.complete(build("many-to-one", "words", "class"), "the")


def test_symbols_that_are_no_text_have_no_samples() -> None:
    assert answer.samples(model("tags"), rows("tags", None)) == []
