"""Our own routes: predict, complete, generate, and sessions that remember."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from recur._version import __version__
from recur.modes import Prediction, candidates
from recur.serve.music import play
from recur.serve.problems import RequestError
from recur.serve.requests import Complete, Generate, OpenSession, Play, Predict, Read, Write
from recur.serve.sessions import Session
from recur.serve.state import State
from recur.serve.streams import events

LENGTH, STEPS = 200, 64


def router(state: State) -> APIRouter:
    """The routes over a server's state."""
    routes = APIRouter()

    @routes.get("/health", summary="Whether the server answers")
    async def health() -> dict[str, Any]:
        return {
            "status": "ok",
            "version": __version__,
            "models": list(state.served),
            "sessions": len(state.sessions),
            "session_bytes": state.sessions.bytes,
            "seconds": round(time.monotonic() - state.started, 1),
        }

    @routes.get("/models", summary="The networks, and what they are")
    async def models() -> list[dict[str, Any]]:
        return [one.facts() for one in state.served.values()]

    @routes.post("/predict", summary="Answer inputs")
    async def predict(body: Predict) -> dict[str, Any]:
        state.check_rows(len(body.inputs))
        state.check_length(body.length, 0)
        answers = await state.in_time(state.find(body.model).predict(body.inputs, body.top, body.options()))
        return {"predictions": [_plain(one) for one in answers]}

    @routes.post("/complete", summary="The next word of sentences, with probabilities")
    async def complete(body: Complete) -> dict[str, Any]:
        state.check_rows(len(body.texts))
        served = state.find(body.model)

        def look() -> list[list[dict[str, Any]]]:
            found = [candidates(served.model.mode, text, top=body.top) for text in body.texts]
            return [[{"word": word, "probability": p} for word, p in each] for each in found]

        return {"candidates": await state.in_time(served.compute(look))}

    @routes.post("/generate", summary="Go on with a text")
    async def generate(body: Generate) -> Any:
        served = state.find(body.model)
        length = state.check_length(body.length, LENGTH)
        decoding = body.decoding()
        before = await state.in_time(served.items(body.prompt, first=True))
        served.rules(before.tolist(), decoding)
        start, _ = await state.in_time(served.read(await served.compute(served.memory().begin), before))

        async def pieces() -> AsyncIterator[Any]:
            async for one in served.write(start, before.tolist(), decoding, length):
                for piece in one.piece:
                    yield piece

        if body.stream:
            return events(({"text": piece} async for piece in pieces()), state.limits.seconds, "[DONE]")
        return {"text": _joined([piece async for piece in _timed(state, pieces())])}

    @routes.post("/play", summary="Go on with a piece of notes")
    async def go_on(body: Play) -> dict[str, Any]:
        served = state.find(body.model)
        length = state.check_length(body.length, STEPS)
        decoding = replace(body.decoding(), length=length)
        opening = await served.compute(served.raw, body.opening)
        return await state.in_time(served.compute(play, served, opening, decoding))

    @routes.post("/sessions", status_code=201, summary="Open a session: a memory that lasts from request to request")
    async def open_session(body: OpenSession) -> dict[str, Any]:
        served = state.find(body.model)
        memory = await state.in_time(served.begin())
        if body.text is not None:
            items = await state.in_time(served.items(body.text))
            memory, _ = await state.in_time(served.read(memory, items))
        return _described(state.sessions.open(served.name, memory))

    @routes.get("/sessions/{name}", summary="What a session has read")
    async def look_at_session(name: str) -> dict[str, Any]:
        return _described(state.sessions.find(name))

    @routes.post("/sessions/{name}/read", summary="Read more; O(1) an item, whatever was read before")
    async def read(name: str, body: Read) -> JSONResponse:
        session = state.sessions.find(name)
        served = state.of(session)
        items = await state.in_time(served.items(_value(body)))
        async with session.lock:
            state.sessions.find(name)  # it may have been closed meanwhile
            memory, answers = await state.in_time(served.read(session.memory, items))
            session.memory = memory
        found = _described(session)
        if served.answers_each_item:
            found["answers"] = _as_json(served.show(answers))
        elif body.top:
            found["candidates"] = [
                {"value": _as_json(value), "probability": p}
                for value, p in await state.in_time(served.next(memory, body.top))
            ]
        # as it is: the usual way through the schema takes longer than the network
        return JSONResponse(found)

    @routes.post("/sessions/{name}/write", summary="Write on, and remember it")
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
        text = _joined([piece async for piece in _timed(state, pieces())])
        return {**_described(session), "text": text}

    @routes.post("/sessions/{name}/reset", summary="Forget what a session has read")
    async def reset(name: str) -> dict[str, Any]:
        session = state.sessions.find(name)
        async with session.lock:
            state.sessions.find(name)
            session.memory = await state.in_time(state.of(session).begin())
        return _described(session)

    @routes.get("/sessions/{name}/snapshot", summary="A session's memory as bytes", response_class=Response)
    async def snapshot(name: str) -> Response:
        session = state.sessions.find(name)
        async with session.lock:
            data = state.of(session).memory().dump(session.memory)
        return Response(data, media_type="application/octet-stream")

    @routes.post("/sessions/restore", status_code=201, summary="Open a session from the bytes of a snapshot")
    async def restore(request: Request, model: str | None = None) -> dict[str, Any]:
        served = state.find(model)
        return _described(state.sessions.open(served.name, served.memory().restore(await request.body())))

    @routes.delete("/sessions/{name}", status_code=204, summary="Close a session")
    async def close(name: str) -> Response:
        state.sessions.close(name)
        return Response(status_code=204)

    return routes


async def _timed(state: State, source: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """What a source yields within the time that an answer may take; then the answer is what there is."""
    until = time.monotonic() + state.limits.seconds
    async for one in source:
        yield one
        if time.monotonic() > until:
            return


def _value(body: Read) -> Any:
    if (body.text is None) == (body.values is None):
        raise RequestError(400, 'give what is read as "text" or as "values"', hint='{"text": "the clouds are in the"}')
    return body.text if body.text is not None else body.values


def _described(session: Session) -> dict[str, Any]:
    return {"session": session.name, "model": session.model, "items": session.memory.count}


def _joined(pieces: list[Any]) -> Any:
    return "".join(pieces) if all(isinstance(piece, str) for piece in pieces) else pieces


def _plain(one: Prediction) -> dict[str, Any]:
    return {
        "value": _as_json(one.value),
        "shown": one.shown,
        "scores": [{"value": _as_json(value), "probability": probability} for value, probability in one.scores],
        "alignment": None if one.alignment is None else np.asarray(one.alignment).tolist(),
    }


def _as_json(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [_as_json(one) for one in value]
    return value
