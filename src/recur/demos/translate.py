"""Many to many: translate numbers from English words to French words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recur.config import Config
from recur.demos.made import counting
from recur.demos.single import Demo, Row, Verdict
from recur.views.blocks import shade

if TYPE_CHECKING:
    from recur.model import Model

NUMBERS = {"train": 5000, "dev": 400, "test": 2000}
SHOWN = 3


def settings() -> Config:
    """A GRU encoder and a GRU decoder with attention to the encoder (Luong et al. 2015)."""
    return Config.of(
        input=["english"],
        target=["french"],
        input_codec="words",
        target_codec="words",
        mode="many-to-many",
        cell="gru",
        hidden_size=96,
        embedding_size=48,
        attention="luong",
        epochs=8,
        batch_size=32,
        lr=4e-3,
        warmup_steps=50,
        device="cpu",
    )


def judge(model: Model, rows: Sequence[Row]) -> Verdict:
    """Share of numbers that are right to the last letter."""
    answers = model.predict([row["english"] for row in rows])
    right = [answer.value == row["french"] for row, answer in zip(rows, answers, strict=True)]
    longest = sorted(range(len(rows)), key=lambda index: -len(rows[index]["french"]))[:SHOWN]
    wrong = [index for index, good in enumerate(right) if not good][:2]
    return Verdict(
        "exact", sum(right) / len(rows), len(rows), "numbers that are not in training are right to the last letter",
        {},
        [
            {
                "number": rows[index]["number"],
                "english": rows[index]["english"].split(),
                "french": answers[index].value.split(),
                "truth": rows[index]["french"],
                "alignment": [] if answers[index].alignment is None else answers[index].alignment.tolist(),
            }
            for index in [*longest, *wrong]
        ],
    )  # fmt: skip


def draw(example: Mapping[str, Any], width: int) -> Iterable[str]:
    """The number, and for each French word the attention to the English words."""
    english, french = example["english"], example["french"]
    yield from _wrapped(f"{example['number']:,}  {' '.join(english)}", width)
    longest = max(map(len, french), default=0)
    places = "".join(f"{place:>2}" for place in range(1, len(english) + 1))
    if example["alignment"] and longest + len(places) + 12 <= width:
        yield f"    {'':<{longest}}  {places}"
        for word, weights in zip(french, example["alignment"], strict=False):
            most = max(range(len(weights)), key=weights.__getitem__)
            word_attended = english[most] if most < len(english) else "the end"
            yield f"    {word:<{longest}}  {shade(weights[: len(english)])}  {word_attended}"
    written = " ".join(french)
    yield from _wrapped(f"-> {written}", width)
    if written != example["truth"]:
        yield from _wrapped(f"wrong: {example['truth']}", width)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="    ", subsequent_indent="       ", break_on_hyphens=False)


DEMO = Demo(
    name="translate",
    mode="many-to-many",
    does="a number in English words is read to its end, then written in French",
    legend="x_t: an English word;   y_t: a French word",
    rows=lambda part: list(counting.rows(part, NUMBERS[part])),
    settings=settings,
    judge=judge,
    draw=draw,
    held_out=f"a quarter of all numbers from {counting.TAUGHT} to {counting.LARGEST:,}",
    more='recur predict {run} "eighty thousand and seventy one" --top 3',
)
main, report = DEMO.main, DEMO.report
