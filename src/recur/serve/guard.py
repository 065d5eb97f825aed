"""What stands before every route: requests that are too large are refused, and every mistake is a sentence."""

from __future__ import annotations

import json
import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from recur.errors import RecurError
from recur.serve.problems import RequestError

_log = logging.getLogger("recur.serve")


class Guard:
    """ASGI middleware that refuses other pages' scripts, and a body as soon as it is longer than ``most`` bytes."""

    def __init__(self, app: Any, most: int) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Pass a request on, counting what is read of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").partition(b"://")[2]
        if origin and origin != headers.get(b"host", b""):
            # another page's script: a browser would send it along unasked
            await _refuse(send, RequestError(403, f"a page of {origin.decode('latin-1')} may not use this server"))
            return
        said = headers.get(b"content-length", b"0")
        if said.isdigit() and int(said) > self.most:
            what = f"the request has {int(said):,} bytes, at most {self.most:,} are read"
            await _refuse(send, RequestError(413, what, "send less at once"))
            return
        seen = 0

        async def counted() -> Any:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.most:
                # the one exception that is not taken for a body that cannot be parsed
                raise HTTPException(413, f"the request is longer than {self.most:,} bytes")
            return message

        await self.app(scope, counted, send)


async def _refuse(send: Any, problem: RequestError) -> None:
    body = json.dumps(problem.body()).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def answer_problems(app: FastAPI) -> None:
    """Make every exception a status with a sentence."""

    @app.exception_handler(RequestError)
    async def problem(request: Request, error: RequestError) -> JSONResponse:
        del request
        headers = {"Retry-After": "1"} if error.status in (429, 503) else None
        return JSONResponse(error.body(), status_code=error.status, headers=headers)

    @app.exception_handler(RecurError)
    async def mistake(request: Request, error: RecurError) -> JSONResponse:
        return await problem(request, RequestError.of(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return await problem(request, RequestError(400, *said(error)))

    @app.exception_handler(HTTPException)
    async def missing(request: Request, error: HTTPException) -> JSONResponse:
        hint = "GET /docs lists what there is" if error.status_code in (404, 405) else None
        return await problem(
            request, RequestError(error.status_code, f"{request.method} {request.url.path}: {error.detail}", hint)
        )

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> JSONResponse:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return await problem(request, RequestError(500, "the server failed to answer; its log says where"))


def said(error: RequestValidationError) -> tuple[str, str | None]:
    """What is wrong with a body, in one sentence."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    if first["type"] == "json_invalid":
        return f"the body is not JSON: {first.get('ctx', {}).get('error', 'it cannot be read')}", None
    if isinstance(first.get("input"), bytes):
        return "the body is not JSON, or not said to be", "Content-Type: application/json"
    if first["type"] == "extra_forbidden":
        return f'there is no key "{place}"', "GET /docs lists the keys"
    if first["type"] == "missing":
        return f'"{place}" is missing' if place else "the request has no body", "GET /docs lists the keys"
    value = repr(first.get("input"))
    return f"{place or 'the body'}: {first['msg']}, got {value if len(value) <= 60 else value[:59] + '…'}", None
