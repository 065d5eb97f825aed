"""Errors are at the part, layer and step that answer."""

from __future__ import annotations

from typing import Any

import pytest

from recur import inspect as inspector
from recur.modes import Mode
from tests.inspect.helpers import TEXT
from tests.modes.helpers import build


def answering(mode: Mode, value: Any, **options: Any) -> dict[str, list[int]]:
    """The steps, from 1, at which copies of each layer show an error."""
    layers = inspector.explain(mode, value, **options)["unrolled"]["layers"]
    return {
        layer["name"]: sorted(copy["step"] for copy in layer["copies"] if copy["error"] is not None) for layer in layers
    }


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("layers", [1, 2])
def test_the_error_of_a_class_is_at_the_copy_computed_last(pooling: str, layers: int) -> None:
    mode = build("many-to-one", "words", "class", pooling=pooling, num_layers=layers, bidirectional=True)
    found = answering(mode, TEXT)
    last = {f"layer {layers}": [4], f"layer {layers} backwards": [1]}
    lower = {"layer 1": [], "layer 1 backwards": []} if layers == 2 else {}
    assert found == {**lower, **last}
    one_way = build("many-to-one", "words", "class", pooling=pooling, bidirectional=False)
    assert answering(one_way, TEXT) == {"layer 1": [4]}
    reads = {"last": "the last state", "mean": "the mean of all states", "max": "the maximum of all states"}
    assert inspector.explain(one_way, TEXT)["unrolled"]["layers"][0]["reads"] == reads[pooling]


@pytest.mark.parametrize("attention", ["none", "bahdanau", "luong"])
@pytest.mark.parametrize("at", [1, 2])
def test_the_errors_of_a_translation_are_at_the_decoder(attention: str, at: int) -> None:
    mode = build("many-to-many", "words", "tags", attention=attention, num_layers=2)
    mode.decoder.output.readout.bias.data[mode.decoder.symbols.end] = -9  # it writes more than one
    found = inspector.explain(mode, TEXT, at=at)
    for layer in found["unrolled"]["layers"]:
        errors = [copy["error"] for copy in layer["copies"]]
        answers = layer["name"] == "decoder layer 2"
        assert [error is not None for error in errors] == [answers] * len(errors), layer["name"]
    assert {one["part"] for one in found["flow"]["errors"]} == {"decoder"}
    layers = {layer["name"]: layer for layer in found["flow"]["layers"]}
    assert layers["decoder layer 2"]["asked"] == at
    assert layers["encoder layer 1"]["asked"] == 4
    assert layers["encoder layer 1 backwards"]["asked"] == 1
    # what is written after the place cannot have caused it
    assert not any(layers["decoder layer 2"]["norms"]["message"][at:])


def test_a_tag_in_the_middle_is_followed_from_its_own_step() -> None:
    mode = build("synced", "words", "tags", bidirectional=True)
    layers = {layer["name"]: layer for layer in inspector.explain(mode, TEXT, at=2)["flow"]["layers"]}
    assert layers["layer 1"]["sentence"].startswith("step 1 (the) receives")
    assert "of the gradient of step 2" in layers["layer 1"]["sentence"]
    assert layers["layer 1 backwards"]["sentence"].startswith("step 4 (to) receives")
    assert "of the gradient of step 2" in layers["layer 1 backwards"]["sentence"]
    assert answering(mode, TEXT) == {"layer 1": [1, 2, 3, 4], "layer 1 backwards": [1, 2, 3, 4]}


def test_below_a_layer_of_two_directions_every_step_has_a_gradient_and_the_sentence_covers_all() -> None:
    mode = build("synced", "words", "tags", bidirectional=True, num_layers=2)
    layers = {layer["name"]: layer for layer in inspector.explain(mode, TEXT, at=2)["flow"]["layers"]}
    for name, first, asked in (("layer 1", 1, 4), ("layer 1 backwards", 4, 1)):
        assert all(layers[name]["norms"]["message"]), name
        assert layers[name]["asked"] == asked
        assert layers[name]["sentence"].startswith(f"step {first} ("), name
        assert f"of the gradient of step {asked}" in layers[name]["sentence"], name
    assert layers["layer 2"]["asked"] == layers["layer 2 backwards"]["asked"] == 2


def test_the_copy_that_answers_is_shown_in_a_long_sequence() -> None:
    mode = build("synced", "words", "tags", bidirectional=True)
    for layer in inspector.explain(mode, " ".join(["dog"] * 60), at=20)["unrolled"]["layers"]:
        assert 20 in [copy["step"] for copy in layer["copies"]]
        assert layer["skipped"] + len(layer["copies"]) + layer["left"] == 60
