"""OpenAI's form of completions."""

from __future__ import annotations

from starlette.testclient import TestClient

from tests.serve.asking import sent, told


def test_openais_completions_have_their_form(client: TestClient) -> None:
    body = {
        "model": "stream",
        "prompt": ["the", "a"],
        "max_tokens": 6,
        "temperature": 1,
        "seed": 4,
        "n": 2,
        "logprobs": 0,
    }
    found = told(client, "/v1/completions", body)
    assert found["object"] == "text_completion"
    assert [one["index"] for one in found["choices"]] == [0, 1, 2, 3]
    assert all(one["finish_reason"] in ("length", "stop") for one in found["choices"])
    assert found["usage"]["completion_tokens"] == 24
    assert len(found["choices"][0]["logprobs"]["token_logprobs"]) == 6
    again = told(client, "/v1/completions", body)
    assert [one["text"] for one in again["choices"]] == [one["text"] for one in found["choices"]]
    assert len({one["text"] for one in found["choices"][:2]}) == 2, "two choices are drawn apart"
    events = sent(client, "/v1/completions", {**body, "stream": True, "stream_options": {"include_usage": True}})
    assert events[-1] == "[DONE]"
    assert events[-2]["usage"] == found["usage"]
    streamed = [
        "".join(e["choices"][0]["text"] for e in events[:-2] if e["choices"][0]["index"] == n) for n in range(4)
    ]
    assert streamed == [one["text"] for one in found["choices"]]
    assert client.get("/v1/models").json()["data"][0]["id"] == "lines"
