"""Every mode with every kind of value and of cell can be explained, drawn and compared, or is refused in a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recur import codecs, equation, equations, modes
from recur import inspect as inspector
from recur.codecs import Codec
from recur.config import DataConfig
from recur.equations import sigmoid, tanh
from recur.errors import DataError
from recur.modes import Mode
from recur.modes.forecast import Forecast
from recur.nn import Recurrent
from recur.views import explained, picture, report
from tests.modes.helpers import VALUES, Row, ahead, build, codec, rows, small, train
from tests.pictures import noise, square


def own_codec(kind: str) -> tuple[Codec, list[Any]]:
    """A fitted codec of a kind that the shared values lack, and four values of it."""
    if kind == "pictures":
        values: list[Any] = [square(place) for place in range(4)]
        return codecs.make("images").fit(values), values
    if kind == "video":
        values = [noise(steps, 12, 12, 1, seed=steps) for steps in (3, 2, 5, 1)]
        return codecs.make("frames").fit(values), values
    if kind == "spelled":
        words = [text.split() for text in VALUES["words"]]
        return codecs.make("spelled", DataConfig()).fit(words), words
    if kind == "roll":
        values = [[[60], [60, 64], []], [[62]], [[60], [62], [64], [65]], [[67, 71], [67]]]
        return codecs.NotesCodec(form="roll").fit(values), values
    if kind == "melody":
        values = ["C4 D4 E4", "G4*2 r", "E4 D4 C4*2", "C4"]
        return codecs.NotesCodec(form="melody").fit(values), values
    if kind == "spans":
        values = [["B-X", "I-X", "O"], ["O", "B-X"], ["O", "O", "B-X", "I-X", "O", "O"], ["O"]]
        return codecs.make("tags").fit(values), values
    return codec(kind), VALUES[kind]


def network(name: str, source: str | None, target: str | None, **options: Any) -> tuple[Mode, list[Any], list[Row]]:
    """A network, its inputs and its rows, learned for a few updates."""
    torch.manual_seed(0)
    first, given = (None, [None] * 4) if source is None else own_codec(source)
    second, truth = (None, given) if target is None else own_codec(target)
    mode = modes.build(name, first, second, small(**options))
    examples = [Row(one, other) for one, other in zip(given, truth, strict=True)]
    if name == "synced" and target is None:
        examples = [one for one in examples if len(mode.encode(one).target)]
    train(mode, examples, steps=2)
    return mode, given, examples


def drawn(mode: Mode, value: Any, tmp_path: Path, *, png: bool = False, **options: Any) -> dict[str, Any]:
    """Explain, and draw in every way."""
    found = inspector.explain(mode, value, **options)
    assert json.loads(found.json()) == found.data
    lines = list(explained.explained(found.data, 80))
    assert lines
    assert max(map(len, lines)) <= 80
    assert report.report([found.data]).startswith("<!doctype html>")
    if png:
        picture.picture([found.data], tmp_path / "a.png")
    items = found["input"]["items"]
    for option in found["influence"]["options"]:
        for against in found["influence"]["against"]:
            assert all(len(scores) == len(items) for scores in option[against]["scores"].values())
    return found.data


SEQUENCES = ("words", "spelled", "characters", "subwords", "tags", "series", "video", "roll", "melody")
NETWORKS: list[tuple[str, str | None, str | None, dict[str, Any]]] = [
    *(("many-to-one", source, "class", {}) for source in SEQUENCES),
    *(("many-to-one", "words", "numbers", {"pooling": how}) for how in ("mean", "max")),
    ("many-to-one", "video", "class", {"convolutions": [4]}),
    *(("synced", source, None, {}) for source in SEQUENCES if source not in ("spelled", "video")),
    *(("synced", "words", target, {}) for target in ("tags", "spans", "series")),
    ("synced", "words", "spans", {"crf": True}),
    ("synced", "spelled", "tags", {"crf": True, "num_layers": 2}),
    ("synced", "series", "tags", {"bidirectional": False}),
    *(("one-to-one", source, "class", {}) for source in ("class", "numbers", "pictures")),
    ("one-to-one", "pictures", "class", {"convolutions": [4, 8]}),
    ("one-to-one", "pictures", "numbers", {"convolutions": [4], "picture_pooling": "mean"}),
    *(("one-to-many", source, "words", {}) for source in (None, "class", "numbers", "pictures")),
    ("one-to-many", "pictures", "words", {"convolutions": [4], "attention": "bahdanau"}),
    ("one-to-many", "class", "series", {}),
    ("one-to-many", "class", "roll", {}),
    *(("many-to-many", "words", target, {}) for target in ("words", "characters", "tags", "series", "roll", "melody")),
    *(("many-to-many", "words", "words", {"attention": how, "input_feeding": True}) for how in ("bahdanau", "luong")),
    ("many-to-many", "series", "series", {"attention": "luong"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source", "target", "options"), NETWORKS)
def test_every_mode_and_kind_of_value_is_explained_drawn_and_compared(
    name: str, source: str | None, target: str | None, options: dict[str, Any], tmp_path: Path
) -> None:
    mode, given, examples = network(name, source, target, **options)
    # a picture takes longer than all else: of every mode some, and of every option
    data = drawn(mode, given[2], tmp_path, png=bool(options) or source in (None, "series"))
    assert (data["model"]["cell"] == "") == (name == "one-to-one")
    assert "lstm" not in (data["model"]["name"] if name == "one-to-one" else "")
    if name == "one-to-one":
        with pytest.raises(DataError, match="no steps"):
            inspector.flow(mode, examples)
        return
    part = "decoder" if name in ("many-to-many", "one-to-many") else "stack"
    assert data["flow"]["readout"]["kind"] == "hidden to output"
    for layer in data["unrolled"]["layers"]:
        answering = [copy for copy in layer["copies"] if copy["error"] is not None]
        assert bool(answering) == (layer["part"] == part and layer["name"] in _last_layers(data, part))
    assert inspector.flow(mode, examples)


def _last_layers(data: dict[str, Any], part: str) -> set[str]:
    names = [layer["name"] for layer in data["flow"]["layers"] if layer["part"] == part]
    number = max(name.split("layer ")[1].split()[0] for name in names)
    return {name for name in names if f"layer {number}" in name}


@pytest.mark.parametrize("how", ["direct", "recursive"])
@pytest.mark.parametrize("relative", ["none", "last"])
@pytest.mark.parametrize("at", [None, 3])
def test_a_forecast_is_explained_at_every_step_ahead(how: str, relative: str, at: int | None, tmp_path: Path) -> None:
    mode, series = forecaster(how, relative)
    data = drawn(mode, series, tmp_path, at=at)
    ahead = 1 if at is None else at
    assert data["question"]["options"][0]["label"] == f"{mode.predict([series])[0].value[ahead - 1]:.4g}"
    [layer] = data["unrolled"]["layers"]
    answering = [copy["step"] for copy in layer["copies"] if copy["error"] is not None]
    assert answering == [len(series) + (ahead - 1 if how == "recursive" else 0)]
    assert inspector.flow(mode, [Row(series, series[1:])])


def forecaster(how: str, relative: str) -> tuple[Mode, list[float]]:
    torch.manual_seed(0)
    series = [float(50 + 20 * np.sin(t / 3)) for t in range(20)]
    numbers = codecs.make("numbers", sequence=True).fit([series])
    return Forecast(numbers, numbers, small(), ahead(3, how, relative_to=relative)), series


@equation(x="X", h="H", W_xh="H X", W_hh="H H", W_xk="H X", b="H", k="H")
def leaky(x, h, W_xh, W_hh, W_xk, b, k):  # type: ignore[no-untyped-def]
    keep = sigmoid(W_xk @ x + k)
    h = keep * h + (1 - keep) * tanh(W_xh @ x + W_hh @ h + b)
    return h


@pytest.mark.parametrize("cell", [*equations.names(), "leaky"])
def test_every_cell_is_explained_and_drawn(cell: str, tmp_path: Path) -> None:
    own = cell not in equations.names()
    mode = build("synced", "words", None, cell="lstm" if own else cell, num_layers=2)
    if own:
        mode.stack.layer = Recurrent(leaky, mode.inputs.size, 8, num_layers=2, batch_first=True, engine="eager")
    train(mode, [Row(row.input, row.input) for row in rows("words", "words")], steps=2)
    data = drawn(mode, "the dog ran to", tmp_path)
    assert [layer["cell"] for layer in data["flow"]["layers"]] == [cell, cell]
