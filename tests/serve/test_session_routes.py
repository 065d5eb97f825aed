"""Sessions over HTTP: a state carried from request to request, separate from every other one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from recur.model import Model
from tests.serve.asking import opened, refused, sent, told
from tests.tolerances import SHOWN


def test_a_text_read_in_parts_is_remembered_as_a_whole(client: TestClient, models: dict[str, Model]) -> None:
    name = opened(client, "lines")
    told(client, f"/sessions/{name}/read", {"text": "the clouds are"})
    found = told(client, f"/sessions/{name}/read", {"text": "in the", "top": 4})
    expected = models["lines"].predict("the clouds are in the", top=4)
    assert [one["value"] for one in found["candidates"]] == [value for value, _ in expected.scores]
    assert [one["probability"] for one in found["candidates"]] == pytest.approx(
        [p for _, p in expected.scores], rel=1e-4
    )
    assert client.get(f"/sessions/{name}").json()["items"] == found["items"] == 6


def test_a_session_writes_what_the_model_writes_and_remembers_it(client: TestClient, models: dict[str, Model]) -> None:
    how = {"length": 9, "temperature": 1.0, "seed": 7}
    expected = models["stream"].generate("the ", **how)[len("the ") :]
    name = opened(client, "stream", text="the ")
    written = told(client, f"/sessions/{name}/write", how)
    assert written["text"] == expected
    other = opened(client, "stream", text="the " + expected)
    here, there = (told(client, f"/sessions/{one}/read", {"text": "", "top": 5}) for one in (name, other))
    for one, same in zip(here["candidates"], there["candidates"], strict=True):
        assert one["value"] == same["value"]
        assert one["probability"] == pytest.approx(same["probability"], rel=1e-4)


def test_streamed_writing_moves_the_session_too(client: TestClient) -> None:
    name = opened(client, "stream", text="the ")
    before = client.get(f"/sessions/{name}").json()["items"]
    events = sent(client, f"/sessions/{name}/write", {"length": 5, "seed": 1, "stream": True})
    assert len("".join(one["text"] for one in events[:-1])) == 5
    assert client.get(f"/sessions/{name}").json()["items"] == before + 5


def test_a_series_is_answered_value_by_value(client: TestClient, models: dict[str, Model]) -> None:
    values = [0.1, 0.4, -0.3, 0.2]
    name = opened(client, "series")
    for upto in range(1, 5):
        found = told(client, f"/sessions/{name}/read", {"values": values[upto - 1 : upto]})
        [expected] = np.ravel(models["series"].predict(values[:upto]).value)
        assert np.ravel(found["answers"])[-1] == pytest.approx(expected, rel=SHOWN)


def test_tags_are_answered_word_by_word(client: TestClient, models: dict[str, Model]) -> None:
    name = opened(client, "tags")
    answers = []
    for word in ("w1", "w2", "w3"):
        answers += told(client, f"/sessions/{name}/read", {"values": [word]})["answers"]
    assert answers == list(models["tags"].predict([["w1", "w2", "w3"]])[0].value)


def test_reset_snapshot_and_restore(client: TestClient) -> None:
    name = opened(client, "lines", text="the clouds")
    fresh = told(client, f"/sessions/{opened(client, 'lines')}/read", {"text": "are"})["candidates"]
    data = client.get(f"/sessions/{name}/snapshot").content
    then = told(client, f"/sessions/{name}/read", {"text": "are"})["candidates"]
    assert told(client, f"/sessions/{name}/reset", {})["items"] == 1
    assert told(client, f"/sessions/{name}/read", {"text": "are"})["candidates"] == fresh
    answer = client.post("/sessions/restore?model=lines", content=data)
    assert answer.status_code == 201
    again = told(client, f"/sessions/{answer.json()['session']}/read", {"text": "are"})["candidates"]
    assert again == then
    assert then != fresh
    assert client.delete(f"/sessions/{name}").status_code == 204
    assert client.get(f"/sessions/{name}").status_code == 404


def test_bytes_that_are_no_snapshot_are_refused(client: TestClient) -> None:
    data = client.get(f"/sessions/{opened(client, 'lines')}/snapshot").content
    for content, says in (
        (b"", "not a snapshot"),
        (b"x" * 100, "not a snapshot"),
        (data[:-8], "not a snapshot"),
    ):
        answer = client.post("/sessions/restore?model=lines", content=content)
        assert answer.status_code == 400
        assert says in answer.json()["error"]["message"]
    answer = client.post("/sessions/restore?model=stream", content=data)
    assert "belongs to another network" in answer.json()["error"]["message"]


def test_concurrent_sessions_lose_nothing_and_mix_nothing_up(client: TestClient, models: dict[str, Model]) -> None:
    words = ["the", "clouds", "are", "in", "sky", "a", "I"]
    random = np.random.default_rng(0)
    texts = [" ".join(random.choice(words, size=6)) for _ in range(40)]

    def talk(text: str) -> Any:
        name = opened(client, "lines")
        for word in text.split():
            found = told(client, f"/sessions/{name}/read", {"text": word, "top": 3})
        return [one["value"] for one in found["candidates"]], found["items"]

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(talk, texts))
    expected = models["lines"].predict(texts, top=3)
    for (values, items), one in zip(found, expected, strict=True):
        assert values == [value for value, _ in one.scores]
        assert items == 7


def test_two_requests_on_one_session_take_turns(client: TestClient) -> None:
    name = opened(client, "lines")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: told(client, f"/sessions/{name}/read", {"text": "the"}), range(24)))
    assert client.get(f"/sessions/{name}").json()["items"] == 25


def test_a_closed_session_answers_nobody(client: TestClient) -> None:
    name = opened(client, "lines")
    client.delete(f"/sessions/{name}")
    assert "no such session" in refused(client, f"/sessions/{name}/read", {"text": "the"}, 404)


def test_the_name_of_a_session_may_be_a_header(client: TestClient) -> None:
    name = opened(client, "lines")
    header = {"Recur-Session": name}
    for expected in (2, 3):
        answer = client.post("/sessions/current/read", json={"text": "the"}, headers=header)
        assert answer.json()["items"] == expected
    assert client.get("/sessions/current", headers=header).json()["items"] == 3
    assert client.get("/sessions/current/snapshot", headers=header).status_code == 200
    assert client.get(f"/sessions/{name}", headers={"Recur-Session": "other"}).json()["items"] == 3
    assert client.delete("/sessions/current", headers=header).status_code == 204
    assert client.get("/sessions/current", headers=header).status_code == 404


@pytest.mark.parametrize("names", [[], [""], ["a b"], ["a/b"], [".."], ["x" * 65], ["a", "b"], ["a?b"]])
def test_a_header_that_names_no_session_is_refused(client: TestClient, names: list[str]) -> None:
    headers = [("Recur-Session", name) for name in names]
    answer = client.get("/sessions/current", headers=headers)
    assert answer.status_code == 400
    assert "missing or not a name" in answer.json()["error"]["message"]
