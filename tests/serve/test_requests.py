"""Request bodies: unknown keys and values out of range are refused, and options keep the names of `Decoding`."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("fastapi")
from pydantic import BaseModel, ValidationError

from recur.serve import requests


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (requests.Predict, {"inputs": ["x"], "tops": 2}),
        (requests.Predict, {}),
        (requests.Predict, {"inputs": ["x"], "top": requests.MOST_CANDIDATES + 1}),
        (requests.Predict, {"inputs": ["x"], "beam": 0}),
        (requests.Generate, {"temperature": -1}),
        (requests.Generate, {"stop": ["x"] * (requests.MOST_STOPS + 1)}),
        (requests.Generate, {"stop": "x" * (requests.LONGEST_STOP + 1)}),
        (requests.Explain, {"value": "x", "parts": ["weights"]}),
        (requests.Read, {"model": "lines"}),
        (requests.Completion, {"model": "lines", "logit_bias": {"1": 2}}),
        (requests.Completion, {"model": "lines", "best_of": 2}),
    ],
)
def test_a_body_that_is_not_valid_is_refused(body: type[BaseModel], values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        body.model_validate(values)


def test_only_options_that_were_set_are_passed_on() -> None:
    assert requests.Generate().options() == {}
    assert requests.Generate(length=3, top_p=0.5, stop="end").options() == {
        "length": 3, "top_p": 0.5, "stop": ("end",),
    }  # fmt: skip
    assert requests.Generate(stop=["a", "b"]).options() == {"stop": ("a", "b")}
    assert requests.Predict(inputs=[], beam=4).options() == {"beam": 4}


def test_generation_samples_unless_a_temperature_is_set() -> None:
    assert requests.Generate().decoding().temperature == 1.0
    assert requests.Generate(temperature=0).decoding().temperature == 0


def test_the_most_probable_item_is_not_limited_to_some_symbols() -> None:
    drawn = requests.Next(temperature=0.5, top_k=3).decoding()
    greedy = requests.Next(temperature=0, top_k=3).decoding()
    assert (drawn.top_k, greedy.top_k) == (3, None)
