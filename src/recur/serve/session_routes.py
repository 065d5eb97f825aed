"""Routes of sessions, which keep the state of a network between requests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse

from recur.predictions.plain import plain
from recur.serve.answer_routes import LENGTH
from recur.serve.docs import errors, streamed
from recur.serve.encoding import dumped, response
from recur.serve.memory import Memory
from recur.serve.problems import RequestError
from recur.serve.requests import OpenSession, Read, Write
from recur.serve.sessions import Session
from recur.serve.signing import without_key
from recur.serve.state import State
from recur.serve.streams import events, joined, pieces_in_time

KEY_PATTERN = re.compile("[!-~]{1,128}")
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=f"^{KEY_PATTERN.pattern}$",
        description="the same key with the same body reads once, and gets the same answer again",
    ),
]  # fmt: skip
_BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_SNAPSHOT: dict[int | str, dict[str, Any]] = {200: {"description": "The bytes", "content": _BINARY}}
_BYTES = {"requestBody": {"required": True, "content": _BINARY}}


def add(routes: APIRouter, sessions: SessionRoutes) -> None:
    """Add the routes."""
    one = "/sessions/{name}"
    opening = "Open a session: a memory that lasts from request to request"
    routes.post(
        "/sessions", status_code=201, responses=errors(), response_class=JSONResponse, summary=opening
    )(sessions.open_session)  # fmt: skip
    not_found, without_body = errors(404, body=False), errors(404, 504, body=False)
    routes.get(one, responses=not_found, summary="What a session has read")(sessions.show_session)
    routes.post(
        f"{one}/read", responses=errors(409), response_class=JSONResponse,
        summary="Read more; O(1) an item, whatever was read before",
    )(sessions.read)  # fmt: skip
    writing = "Continue the session's text, and remember it"
    routes.post(f"{one}/write", responses=streamed(), summary=writing)(sessions.write)
    routes.post(f"{one}/reset", responses=without_body, summary="Forget what a session has read")(sessions.reset)
    routes.get(
        f"{one}/snapshot",
        responses=_SNAPSHOT | without_body,
        summary="A session's memory as bytes",
        response_class=Response,
    )(sessions.snapshot)
    routes.post(
        "/sessions/restore", status_code=201, responses=errors(), openapi_extra=_BYTES,
        summary="Open a session from the bytes of a snapshot",
    )(sessions.restore)  # fmt: skip
    routes.delete(one, status_code=204, responses=not_found, summary="Close a session")(sessions.close)


class SessionRoutes:
    """Requests to sessions."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def open_session(self, body: OpenSession) -> Response:
        state = self._state
        service = state.find(body.model)

        async def begin() -> Memory:
            memory = await service.begin()
            if body.text is not None:
                memory = (await service.read(memory, await service.items(body.text))).memory
            return memory

        return response(dumped(_facts(state.sessions.open(service.name, await state.in_time(begin()), service))), 201)

    async def show_session(self, name: str) -> dict[str, Any]:
        return _facts(self._state.sessions.find(name))

    async def read(self, name: str, body: Read, idempotency_key: IdempotencyKey = None) -> Response:
        state = self._state
        session = state.sessions.find(name)
        service = state.of(session)
        digest = "" if idempotency_key is None else _digest(body)

        async def respond() -> Response:
            items = await service.items(_value(body))
            async with session.lock:
                state.sessions.find(name)  # it may have been closed while this request waited
                if idempotency_key in session.answers:
                    return _repeated(session, idempotency_key, digest)
                read = await service.read(session.memory, items, body.top)
                session.memory = read.memory
                facts = _facts(session)
                if service.answers_each_item:
                    facts["answers"] = plain(service.show(read.answers))
                elif body.top:
                    facts["candidates"] = [{"value": value, "probability": p} for value, p in read.candidates]
                # encoded here: FastAPI's validation of an answer takes longer than the network
                text = dumped(facts)
                if idempotency_key is not None:
                    state.sessions.keep_answer(session, idempotency_key, digest, text)
            return response(text)

        return await state.in_time(respond())

    async def write(self, name: str, body: Write) -> Any:
        state = self._state
        session = state.sessions.find(name)
        service = state.of(session)
        length = state.check_length(body.length, LENGTH)
        decoding = body.decoding()
        service.rules((), decoding)

        async def pieces() -> AsyncIterator[Any]:
            async with session.lock:
                state.sessions.find(name)
                async for one in service.write(session.memory, (), decoding, length):
                    session.memory = one.memory
                    for piece in one.piece:
                        yield piece

        if body.stream:
            return events(({"text": piece} async for piece in pieces()), state.limits.seconds, "[DONE]")
        text = joined(await pieces_in_time(state, pieces()))
        return {**_facts(session), "text": text}

    async def reset(self, name: str) -> dict[str, Any]:
        state = self._state
        session = state.sessions.find(name)

        async def begin() -> None:
            async with session.lock:
                state.sessions.find(name)
                session.memory = await state.of(session).begin()

        await state.in_time(begin())
        return _facts(session)

    async def snapshot(self, name: str) -> Response:
        state = self._state
        session = state.sessions.find(name)

        async def dump() -> bytes:
            async with session.lock:
                data = state.of(session).memory().dump(session.memory)
            return data if state.signer is None else state.signer.sign(data)

        data = await state.in_time(dump())
        return Response(data, media_type="application/octet-stream")

    async def restore(self, request: Request, model: str | None = None) -> dict[str, Any]:
        state = self._state
        service = state.find(model)
        content = await request.body()
        reader = service.memory()

        def restored() -> Memory:
            return reader.restore(without_key(content) if state.signer is None else state.signer.open(content))

        memory = await state.in_time(service.compute(restored))
        return _facts(state.sessions.open(service.name, memory, service))

    async def close(self, name: str) -> Response:
        self._state.sessions.close(name)
        return Response(status_code=204)


def _value(body: Read) -> Any:
    if (body.text is None) == (body.values is None):
        raise RequestError(
            400,
            'the request has neither or both of "text" and "values", expected one of them',
            hint='{"text": "the clouds are in the"}',
        )
    return body.text if body.text is not None else body.values


def _digest(body: Read) -> str:
    return hashlib.sha256(body.model_dump_json().encode("utf-8", "surrogatepass")).hexdigest()


def _repeated(session: Session, key: str, digest: str) -> Response:
    """The answer to a request that was answered before.

    Raises
    ------
    RequestError
        409 for a key that came with another body.
    """
    before, text = session.answers[key]
    if before != digest:
        raise RequestError(
            409, f'the idempotency key "{key}" was sent with another body before', "send a new key with a new request"
        )
    answer = response(text)
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _facts(session: Session) -> dict[str, Any]:
    return {"session": session.name, "model": session.model, "items": session.memory.count}
