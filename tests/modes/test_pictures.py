"""Pictures and frames in the modes: learned from, padded without effect, looked at place by place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from recur import codecs, modes
from recur.codecs import FramesCodec, ImagesCodec
from recur.errors import ConfigError
from recur.modes import Mode
from tests.pictures import noise, square
from tests.tolerances import agree, close

from .helpers import Row, batch_of, small, train

CORNERS = ["top left", "top right", "bottom left", "bottom right"]
PICTURES = [square(place) for place in range(16)]
NAMED = [Row(picture, CORNERS[place % 4]) for place, picture in enumerate(PICTURES)]
# squares that move: a label for each frame, and one for all
CLIPS = [np.stack([square(start + step) for step in range(2 + start % 3)]) for start in range(12)]
PHASES = [[("left", "right")[(start + step) % 2] for step in range(len(clip))] for start, clip in enumerate(CLIPS)]


def build(name: str, given: Any, target_kind: str, rows: list[Row], **options: Any) -> Mode:
    torch.manual_seed(0)
    target = codecs.make(target_kind).fit([row.target for row in rows])
    return modes.build(name, given.fit([row.input for row in rows]), target, small(convolutions=[4, 8], **options))


def right(mode: Mode, rows: list[Row]) -> float:
    answers = mode.predict([row.input for row in rows])
    return float(np.mean([answer.value == row.target for answer, row in zip(answers, rows, strict=True)]))


@pytest.mark.parametrize("options", [{}, {"picture_pooling": "mean"}, {"augment": ["shift"], "dropout": 0.1}])
def test_one_to_one_learns_a_class_of_pictures(options: dict[str, Any]) -> None:
    mode = build("one-to-one", ImagesCodec(), "class", NAMED, **options)
    losses = train(mode, NAMED, steps=60, lr=0.01)
    assert losses[-1] < 0.5 * losses[0]
    if not options.get("augment"):
        assert right(mode, NAMED) > 0.9


@pytest.mark.parametrize("attention", ["none", "luong", "bahdanau"])
def test_one_to_many_writes_about_a_picture(attention: str) -> None:
    mode = build("one-to-many", ImagesCodec(), "words", NAMED, attention=attention)
    train(mode, NAMED, steps=60, lr=0.02)
    assert right(mode, NAMED) > 0.9
    answer = mode.predict([PICTURES[0]], beam=3, top=2)[0]
    assert len(answer.scores) == 2
    if attention == "none":
        assert answer.alignment is None
    else:
        # 12 x 12 is halved twice: 3 x 3 places for two words and the end
        assert answer.alignment is not None
        assert answer.alignment.shape == (3, 9)
        agree(answer.alignment.sum(1), np.ones(3))


@pytest.mark.parametrize("steps", ["rows", "pixels"])
def test_many_to_one_reads_rows_and_pixels(steps: str) -> None:
    mode = build("many-to-one", ImagesCodec(size=6, steps=steps), "class", NAMED)
    losses = train(mode, NAMED, steps=30, lr=0.02)
    assert losses[-1] < 0.8 * losses[0]
    assert {answer.value for answer in mode.predict(PICTURES)} <= set(CORNERS)


def test_many_to_one_reads_a_video() -> None:
    rows = [Row(clip, phases[-1]) for clip, phases in zip(CLIPS, PHASES, strict=True)]
    mode = build("many-to-one", FramesCodec(), "class", rows)
    train(mode, rows, steps=60, lr=0.02)
    assert right(mode, rows) > 0.9


def test_synced_labels_every_frame() -> None:
    rows = [Row(clip, phases) for clip, phases in zip(CLIPS, PHASES, strict=True)]
    mode = build("synced", FramesCodec(), "tags", rows)
    train(mode, rows, steps=60, lr=0.02)
    assert right(mode, rows) > 0.9


@pytest.mark.parametrize("name", ["many-to-one", "synced"])
def test_padding_of_videos_changes_nothing(name: str) -> None:
    rows = [Row(clip, phases if name == "synced" else phases[0]) for clip, phases in zip(CLIPS, PHASES, strict=True)]
    mode = build(name, FramesCodec(), "tags" if name == "synced" else "class", rows).train()
    together = mode.loss(batch_of(mode, rows)).sums["loss"]
    alone = [mode.loss(batch_of(mode, [row])).sums["loss"] for row in rows]
    assert together[1] == sum(count for _, count in alone)
    close(torch.tensor(together[0]), torch.tensor(sum(total for total, _ in alone)))


def test_a_whole_picture_is_no_sequence() -> None:
    with pytest.raises(ConfigError, match="many-to-one: the input is one value per row"):
        build("many-to-one", ImagesCodec(), "class", NAMED)
    with pytest.raises(ConfigError, match="one-to-one: the input is a sequence"):
        build("one-to-one", ImagesCodec(steps="rows"), "class", NAMED)


def test_only_a_picture_has_places() -> None:
    mode = build("one-to-many", codecs.make("class"), "words", [Row("a", "b c"), Row("d", "e f")], attention="luong")
    assert mode.predict(["a"])[0].alignment is None


def test_colour_pictures_are_read_by_all_channels() -> None:
    rows = [Row(noise(8, 8, 3, seed=place), "ab"[place % 2]) for place in range(4)]
    mode = build("one-to-one", ImagesCodec(), "class", rows)
    assert mode.predict([row.input for row in rows])[0].value in "ab"
