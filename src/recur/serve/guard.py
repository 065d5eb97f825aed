"""Middleware: checks of hosts, tokens, origins and body sizes, and errors as a status with a sentence."""

from __future__ import annotations

import json
import logging
import re
import reprlib
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from recur.cancellation import CancelledError
from recur.context import setting
from recur.errors import RecurError
from recur.serve.clients import CLIENT, Clients
from recur.serve.hosts import Hosts, same_origin
from recur.serve.limits import Limits
from recur.serve.problems import RequestError
from recur.serve.tokens import CHALLENGE, Tokens
from recur.serve.wrong_tokens import WrongTokens

_log = logging.getLogger("recur.serve")

OPEN = frozenset({"/healthz", "/readyz"})
"""Paths that are answered without a token: probes have none, and the answers say nothing about the networks."""


CURRENT, SESSION_HEADER = "/sessions/current", "recur-session"
_SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")

Fields = dict[str, list[str]]  # the headers of a request, by name in lower case


class Guard:
    """ASGI middleware that refuses foreign host names and other pages' scripts, and bodies that are too long.

    Parameters
    ----------
    app : ASGI application
    limits : Limits
        ``body``, ``bodies``, ``client_requests``, ``client_rate``, ``wrong_tokens``.
    hosts : Hosts
        The names that this server answers to.
    tokens : Tokens, optional
        Of which one is required.
    """

    def __init__(self, app: Any, limits: Limits, hosts: Hosts, tokens: Tokens | None = None) -> None:
        self.app, self.limits, self.hosts, self.tokens = app, limits, hosts, tokens
        self._clients = Clients(limits)
        self._wrong = WrongTokens(limits.wrong_tokens)
        self._bytes = 0  # of the bodies of all requests in progress

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Pass a request to the application, counting the bytes of its body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        fields: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            fields.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        open_to_all = scope["path"] in OPEN
        try:
            self._check_host(fields)
            client = self._client(scope, fields, required=not open_to_all)
            self._check_origin(fields)
            self._check_length(fields)
            if len(fields.get("idempotency-key", [])) > 1:
                raise RequestError(400, "the request has several idempotency keys", "send one")
            path = _session_path(scope["path"], fields)
            use = None if open_to_all else self._clients.enter(client)
        except RequestError as problem:
            await refuse(send, problem)
            return
        try:
            if path != scope["path"]:
                scope = {**scope, "path": path, "raw_path": path.encode()}
            with setting(CLIENT, client):
                await self._pass_on(scope, receive, send)
        finally:
            if use is not None:
                use.running -= 1

    async def _pass_on(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        most, size = self.limits.body, 0

        async def receive_counted() -> Any:
            nonlocal size
            message = await receive()
            count = len(message.get("body", b""))
            size += count
            self._bytes += count
            if size > most:
                raise RequestError(413, f"the request is longer than {most:,} bytes", "send less at once")
            if self._bytes > self.limits.bodies:
                raise RequestError(503, "too many large requests are being answered", "try again later")
            return message

        try:
            await self.app(scope, receive_counted, send)
        finally:
            self._bytes -= size

    def _check_host(self, fields: Fields) -> None:
        host = fields.get("host", [""])[0]
        if host and not self.hosts.allow(host):
            raise RequestError(
                403, f'this server does not answer to the host name "{host[:100]}"',
                "open it by its address, or start it with --allow-host NAME",
            )  # fmt: skip

    def _client(self, scope: dict[str, Any], fields: Fields, *, required: bool) -> str:
        """Who sends a request: the number of its token, or its address where no tokens are required."""
        address = str((scope.get("client") or ("",))[0])
        if self.tokens is None or not required:
            return address
        given = fields.get("authorization", [])
        self._wrong.check(address)
        number = self.tokens.number(given)
        if number is None:
            if given:
                self._wrong.add(address)
            message = "the token is not valid" if given else "the request has no token"
            raise RequestError(401, f"{message}; this server requires one", "Authorization: Bearer TOKEN")
        return f"token {number}"

    def _check_origin(self, fields: Fields) -> None:
        host = fields.get("host", [""])[0]
        for origin in fields.get("origin", []):
            # another page's script: a browser would send it along unasked; "null" is a page of no known site
            if not same_origin(origin, host):
                raise RequestError(
                    403, f"a page of {origin.removeprefix('http://')[:100]} may not use this server",
                    "open the page that this server itself sends",
                )  # fmt: skip

    def _check_length(self, fields: Fields) -> None:
        length, most = fields.get("content-length", ["0"])[0], self.limits.body
        if length.isdigit() and (len(length) > 18 or int(length) > most):
            raise RequestError(
                413, f"the request has {int(length[:18]):,} bytes, at most {most:,} are read", "send less at once"
            )


def _session_path(path: str, fields: Fields) -> str:
    """The path of a request, with the session of its header, which proxies do not log, in place of `CURRENT`."""
    if not path.startswith(CURRENT) or path[len(CURRENT) :][:1] not in ("", "/"):
        return path
    names = fields.get(SESSION_HEADER, [])
    if len(names) != 1 or not _SESSION.fullmatch(names[0]):
        raise RequestError(
            400, f"{CURRENT} is the session of the header {SESSION_HEADER.title()}, which is missing or not a name",
            f"{SESSION_HEADER.title()}: NAME, or /sessions/NAME",
        )  # fmt: skip
    return f"/sessions/{names[0]}{path[len(CURRENT) :]}"


async def refuse(send: Any, problem: RequestError) -> None:
    """Send a problem as the answer to a request."""
    body = json.dumps(problem.body()).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if problem.status == 429:
        headers.append((b"retry-after", b"1"))
    if problem.status == 401:
        headers.append((b"www-authenticate", CHALLENGE))
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def problem_of(error: Exception) -> RequestError | None:
    """The problem with a request that an exception stands for; None for an error of the server."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, CancelledError):
        return RequestError(503, "the server is shutting down", "try again later")
    if isinstance(error, MemoryError):
        _log.warning("an answer requires more memory than is available: %s", error)
        return RequestError(413, "the answer requires more memory than is available", "send a smaller request")
    return RequestError.of(error) if isinstance(error, RecurError) else None


def problem_response(problem: RequestError) -> JSONResponse:
    """The response to a request that cannot be answered."""
    headers = {"Retry-After": "1"} if problem.status in (429, 503) else dict(problem.headers or {})
    return JSONResponse(problem.body(), status_code=problem.status, headers=headers)


def answer_problems(app: FastAPI) -> None:
    """Turn every exception into a status with a message."""

    async def problem(request: Request, error: Exception) -> JSONResponse:
        del request
        found = problem_of(error)
        if found is None:
            raise error
        return problem_response(found)

    for kind in (RequestError, RecurError, MemoryError, CancelledError):
        app.add_exception_handler(kind, problem)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return await problem(request, RequestError(400, *sentence(error)))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        hint = "GET /docs lists the routes" if error.status_code in (404, 405) else None
        answer = RequestError(error.status_code, f"{request.method} {request.url.path[:200]}: {error.detail}", hint)
        answer.headers = error.headers  # of 405, the methods that are allowed
        return await problem(request, answer)

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> JSONResponse:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return await problem(request, RequestError(500, "the server failed to answer; its log says where"))


def sentence(error: RequestValidationError) -> tuple[str, str | None]:
    """The error of a body, in one sentence."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    if first["type"] == "json_invalid":
        return f"the body is not JSON: {first.get('ctx', {}).get('error', 'it cannot be read')}", None
    if isinstance(first.get("input"), bytes):
        return "the body is not JSON, or its Content-Type is another one", "Content-Type: application/json"
    if first["type"] == "extra_forbidden":
        return f'the key "{place[:60]}" is unknown', "GET /docs lists the keys"
    if first["type"] == "missing":
        return f'"{place}" is missing' if place else "the request has no body", "GET /docs lists the keys"
    return f"{place[:200] or 'the body'}: {first['msg']}, got {_short.repr(first.get('input'))}", None


_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60
