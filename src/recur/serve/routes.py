"""Our own routes: predict, complete, generate, and sessions that remember."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from recur._version import __version__
from recur.cancellation import check_cancelled
from recur.continuation import candidates
from recur.continuation.completion import unknown_words
from recur.serve import body as bodies
from recur.serve import costs
from recur.serve.docs import errors
from recur.serve.memory import Memory
from recur.serve.music import play
from recur.serve.problems import RequestError
from recur.serve.requests import Complete, Generate, OpenSession, Play, Predict, Read, Write
from recur.serve.sessions import Session
from recur.serve.shown import as_json, dumped, predictions, response
from recur.serve.state import State
from recur.serve.streams import events

LENGTH, STEPS = 200, 64
_BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_SNAPSHOT: dict[int | str, dict[str, Any]] = {200: {"description": "The bytes", "content": _BINARY}}
_BYTES = {"requestBody": {"required": True, "content": _BINARY}}


def router(state: State) -> APIRouter:
    """The routes over a server's state."""
    routes = bodies.router(state.parser)

    @routes.get("/health", responses=errors(body=False), summary="Whether the server answers")
    async def health() -> dict[str, Any]:
        return {
            "status": "ok",
            "version": __version__,
            "models": list(state.served),
            "sessions": len(state.sessions),
            "session_bytes": state.sessions.bytes,
            "seconds": round(time.monotonic() - state.started, 1),
        }

    @routes.get("/models", responses=errors(body=False), summary="The networks, and what they are")
    async def models() -> list[dict[str, Any]]:
        return [one.facts() for one in state.served.values()]

    @routes.post("/predict", responses=errors(), response_class=JSONResponse, summary="Answer inputs")
    async def predict(body: Predict) -> Response:
        state.check_rows(len(body.inputs))
        state.check_length(body.length, 0)
        costs.check_shown(state.limits, len(body.inputs), body.top)
        served = state.find(body.model)

        async def answered() -> Response:
            answers = await served.predict(body.inputs, body.top, body.options())
            return response(await served.compute(predictions, answers))

        return await state.in_time(answered())

    @routes.post(
        "/complete",
        responses=errors(),
        response_class=JSONResponse,
        summary="The next word of sentences, with probabilities",
    )
    async def complete(body: Complete) -> Response:
        state.check_rows(len(body.texts))
        costs.check_shown(state.limits, len(body.texts), body.top)
        served = state.find(body.model)

        def look() -> str:
            counts: list[int] = []
            for text in body.texts:
                check_cancelled()
                counts.append(served.check_items(text, state.limits.items))
                costs.check_read(state.limits, counts)
            found: list[str] = []
            unknown = [unknown_words(served.model.input_codec, text) for text in body.texts]
            for text in body.texts:
                check_cancelled()
                words = candidates(served.model.mode, text, top=body.top)
                found.append(dumped([{"word": word, "probability": p} for word, p in words]))
            return f'{{"candidates":[{",".join(found)}],"unknown":{dumped(unknown)}}}'

        return response(await state.in_time(served.compute(look)))

    @routes.post("/generate", responses=errors(), summary="Continue a text")
    async def generate(body: Generate) -> Any:
        served = state.find(body.model)
        length = state.check_length(body.length, LENGTH)
        decoding = body.decoding()

        async def begun() -> tuple[Memory, list[int]]:
            before = await served.items(body.prompt, first=True)
            served.rules(before.tolist(), decoding)
            start, _ = await served.read(await served.compute(served.memory().begin), before)
            return start, before.tolist()

        start, before = await state.in_time(begun())

        async def pieces() -> AsyncIterator[Any]:
            async for one in served.write(start, before, decoding, length):
                for piece in one.piece:
                    yield piece

        if body.stream:
            return events(({"text": piece} async for piece in pieces()), state.limits.seconds, "[DONE]")
        return {"text": _joined(await _in_time(state, pieces()))}

    @routes.post("/play", responses=errors(), summary="Continue a piece of notes")
    async def go_on(body: Play) -> dict[str, Any]:
        served = state.find(body.model)
        length = state.check_length(body.length, STEPS)
        decoding = replace(body.decoding(), length=length)

        def played() -> dict[str, Any]:
            served.language()
            opening = served.raw(body.opening)
            if opening:
                served.check_items(opening, state.limits.items)
            return play(served, opening, decoding)

        return await state.in_time(served.compute(played))

    @routes.post(
        "/sessions",
        status_code=201,
        responses=errors(429),
        summary="Open a session: a memory that lasts from request to request",
    )
    async def open_session(body: OpenSession) -> dict[str, Any]:
        served = state.find(body.model)

        async def begun() -> Memory:
            memory = await served.begin()
            if body.text is not None:
                memory, _ = await served.read(memory, await served.items(body.text))
            return memory

        return _described(state.sessions.open(served.name, await state.in_time(begun())))

    @routes.get("/sessions/{name}", responses=errors(404, body=False), summary="What a session has read")
    async def look_at_session(name: str) -> dict[str, Any]:
        return _described(state.sessions.find(name))

    @routes.post(
        "/sessions/{name}/read",
        responses=errors(),
        response_class=JSONResponse,
        summary="Read more; O(1) an item, whatever was read before",
    )
    async def read(name: str, body: Read) -> Response:
        session = state.sessions.find(name)
        served = state.of(session)

        async def answered() -> dict[str, Any]:
            items = await served.items(_value(body))
            async with session.lock:
                state.sessions.find(name)  # it may have been closed meanwhile
                memory, answers = await served.read(session.memory, items)
                session.memory = memory
            found = _described(session)
            if served.answers_each_item:
                found["answers"] = as_json(served.show(answers))
            elif body.top:
                found["candidates"] = [
                    {"value": as_json(value), "probability": p} for value, p in await served.next(memory, body.top)
                ]
            return found

        # as it is: the usual way through the schema takes longer than the network
        return response(dumped(await state.in_time(answered())))

    @routes.post("/sessions/{name}/write", responses=errors(), summary="Continue the session's text, and remember it")
    async def write(name: str, body: Write) -> Any:
        session = state.sessions.find(name)
        served = state.of(session)
        length = state.check_length(body.length, LENGTH)
        decoding = body.decoding()
        served.rules((), decoding)

        async def pieces() -> AsyncIterator[Any]:
            async with session.lock:
                state.sessions.find(name)
                async for one in served.write(session.memory, (), decoding, length):
                    session.memory = one.memory
                    for piece in one.piece:
                        yield piece

        if body.stream:
            return events(({"text": piece} async for piece in pieces()), state.limits.seconds, "[DONE]")
        text = _joined(await _in_time(state, pieces()))
        return {**_described(session), "text": text}

    @routes.post(
        "/sessions/{name}/reset", responses=errors(404, 504, body=False), summary="Forget what a session has read"
    )
    async def reset(name: str) -> dict[str, Any]:
        session = state.sessions.find(name)

        async def begun() -> None:
            async with session.lock:
                state.sessions.find(name)
                session.memory = await state.of(session).begin()

        await state.in_time(begun())
        return _described(session)

    @routes.get(
        "/sessions/{name}/snapshot",
        responses=_SNAPSHOT | errors(404, 504, body=False),
        summary="A session's memory as bytes",
        response_class=Response,
    )
    async def snapshot(name: str) -> Response:
        session = state.sessions.find(name)

        async def dumped() -> bytes:
            async with session.lock:
                return state.of(session).memory().dump(session.memory)

        data = await state.in_time(dumped())
        return Response(data, media_type="application/octet-stream")

    @routes.post(
        "/sessions/restore",
        status_code=201,
        responses=errors(429),
        openapi_extra=_BYTES,
        summary="Open a session from the bytes of a snapshot",
    )
    async def restore(request: Request, model: str | None = None) -> dict[str, Any]:
        served = state.find(model)
        memory = await state.in_time(served.compute(served.memory().restore, await request.body()))
        return _described(state.sessions.open(served.name, memory))

    @routes.delete("/sessions/{name}", status_code=204, responses=errors(404, body=False), summary="Close a session")
    async def close(name: str) -> Response:
        state.sessions.close(name)
        return Response(status_code=204)

    return routes


async def _in_time(state: State, source: AsyncIterator[Any]) -> list[Any]:
    """What a source yields within the time that an answer may take; then the answer is what there is.

    Raises
    ------
    RequestError
        504 where there is nothing yet.
    """
    found: list[Any] = []

    async def collect() -> None:
        async for one in source:
            found.append(one)

    try:
        await state.in_time(collect())
    except RequestError as problem:
        if problem.status != 504 or not found:
            raise
    return found


def _value(body: Read) -> Any:
    if (body.text is None) == (body.values is None):
        raise RequestError(400, 'give what is read as "text" or as "values"', hint='{"text": "the clouds are in the"}')
    return body.text if body.text is not None else body.values


def _described(session: Session) -> dict[str, Any]:
    return {"session": session.name, "model": session.model, "items": session.memory.count}


def _joined(pieces: list[Any]) -> Any:
    return "".join(pieces) if all(isinstance(piece, str) for piece in pieces) else pieces
