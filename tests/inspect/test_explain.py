"""One structure for all pictures: plain, finite data, in every mode; its numbers are those of the functions."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from recur import inspect as inspector
from tests.inspect.helpers import CASES, learned
from tests.tolerances import SHOWN


@pytest.mark.parametrize(("name", "source", "target", "value", "options"), CASES)
def test_every_mode_is_explained_as_plain_data(
    name: str, source: str | None, target: str | None, value: object, options: dict[str, object]
) -> None:
    mode = learned(name, source, target, options)
    found = inspector.explain(mode, value)
    again = json.loads(found.json())
    assert again == found.data
    assert found["question"]["says"]
    items = found["input"]["items"]
    for option in found["influence"]["options"]:
        for against in found["influence"]["against"]:
            assert all(len(scores) == len(items) for scores in option[against]["scores"].values())
    if name == "one-to-one":
        assert found["flow"] is None
        return
    for layer in found["flow"]["layers"]:
        steps = len(layer["labels"])
        assert all(len(norms) == steps for norms in layer["norms"].values())
        for share in layer["shares"].values():
            # the first step computed knows no state, so an error that reaches no further has no share in W_hh
            whole = sum(share["fraction"])
            assert whole == pytest.approx(1, rel=SHOWN) or not any(share["norm"])
        assert layer["sentence"]
    for layer in found["states"]["layers"]:
        assert all(len(states) == len(layer["labels"]) for states in layer["states"].values())
    for layer in found["unrolled"]["layers"]:
        ids = {box["id"] for box in layer["boxes"]}
        assert all(argument in ids for box in layer["boxes"] for argument in box["args"])
        assert {box["new_state"] for box in layer["boxes"]} >= set(layer["units"])
        for copy in layer["copies"]:
            assert {int(i) for i in copy["values"]} == ids
    if options.get("attention"):
        weights = np.array(found["alignment"]["weights"])
        assert weights.shape == (len(found["alignment"]["rows"]), len(items))
        np.testing.assert_allclose(weights.sum(1), 1, rtol=SHOWN)


@pytest.mark.parametrize("cell", ["elman", "lstm", "gru", "lstm_peephole"])
def test_states_read_forwards_alone_are_those_that_are_followed_back(cell: str) -> None:
    mode = learned("synced", "words", None, {"cell": cell, "num_layers": 2})
    quick = inspector.explain(mode, "the dog ran to", parts=["states"])
    whole = inspector.explain(mode, "the dog ran to", parts=["states", "flow"])
    assert quick["states"] == whole["states"]
    np.testing.assert_allclose(quick["surprise"][1:], whole["surprise"][1:], rtol=SHOWN)
    assert quick["flow"] is None


def test_influence_follows_typing() -> None:
    """Candidates, influence and nothing else take well under a tenth of a second (a quiet machine: about 15 ms)."""
    mode = learned("synced", "words", None, {"hidden_size": 64}).float()
    text = "the dog ran to a cat " * 4
    inspector.explain(mode, text, parts=("influence",), options=1)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        inspector.explain(mode, text, parts=("influence",), options=1)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.5
