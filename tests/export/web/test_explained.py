"""Why a network answers as it does, computed in the page, against the explanation of the library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from recur.export.reference import in_own_units
from recur.inspect import explain
from recur.modes import ManyToOne, Mode, OneToMany
from tests.export.web.networks import asked, classes, config, drawn, pictures, words
from tests.export.web.test_network import short, spelled, tagger, translator
from tests.tolerances import SHOWN

PARTS = ["influence", "states", "flow"]
NETWORKS: dict[str, tuple[Callable[[], Mode], str]] = {
    "a class": (lambda: ManyToOne(words(), classes(), config(num_layers=2, bidirectional=True)), "w1 w2 w3"),
    "letters": (lambda: ManyToOne(spelled(), classes(), config()), "some words unheard"),
    "a chain of tags": (lambda: tagger(bidirectional=True), "w1 w2 w3 w4"),
    "bahdanau": (lambda: translator(num_layers=2, bidirectional=True), "w1 w2 w3"),
    "luong, fed": (lambda: translator("luong", input_feeding=True, cell="gru"), "w1 w2 w3 w5"),
    "no attention": (lambda: translator("none", hidden_size=[7, 5]), "w4 w5"),
    "a class to a text": (lambda: short(OneToMany(classes(), words(), config())), "yes"),
}  # fmt: skip


def same(found: Any, expected: Any, place: str) -> None:
    """What the page has is what the library has, numbers as they are shown."""
    if isinstance(found, dict):
        for name in found.keys() & expected.keys():
            same(found[name], expected[name], f"{place}.{name}")
    elif isinstance(found, list) and found and all(one is None or isinstance(one, (int, float)) for one in found):
        numbers, others = (np.array(one, float) for one in (found, expected[: len(found)]))
        assert (np.isnan(numbers) == np.isnan(others)).all(), place
        size = max(1e-3, np.nanmax(np.abs(others), initial=0.0))
        assert np.nanmax(np.abs(numbers - others), initial=0.0) <= SHOWN * size, place
    elif isinstance(found, list):
        assert len(found) <= len(expected), place  # of an answer nothing after the explained item
        for number, (one, other) in enumerate(zip(found, expected, strict=False)):
            same(one, other, f"{place}[{number}]")
    elif isinstance(found, float):
        assert found == pytest.approx(expected, rel=SHOWN), place
    elif found != "":
        assert found == expected, place


@pytest.mark.parametrize("name", NETWORKS)
def test_the_explanation_of_a_page_is_that_of_the_library(name: str) -> None:
    make, text = NETWORKS[name]
    mode = drawn(make())
    found = asked(mode, "local.explain(given)", {"value": text, "parts": PARTS, "top": 5, "beam": 1})
    expected = explain(mode, text, parts=PARTS, methods=["leave_one_out"])
    for part in ("influence", "alignment"):
        assert (found[part] is None) == (expected[part] is None)
        same(found[part], expected[part], part)
    for part in ("answer", "says", "options"):
        same(found["question"][part], expected["question"][part], part)
    assert [one["name"] for one in found["flow"]["layers"]] == [one["name"] for one in expected["flow"]["layers"]]
    for one, other in zip(found["flow"]["layers"], expected["flow"]["layers"], strict=True):
        same(one["norms"]["message"], other["norms"]["message"], f"gradient, {one['name']}")
        same(one["sentence"], other["sentence"], one["name"])
        for matrix, share in one["shares"].items():
            same(share["fraction"], other["shares"][matrix]["fraction"], f"{matrix}, {one['name']}")
    for one, other in zip(found["states"]["layers"], expected["states"]["layers"], strict=True):
        assert one["name"] == other["name"]
        same(one["states"], other["states"], one["name"])


def test_the_attention_of_a_caption_is_to_the_places_of_its_picture() -> None:
    mode = short(drawn(OneToMany(pictures("whole"), words(), config(attention="luong"))))
    picture = np.random.default_rng(1).integers(0, 255, (12, 10), dtype=np.uint8)
    values = np.ravel(in_own_units(mode.input_codec, mode.encode_input(picture)[None])).tolist()
    # a picture is decoded by the browser
    asks = "local.explain({ value: '', parts: [], top: 3, beam: 1 })"
    script = f"(local.items = async () => local.picture(given), {asks})"
    found, expected = asked(mode, script, values)["alignment"], explain(mode, picture, parts=[])["alignment"]
    assert found["columns"][:2] == ["row 1, column 1", "row 1, column 2"]
    assert len(found["columns"]) == len(expected["columns"]) > 2
    same(found, expected, "alignment")
