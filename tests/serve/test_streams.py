"""Streams of pieces: an error is the last event, and a time limit keeps the pieces so far."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

pytest.importorskip("fastapi")
from recur.errors import DataError
from recur.serve import streams


async def pieces(*texts: Any) -> AsyncIterator[Any]:
    """Yield pieces; an exception among them is raised."""
    for text in texts:
        if isinstance(text, Exception):
            raise text
        yield text


def events(*texts: Any, last: str | None = None) -> list[str]:
    """The data of the events of a stream."""

    async def collect() -> bytes:
        response = streams.events(pieces(*texts), 5, last)
        return b"".join([bytes(part) async for part in response.body_iterator])

    return [line.removeprefix("data: ") for line in asyncio.run(collect()).decode().split("\n\n") if line]


def test_each_piece_is_an_event_and_the_mark_of_the_end_is_the_last() -> None:
    assert events({"text": "é"}, {"text": "b"}, last="[DONE]") == ['{"text": "é"}', '{"text": "b"}', "[DONE]"]


def test_an_error_after_the_first_piece_is_an_event() -> None:
    first, second = events({"text": "a"}, DataError("it is damaged"))
    assert json.loads(first) == {"text": "a"}
    assert "it is damaged" in json.loads(second)["error"]["message"]


@pytest.mark.parametrize(("parts", "whole"), [(["a", "b"], "ab"), ([1, 2], [1, 2]), ([], "")])
def test_pieces_of_text_are_joined(parts: list[Any], whole: Any) -> None:
    assert streams.joined(parts) == whole
