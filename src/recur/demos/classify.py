"""One to one: classify digits on a small grid, in handwritings that are not in training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from recur.config import Config
from recur.demos.made import digits
from recur.demos.single import Demo, Row, Verdict
from recur.views.blocks import beside, ink

if TYPE_CHECKING:
    from recur.model import Model

SHOWN = 8


def settings() -> Config:
    """A feed-forward network of two hidden layers: the one mode without time."""
    return Config.of(
        input=["pixels"],
        target=["digit"],
        input_codec="numbers",
        target_codec="class",
        mode="one-to-one",
        hidden_size=[160, 80],
        num_layers=2,
        dropout=0.2,
        epochs=12,
        batch_size=32,
        lr=2e-3,
        weight_decay=1e-3,
        device="cpu",
    )


def judge(model: Model, rows: Sequence[Row]) -> Verdict:
    """Accuracy on digits in unknown handwritings, beside that of the nearest mean picture in training."""
    answers = model.predict([row["pixels"] for row in rows], top=2)
    right = [answer.value == row["digit"] for row, answer in zip(rows, answers, strict=True)]
    right_ones = [index for index, good in enumerate(right) if good][:: max(1, len(rows) // SHOWN)][:SHOWN]
    wrong = [index for index, good in enumerate(right) if not good][:SHOWN]
    examples = [
        {
            "title": title,
            "digits": [
                {"pixels": rows[index]["pixels"], "truth": rows[index]["digit"], "scores": answers[index].scores}
                for index in chosen
            ],
        }
        for title, chosen in (("read right:", right_ones), ("read wrong:", wrong))
        if chosen
    ]
    return Verdict(
        "accuracy", float(np.mean(right)), len(rows), "digits in handwritings that are not in training are read right",
        {"the nearest mean picture of each digit": _nearest_mean(rows)}, examples,
    )  # fmt: skip


def _nearest_mean(rows: Sequence[Row]) -> float:
    """Accuracy of the digit whose mean picture in training is nearest."""
    training_rows = list(digits.rows("train"))
    pixels, labels = (
        np.array([row["pixels"] for row in training_rows]),
        np.array([row["digit"] for row in training_rows]),
    )
    means = np.stack([pixels[labels == digit].mean(0) for digit in digits.SHAPES])
    test_pixels = np.array([row["pixels"] for row in rows])
    nearest = ((test_pixels[:, None] - means) ** 2).sum(2).argmin(1)
    return float(np.mean(nearest == np.array([row["digit"] for row in rows])))


def draw(example: Mapping[str, Any], width: int) -> Iterable[str]:
    """Digits side by side, below each the answer of the network."""
    yield example["title"]
    blocks = [
        [*ink([level / digits.LEVELS for level in one["pixels"]], digits.SIDE, threshold=0.4), *_caption(one)]
        for one in example["digits"]
    ]
    yield from beside(blocks, [digits.SIDE] * len(blocks), width)


def _caption(one: Mapping[str, Any]) -> list[str]:
    lines = [f"{label} {100 * share:.0f} %" for label, share in one["scores"][:2]]
    return [lines[0], f"truth {one['truth']}"] if one["scores"][0][0] != one["truth"] else lines[:1]


DEMO = Demo(
    name="classify",
    mode="one-to-one",
    does="a picture of a digit is read once, and classified",
    legend=f"x: {digits.SIDE} x {digits.SIDE} cells of ink;   y: one of ten digits",
    rows=lambda part: list(digits.rows(part)),
    settings=settings,
    judge=judge,
    draw=draw,
    held_out="all digits in a quarter of the handwritings",
    samples=False,
)
main, report = DEMO.main, DEMO.report
