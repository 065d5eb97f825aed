"""OpenAI's form of completions."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.serve.asking import refused, sent, told


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


def test_chat_completions_have_openais_form_and_continue_the_texts_of_the_messages(client: TestClient) -> None:
    messages = [{"role": "system", "content": "the"}, {"role": "user", "content": "a"}]
    body = {"model": "stream", "messages": messages, "max_completion_tokens": 6, "seed": 4, "n": 2}
    found = told(client, "/v1/chat/completions", body)
    assert found["object"] == "chat.completion"
    assert found["id"].startswith("chatcmpl-")
    assert [one["index"] for one in found["choices"]] == [0, 1]
    assert {one["message"]["role"] for one in found["choices"]} == {"assistant"}
    same = {"model": "stream", "prompt": "the\na", "max_tokens": 6, "seed": 4, "n": 2}
    texts = [one["text"] for one in told(client, "/v1/completions", same)["choices"]]
    assert [one["message"]["content"] for one in found["choices"]] == texts
    events = sent(client, "/v1/chat/completions", {**body, "stream": True, "stream_options": {"include_usage": True}})
    assert events[-1] == "[DONE]"
    assert events[-2]["usage"] == found["usage"]
    assert {one["object"] for one in events[:-1]} == {"chat.completion.chunk"}
    for number, text in enumerate(texts):
        choices = [one["choices"][0] for one in events[:-2] if one["choices"][0]["index"] == number]
        assert choices[0]["delta"] == {"role": "assistant", "content": ""}
        assert "".join(one["delta"].get("content", "") for one in choices) == text
        assert [one["finish_reason"] for one in choices][-1] in ("length", "stop")
        assert {one["finish_reason"] for one in choices[:-1]} == {None}


@pytest.mark.parametrize(
    "more",
    [
        {"messages": []}, {"messages": [{"role": "tool", "content": "a"}]}, {"messages": [{"role": "user"}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]}, {"tools": []}, {"logprobs": True},
        {"max_completion_tokens": -1}, {"prompt": "the"},
    ],
)  # fmt: skip
def test_what_a_recurrent_network_cannot_do_in_a_chat_is_refused(client: TestClient, more: dict[str, Any]) -> None:
    body = {"model": "stream", "messages": [{"role": "user", "content": "the"}], **more}
    assert refused(client, "/v1/chat/completions", body)


def test_a_network_that_continues_no_text_is_refused(client: TestClient) -> None:
    for path, more in (("completions", {}), ("chat/completions", {"messages": [{"role": "user", "content": "a"}]})):
        assert "does not continue a text" in refused(client, f"/v1/{path}", {"model": "reviews", **more})
