"""The plain data of a matching says what was searched, and holds what is drawn."""

from __future__ import annotations

import json

import numpy as np

from recur import inspect as inspector
from recur.inspect import match, plain_matching
from tests.inspect.brackets import CHOSEN, network, texts
from tests.inspect.helpers import learned

SEEN = texts(2, 40)


def test_data_of_a_matching_is_json_with_its_ranges_among_its_labels() -> None:
    labels = [f"row {number}" for number in range(len(SEEN))]
    explained = inspector.explain(
        network(), CHOSEN, parts=(), match="(abba", within=SEEN, within_labels=labels, matches=7
    )
    data = json.loads(explained.json())["match"]
    assert "".join(data["labels"][data["start"] : data["stop"]]) == "(abba"
    assert data["labels"][data["start"]] == CHOSEN[data["first"] + data["start"] - 2]
    assert len(data["matches"]) == 7
    for one in data["matches"]:
        row = SEEN[one["text"] - 1]
        piece = "".join(one["labels"][one["start"] : one["stop"]])
        # a start symbol is the first step
        assert row[one["step"] - 2 : one["step"] - 2 + one["steps"]] == piece
        assert one["label"] == labels[one["text"] - 1]
        assert len(one["counts"]) == len(one["labels"])
    assert explained["influence"] is None


def test_what_was_found_is_said_in_words() -> None:
    data = plain_matching(match(network(), CHOSEN, "(abba", SEEN))
    assert "over steps 4 to 8, and off just before and just after it" in data["says"]
    assert "“inside brackets” holds at" in data["result"]
    assert f"in {len(SEEN)} texts of" in data["result"]
    start = plain_matching(match(network(), "(abba)ba(b)a", "1:6", SEEN, edges="both", threshold=0.01))
    assert "just before" not in start["says"], "a range at the start has no step before it"
    nowhere = plain_matching(match(network(), CHOSEN, "(abba", ["a"]))
    assert "nowhere else" in nowhere["result"]
    assert nowhere["matches"] == []


def test_when_nothing_exceeds_chance_it_says_so() -> None:
    mode = learned("synced", "series", None, {})
    draw = np.random.default_rng(0)
    rows = [draw.normal(size=12).tolist() for _ in range(40)]
    labels = ["x", "y"] * 20  # given without regard to the numbers
    found = match(mode, rows[0], "5:6", rows, labels=labels, edges="none", threshold=0.01)
    assert found.matches
    data = plain_matching(found, labels)
    assert data["properties"] == []
    assert "none of the 2 properties that were compared holds more often" in data["result"]
