"""Routes that answer once: predict, complete, generate, play."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from recur.cancellation import check_cancelled
from recur.continuation import candidates
from recur.continuation.completion import unknown_words
from recur.serve import costs
from recur.serve.docs import errors
from recur.serve.encoding import dumped, predictions, response
from recur.serve.memory import Memory
from recur.serve.music import play
from recur.serve.requests import Complete, Generate, Play, Predict
from recur.serve.served import Served
from recur.serve.state import State
from recur.serve.streams import events, joined, pieces_in_time

LENGTH, STEPS = 200, 64  # symbols of a text and steps of a piece, where a request does not say


def add(routes: APIRouter, state: State) -> None:
    """Add the routes over a server's state."""
    answers = Answers(state)
    json: dict[str, Any] = {"responses": errors(), "response_class": JSONResponse}
    routes.post("/predict", **json, summary="Answer inputs")(answers.predict)
    routes.post("/complete", **json, summary="The next word of sentences, with probabilities")(answers.complete)
    routes.post("/generate", responses=errors(), summary="Continue a text")(answers.generate)
    routes.post("/play", responses=errors(), summary="Continue a piece of notes")(answers.go_on)


class Answers:
    """Answers that depend only on the request."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def predict(self, body: Predict) -> Response:
        state = self._state
        state.check_rows(len(body.inputs))
        state.check_length(body.length, 0)
        costs.check_shown(state.limits, len(body.inputs), body.top)
        served = state.find(body.model)

        async def answered() -> Response:
            answers = await served.predict(body.inputs, body.top, body.options())
            return response(await served.compute(predictions, answers))

        return await state.in_time(answered())

    async def complete(self, body: Complete) -> Response:
        state = self._state
        state.check_rows(len(body.texts))
        costs.check_shown(state.limits, len(body.texts), body.top)
        served = state.find(body.model)
        return response(await state.in_time(served.compute(self._completed, served, body)))

    def _completed(self, served: Served, body: Complete) -> str:
        limits = self._state.limits
        counts: list[int] = []
        for text in body.texts:
            check_cancelled()
            counts.append(served.check_items(text, limits.items))
            costs.check_read(limits, counts)
        found: list[str] = []
        unknown = [unknown_words(served.model.input_codec, text) for text in body.texts]
        for text in body.texts:
            check_cancelled()
            words = candidates(served.model.mode, text, top=body.top)
            found.append(dumped([{"word": word, "probability": p} for word, p in words]))
        return f'{{"candidates":[{",".join(found)}],"unknown":{dumped(unknown)}}}'

    async def generate(self, body: Generate) -> Any:
        state = self._state
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
        return {"text": joined(await pieces_in_time(state, pieces()))}

    async def go_on(self, body: Play) -> dict[str, Any]:
        state = self._state
        served = state.find(body.model)
        decoding = replace(body.decoding(), length=state.check_length(body.length, STEPS))

        def played() -> dict[str, Any]:
            served.language()
            opening = served.raw(body.opening)
            if opening:
                served.check_items(opening, state.limits.items)
            return play(served, opening, decoding)

        return await state.in_time(served.compute(played))
