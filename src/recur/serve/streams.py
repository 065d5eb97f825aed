"""Streams of generated pieces: sent as server-sent events, or collected."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse

from recur.errors import RecurError
from recur.serve.problems import RequestError
from recur.serve.state import State


def event(data: Any) -> bytes:
    """One event."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return f"data: {text}\n\n".encode()


def events(source: AsyncIterator[Any], seconds: float, last: str | None = None) -> StreamingResponse:
    """Send what a source yields; an error is the last event, because the status is already sent."""

    async def stream() -> AsyncIterator[bytes]:
        try:
            async with asyncio.timeout(seconds):
                async for one in source:
                    yield event(one)
        except TimeoutError:
            yield event(RequestError(504, f"stopped after {seconds:g} s, the time limit for an answer").body())
        except RecurError as error:
            yield event(RequestError.of(error).body())
        except RequestError as problem:
            yield event(problem.body())
        if last is not None:
            yield event(last)

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def pieces_in_time(state: State, source: AsyncIterator[Any]) -> list[Any]:
    """Collect what a source yields within the time limit of an answer; a partial answer is returned.

    Raises
    ------
    RequestError
        504 where there is nothing within the time limit.
    """
    pieces: list[Any] = []

    async def collect() -> None:
        async for one in source:
            pieces.append(one)

    try:
        await state.in_time(collect())
    except RequestError as problem:
        if problem.status != 504 or not pieces:
            raise
    return pieces


def joined(pieces: list[Any]) -> Any:
    """The pieces of a text as one string; other pieces as a list."""
    return "".join(pieces) if all(isinstance(piece, str) for piece in pieces) else pieces
