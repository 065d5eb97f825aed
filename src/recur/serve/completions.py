"""OpenAI-compatible completions for text networks.

A token is a symbol of the network's codec: a word, a character or a subword.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter

from recur.decoding import Decoding
from recur.serve import body as bodies
from recur.serve import costs
from recur.serve.docs import errors
from recur.serve.memory import Memory
from recur.serve.problems import RequestError
from recur.serve.requests import Completion
from recur.serve.served import Served
from recur.serve.state import State
from recur.serve.streams import events

Start = tuple[str, Memory, list[int]]  # a prompt, the memory after it, its symbols


def router(state: State) -> APIRouter:
    """The routes over a server's state."""
    routes = bodies.router(state.parser, prefix="/v1")

    @routes.get("/models", responses=errors(body=False), summary="The networks, in OpenAI's form")
    async def models() -> dict[str, Any]:
        return {
            "object": "list",
            "data": [{"id": name, "object": "model", "created": 0, "owned_by": "recur"} for name in state.served],
        }

    @routes.post("/completions", responses=errors(), summary="Continue texts, in OpenAI's form")
    async def completions(body: Completion) -> Any:
        served = state.find(body.model)
        if not served.generates or not served.model.target_codec.text:
            raise RequestError(400, f"this network does not continue a text: {served.model.roles.sentence}")
        prompts = [body.prompt] if isinstance(body.prompt, str) else list(body.prompt)
        state.check_rows(len(prompts) * (body.n or 1))
        job = _Job(state, served, body)
        costs.check_written(state.limits, len(prompts) * (body.n or 1), job.length)
        if body.stream:
            # everything that can be wrong is found before an answer begins
            return events(job.chunks(await state.in_time(job.starts(prompts))), state.limits.seconds, "[DONE]")

        async def whole() -> dict[str, Any]:
            return await job.whole(await job.starts(prompts))

        return await state.in_time(whole())

    return routes


class _Job:
    """One request: its choices, written one after another or together."""

    def __init__(self, state: State, served: Served, body: Completion) -> None:
        self.served, self.body = served, body
        self.length = state.check_length(16 if body.max_tokens is None else body.max_tokens, 16)
        self.head = {
            "id": f"cmpl-{secrets.token_hex(12)}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": served.name,
        }

    def decoding(self, number: int) -> Decoding:
        """How the choice of a number is drawn; each with a seed of its own."""
        body = self.body
        temperature = 1.0 if body.temperature is None else body.temperature
        stops = () if body.stop is None else (body.stop,) if isinstance(body.stop, str) else tuple(body.stop)
        options: dict[str, Any] = {"temperature": temperature, "stop": stops}
        if temperature > 0:
            options["top_p"] = 1.0 if body.top_p is None else body.top_p
            if body.seed is not None:
                options["seed"] = (body.seed + number) % 2**63
        return Decoding.of(options)

    async def starts(self, prompts: list[str]) -> list[Start]:
        """The memory after each prompt, and its symbols."""
        served = self.served
        found: list[Start] = []
        for prompt in prompts:
            items = await served.items(prompt, first=True)
            served.rules(items.tolist(), self.decoding(0))
            memory, _ = await served.read(await served.compute(served.memory().begin), items)
            found.append((prompt, memory, items.tolist()))
            costs.check_read(served.limits, [len(before) for _, _, before in found])
        return found

    async def whole(self, starts: list[Start]) -> dict[str, Any]:
        """The answer when it is finished."""
        choices: list[dict[str, Any]] = []
        read = written = 0
        for prompt, memory, before in starts:
            read += len(before)
            for _ in range(self.body.n or 1):
                choice, count = await self._choice(len(choices), prompt, memory, before)
                choices.append(choice)
                written += count
        return {**self.head, "choices": choices, "usage": _usage(read, written)}

    async def _choice(self, number: int, prompt: str, memory: Memory, before: list[int]) -> tuple[dict[str, Any], int]:
        text, reason, tokens, scores = prompt if self.body.echo else "", "length", list[str](), list[float]()
        count = 0
        async for one in self.served.write(memory, before, self.decoding(number), self.length):
            piece = "".join(one.piece)
            text += piece
            tokens.append(piece)
            scores.append(one.log_prob)
            reason = one.reason or reason
            count += one.reason != "stop"
        logprobs = None
        if self.body.logprobs is not None:
            logprobs = {"tokens": tokens, "token_logprobs": scores, "top_logprobs": None, "text_offset": None}
        return {"text": text, "index": number, "logprobs": logprobs, "finish_reason": reason}, count

    async def chunks(self, starts: list[Start]) -> AsyncIterator[dict[str, Any]]:
        """The answer piece by piece."""
        number = read = written = 0
        for prompt, memory, before in starts:
            read += len(before)
            for _ in range(self.body.n or 1):
                if self.body.echo:
                    yield self._chunk(number, prompt, None)
                async for one in self.served.write(memory, before, self.decoding(number), self.length):
                    written += one.reason != "stop"
                    if one.piece or one.reason:
                        yield self._chunk(number, "".join(one.piece), one.reason)
                number += 1
        if (self.body.stream_options or {}).get("include_usage"):
            yield {**self.head, "choices": [], "usage": _usage(read, written)}

    def _chunk(self, number: int, text: str, reason: str | None) -> dict[str, Any]:
        choice = {"text": text, "index": number, "logprobs": None, "finish_reason": reason}
        return {**self.head, "choices": [choice]}


def _usage(read: int, written: int) -> dict[str, int]:
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
