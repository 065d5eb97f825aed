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
from recur.serve.docs import errors, streamed
from recur.serve.encoding import dumped, predictions, response
from recur.serve.memory import Memory
from recur.serve.music import play
from recur.serve.requests import Complete, Generate, Play, Predict
from recur.serve.service import ModelService
from recur.serve.state import State
from recur.serve.streams import events, joined, pieces_in_time

LENGTH, STEPS = 200, 64  # symbols of a text and steps of a piece, where a request does not say


def add(routes: APIRouter, state: State) -> None:
    """Add the routes over a server's state."""
    answers = Answers(state)
    json: dict[str, Any] = {"responses": errors(), "response_class": JSONResponse}
    routes.post("/predict", **json, summary="Answer inputs")(answers.predict)
    routes.post("/complete", **json, summary="The next word of sentences, with probabilities")(answers.complete)
    routes.post("/generate", responses=streamed(), summary="Continue a text")(answers.generate)
    routes.post("/play", responses=errors(), summary="Continue a piece of notes")(answers.play)


class Answers:
    """Answers that depend only on the request."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def predict(self, body: Predict) -> Response:
        state = self._state
        state.check_rows(len(body.inputs))
        state.check_length(body.length, 0)
        costs.check_candidates(state.limits, len(body.inputs), body.top)
        service = state.find(body.model)

        async def respond() -> Response:
            answers = await service.predict(body.inputs, body.top, body.options())
            return response(await service.compute(predictions, answers))

        return await state.in_time(respond())

    async def complete(self, body: Complete) -> Response:
        state = self._state
        state.check_rows(len(body.texts))
        costs.check_candidates(state.limits, len(body.texts), body.top)
        service = state.find(body.model)
        return response(await state.in_time(service.compute(self._candidates, service, body)))

    def _candidates(self, service: ModelService, body: Complete) -> str:
        limits = self._state.limits
        counts: list[int] = []
        for text in body.texts:
            check_cancelled()
            counts.append(service.check_items(text, limits.items))
            costs.check_input_size(limits, counts)
        parts: list[str] = []
        unknown = [unknown_words(service.model.input_codec, text) for text in body.texts]
        for text in body.texts:
            check_cancelled()
            words = candidates(service.model.mode, text, top=body.top)
            parts.append(dumped([{"word": word, "probability": p} for word, p in words]))
        return f'{{"candidates":[{",".join(parts)}],"unknown":{dumped(unknown)}}}'

    async def generate(self, body: Generate) -> Any:
        state = self._state
        service = state.find(body.model)
        length = state.check_length(body.length, LENGTH)
        decoding = body.decoding()

        async def read_prompt() -> tuple[Memory, list[int]]:
            before = await service.items(body.prompt, first=True)
            service.rules(before.tolist(), decoding)
            start = (await service.read(await service.empty(), before)).memory
            return start, before.tolist()

        start, before = await state.in_time(read_prompt())

        async def pieces() -> AsyncIterator[Any]:
            async for one in service.write(start, before, decoding, length):
                for piece in one.piece:
                    yield piece

        if body.stream:
            return events(({"text": piece} async for piece in pieces()), state.limits.seconds, "[DONE]")
        return {"text": joined(await pieces_in_time(state, pieces()))}

    async def play(self, body: Play) -> dict[str, Any]:
        state = self._state
        service = state.find(body.model)
        decoding = replace(body.decoding(), length=state.check_length(body.length, STEPS))

        def continue_opening() -> dict[str, Any]:
            service.language()
            opening = service.raw(body.opening)
            if opening:
                service.check_items(opening, state.limits.items)
            return play(service, opening, decoding)

        return await state.in_time(service.compute(continue_opening))
