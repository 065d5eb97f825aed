"""The copies of an unrolled network compute what the equation says."""

from __future__ import annotations

import numpy as np

from recur import inspect as inspector
from tests.inspect.helpers import learned
from tests.tolerances import SHOWN, agree


def test_what_copies_compute_is_what_the_equation_says() -> None:
    mode = learned("synced", "words", None, {})
    [layer] = inspector.explain(mode, "the dog ran to")["unrolled"]["layers"]
    by_label = {box["label"]: box["id"] for box in layer["boxes"]}
    assert layer["highways"] == ["c"]
    assert {box["path"] for box in layer["boxes"]} == {"", "input to hidden", "hidden to hidden"}
    for before, after in zip(layer["copies"], layer["copies"][1:], strict=False):
        assert before["values"][str(by_label["c"])] == after["values"][str(by_label["c′"])]
        c, i, f, g = (np.array(after["values"][str(by_label[name])]) for name in ("c", "i", "f", "g"))
        old = np.array(after["values"][str(by_label["c′"])])
        sigmoid = lambda v: 1 / (1 + np.exp(-v))  # noqa: E731
        agree(c, sigmoid(f) * old + sigmoid(i) * np.tanh(g), SHOWN)
    [line, *_] = layer["copies"][0]["lines"]
    assert line[0] == "i, f, g, o = split(W_xh @ x + W_hh @ h + b, 4)"
    assert set(line[1]) == {"i", "f", "g", "o"}
