"""Answers over HTTP: the same as those of the model itself."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from recur.model import Model
from tests.serve.asking import Json, refused, sent, told


def test_predictions_are_those_of_the_model(client: TestClient, models: dict[str, Model]) -> None:
    inputs = ["a good film", "a bad film", "awful"]
    found = told(client, "/predict", {"model": "reviews", "inputs": inputs, "top": 2})["predictions"]
    for one, expected in zip(found, models["reviews"].predict(inputs, top=2), strict=True):
        assert one["value"] == expected.value
        assert [s["value"] for s in one["scores"]] == [value for value, _ in expected.scores]
        assert [s["probability"] for s in one["scores"]] == pytest.approx([p for _, p in expected.scores], rel=1e-4)


def test_completions_of_a_sentence_are_those_of_the_model(client: TestClient, models: dict[str, Model]) -> None:
    [found] = told(client, "/complete", {"model": "lines", "texts": ["the"], "top": 3})["candidates"]
    expected = models["lines"].complete("the", top=3)
    assert [one["word"] for one in found] == [word for word, _ in expected]
    assert [one["probability"] for one in found] == pytest.approx([p for _, p in expected], rel=1e-4)


@pytest.mark.parametrize("name", ["lines", "stream"])
@pytest.mark.parametrize(
    "how", [{"temperature": 0}, {"temperature": 1.0, "seed": 5}, {"temperature": 0.8, "seed": 3, "top_k": 4}]
)
def test_generated_texts_are_those_of_the_model(
    client: TestClient, models: dict[str, Model], name: str, how: Json
) -> None:
    body = {"model": name, "prompt": "the", "length": 12, **how}
    expected = models[name].generate("the", length=12, **how)[len("the") :]
    assert told(client, "/generate", body)["text"] == expected
    events = sent(client, "/generate", {**body, "stream": True})
    assert events[-1] == "[DONE]"
    assert "".join(one["text"] for one in events[:-1]) == expected


def test_a_stop_ends_a_text_before_it(client: TestClient) -> None:
    body = {"model": "stream", "prompt": "the", "length": 40, "temperature": 1.0, "seed": 2}
    whole = told(client, "/generate", body)["text"]
    stop = whole[5:8]
    assert told(client, "/generate", {**body, "stop": stop})["text"] == whole[: whole.find(stop)]


@pytest.mark.parametrize("path", ["/generate", "/v1/completions"])
def test_a_stream_that_cannot_begin_is_a_status_and_no_event(client: TestClient, path: str) -> None:
    assert refused(client, path, {"model": "reviews", "prompt": "x", "stream": True})


def test_the_lowest_temperature_takes_the_likeliest(client: TestClient) -> None:
    body = {"model": "lines", "prompt": "the", "length": 4, "seed": 1}
    cold = told(client, "/generate", {**body, "temperature": 1e-40})["text"]
    assert cold == told(client, "/generate", {**body, "temperature": 0})["text"]
    drawn = told(client, "/next", {"model": "lines", "text": "the", "temperature": 1e-40})["items"]
    assert drawn[0]["drawn"] == pytest.approx(1.0)
