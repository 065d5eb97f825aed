"""The state of a chosen range is found where the text is alike, and nowhere else."""

from __future__ import annotations

import doctest
import re
from typing import Any

import numpy as np
import pytest
import torch

from recur import codecs, modes
from recur.errors import RecurError
from recur.inspect import match, matching, states
from recur.inspect.predicates import inside_brackets
from tests.inspect.brackets import CHOSEN, network, texts
from tests.inspect.helpers import learned
from tests.modes.helpers import SERIES, Row, small, train
from tests.tolerances import SINGLE, agree

SEEN = texts(2, 60)


def precision(found: matching.Matching) -> tuple[float, float]:
    """The share of the matched steps at which a bracket is open, and of all steps."""
    inside = [inside_brackets(one.text.labels)[one.start : one.stop] for one in found.matches]
    every = [inside_brackets(one) for one in SEEN]
    return float(np.mean(np.concatenate(inside))), float(np.mean(np.concatenate(every)))


@pytest.mark.parametrize("cell", ["lstm", "elman"])
def test_a_range_inside_brackets_finds_ranges_inside_brackets(cell: str) -> None:
    found = match(network(cell), CHOSEN, "(abba", SEEN)
    share, base = precision(found)
    assert len(found.matches) == 20
    assert base < 0.45
    assert share > 0.95
    assert (found.properties[0].name, found.edges) == ("inside brackets", "both")
    assert found.properties[0].share == pytest.approx(share)
    # chance is measured, and is near the share of all steps rather than near that of the matches
    assert base < found.properties[0].chance < (base + share) / 2
    # nearly every bracket with something in it is found, not only those that are shown
    assert found.total > 0.9 * sum(len(re.findall(r"\([ab]", one)) for one in SEEN)


def test_a_range_outside_brackets_does_not_find_what_is_inside() -> None:
    found = match(network(), CHOSEN, "9:11", SEEN, edges="none", threshold=0.5)
    share, base = precision(found)
    assert share < base
    assert "inside brackets" not in [one.name for one in found.properties]


def test_units_of_the_hypothesis_are_on_over_the_range_and_off_beside_it() -> None:
    [layer] = states(network(), CHOSEN)
    found = match(network(), CHOSEN, (4, 8), SEEN)
    assert found.labels[found.start : found.stop] == list("(abba")
    memory = np.tanh(layer.states["c"])
    for number, one in enumerate(found.units):
        values = one.sign * memory[:, one.unit]
        agree(one.sign * found.values[:, number], values, SINGLE)
        assert (values[3:8] > found.threshold).all()
        assert values[2] <= found.threshold
        assert values[8] <= found.threshold
    missed = {(one.unit, one.sign) for one in found.units}
    for unit, values in enumerate(memory.T):
        for sign in (1, -1):
            on = sign * values > found.threshold
            assert ((unit, sign) in missed) == (on[3:8].all() and not on[2] and not on[8])


def test_matches_have_most_units_on_do_not_overlap_and_are_in_order() -> None:
    found = match(network(), CHOSEN, "abba", SEEN, edges="none", top=1000)
    taken: dict[int, set[int]] = {}
    for one in found.matches:
        assert 2 * one.on.sum() > len(found.units)
        assert (one.counts[one.start : one.stop] >= one.on.sum()).all()
        steps = set(range(one.start, one.stop))
        assert not steps & taken.setdefault(one.text.number, set())
        taken[one.text.number] |= steps
    order = [(one.exact, one.on.sum()) for one in found.matches]
    assert order == sorted(order, reverse=True)
    assert found.total == len(found.matches)


def test_the_chosen_range_is_no_match_of_itself() -> None:
    found = match(network(), CHOSEN, "(abba", [CHOSEN, *SEEN[:5]])
    own = [(one.start, one.stop) for one in found.matches if one.text.number == 0]
    assert all(stop <= 3 or start >= 8 for start, stop in own)
    assert own, "the other bracket of the text is not found"


def test_the_state_that_is_compared_is_stated() -> None:
    for cell, state in (("lstm", "tanh(c) of layer 1"), ("gru", "h of layer 1"), ("elman", "h of layer 1")):
        mode = learned("synced", "words", None, {"cell": cell})
        found = match(mode, "the dog ran", "2:2", ["a cat", "the dog"], edges="none", threshold=0.01)
        assert found.state == state
    two = learned("many-to-one", "words", "class", {"num_layers": 2, "bidirectional": True})
    options: dict[str, Any] = {"edges": "none", "threshold": 1e-3}
    assert match(two, "the dog ran", "dog", ["a cat"], **options).state == "tanh(c) of layer 2 in both directions"
    assert match(two, "the dog ran", "dog", ["a cat"], layer=1, **options).state.startswith("tanh(c) of layer 1")
    directions = {one.place.direction for one in match(two, "the dog ran", "dog", ["a cat"], **options).units}
    assert directions == {0, 1}


def test_a_stretch_of_a_sensor_finds_stretches_at_the_same_level() -> None:
    torch.manual_seed(0)
    draw = np.random.default_rng(0)
    levels = [np.repeat(draw.permutation([0.0, 1.0, 0.0, 1.0]), draw.integers(3, 7, 4)) for _ in range(40)]
    rows = [(one + draw.normal(0, 0.1, len(one))).tolist() for one in levels]
    mode = modes.build(
        "synced", codecs.make("numbers", sequence=True).fit(rows), None, small(cell="gru", hidden_size=12)
    )
    train(mode, [Row(one, one) for one in rows], steps=60)
    found = match(mode, [0.1, 0.0, -0.1, 1.0, 0.9, 1.1, 1.0, 0.0, 0.1], (4, 7), rows)
    matched = np.concatenate([levels[one.text.number][one.start : one.stop] for one in found.matches])
    assert len(found.matches) == 20
    assert matched.mean() > 0.95 > 0.6 > np.concatenate(levels).mean()


def test_labels_of_the_rows_and_of_their_steps_are_compared_with_chance() -> None:
    inside = [["in" if yes else "out" for yes in inside_brackets(row)] for row in SEEN]
    found = match(network(), CHOSEN, "(abba", SEEN, labels=inside)
    assert "label “in”" in [one.name for one in found.properties]
    assert "label “out”" not in [one.name for one in found.properties]
    # labels that have nothing to do with the texts
    found = match(network(), CHOSEN, "(abba", SEEN, labels=["x", "y"] * (len(SEEN) // 2))
    assert found.measured >= 4
    assert not {"label “x”", "label “y”"} & {one.name for one in found.properties}


@pytest.mark.parametrize(
    ("over", "options", "said"),
    [
        ("5:4", {}, "the range 5:4 is empty"),
        ("0:3", {}, "is outside the input"),
        ("12:99", {}, "the input has 15 steps"),
        ("xyz", {}, "is not in the input"),
        ("ab", {}, "is 2 times in the input"),
        (" ", {}, "is no range"),
        ("4:8", {"threshold": 1.0}, "the threshold is 1, expected a number between 0 and 1"),
        ("4:8", {"threshold": 0.0}, "the threshold is 0"),
        ("4:8", {"threshold": float("nan")}, "the threshold is nan"),
        ("4:8", {"edges": "left"}, 'there are no edges "left"'),
        ("4:8", {"layer": 3}, "there is no layer 3: the network has 1"),
        ("4:8", {"top": 0}, "the number of matches is 0"),
        ("4:8", {"corpus": []}, "there is no text to search"),
        ("4:8", {"corpus": ["what is this ?"]}, "the network does not know 13 of its 15 symbols"),
        ("4:8", {"threshold": 0.9999}, "no unit of tanh(c) of layer 1 is on (above 0.9999"),
    ],
)
def test_what_cannot_be_matched_is_refused(over: str, options: dict[str, Any], said: str) -> None:
    given = {"corpus": SEEN[:4], "text": CHOSEN} | options
    with pytest.raises(RecurError) as refused:
        match(network(), given.pop("text"), over, given.pop("corpus"), **given)
    assert said in refused.value.message
    assert refused.value.hint


def test_a_network_without_a_sequence_or_a_layer_is_refused() -> None:
    with pytest.raises(RecurError, match="require a network that reads one"):
        match(learned("one-to-one", "numbers", "class", {}), (1.0, 2.0), "1:1", [(1.0, 2.0)])
    with pytest.raises(RecurError):
        match(learned("synced", "series", None, {}), SERIES[0], "a", SERIES)


def test_a_range_that_no_unit_marks_is_named_with_one_nearby() -> None:
    # the state falls back one step later than the range ends
    with pytest.raises(RecurError, match="no unit of tanh") as refused:
        match(network(), CHOSEN, "5:9", SEEN, edges="both")
    assert refused.value.hint is not None
    assert "--match 4:8" in refused.value.hint or "--edges none" in refused.value.hint


def test_a_corpus_longer_than_the_limit_is_searched_in_part_and_says_so() -> None:
    found = match(network(), CHOSEN, "(abba", SEEN, most_steps=100)
    assert not found.whole
    assert found.texts < len(SEEN)
    assert match(network(), CHOSEN, "(abba", SEEN).whole


def test_examples_of_docstrings() -> None:
    assert doctest.testmod(matching).failed == 0
