"""Answers as JSON: numbers that are not finite are refused, and the pieces are one document."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

pytest.importorskip("fastapi")
from recur.heads import Prediction
from recur.serve import encoding
from recur.serve.problems import RequestError


def test_answers_are_one_document_of_json() -> None:
    answers = [
        Prediction("yes", [("yes", 0.75), ("no", 0.25)], "yes", alignment=np.array([[1.0, 0.0]])),
        Prediction([1.5], [], "1.5", quantiles={0.1: [1.0], 0.9: [2.0]}),
    ]
    first, second = json.loads(encoding.predictions(answers))["predictions"]
    assert first["scores"] == [{"value": "yes", "probability": 0.75}, {"value": "no", "probability": 0.25}]
    assert first["alignment"] == [[1.0, 0.0]]
    assert "quantiles" not in first
    assert (second["value"], second["alignment"]) == ([1.5], None)
    assert second["quantiles"] == {"0.1": [1.0], "0.9": [2.0]}


@pytest.mark.parametrize("value", [math.nan, [1.0, math.inf]])
def test_an_answer_that_is_not_finite_is_an_error_of_the_request(value: object) -> None:
    with pytest.raises(RequestError, match="not finite") as caught:
        encoding.dumped(value)
    assert caught.value.status == 400
