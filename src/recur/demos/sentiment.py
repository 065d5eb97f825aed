"""Many to one: read a review word by word, then give the verdict."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recur.config import Config
from recur.demos.made import reviews
from recur.demos.single import Demo, Row, Verdict
from recur.views.terminal import bar

if TYPE_CHECKING:
    from recur.model import Model

REVIEWS = {"train": 6000, "dev": 400, "test": 800}
LONG = (15, 19)  # words of the reviews that are shown


def settings() -> Config:
    """An LSTM in the forward direction only, so that its verdict can be followed word by word."""
    return Config.of(
        input=["text"],
        target=["verdict"],
        input_codec="words",
        target_codec="class",
        mode="many-to-one",
        cell="lstm",
        hidden_size=64,
        embedding_size=32,
        bidirectional=False,
        dropout=0.2,
        epochs=5,
        batch_size=32,
        lr=4e-3,
        device="cpu",
    )


def judge(model: Model, rows: Sequence[Row]) -> Verdict:
    """Share of right verdicts, beside counting good and bad words."""
    texts = [row["text"] for row in rows]
    answers = model.predict(texts)
    right = [answer.value == row["verdict"] for row, answer in zip(rows, answers, strict=True)]
    # long enough for the verdict to change, short enough to be read
    fits = [index for index, text in enumerate(texts) if LONG[0] <= len(text.split()) <= LONG[1]]
    wrong = [index for index, good in enumerate(right) if not good][:1]
    chosen = [*(next(index for index in fits if rows[index]["verdict"] == each) for each in ("good", "bad")), *wrong]
    return Verdict(
        "accuracy", sum(right) / len(rows), len(rows), "verdicts on reviews with new pairs of words are right",
        {"counting which words indicate good (naive Bayes)": _by_counting(rows)},
        [
            {"truth": rows[index]["verdict"], "says": answers[index].value, "words": _opinions(model, texts[index])}
            for index in chosen
        ],
    )  # fmt: skip


def _opinions(model: Model, text: str) -> list[tuple[str, float]]:
    """Every word, with the probability of "good" after reading it."""
    words = text.split()
    beginnings = [" ".join(words[: end + 1]) for end in range(len(words))]
    answers = model.predict(beginnings, top=2)
    return [(word, dict(answer.scores)["good"]) for word, answer in zip(words, answers, strict=True)]


def _by_counting(rows: Sequence[Row]) -> float:
    """Accuracy of naive Bayes on the words, learned from the training rows (with add-one smoothing)."""
    counts: dict[str, Counter[str]] = {"good": Counter(), "bad": Counter()}
    for row in reviews.rows("train", REVIEWS["train"]):
        counts[str(row["verdict"])].update(str(row["text"]).split())
    totals = {verdict: sum(words.values()) for verdict, words in counts.items()}

    def good(text: str) -> bool:
        good, bad = (
            sum(math.log((counts[verdict][word] + 1) / totals[verdict]) for word in text.split())
            for verdict in ("good", "bad")
        )
        return good > bad

    right = [row for row in rows if good(row["text"]) == (row["verdict"] == "good")]
    return len(right) / len(rows)


def draw(example: Mapping[str, Any], width: int) -> Iterable[str]:
    """The review from top to bottom, with a bar for the probability of "good" after each word."""
    longest = max(len(word) for word, _ in example["words"])
    cells = max(10, min(40, width - longest - 24))
    for word, share in example["words"]:
        yield f"    {word:<{longest}}  {100 * share:3.0f} % good  {bar(share, cells)}"
    agreed = "right" if example["says"] == example["truth"] else f"wrong: it is {example['truth']}"
    yield f"    -> {example['says']}, {agreed}"


DEMO = Demo(
    name="sentiment",
    mode="many-to-one",
    does="a review is read word by word; its verdict comes at the end",
    legend="x_t: a word;   y: good or bad",
    rows=lambda part: list(reviews.rows(part, REVIEWS[part])),
    settings=settings,
    judge=judge,
    draw=draw,
    held_out='a quarter of all pairs of negation and word, such as "anything but" with "dull"',
    more='recur predict {run} "the plot is not dull , but the ending was awful" --top 2',
)
main, report = DEMO.main, DEMO.report
