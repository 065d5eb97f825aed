"""Networks, values and drawings that the tests of the inspector share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from recur import codecs, modes
from recur import inspect as inspector
from recur.codecs import Codec
from recur.config import DataConfig
from recur.modes import Mode
from recur.modes.forecast import Forecast
from recur.network import Batch
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


def forecaster(how: str, relative: str) -> tuple[Mode, list[float]]:
    torch.manual_seed(0)
    series = [float(50 + 20 * np.sin(t / 3)) for t in range(20)]
    numbers = codecs.make("numbers", sequence=True).fit([series])
    return Forecast(numbers, numbers, small(), ahead(3, how, relative_to=relative)), series


CASES: list[tuple[str, str | None, str | None, object, dict[str, object]]] = [
    ("synced", "words", None, "the dog ran to", {}),
    ("synced", "characters", None, "the d", {}),
    ("synced", "subwords", None, "the dog", {"cell": "gru"}),
    ("synced", "tags", None, ["D", "N"], {}),
    ("synced", "series", None, [1.0, 3.0, 2.0, 5.0], {}),
    ("synced", "words", "tags", "the dog ran", {"num_layers": 2}),
    ("synced", "words", "series", "the dog ran", {}),
    ("many-to-one", "words", "class", "the dog ran", {}),
    ("many-to-one", "series", "numbers", [1.0, 3.0, 2.0], {"pooling": "mean"}),
    ("one-to-one", "numbers", "class", (2.0, 30.0), {}),
    ("one-to-one", "class", "class", "no", {}),
    ("one-to-many", "class", "words", "no", {}),
    ("many-to-many", "words", "words", "the dog ran", {"attention": "bahdanau"}),
    ("many-to-many", "words", "characters", "the dog", {}),
]


def learned(name: str, source: str | None, target: str | None, options: dict[str, object]) -> Mode:
    mode = build(name, source, target, **options)
    examples = [Row(row.input, row.input) for row in rows(source, source)] if target is None else rows(source, target)
    train(mode, examples, steps=8)
    # numbers come in single precision, and stay in it on the way through predict()
    return mode if source in ("series", "numbers") else mode.double()


def double(name: str, source: str | None, target: str | None, **options: object) -> Mode:
    return build(name, source, target, **options).double().eval()


def by_hand(mode: Mode, batch: Batch) -> tuple[list[torch.Tensor], list[torch.Tensor], torch.Tensor]:
    """h_t and c_t of an LSTM language model by hand, each a tensor that keeps its gradient, and the errors."""
    layer = mode.stack.layer
    assert batch.inputs is not None
    x = mode.inputs(batch.inputs)[0]
    h = c = x.new_zeros(layer.hidden_size)
    hidden, cells, errors = [], [], []
    for t in range(len(x)):
        z = layer.weight_ih_l0 @ x[t] + layer.bias_ih_l0 + layer.weight_hh_l0 @ h + layer.bias_hh_l0
        i, f, g, o = z.chunk(4)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        c.retain_grad()
        h = torch.sigmoid(o) * torch.tanh(c)
        h.retain_grad()
        hidden.append(h)
        cells.append(c)
        errors.append(nn.functional.cross_entropy(mode.output.readout(h), batch.targets[0, t]))
    return hidden, cells, torch.stack(errors)


TEXT = "the dog ran to"


def two_runs() -> dict[str, Any]:
    """The gradient over distance of an Elman network and an LSTM, each of two layers, as plain data."""
    rows_ = [Row(text, text) for text in ("the dog ran to a cat", "a dog", "the cat sat")]
    runs = []
    for cell in ("elman", "lstm"):
        mode = learned("synced", "words", None, {"cell": cell, "num_layers": 2})
        recorded = [{"step": 5, "distance": [0, 1, 2], "norm": [1.0, 0.1, 0.01]}]
        runs.append((cell, mode, inspector.flow(mode, rows_), recorded))
    return inspector.compared(runs, source="three rows")
