"""The rows of the demonstrations: right by the rules they follow, the same every time, and held out for good."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from recur.demos import captions, classify, frames, sentiment, translate
from recur.demos.made import clips, counting, digits, reviews, scenes
from recur.demos.made.parts import DEV, TEST, part_of
from recur.demos.single import Demo

DEMOS = [module.DEMO for module in (classify, captions, sentiment, translate, frames)]


@pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: demo.name)
def test_rows_are_the_same_every_time_and_no_test_row_is_learned(demo: Demo) -> None:
    test = demo.rows("test")
    assert test == demo.rows("test")
    learned = {str(row) for part in ("train", "dev") for row in demo.rows(part)}
    assert not learned & {str(row) for row in test}
    assert len(test) >= 500 or demo.name == "frames"


def test_parts_have_their_shares() -> None:
    parts = [part_of(f"thing {number}") for number in range(4000)]
    assert abs(parts.count("dev") / 4000 - DEV) < 0.02
    assert abs(parts.count("test") / 4000 - TEST) < 0.03


@pytest.mark.parametrize(
    ("number", "english", "french"),
    [
        (0, "zero", "zéro"),
        (17, "seventeen", "dix-sept"),
        (21, "twenty one", "vingt et un"),
        (70, "seventy", "soixante-dix"),
        (71, "seventy one", "soixante et onze"),
        (80, "eighty", "quatre-vingts"),
        (81, "eighty one", "quatre-vingt-un"),
        (91, "ninety one", "quatre-vingt-onze"),
        (99, "ninety nine", "quatre-vingt-dix-neuf"),
        (100, "one hundred", "cent"),
        (200, "two hundred", "deux cents"),
        (201, "two hundred and one", "deux cent un"),
        (280, "two hundred and eighty", "deux cent quatre-vingts"),
        (1000, "one thousand", "mille"),
        (1001, "one thousand and one", "mille un"),
        (2200, "two thousand two hundred", "deux mille deux cents"),
        (80_000, "eighty thousand", "quatre-vingt mille"),
        (71_080, "seventy one thousand and eighty", "soixante et onze mille quatre-vingts"),
        (99_999, "ninety nine thousand nine hundred and ninety nine",
         "quatre-vingt-dix-neuf mille neuf cent quatre-vingt-dix-neuf"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_both_languages_write_them(number: int, english: str, french: str) -> None:
    assert counting.english(number) == english
    assert counting.french(number) == french


def test_every_number_has_a_name_of_its_own_in_both_languages() -> None:
    numbers = range(0, counting.LARGEST + 1, 7)
    assert len({counting.english(number) for number in numbers}) == len(numbers)
    assert len({counting.french(number) for number in numbers}) == len(numbers)


def test_small_numbers_are_taught_and_only_larger_ones_are_asked() -> None:
    learned = {row["number"] for row in counting.rows("train", 400)}
    assert set(range(counting.TAUGHT)) <= learned
    assert min(row["number"] for row in counting.rows("test", 200)) >= counting.TAUGHT


def test_hands_of_the_test_wrote_nothing_else() -> None:
    hands = {part: {row["hand"] for row in digits.rows(part, hands=120)} for part in ("train", "dev", "test")}
    assert sum(map(len, hands.values())) == 120
    assert not hands["test"] & (hands["train"] | hands["dev"])
    drawn = list(digits.rows("test", hands=40, each=2))
    assert {row["digit"] for row in drawn} == set(range(10))
    assert len({str(row["pixels"]) for row in drawn}) == len(drawn)
    pixels = np.array([row["pixels"] for row in drawn])
    assert pixels.shape == (len(drawn), digits.SIDE**2)
    assert pixels.min() >= 0
    assert pixels.max() <= digits.LEVELS
    assert (pixels.max(1) >= digits.LEVELS - 1).all()  # every sheet has ink on it


def test_a_scene_is_drawn_as_its_caption_says() -> None:
    for row in scenes.rows("test", 60):
        cells = np.array(row["picture"]).reshape(scenes.SIDE, scenes.SIDE, 3)
        caption = str(row["caption"])
        relation = next(each for each in scenes.RELATIONS if each in caption)
        first, second = caption.split(f" {relation} ")
        places = [np.argwhere(_looks(cells, text.split()[2])) for text in (first, second)]
        axis = 1 if relation == "left of" else 0
        if first.split()[2] != second.split()[2]:
            assert places[0][:, axis].max() < places[1][:, axis].min(), caption


def _looks(cells: np.ndarray, colour: str) -> np.ndarray:
    """Where the cells have the nearest colour of all to this one."""
    names = list(scenes.COLOURS)
    colours = np.array([scenes.COLOURS[name] for name in names]) / 9
    strongest = cells.max(-1, keepdims=True)
    distance = ((cells[:, :, None] / np.maximum(strongest, 1)[:, :, None] - colours) ** 2).sum(-1)
    return (distance.argmin(-1) == names.index(colour)) & (strongest[..., 0] > scenes.BACKGROUND + 2)


def test_scenes_of_the_test_stand_in_no_training_picture() -> None:
    parts = {part: {str(row["caption"]) for row in scenes.rows(part, 400)} for part in ("train", "dev", "test")}
    assert not parts["test"] & (parts["train"] | parts["dev"])
    # but each thing in them does
    learned = {half for text in parts["train"] for half in text.replace(" above ", " left of ").split(" left of ")}
    assert len(learned) == len(scenes.SIZES) * len(scenes.COLOURS) * len(scenes.SHAPES)


def test_labels_of_a_film_say_what_the_shape_did() -> None:
    draw = random.Random(0)
    shape = clips.shapes("train")[3]
    for _ in range(20):
        film = list(clips.clip(shape, 15, draw))
        assert film[0][1] == clips.FIRST
        corners = [_corner(cells) for cells, _ in film]
        for (before, after), (_, label) in zip(pairwise(corners), film[1:], strict=True):
            assert (after[0] - before[0], after[1] - before[1]) == clips.MOVES[label]


def _corner(cells: list[int]) -> tuple[int, int]:
    """Where the ink begins: (x, y)."""
    bright = np.argwhere(np.array(cells).reshape(clips.SIDE, clips.SIDE) > clips.GRAIN + 2)
    return int(bright[:, 1].min()), int(bright[:, 0].min())


def test_shapes_of_the_test_are_in_no_other_film() -> None:
    known = {part: set(clips.shapes(part)) for part in ("train", "dev", "test")}
    assert not known["test"] & (known["train"] | known["dev"])
    assert min(map(len, known.values())) >= 20


def test_reviews_are_balanced_and_their_new_pairs_are_new() -> None:
    train, test = list(reviews.rows("train", 400)), list(reviews.rows("test", 200))
    assert sum(row["verdict"] == "good" for row in test) == 100
    forms = [form.replace("{word}", "").split(" {aspect} ")[0].strip() for form in reviews.NEGATED]
    pairs = {
        f"{form} {{word}} {word}"
        for form in forms
        for word in (*reviews.GOOD, *reviews.BAD)
        if part_of(f"{form} {{word}} {word}") == "test"
    }
    assert pairs
    held_out = [pair.replace("{word} ", "") for pair in pairs]
    assert not [row for row in train for pair in held_out if f" {pair} " in f" {row['text']} "]
    words = {word for row in train for word in str(row["text"]).split()}
    assert {word for row in test for word in str(row["text"]).split()} <= words
