"""Files in the shapes of public data: what is read, predicted and left out of each, and how it is held out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pytest

from recur import data
from recur.config import Config
from recur.errors import RecurError
from tests.data.public_shapes import SHAPES


class Expected(NamedTuple):
    """What is inferred from a file: the roles in words, why columns and files are left out, examples of each part."""

    sentence: str
    left_out: Mapping[str, str] = MappingProxyType({})
    notes: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()


NUMBERS = "numbers -> their next value"
BESIDE = "a label, and numbers are read"
OTHER = "another column of the words"
SIXTY = (54, 6)

EXPECTED = {
    "bank marketing": Expected(
        "age, balance, day, duration, y -> one-to-one, numbers -> class",
        {"job": BESIDE, "marital": BESIDE, "month": BESIDE, "pdays": "one value only, -1"}, sizes=SIXTY,
    ),
    "weather station": Expected(
        f"Temperatur, Niederschlag -> synced, {NUMBERS}", {"Datum": "time"},
        ('2 rows above the header ("Station 01067 Nordholz")',),
    ),
    "shop sales": Expected(f"sales -> synced, {NUMBERS}", {"date": "time"}, sizes=(3, 3)),
    "m4 long": Expected(f"y -> synced, {NUMBERS}", {"ds": "time"}, sizes=(3, 3)),
    "air quality": Expected(
        f"CO(GT), NOx(GT), T -> synced, {NUMBERS}",
        {"Date": "time", "Time": "time", "Unnamed: 5": "no values", "Unnamed: 6": "no values"},
    ),
    "web log": Expected("text -> synced, words -> the next one"),
    "iris": Expected("column1, column2, column3, column4, column5 -> one-to-one, numbers -> class", sizes=SIXTY),
    "titanic": Expected(
        "Pclass, Age, Fare, Survived -> one-to-one, numbers -> class",
        {
            "PassengerId": "consecutive numbers 1, 2, 3, …", "Name": "a text, and numbers are read",
            "Ticket": "a text, and numbers are read", "Sex": BESIDE, "Embarked": BESIDE,
        },
        sizes=SIXTY,
    ),
    "sms spam": Expected(
        "v2, v1 -> many-to-one, words -> class", dict.fromkeys(["Unnamed: 2", "Unnamed: 3", "Unnamed: 4"], "no values"),
        sizes=SIXTY,
    ),
    "imdb folder": Expected(
        "text, label -> many-to-one, words -> class", notes=("the folder unsup: no label", "urls_pos.txt"),
        sizes=(18, 2, 20),
    ),
    "power consumption": Expected(
        f"Global_active_power, Voltage -> synced, {NUMBERS}", {"Date": "time", "Time": "time"}
    ),
    "exchange rates": Expected(f"USD -> synced, {NUMBERS}", {"Date": "time", "Currency": "one value only, EUR"}),
    "energy with dst": Expected(f"load -> synced, {NUMBERS}", {"utc_timestamp": "time"}),
    "tweets": Expected(
        "text, sentiment -> many-to-one, words -> class",
        {"id": "an identifier", "user": "a JSON object", "lang": "one value only, en"}, sizes=SIXTY,
    ),
    "conll 2003": Expected("word, tag -> synced, words -> tags", {"column2": OTHER, "column3": OTHER}, sizes=(27, 3)),
    "universal dependencies": Expected(
        "form, upos -> synced, words -> tags",
        dict.fromkeys(["id", "lemma", "xpos", "feats", "head", "deprel", "deps", "misc"], OTHER), sizes=(27, 3),
    ),
    "parallel corpus": Expected("en, de -> many-to-many, words -> words", sizes=(40, 6)),
    "midi collection": Expected("notes -> synced, notes -> the next one", notes=("LICENSE",), sizes=(7, 1)),
    "sounds of two kinds": Expected(
        "audio, label -> many-to-one, audio -> class", {"part2": "consecutive numbers 0, 2, 4, …"},
        ("6 .mp3 files (sound is read from .wav and .flac)",), (5, 1),
    ),
    "faces": Expected(
        "pixels, emotion -> many-to-one, numbers -> class", {"Usage": "one value only, Training"}, sizes=SIXTY
    ),
    "chinese text": Expected("text -> synced, characters -> the next one"),
}  # fmt: skip

# what is open, and what the hint says to type
REFUSED = {
    "survey": ("may be the steps of a series, or rows", "--target satisfaction (a class)"),
    "wine": ("column1 has few values, as a label", "--target column1 (a class)"),
    "amazon reviews": ("Score and Summary may each be the target", "--target Summary (a text)"),
    "m4 wide": ("V1 (text), V2 (number)", "write one row for each step"),
    "used cars": ("there is no time column, and consecutive rows are not similar", "--target price (a number)"),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_inferred(name: str, tmp_path: Path) -> None:
    config = Config.of(source=str(SHAPES[name](tmp_path / "x")), missing="mean")
    expected, found = EXPECTED[name], data.load(config)
    roles = found.roles
    assert (roles.sentence, roles.left_out, tuple(roles.notes)) == expected[:3]
    sizes = [len(part) for part in (found.train, found.dev, found.test) if part is not None]
    assert tuple(sizes) == expected.sizes or not expected.sizes
    said = "\n".join(roles.description)
    assert all(why in said for why in (*expected.left_out, *expected.left_out.values(), *expected.notes))


def test_every_shape_has_its_expectation() -> None:
    assert {*EXPECTED, *REFUSED} == set(SHAPES)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_open_is_refused_with_the_option_that_settles_it(name: str, tmp_path: Path) -> None:
    config = Config.of(source=str(SHAPES[name](tmp_path / "x")), missing="mean")
    with pytest.raises(RecurError) as caught:
        data.load(config)
    said, hint = REFUSED[name]
    assert said in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "target", "mode", "codecs"),
    [
        ("wine", "column1", "one-to-one", "numbers -> class"),
        ("amazon reviews", "Score", "many-to-one", "words -> class"),
        ("used cars", "price", "one-to-one", "numbers -> numbers"),
        ("survey", "satisfaction", "one-to-one", "numbers -> class"),
    ],
)
def test_the_option_of_a_hint_settles_it(tmp_path: Path, name: str, target: str, mode: str, codecs: str) -> None:
    source = SHAPES[name](tmp_path / name)
    found = data.load(Config.of(source=str(source), target=[target]))
    assert found.roles.sentence.endswith(f"{target} -> {mode}, {codecs}")
    assert found.roles.target == [target]


def test_named_columns_without_a_target_are_a_series_only_where_rows_are_in_order() -> None:
    drawn = np.random.default_rng(0).normal(size=(200, 3))
    noise = {name: drawn[:, place].tolist() for place, name in enumerate("abc")}
    walk = {name: drawn[:, place].cumsum().tolist() for place, name in enumerate("abc")}
    with pytest.raises(RecurError, match="consecutive rows are not similar"):
        data.load(Config.of(input=["a", "b"]), noise)
    for options, rows in (
        ({"input": ["a", "b"]}, walk),
        ({"input": ["a", "b"], "mode": "synced"}, noise),
        ({"input": ["a"]}, noise),
    ):
        assert data.load(Config.of(**options), rows).roles.own_future
    assert not data.load(Config.of(input=["a", "b"], target=["c"]), noise).roles.own_future
