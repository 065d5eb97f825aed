"""Synced: label every frame of a film with the movement in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recur.config import Config
from recur.demos.made import clips
from recur.demos.single import Demo, Row, Verdict
from recur.views.blocks import beside, ink

if TYPE_CHECKING:
    from recur.model import Model

CLIPS = {"train": 900, "dev": 100, "test": 200}
SHOWN = 2


def settings() -> Config:
    """A GRU in the forward direction only, so that each frame is labelled as it arrives."""
    return Config.of(
        input=clips.columns(),
        target=["label"],
        group="clip",
        input_codec="numbers",
        target_codec="tags",
        mode="synced",
        cell="gru",
        hidden_size=96,
        bidirectional=False,
        epochs=9,
        batch_size=16,
        lr=3e-3,
        warmup_steps=50,
        device="cpu",
    )


def judge(model: Model, rows: Sequence[Row]) -> Verdict:
    """Share of frames labelled right, in films of shapes that are in no other film."""
    films: dict[int, list[Row]] = {}
    for row in rows:
        films.setdefault(row["clip"], []).append(row)
    frames = [[[row[name] for name in clips.columns()] for row in film] for film in films.values()]
    truths = [[row["label"] for row in film] for film in films.values()]
    answers = [answer.value for answer in model.predict(frames)]
    right = sum(
        guess == true
        for answer, truth in zip(answers, truths, strict=True)
        for guess, true in zip(answer, truth, strict=True)
    )
    word, often = Counter(row["label"] for row in rows).most_common(1)[0]
    return Verdict(
        "accuracy", right / len(rows), len(rows), "frames, in films of shapes that are in no other film, are right",
        {f'always "{word}"': often / len(rows)},
        [
            {"frames": film, "says": answer, "truth": truth}
            for film, answer, truth in list(zip(frames, answers, truths, strict=True))[:SHOWN]
        ],
    )  # fmt: skip


def draw(example: Mapping[str, Any], width: int) -> Iterable[str]:
    """The film as a strip, below each frame the label of the network."""
    blocks = []
    for frame, guess, truth in zip(example["frames"], example["says"], example["truth"], strict=True):
        cells = ink([level / clips.INK for level in frame], clips.SIDE)
        edge = [f"|{line}|" for line in cells]
        blocks.append([*edge, guess if guess == truth else f"{guess}?", "" if guess == truth else f"({truth})"])
    yield from beside(blocks, [clips.SIDE + 2] * len(blocks), width, gap=1)


DEMO = Demo(
    name="frames",
    mode="synced",
    does="a film is read frame by frame, and each frame is labelled at once",
    legend=f"x_t: a frame of {clips.SIDE} x {clips.SIDE} cells;   y_t: {', '.join([clips.FIRST, *clips.MOVES])}",
    rows=lambda part: list(clips.rows(part, CLIPS[part])),
    settings=settings,
    judge=judge,
    draw=draw,
    held_out="a quarter of all shapes; those of the test are in no film of training",
    samples=False,
)
main, report = DEMO.main, DEMO.report
