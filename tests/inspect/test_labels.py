"""Labels of items: symbols as they are written, numbers in their units, notes, columns and parts of pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recur import codecs, modes
from recur import inspect as inspector
from recur.errors import DataError
from recur.inspect import units
from recur.inspect.labels import grid_of, input_labels, place_of, symbol_labels, unknown_places
from tests.inspect.helpers import learned, own_codec
from tests.modes.helpers import build, codec, small

ITEMS: list[tuple[str, Any, list[str]]] = [
    ("words", "The zebra ran", ["the", "zebra?", "ran"]),
    ("characters", "a dog", ["a", " ", "d", "o", "g"]),
    ("tags", ["D", "N", "V"], ["D", "N", "V"]),
    ("melody", "C4 D4/2", ["C4", "-", "-", "-", "D4", "-"]),
    ("series", [1.0, 2.5], ["1", "2.5"]),
    ("roll", [[60, 64], []], ["C4+E4", "rest"]),
    ("video", None, ["step 1", "step 2"]),
]


@pytest.mark.parametrize(("kind", "value", "expected"), ITEMS)
def test_every_step_is_labelled_as_a_person_reads_it(kind: str, value: Any, expected: list[str]) -> None:
    own, values = own_codec(kind)
    value = values[1] if value is None else value
    mode = modes.build("many-to-one", own, codec("class"), small())
    encoded = mode.encode_input(value)
    labels, removable = input_labels(mode, value, np.asarray(encoded))
    assert labels == expected
    assert removable == [True] * len(expected)


def test_the_columns_of_a_row_have_their_names_and_numbers() -> None:
    mode = build("one-to-one", "numbers", "class")
    labels, removable = input_labels(mode, (2.0, 30.0), np.asarray(mode.encode_input((2.0, 30.0))))
    assert labels == ["value 1 2", "value 2 30"]
    assert not any(removable)


def test_a_date_is_explained_by_its_columns() -> None:
    dates = codecs.make("dates").fit(["2024-01-01", "2024-06-15", "2024-12-31"])
    mode = modes.build("one-to-one", dates, codec("class"), small())
    found = inspector.explain(mode, "2024-06-15")
    assert [item.rsplit(" ", 1)[0] for item in found["input"]["items"]] == dates.column_names()


def test_a_known_word_that_lost_its_capitals_still_agrees_with_its_text() -> None:
    words = codec("words")
    assert symbol_labels(words, words.encode("The cat quacked"), "The cat quacked") == ["the", "cat", "quacked?"]
    assert unknown_places(words, words.encode("The cat quacked")) == [2]
    assert unknown_places(codec("tags"), codec("tags").encode(["D"])) == []


def test_unknown_words_stand_in_their_places_though_the_text_begins_with_a_capital() -> None:
    mode = learned("synced", "words", None, {})
    found = inspector.explain(mode, "The zebra ran", parts=["influence"])
    assert found["input"]["items"] == ["⟨start⟩", "the", "zebra?", "ran"]
    assert found["input"]["unknown"] == [2]
    tokens, _ = units.states_of(mode, "The zebra ran")
    assert tokens == ["⟨start⟩", "the", "zebra", "ran"], "predicates are about the text itself"


def test_a_picture_is_divided_into_the_places_that_are_attended_to_or_seven_a_side() -> None:
    pictures, values = own_codec("pictures")
    plain = modes.build("one-to-one", pictures, codec("class"), small())
    height, width = plain.encode_input(values[0]).shape[:2]
    assert grid_of(plain, plain.encode_input(values[0])) == (min(7, height), min(7, width))
    looking = modes.build("one-to-many", pictures, codec("words"), small(convolutions=[4, 4], attention="luong"))
    assert looking.read_from.places == (-(-height // 4), -(-width // 4))
    assert grid_of(looking, looking.encode_input(values[0])) == looking.read_from.places
    assert grid_of(plain, np.zeros((3, 2))) is None


@pytest.mark.parametrize(("at", "place"), [(None, 2), (1, 0), ("3", 2), ("dog", 1)])
def test_a_place_is_a_number_from_one_or_an_item(at: int | str | None, place: int) -> None:
    assert place_of(at, ["the", "dog", "ran"]) == place


@pytest.mark.parametrize(("at", "said"), [(0, "no item 0"), (4, "no item 4"), ("dgo", 'Did you mean "dog"')])
def test_a_place_that_there_is_not_is_refused(at: int | str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        place_of(at, ["the", "dog", "ran"])


@pytest.mark.parametrize(
    ("own", "value", "named"),
    [("series", [1.0, 2.5], "“2.5” (2)"), ("numbers", [[1.0, 20.0], [2.0, 30.0]], "step 2")],
)
def test_what_is_explained_is_named_by_its_item_or_by_the_number_of_its_step(own: str, value: Any, named: str) -> None:
    mode = build("synced", "series", "series") if own == "series" else _two_columns()
    assert inspector.explain(mode, value)["question"]["says"].startswith(f"the answer for {named} is “")


def _two_columns() -> modes.Mode:
    rows = [[[1.0, 20.0], [2.0, 30.0], [3.0, 10.0]]]
    own = codecs.make("numbers", sequence=True, columns=["left", "right"]).fit(rows)
    return modes.build("synced", own, codec("series"), small())
