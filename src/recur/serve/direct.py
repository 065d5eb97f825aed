"""The requests that sessions send most, past the framework.

FastAPI's routing, validation and exit stacks take several times as long as the network takes to read a word. A valid
request to open a session or to read is therefore answered here; any other, and every error of a body, takes the usual
way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Response
from pydantic import ValidationError

from recur.serve import body as bodies
from recur.serve.guard import problem_of, problem_response
from recur.serve.problems import RequestError
from recur.serve.requests import Body, OpenSession, Read
from recur.serve.session_routes import KEY_PATTERN, SessionRoutes

_OPEN, _READ = "/sessions", "/read"
_KEY = b"idempotency-key"
Kind = TypeVar("Kind", bound=Body)
_JSON = (b"application/json", b"application/json; charset=utf-8")


class Direct:
    """ASGI middleware that answers ``POST /sessions`` and ``POST /sessions/{name}/read``.

    Parameters
    ----------
    app : ASGI application
        Answers everything else.
    sessions : SessionRoutes
        The functions of the routes themselves.
    """

    def __init__(self, app: Any, sessions: SessionRoutes) -> None:
        self.app, self._sessions = app, sessions

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer a request, or pass it to the application."""
        if scope["type"] != "http" or not _is_plain(scope):
            await self.app(scope, receive, send)
            return
        try:
            message = await receive()
        except RequestError as problem:
            await problem_response(problem)(scope, receive, send)
            return
        answer = None if message.get("more_body") else self._answer(scope, message.get("body", b""))
        if answer is None:
            await self.app(scope, _again(message, receive), send)
            return
        try:
            response = await answer()
        except Exception as error:
            refusal = problem_of(error)
            if refusal is None:
                raise
            response = problem_response(refusal)
        await response(scope, receive, send)

    def _answer(self, scope: dict[str, Any], data: bytes) -> Callable[[], Awaitable[Response]] | None:
        """The call that answers a request; None for a body that is not valid, or long."""
        path = scope["path"]
        if path == _OPEN:
            opening = _parsed(OpenSession, data)
            return None if opening is None else lambda: self._sessions.open_session(opening)
        name = path[len(_OPEN) + 1 : -len(_READ)]
        reading = _parsed(Read, data)
        if reading is None:
            return None
        key = next((value.decode("latin-1") for field, value in scope["headers"] if field == _KEY), None)
        if key is not None and not KEY_PATTERN.fullmatch(key):
            return None
        return lambda: self._sessions.read(name, reading, key)


def _is_plain(scope: dict[str, Any]) -> bool:
    """Whether a request is for one of the two routes, with a body of uncompressed JSON."""
    path = scope["path"]
    if scope["method"] != "POST" or not path.startswith(_OPEN) or scope.get("root_path"):
        return False
    if path != _OPEN:
        _, _, after = path.partition(f"{_OPEN}/")
        name, slash, rest = after.partition("/")
        if not name or slash + rest != _READ:
            return False
    kinds = [value for key, value in scope["headers"] if key in (b"content-type", b"content-encoding")]
    return len(kinds) == 1 and kinds[0].lower() in _JSON


def _parsed(kind: type[Kind], data: bytes) -> Kind | None:
    """A valid body of a usual size."""
    if len(data) > bodies.AT_ONCE:
        return None
    try:
        return kind.model_validate(bodies.read(data))
    except (RequestError, ValidationError):
        return None


def _again(first: Any, receive: Any) -> Any:
    """Receive a message that was received already, and then the others."""
    waiting = [first]

    async def receive_again() -> Any:
        return waiting.pop() if waiting else await receive()

    return receive_again
