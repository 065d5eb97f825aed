"""The store of sessions: bounded in number, memory and time."""

from __future__ import annotations

import pytest
import torch
from starlette.testclient import TestClient

from recur.serve import Limits
from recur.serve.memory import Memory
from recur.serve.problems import RequestError
from recur.serve.sessions import Sessions
from tests.serve.asking import refused, told


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
