"""Which states matter: a range inside quotation marks finds what is inside quotation marks."""

from __future__ import annotations

import random
from typing import Any

from recur.lecture import tasks
from tests.lecture.given import FIGURES, computed

FOUND = """
const net = network(NETWORKS.quotes), read = (line) => onAt(net.run(net.ids(line)).h, given.least);
const on = read(given.words), guess = hypothesis(on, given.start, given.stop);
const found = sameStates(given.others.map(read), guess, given.stop - given.start);
answer = { ...guess, found, inside: given.others.map(insideQuotes) };
"""
LINES = [tasks.quoted(random.Random(n)) for n in tasks.QUOTED]


def found(start: int, stop: int, least: float = 0.3) -> dict[str, Any]:
    script = (FIGURES / "matching.js").read_text(encoding="utf-8") + FOUND
    words, *others = LINES
    given = {"words": words, "others": others, "start": start, "stop": stop, "least": least}
    result: dict[str, Any] = computed(script, given)
    return result


def share(result: dict[str, Any], first: int | None = None) -> tuple[float, float]:
    """The share of the matched words inside a quotation, and that of all words."""
    mine = [
        inside
        for one in result["found"][:first]
        for inside in result["inside"][one["line"]][one["start"] : one["stop"]]
    ]
    every = [inside for line in result["inside"] for inside in line]
    return sum(mine) / len(mine), sum(every) / len(every)


def test_a_quotation_finds_quotations() -> None:
    start = LINES[0].index("“")
    stop = LINES[0].index("”", start)
    result = found(start, stop)
    assert result["edges"] in ("both", "after")
    mine, every = share(result)
    assert mine > 0.9
    assert every < 0.6
    # nearly every quotation with a word in it is found
    quotations = sum(line[n] == "“" and line[n + 1] != "”" for line in LINES[1:] for n in range(len(line) - 1))
    assert len(result["found"]) > 0.8 * quotations


def test_words_outside_do_not_find_quotations() -> None:
    words = LINES[0]
    outside = [n for n in range(1, len(words)) if words[n] not in tasks.QUOTES and not _open(words, n)]
    result = found(outside[0], outside[0] + 1)
    mine, every = share(result)
    assert mine < every


def _open(words: list[str], place: int) -> bool:
    marks = [word for word in words[: place + 1] if word in tasks.QUOTES]
    return bool(marks) and marks[-1] == "“"


def test_matches_do_not_overlap_and_an_extreme_threshold_has_none() -> None:
    start = LINES[0].index("“")
    result = found(start, LINES[0].index("”", start))
    places: set[tuple[int, int]] = set()
    for one in result["found"]:
        steps = {(one["line"], n) for n in range(one["start"], one["stop"])}
        assert not steps & places
        places |= steps
    assert found(0, 3, 0.999)["units"] == []
