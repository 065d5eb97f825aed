"""What the server answers: the same as the model itself, and a sentence for every mistake."""

from __future__ import annotations

import base64
import io
import json
import threading
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from recur.model import Model

Json = dict[str, Any]
HOWS: list[Json] = [{"temperature": 0}, {"temperature": 1.0, "seed": 5}, {"temperature": 0.8, "seed": 3, "top_k": 4}]


def told(client: TestClient, path: str, body: Any, status: int = 200) -> Any:
    # all of it in ASCII, so that what UTF-8 cannot hold is sent too
    answer = client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(client: TestClient, path: str, body: Any, status: int = 400) -> str:
    error = told(client, path, body, status)["error"]
    assert error["code"] == status
    return str(error["message"])


def sent(client: TestClient, path: str, body: Any) -> list[Any]:
    """The events of a streamed answer."""
    with client.stream("POST", path, json=body) as answer:
        assert answer.status_code == 200
        lines = [line.removeprefix("data: ") for line in answer.iter_lines() if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def test_health_and_models_say_what_is_there(client: TestClient, models: dict[str, Model]) -> None:
    health = client.get("/health").json()
    assert (health["status"], health["models"], health["sessions"]) == ("ok", list(models), 0)
    facts = {one["name"]: one for one in client.get("/models").json()}
    assert facts["lines"]["sentence"] == "text -> synced, words -> the next one"
    assert (facts["lines"]["sessions"], facts["reviews"]["sessions"]) == (True, False)
    assert facts["lines"]["parameters"] == sum(p.numel() for p in models["lines"].mode.parameters())


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


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/predict", {"inputs": ["x"]}, "there are 7 networks, and the request names none"),
        ("/predict", {"model": "reviews", "inputs": []}, "the request has no input"),
        ("/predict", {"model": "reviews", "inputs": ["x"], "tops": 2}, 'there is no key "tops"'),
        ("/predict", {"model": "reviews"}, '"inputs" is missing'),
        ("/predict", {"model": "reviews", "inputs": "x"}, "inputs: Input should be a valid list, got 'x'"),
        ("/predict", {"model": "reviews", "inputs": ["x"], "beam": 3}, "has no decoding options"),
        ("/predict", {"model": "series", "inputs": [["a"]]}, '"a" is not a number'),
        ("/complete", {"model": "reviews", "texts": ["x"]}, "needs a language model"),
        ("/generate", {"model": "lines", "temperature": -1}, "temperature"),
        ("/generate", {"model": "reviews", "prompt": "x"}, "no memory to keep"),
        ("/sessions", {"model": "reviews"}, "no memory to keep"),
        ("/v1/completions", {"model": "reviews", "prompt": "x"}, "does not continue a text"),
        ("/v1/completions", {"model": "lines", "logprobs": 3}, "logprobs"),
        ("/v1/completions", {"model": "lines", "logit_bias": {"1": 2}}, "logit_bias"),
        # half of a surrogate pair, which JSON can hold and UTF-8 cannot
        ("/predict", {"model": "series", "inputs": [["\ud800"]]}, '"\\ud800" is not a number'),
        ("/explain", {"model": "reviews", "value": "x", "target": "\ud800"}, "was not in the training data"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(client: TestClient, path: str, body: Json, says: str) -> None:
    assert says in refused(client, path, body)


def test_what_is_not_there_is_named(client: TestClient) -> None:
    assert 'Did you mean "lines"?' in refused(client, "/complete", {"model": "line", "texts": ["x"]}, 404)
    answer = client.get("/nowhere")
    assert (answer.status_code, answer.json()["error"]["hint"]) == (404, "GET /docs lists what there is")
    assert client.get("/predict").status_code == 405
    for headers in ({}, {"Content-Type": "application/json"}):
        answer = client.post("/predict", content=b"{not json", headers=headers)
        assert answer.status_code == 400
        assert "the body is not JSON" in answer.json()["error"]["message"]


def test_too_much_at_once_is_refused(tight: TestClient) -> None:
    assert "at most 4 are answered" in refused(tight, "/predict", {"inputs": ["x"] * 5}, 413)
    assert "at most 50 are written" in refused(tight, "/generate", {"length": 51}, 413)
    assert "at most 2,000 are read" in refused(tight, "/predict", {"inputs": ["x" * 3000]}, 413)

    def parts() -> Any:
        yield from (b"x" * 500 for _ in range(10))

    assert tight.post("/predict", content=parts()).status_code == 413


def test_a_long_text_is_not_split_where_others_would_wait(
    client: TestClient, models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    codec, threads = models["lines"].mode.input_codec, []
    encode = type(codec).encode

    def seen(self: Any, value: Any) -> Any:
        threads.append(threading.current_thread().name)
        return encode(self, value)

    monkeypatch.setattr(type(codec), "encode", seen)
    for path, key in (("/next", "text"), ("/generate", "prompt"), ("/v1/completions", "prompt")):
        told(client, path, {"model": "lines", key: "the clouds are " * 1000})
        assert threads, path
        assert {name.split("_")[0] for name in threads} == {"recur-compute"}, path
        threads.clear()
        # what can only be too long is not split at all
        assert "2,000,000 characters" in refused(client, path, {"model": "lines", key: "a" * 2_000_000}, 413)
        assert threads == []
    assert "characters" in refused(client, "/explain", {"model": "lines", "value": "a" * 20_000}, 413)


def test_one_bad_input_does_not_spoil_the_others_of_its_batch(client: TestClient) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def ask(value: Any) -> int:
        return client.post("/predict", json={"model": "series", "inputs": [value]}).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(ask, [[1.0, 2.0, 0.5], ["a"], [0.1], ["b"], [0.2, 0.3], [0.4]] * 3))
    assert codes == [200, 400, 200, 400, 200, 200] * 3


def test_the_documentation_asks_no_other_host(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "/sessions/{name}/read" in page
    assert "http://" not in page
    assert "https://" not in page


def as_data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def picture(value: int) -> bytes:
    Image = pytest.importorskip("PIL.Image")
    buffer = io.BytesIO()
    Image.fromarray(np.full((6, 6), value, np.uint8)).save(buffer, "png")
    return buffer.getvalue()


def test_pictures_are_sent_as_data_or_numbers(client: TestClient) -> None:
    inputs = [as_data("image/png", picture(0)), as_data("image/png", picture(250)), [[250] * 6] * 6]
    found = told(client, "/predict", {"model": "pictures", "inputs": inputs, "top": 2})["predictions"]
    for sent, numbers in zip(found[1]["scores"], found[2]["scores"], strict=True):
        assert sent["value"] == numbers["value"]
        assert sent["probability"] == pytest.approx(numbers["probability"], rel=1e-4)
    assert {found[0]["value"], found[1]["value"]} <= {"a", "b"}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("/etc/hostname", "which a request carries and does not name"),
        ("picture.png", "which a request carries and does not name"),
        ({"picture": "../secret.png"}, "which a request carries and does not name"),
        ("data:image/png;base64,@@@", "is not base64"),
        ("data:image/png;base64,AAAA", "the picture is damaged or no picture of a known format (PNG, JPEG"),
        (as_data("image/png", b"DDS |" + bytes(124)), "no picture of a known format (PNG, JPEG"),
        (as_data("image/png", b"BLP2" + bytes(200)), "no picture of a known format (PNG, JPEG"),
        ([[300]], "which a request carries and does not name"),
        ([["/etc/hostname"]], "which a request carries and does not name"),
    ],
)
def test_the_server_never_opens_a_file_that_a_request_names(client: TestClient, value: Any, says: str) -> None:
    assert says in refused(client, "/predict", {"model": "pictures", "inputs": [value]})
    assert says in refused(client, "/explain", {"model": "pictures", "value": value})


def test_a_piece_of_notes_goes_on_as_pitches_and_midi(client: TestClient) -> None:
    pytest.importorskip("symusic")
    body = {"model": "notes", "opening": "C4 D4 E4", "length": 5, "seed": 3}
    found = told(client, "/play", body)
    assert found["given"] == 3
    assert found["pitches"][:3] == [[60], [62], [64]]
    assert len(found["pitches"]) == 8
    assert told(client, "/play", body) == found
    again = told(client, "/play", {**body, "opening": found["midi"], "length": 1})
    assert again["pitches"][: len(again["pitches"]) - 1] == found["pitches"][: len(again["pitches"]) - 1]
    assert "which a request carries" in refused(client, "/play", {**body, "opening": "songs/one.mid"})
    assert "does not continue notes" in refused(client, "/play", {"model": "lines", "opening": ""})


def test_what_is_too_large_is_refused_before_it_is_computed(client: TestClient) -> None:
    assert "at most 300 items are answered here" in refused(
        client, "/explain", {"model": "lines", "value": "a " * 400}, 413
    )
    many = {"model": "lines", "inputs": ["the " * 30_000]}
    assert "at most 20,000 items are answered here" in refused(client, "/predict", many, 413)


def test_another_pages_script_is_refused(client: TestClient) -> None:
    answer = client.post("/sessions/restore?model=lines", content=b"", headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert "a page of evil.example may not use this server" in answer.json()["error"]["message"]
    own = client.post("/complete", json={"model": "lines", "texts": ["the"]}, headers={"Origin": "http://localhost"})
    assert own.status_code == 200


@pytest.mark.parametrize("path", ["/generate", "/v1/completions"])
def test_a_stream_that_cannot_begin_is_a_status_and_no_event(client: TestClient, path: str) -> None:
    assert refused(client, path, {"model": "reviews", "prompt": "x", "stream": True})


def test_the_lowest_temperature_takes_the_likeliest(client: TestClient) -> None:
    body = {"model": "lines", "prompt": "the", "length": 4, "seed": 1}
    cold = told(client, "/generate", {**body, "temperature": 1e-40})["text"]
    assert cold == told(client, "/generate", {**body, "temperature": 0})["text"]
    drawn = told(client, "/next", {"model": "lines", "text": "the", "temperature": 1e-40})["items"]
    assert drawn[0]["drawn"] == pytest.approx(1.0)


def test_an_empty_series_is_refused_by_its_number(client: TestClient) -> None:
    whole = client.post("/predict", json={"model": "series", "inputs": [[1.0, 2.0, 3.0]]})
    assert whole.status_code == 200
    said = client.post("/predict", json={"model": "series", "inputs": [[1.0, 2.0, 3.0], []]})
    assert said.status_code == 400
    assert "input 2 is empty" in said.json()["error"]["message"]
