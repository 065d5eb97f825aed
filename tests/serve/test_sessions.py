"""Sessions: a state carried from request to request, separate from every other one."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from recur.errors import DataError
from recur.model import Model
from recur.serve import Limits, create_app
from recur.serve.batcher import apart
from recur.serve.memory import Memory, Reader
from recur.serve.problems import RequestError
from recur.serve.sessions import Sessions
from tests.serve.test_api import refused, sent, told
from tests.tolerances import close


def opened(client: TestClient, model: str, **body: Any) -> str:
    return str(told(client, "/sessions", {"model": model, **body}, 201)["session"])


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
        assert np.ravel(found["answers"])[-1] == pytest.approx(expected, rel=1e-3, abs=1e-4)


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
        (b"", "no snapshot"),
        (b"x" * 100, "no snapshot"),
        (data[:-8], "no snapshot"),
    ):
        answer = client.post("/sessions/restore?model=lines", content=content)
        assert answer.status_code == 400
        assert says in answer.json()["error"]["message"]
    answer = client.post("/sessions/restore?model=stream", content=data)
    assert "belongs to another network" in answer.json()["error"]["message"]


def test_a_snapshot_with_numbers_that_are_not_finite_is_refused(models: dict[str, Model]) -> None:
    reader = Reader(models["lines"].mode)  # type: ignore[arg-type]
    memory = reader.begin()
    broken = Memory(tuple(one * torch.nan for one in memory.states), memory.vector, 0)
    with pytest.raises(DataError, match="not finite"):
        reader.restore(reader.dump(broken))


def test_many_sequences_read_together_stay_apart(models: dict[str, Model]) -> None:
    reader = Reader(models["lines"].mode)  # type: ignore[arg-type]
    random = np.random.default_rng(0)
    texts = [random.integers(4, 12, size=length) for length in (0, 1, 5, 3, 0, 9)]
    start = [reader.begin() for _ in texts]
    together = reader.read(start, texts)
    for text, one, before in zip(texts, together, start, strict=True):
        [alone] = reader.read([before], [text])
        assert one.count == len(text)
        for a, b in zip((*one.states, one.vector), (*alone.states, alone.vector), strict=True):
            close(a, b)
            assert a.untyped_storage().nbytes() == a.numel() * a.element_size(), "it keeps no batch alive"


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


def test_sessions_are_bounded_in_number(tight: TestClient) -> None:
    names = [told(tight, "/sessions", {}, 201)["session"] for _ in range(3)]
    assert "3 sessions are open, which is the limit" in refused(tight, "/sessions", {}, 429)
    tight.delete(f"/sessions/{names[0]}")
    told(tight, "/sessions", {}, 201)


def memory(size: int = 10) -> Memory:
    return Memory((torch.zeros(1, size),), torch.zeros(size), 0)


def test_unused_sessions_go_and_used_ones_stay() -> None:
    now = [0.0]
    sessions = Sessions(Limits(idle=10), lambda: now[0])
    first, second = sessions.open("m", memory()), sessions.open("m", memory())
    now[0] = 8
    assert sessions.find(first.name) is first
    now[0] = 12
    with pytest.raises(RequestError, match="no such session"):
        sessions.find(second.name)
    assert (len(sessions), sessions.bytes) == (1, first.memory.bytes)


def test_sessions_are_bounded_in_memory() -> None:
    sessions = Sessions(Limits(memory=200))
    sessions.open("m", memory())
    sessions.open("m", memory())
    with pytest.raises(RequestError, match="take 160 bytes of at most 200"):
        sessions.open("m", memory())


def test_a_server_with_no_network_is_refused() -> None:
    from recur.errors import ConfigError

    with pytest.raises(ConfigError, match="needs a network"):
        create_app({})


def test_a_snapshot_of_another_type_is_refused_and_spoils_no_session(models: dict[str, Model]) -> None:
    reader = Reader(models["lines"].mode)  # type: ignore[arg-type]
    memory = reader.begin()
    double = Memory(tuple(one.double() for one in memory.states), memory.vector.double(), 1)
    with pytest.raises(DataError, match="not of the network's sizes and type"):
        reader.restore(reader.dump(double))
    with pytest.raises(DataError, match="not of the network's sizes and type"):
        reader.restore(reader.dump(Memory(memory.states, memory.vector, -3)))


def test_one_that_fails_spoils_no_other_of_its_batch() -> None:
    def work(items: Any) -> list[int]:
        if 0 in items:
            raise ValueError("zero")
        return [10 // item for item in items]

    found = apart(work, [1, 0, 5])
    assert (found[0], found[2]) == (10, 2)
    assert isinstance(found[1], ValueError)


def test_a_closed_session_answers_nobody(client: TestClient) -> None:
    name = opened(client, "lines")
    client.delete(f"/sessions/{name}")
    assert "no such session" in refused(client, f"/sessions/{name}/read", {"text": "the"}, 404)


@pytest.mark.parametrize("count", ["9" * 4301, "-1", "²", "1e5", ""])
def test_a_snapshot_with_a_count_that_is_none_is_refused(models: dict[str, Model], count: str) -> None:
    reader = Reader(models["lines"].mode)  # type: ignore[arg-type]
    data = reader.dump(reader.begin())
    size = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + size])
    head["__metadata__"]["count"] = count
    text = json.dumps(head).encode()
    with pytest.raises(DataError, match="this snapshot is damaged"):
        reader.restore(len(text).to_bytes(8, "little") + text + data[8 + size :])


def test_a_state_that_makes_the_answer_infinite_is_refused_and_spoils_no_session(
    models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(models["lines"].mode)  # type: ignore[arg-type]
    start = reader.begin()
    run = reader.mode.run

    def infinite(*arguments: Any, **options: Any) -> Any:
        vectors, state = run(*arguments, **options)
        return vectors * torch.inf, state

    monkeypatch.setattr(reader.mode, "run", infinite)
    with pytest.raises(DataError, match="is not finite"):
        reader.read([start], [np.array([4])])
    with pytest.raises(DataError, match="is not finite"):
        reader.log_probs([Memory(start.states, start.vector * torch.nan, 0)])
