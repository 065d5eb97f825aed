"""Continuing frames: key by key, each frame read as if it had been given, beginning as told."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from recur import codecs, modes
from recur.codecs import Codec
from recur.continuation import frames
from recur.decoding import Decoding
from recur.errors import ConfigError
from recur.heads.events import chooser
from recur.modes import NextItem
from tests.modes.helpers import small
from tests.tolerances import close

PIECES = [[[60, 64, 67], [60, 64, 67], [], [65]], [[60], [62]], [[48, 55]]]
DRAWN = {"temperature": 1.0, "seed": 4}


def rolls() -> Codec:
    return codecs.make("notes").fit(PIECES)


def model() -> NextItem:
    torch.manual_seed(0)
    own = rolls()
    mode = modes.build("synced", own, own, small())
    assert isinstance(mode, NextItem)
    return mode.eval()


def continued(mode: NextItem, openings: list[Any], **options: Any) -> list[Any]:
    decoding = Decoding.of({**DRAWN, **options})
    with mode.answering():
        return [one.value for one in frames.continuations(mode, openings, decoding, chooser(decoding))]


def test_a_step_is_read_after_the_last_frame_of_each_opening() -> None:
    mode = model()
    with mode.answering():
        vectors, state = frames.read(mode, [PIECES[0], []])
        alone, _ = frames.read(mode, [[]])
        [values] = [torch.from_numpy(mode.encode_input(PIECES[0]))[None]]
        outputs, _ = mode.run(values)
    close(vectors[0], outputs[0, -1])
    close(vectors[1], alone[0])
    assert state[0].shape[1] == 2


def test_nothing_to_read_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no prompt to read"):
        frames.read(model(), [])


def test_frames_that_are_written_are_read_as_if_they_had_been_given() -> None:
    mode = model()
    [whole] = continued(mode, [PIECES[1]], length=5, temperature=0.0, seed=None)
    assert len(whole) == 5
    [later] = continued(mode, [[*PIECES[1], *whole[:2]]], length=3, temperature=0.0, seed=None)
    assert later == whole[2:]


def test_one_frame_follows_where_no_length_is_said_and_none_where_it_is_zero() -> None:
    mode = model()
    assert [len(one) for one in continued(mode, [PIECES[0], []])] == [1, 1]
    assert continued(mode, [PIECES[0], []], length=0) == [[], []]


def test_a_piece_that_is_generated_is_the_one_that_is_continued() -> None:
    mode = model()
    one_by_one = list(frames.generate(mode, PIECES[0], Decoding.of({**DRAWN, "length": 6})))
    assert one_by_one == continued(mode, [PIECES[0]], length=6)[0]
    assert any(one_by_one)


def test_generation_has_a_length_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "LENGTH", 3)
    assert len(list(frames.generate(model(), [], Decoding()))) == 3


def test_every_answer_begins_with_the_prefix_and_draws_behind_it_as_without_one() -> None:
    mode = model()
    first, second = continued(mode, [PIECES[0], PIECES[1]], length=4, prefix=[[50], [51, 52]])
    assert first[:2] == second[:2] == [[50], [51, 52]]
    drawn = Decoding.of({**DRAWN, "length": 4, "prefix": [[50], [51, 52]]})
    assert list(frames.generate(mode, PIECES[0], drawn))[:2] == [[50], [51, 52]]


def test_a_beam_is_refused_before_anything_is_read() -> None:
    with pytest.raises(ConfigError, match="beam chooses among symbols, and a frame is many keys at once"):
        frames.generate(model(), [], Decoding(beam=2))
