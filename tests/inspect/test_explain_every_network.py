"""Every mode with every kind of value and of cell can be explained, drawn and compared, or is refused in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recur import equation, equations
from recur import inspect as inspector
from recur.equations import sigmoid, tanh
from recur.errors import DataError
from recur.nn import Recurrent
from tests.inspect.helpers import drawn, network
from tests.modes.helpers import Row, build, rows, train

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


@equation(x="X", h="H", W_xh="H X", W_hh="H H", W_xk="H X", b="H", k="H")
def leaky(x, h, W_xh, W_hh, W_xk, b, k):
    keep = sigmoid(W_xk @ x + k)
    h = keep * h + (1 - keep) * tanh(W_xh @ x + W_hh @ h + b)
    return h


@pytest.mark.parametrize("cell", [*equations.stock(), "leaky"])
def test_every_cell_is_explained_and_drawn(cell: str, tmp_path: Path) -> None:
    own = cell not in equations.stock()
    mode = build("synced", "words", None, cell="lstm" if own else cell, num_layers=2)
    if own:
        mode.stack.layer = Recurrent(leaky, mode.inputs.size, 8, num_layers=2, batch_first=True, engine="eager")
    train(mode, [Row(row.input, row.input) for row in rows("words", "words")], steps=2)
    data = drawn(mode, "the dog ran to", tmp_path)
    assert [layer["cell"] for layer in data["flow"]["layers"]] == [cell, cell]
