"""A property that ranges have by chance is not reported, and one that they share is."""

from __future__ import annotations

import numpy as np

from recur.inspect import match_properties
from recur.inspect.reading import ReadInput
from tests.modes.helpers import build


def rows(texts: list[str]) -> list[ReadInput]:
    return [ReadInput(number, list(text), {}, {}) for number, text in enumerate(texts)]


def test_random_ranges_rarely_have_a_property_more_than_chance_gives() -> None:
    mode = build("synced", "characters", None)
    draw = np.random.default_rng(0)
    texts = ["".join(draw.choice(list("abC. (d)"), 40)) for _ in range(30)]
    said = 0
    for _ in range(100):
        ranges = [(int(draw.integers(30)), start, start + 5) for start in draw.integers(0, 35, 10).tolist()]
        measured, found = match_properties.property_shares(mode, rows(texts), None, ranges)
        said += bool(found)
        assert measured >= 4
    assert said <= 12, "of 100 random sets, about 5 exceed a bound of 5 %"


def test_a_property_of_the_ranges_is_reported_with_its_shares() -> None:
    mode = build("synced", "characters", None)
    texts = ["abc 12345 abc", "12345 abc abc"] * 10
    ranges = [(n, 4, 9) if n % 2 == 0 else (n, 0, 5) for n in range(20)]
    _, found = match_properties.property_shares(mode, rows(texts), None, ranges)
    assert found[0].name == "digit"
    assert (found[0].share, found[0].base) == (1.0, 5 / 13)


def test_a_label_for_every_step_has_one_for_a_start_symbol_too() -> None:
    one = ReadInput(0, ["⟨start⟩", "the", "dog"], {}, {})
    assert match_properties.step_labels(["D", "N"], one) == ["D", "D", "N"]
    assert match_properties.step_labels(["D", None, "N"], one) == ["D", "", "N"]
    assert match_properties.step_labels("good", one) is None
    assert match_properties.step_labels(["D"] * 7, one) is None
