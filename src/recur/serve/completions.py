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
from recur.serve.service import ModelService
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
            "data": [{"id": name, "object": "model", "created": 0, "owned_by": "recur"} for name in state.services],
        }

    @routes.post("/completions", responses=errors(), summary="Continue texts, in OpenAI's form")
    async def completions(body: Completion) -> Any:
        service = state.find(body.model)
        if not service.generates or not service.model.target_codec.text:
            raise RequestError(400, f"this network does not continue a text: {service.model.roles.sentence}")
        prompts = [body.prompt] if isinstance(body.prompt, str) else list(body.prompt)
        state.check_rows(len(prompts) * (body.n or 1))
        job = _Job(state, service, body)
        costs.check_output_size(state.limits, len(prompts) * (body.n or 1), job.length)
        if body.stream:
            # errors are raised before the answer begins, while its status can still be set
            return events(job.chunks(await state.in_time(job.starts(prompts))), state.limits.seconds, "[DONE]")

        async def whole() -> dict[str, Any]:
            return await job.whole(await job.starts(prompts))

        return await state.in_time(whole())

    return routes


class _Job:
    """One request: its choices, generated one after another, returned whole or streamed."""

    def __init__(self, state: State, service: ModelService, body: Completion) -> None:
        self.service, self.body = service, body
        self.length = state.check_length(16 if body.max_tokens is None else body.max_tokens, 16)
        self.head = {
            "id": f"cmpl-{secrets.token_hex(12)}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": service.name,
        }

    def decoding(self, number: int) -> Decoding:
        """The decoding options of one choice; each choice has its own seed."""
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
        service = self.service
        starts: list[Start] = []
        for prompt in prompts:
            items = await service.items(prompt, first=True)
            service.rules(items.tolist(), self.decoding(0))
            memory = (await service.read(await service.empty(), items)).memory
            starts.append((prompt, memory, items.tolist()))
            costs.check_input_size(service.limits, [len(before) for _, _, before in starts])
        return starts

    async def whole(self, starts: list[Start]) -> dict[str, Any]:
        """The whole answer."""
        choices: list[dict[str, Any]] = []
        prompt_tokens = completion_tokens = 0
        for prompt, memory, before in starts:
            prompt_tokens += len(before)
            for _ in range(self.body.n or 1):
                choice, count = await self._choice(len(choices), prompt, memory, before)
                choices.append(choice)
                completion_tokens += count
        return {**self.head, "choices": choices, "usage": _usage(prompt_tokens, completion_tokens)}

    async def _choice(self, number: int, prompt: str, memory: Memory, before: list[int]) -> tuple[dict[str, Any], int]:
        text, reason, tokens, scores = prompt if self.body.echo else "", "length", list[str](), list[float]()
        count = 0
        async for one in self.service.write(memory, before, self.decoding(number), self.length):
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
        """The answer as a stream of pieces."""
        number = prompt_tokens = completion_tokens = 0
        for prompt, memory, before in starts:
            prompt_tokens += len(before)
            for _ in range(self.body.n or 1):
                if self.body.echo:
                    yield self._chunk(number, prompt, None)
                async for one in self.service.write(memory, before, self.decoding(number), self.length):
                    completion_tokens += one.reason != "stop"
                    if one.piece or one.reason:
                        yield self._chunk(number, "".join(one.piece), one.reason)
                number += 1
        if (self.body.stream_options or {}).get("include_usage"):
            yield {**self.head, "choices": [], "usage": _usage(prompt_tokens, completion_tokens)}

    def _chunk(self, number: int, text: str, reason: str | None) -> dict[str, Any]:
        choice = {"text": text, "index": number, "logprobs": None, "finish_reason": reason}
        return {**self.head, "choices": [choice]}


def _usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
