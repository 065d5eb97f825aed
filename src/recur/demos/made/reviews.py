"""Short reviews from a small grammar, whose verdict depends on more than their words.

    the plot is not bad                                        good: a negation inverts a word
    although the acting was clumsy , the ending is moving      good: with although, the other half counts
    the music is fine but the dialogue is never convincing     bad: with but, the last half counts, and never inverts it
    nobody would call the hero dull                            good

Each pair of negation and opinion word belongs to one part: the pairs of the test are not in training, so their meaning
follows only from that of both. Good words are negated as often as not, so that counting words does not help.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from recur.demos.made.parts import part_of

ASPECTS = (
    "plot", "acting", "music", "ending", "dialogue", "camera work", "story", "opening", "script", "pacing", "cast",
    "hero", "villain", "humour", "first half", "last scene", "costumes", "direction",
)  # fmt: skip
GOOD = (
    "moving", "gripping", "clever", "charming", "convincing", "funny", "beautiful", "brilliant", "fresh", "warm",
    "honest", "surprising", "witty", "elegant", "memorable", "lively", "touching", "superb",
)  # fmt: skip
BAD = (
    "dull", "clumsy", "tedious", "shallow", "predictable", "messy", "cold", "annoying", "lifeless", "awful", "stale",
    "confusing", "silly", "noisy", "forgettable", "dreary", "hollow", "pointless",
)  # fmt: skip
PLAIN = ("is {word}", "was {word}", "is very {word}", "was really {word}", "felt {word}", "seemed rather {word}")
# each inverts the word
NEGATED = (
    "is not {word}", "was never {word}", "is hardly {word}", "was not at all {word}", "is anything but {word}",
    "is far from {word}", "was not even {word}", "is in no way {word}", "was never once {word}", "is not very {word}",
)  # fmt: skip
NOBODY = ("nobody would call the {aspect} {word}", "no one could find the {aspect} {word}")
OPENERS = ("", "", "", "honestly , ", "in the end , ", "to my surprise , ", "as so often , ", "for once , ")
CLOSERS = ("", "", " .", " , I think", " , if you ask me", " this time")


def rows(part: str, count: int) -> Iterator[dict[str, object]]:
    """Yield different reviews of a part, as many good as bad.

    Yields
    ------
    dict
        ``text`` and ``verdict`` (good or bad).
    """
    draw = random.Random(f"reviews {part}")
    seen: set[str] = set()
    while len(seen) < count:
        verdict = ("bad", "good")[len(seen) % 2]
        text, pairs = _review(draw, verdict)
        # every review of the test has a new pair, and no review of training has one
        fits = all(part_of(pair) == "train" for pair in pairs) if part == "train" else _belongs(pairs, part)
        if fits and text not in seen:
            seen.add(text)
            yield {"text": text, "verdict": verdict}


def _belongs(pairs: list[str], part: str) -> bool:
    return (
        bool(pairs)
        and any(part_of(pair) == part for pair in pairs)
        and all(part_of(pair) in (part, "train") for pair in pairs)
    )


def _review(draw: random.Random, verdict: str) -> tuple[str, list[str]]:
    """Return a review with a verdict, and the pairs of negation and word in it."""
    other = "good" if verdict == "bad" else "bad"
    pairs: list[str] = []

    def half(opinion: str, aspects: list[str]) -> str:
        text, pair = _clause(draw, opinion, aspects.pop())
        pairs.extend(pair)
        return text

    aspects = draw.sample(ASPECTS, 3)
    form = draw.randrange(7)
    if form == 0:
        body = half(verdict, aspects)
    elif form == 1:
        body = f"{half(verdict, aspects)} and {half(verdict, aspects)}"
    elif form == 2:
        body = f"{half(other, aspects)} but {half(verdict, aspects)}"
    elif form == 3:
        body = f"although {half(other, aspects)} , {half(verdict, aspects)}"
    elif form == 4:
        body = f"{half(verdict, aspects)} , even if {half(other, aspects)}"
    elif form == 5:
        body = f"what counts is that {half(verdict, aspects)} , not that {half(other, aspects)}"
    else:
        body = f"{half(other, aspects)} and {half(other, aspects)} , yet {half(verdict, aspects)}"
    return draw.choice(OPENERS) + body + draw.choice(CLOSERS), pairs


def _clause(draw: random.Random, opinion: str, aspect: str) -> tuple[str, list[str]]:
    """Return a statement with an opinion, half of the time as the negation of its opposite."""
    same, opposite = (GOOD, BAD) if opinion == "good" else (BAD, GOOD)
    if draw.random() < 0.5:
        return f"the {aspect} {draw.choice(PLAIN).format(word=draw.choice(same))}", []
    word = draw.choice(opposite)
    if draw.random() < 0.2:
        form = draw.choice(NOBODY)
        return form.format(aspect=aspect, word=word), [f"{form} {word}"]
    form = draw.choice(NEGATED)
    return f"the {aspect} {form.format(word=word)}", [f"{form} {word}"]
