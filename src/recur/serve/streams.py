"""Server-sent events: answers sent while they are written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse

from recur.errors import RecurError
from recur.serve.problems import RequestError


def event(data: Any) -> bytes:
    """One event."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return f"data: {text}\n\n".encode()


def events(source: AsyncIterator[Any], seconds: float, last: str | None = None) -> StreamingResponse:
    """Send what a source yields; a mistake on the way is the last event, for the status has gone already."""

    async def sent() -> AsyncIterator[bytes]:
        try:
            async with asyncio.timeout(seconds):
                async for one in source:
                    yield event(one)
        except TimeoutError:
            yield event(RequestError(504, f"stopped after {seconds:g} s, the most that an answer may take").body())
        except RecurError as error:
            yield event(RequestError.of(error).body())
        except RequestError as problem:
            yield event(problem.body())
        if last is not None:
            yield event(last)

    return StreamingResponse(sent(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})
