"""One to many: describe a picture of shapes in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recur.config import Config
from recur.demos.made import scenes
from recur.demos.single import Demo, Row, Verdict
from recur.views.blocks import beside, coloured

if TYPE_CHECKING:
    from recur.model import Model

PICTURES = {"train": 10000, "dev": 300, "test": 600}
SHOWN = 6


def settings() -> Config:
    """A GRU whose initial state is computed from the picture; after that it reads its own words."""
    return Config.of(
        input=["picture"],
        target=["caption"],
        input_codec="numbers",
        target_codec="words",
        mode="one-to-many",
        cell="gru",
        hidden_size=192,
        embedding_size=64,
        epochs=6,
        batch_size=32,
        lr=3e-3,
        weight_decay=0.01,
        warmup_steps=100,
        device="cpu",
    )


def judge(model: Model, rows: Sequence[Row]) -> Verdict:
    """Share of sentences that are right to the last word, for pairs of things that were never together in training."""
    answers = [answer.value for answer in model.predict([row["picture"] for row in rows])]
    captions = [row["caption"] for row in rows]
    right = sum(answer == caption for answer, caption in zip(answers, captions, strict=True))
    most_common = Counter(captions).most_common(1)[0][1]
    return Verdict(
        "accuracy", right / len(rows), len(rows),
        "sentences about scenes that are not in training are right to the last word",
        {"always the sentence that is right most often": most_common / len(rows)},
        [
            {"picture": row["picture"], "says": answer, "truth": row["caption"]}
            for row, answer in list(zip(rows, answers, strict=True))[:SHOWN]
        ],
    )  # fmt: skip


def draw(example: Mapping[str, Any], width: int) -> Iterable[str]:
    """The picture, and beside it the caption of the network."""
    levels = example["picture"]
    cells = [tuple(levels[start : start + 3]) for start in range(0, len(levels), 3)]
    colours = [(28 * red, 28 * green, 28 * blue) for red, green, blue in cells]
    drawn = coloured(colours, scenes.SIDE, [_letter(cell) for cell in cells])
    lines = ["", f"says   {example['says']}", f"truth  {example['truth']}"]
    if example["says"] == example["truth"]:
        lines = ["", f"says   {example['says']}", "       right"]
    # letters take two columns for a cell, colours one
    side = scenes.SIDE if "\x1b" in drawn[0] else 2 * scenes.SIDE
    yield from beside([drawn, lines], [side, max(map(len, lines))], max(width, side + 3 + max(map(len, lines))))


def _letter(cell: tuple[int, ...]) -> str:
    """The first letter of the nearest colour, or a dot for the background."""
    if max(cell) <= scenes.BACKGROUND + 1:
        return "·"
    strongest = max(cell)
    distances = {
        name: sum((level / strongest - part / 9) ** 2 for level, part in zip(cell, colour, strict=True))
        for name, colour in scenes.COLOURS.items()
    }
    return min(distances, key=lambda name: distances[name])[0]


DEMO = Demo(
    name="captions",
    mode="one-to-many",
    does="a picture is read once, and described word by word",
    legend=f"x: {scenes.SIDE} x {scenes.SIDE} cells of red, green and blue;   y_t: a word",
    rows=lambda part: list(scenes.rows(part, PICTURES[part])),
    settings=settings,
    judge=judge,
    draw=draw,
    held_out="a quarter of all pairs of things, which are not together in this order in training",
    samples=False,
)
main, report = DEMO.main, DEMO.report
