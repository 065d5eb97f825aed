"""Every mistake in a request is answered with a sentence."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.serve.asking import Json, refused


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/predict", {"inputs": ["x"]}, "there are 7 networks, and the request names none"),
        ("/predict", {"model": "reviews", "inputs": []}, "the request has no input"),
        ("/predict", {"model": "reviews", "inputs": ["x"], "tops": 2}, 'the key "tops" is unknown'),
        ("/predict", {"model": "reviews"}, '"inputs" is missing'),
        ("/predict", {"model": "reviews", "inputs": "x"}, "inputs: Input should be a valid list, got 'x'"),
        ("/predict", {"model": "reviews", "inputs": ["x"], "beam": 3}, "has no decoding options"),
        ("/predict", {"model": "series", "inputs": [["a"]]}, '"a" is not a number'),
        ("/complete", {"model": "reviews", "texts": ["x"]}, "needs a language model"),
        ("/generate", {"model": "lines", "temperature": -1}, "temperature"),
        ("/generate", {"model": "reviews", "prompt": "x"}, "keeps no state"),
        ("/sessions", {"model": "reviews"}, "keeps no state"),
        ("/v1/completions", {"model": "reviews", "prompt": "x"}, "does not continue a text"),
        ("/v1/completions", {"model": "lines", "logprobs": 3}, "logprobs"),
        ("/v1/completions", {"model": "lines", "logit_bias": {"1": 2}}, "logit_bias"),
        # half of a surrogate pair, which JSON can hold and UTF-8 cannot
        ("/predict", {"model": "series", "inputs": [["\ud800"]]}, "the body has \\ud800, half of a character"),
        ("/explain", {"model": "reviews", "value": "x", "\udc00": "x"}, "the body has \\udc00, half of a character"),
        ("/v1/completions", {"model": "lines", "prompt": "\ud800", "echo": True}, "half of a character"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(client: TestClient, path: str, body: Json, says: str) -> None:
    assert says in refused(client, path, body)
