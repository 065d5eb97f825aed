"""OpenAI-compatible completions for text networks.

A token is a symbol of the network's codec: a word, a character or a subword.
"""

from __future__ import annotations

import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter

from recur.decoding import Decoding
from recur.serve import body as bodies
from recur.serve import costs
from recur.serve.docs import errors, streamed
from recur.serve.memory import Memory
from recur.serve.problems import RequestError
from recur.serve.requests import ChatCompletion, Completion, CompletionOptions
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

    @routes.post("/completions", responses=streamed(), summary="Continue texts, in OpenAI's form")
    async def completions(body: Completion) -> Any:
        prompts = [body.prompt] if isinstance(body.prompt, str) else list(body.prompt)
        return await _answer(state, _Texts(state, body), prompts)

    @routes.post("/chat/completions", responses=streamed(), summary="Continue a chat, in OpenAI's form")
    async def chat(body: ChatCompletion) -> Any:
        return await _answer(state, _Chat(state, body), [body.prompt()])

    return routes


async def _answer(state: State, job: _Job, prompts: list[str]) -> Any:
    count = len(prompts) * (job.options.n or 1)
    state.check_rows(count)
    costs.check_output_size(state.limits, count, job.length)
    if job.options.stream:
        # errors are raised before the answer begins, while its status can still be set
        return events(job.chunks(await state.in_time(job.starts(prompts))), state.limits.seconds, "[DONE]")

    async def whole() -> dict[str, Any]:
        return await job.whole(await job.starts(prompts))

    return await state.in_time(whole())


class _Job(ABC):
    """One request: its choices, generated one after another, returned whole or streamed."""

    identifier, whole_object, part_object = "cmpl", "text_completion", "text_completion"

    def __init__(self, state: State, options: CompletionOptions, length: int | None) -> None:
        self.options = options
        self.service = service = state.find(options.model)
        if not service.generates or not service.model.target_codec.text:
            raise RequestError(400, f"this network does not continue a text: {service.model.roles.sentence}")
        self.length = state.check_length(16 if length is None else length, 16)
        self.head = {
            "id": f"{self.identifier}-{secrets.token_hex(12)}",
            "object": self.whole_object,
            "created": int(time.time()),
            "model": service.name,
        }

    @abstractmethod
    def choice(self, number: int, prompt: str, pieces: list[str], scores: list[float], reason: str) -> dict[str, Any]:
        """A choice of the whole answer."""

    @abstractmethod
    def part(self, number: int, text: str, reason: str | None) -> dict[str, Any]:
        """A choice of a streamed piece."""

    @abstractmethod
    def beginning(self, number: int, prompt: str) -> dict[str, Any] | None:
        """What a stream has before the pieces of a choice."""

    def decoding(self, number: int) -> Decoding:
        """The decoding options of one choice; each choice has its own seed."""
        body = self.options
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
            for _ in range(self.options.n or 1):
                choice, count = await self._choice(len(choices), prompt, memory, before)
                choices.append(choice)
                completion_tokens += count
        return {**self.head, "choices": choices, "usage": _usage(prompt_tokens, completion_tokens)}

    async def _choice(self, number: int, prompt: str, memory: Memory, before: list[int]) -> tuple[dict[str, Any], int]:
        reason, pieces, scores, count = "length", list[str](), list[float](), 0
        async for one in self.service.write(memory, before, self.decoding(number), self.length):
            pieces.append("".join(one.piece))
            scores.append(one.log_prob)
            reason = one.reason or reason
            count += one.reason != "stop"
        return self.choice(number, prompt, pieces, scores, reason), count

    async def chunks(self, starts: list[Start]) -> AsyncIterator[dict[str, Any]]:
        """The answer as a stream of pieces."""
        number = prompt_tokens = completion_tokens = 0
        for prompt, memory, before in starts:
            prompt_tokens += len(before)
            for _ in range(self.options.n or 1):
                beginning = self.beginning(number, prompt)
                if beginning is not None:
                    yield self._chunk(beginning)
                async for one in self.service.write(memory, before, self.decoding(number), self.length):
                    completion_tokens += one.reason != "stop"
                    if one.piece or one.reason:
                        yield self._chunk(self.part(number, "".join(one.piece), one.reason))
                number += 1
        if (self.options.stream_options or {}).get("include_usage"):
            usage = _usage(prompt_tokens, completion_tokens)
            yield {**self.head, "object": self.part_object, "choices": [], "usage": usage}

    def _chunk(self, choice: dict[str, Any]) -> dict[str, Any]:
        return {**self.head, "object": self.part_object, "choices": [choice]}


class _Texts(_Job):
    """Texts that are continued."""

    def __init__(self, state: State, body: Completion) -> None:
        super().__init__(state, body, body.max_tokens)
        self.body = body

    def choice(self, number: int, prompt: str, pieces: list[str], scores: list[float], reason: str) -> dict[str, Any]:
        text, logprobs = (prompt if self.body.echo else "") + "".join(pieces), None
        if self.body.logprobs is not None:
            logprobs = {"tokens": pieces, "token_logprobs": scores, "top_logprobs": None, "text_offset": None}
        return {"text": text, "index": number, "logprobs": logprobs, "finish_reason": reason}

    def part(self, number: int, text: str, reason: str | None) -> dict[str, Any]:
        return {"text": text, "index": number, "logprobs": None, "finish_reason": reason}

    def beginning(self, number: int, prompt: str) -> dict[str, Any] | None:
        return self.part(number, prompt, None) if self.body.echo else None


class _Chat(_Job):
    """A chat whose next message is written."""

    identifier, whole_object, part_object = "chatcmpl", "chat.completion", "chat.completion.chunk"

    def __init__(self, state: State, body: ChatCompletion) -> None:
        length = body.max_tokens if body.max_completion_tokens is None else body.max_completion_tokens
        super().__init__(state, body, length)

    def choice(self, number: int, prompt: str, pieces: list[str], scores: list[float], reason: str) -> dict[str, Any]:
        del prompt, scores
        message = {"role": "assistant", "content": "".join(pieces), "refusal": None}
        return {"index": number, "message": message, "logprobs": None, "finish_reason": reason}

    def part(self, number: int, text: str, reason: str | None) -> dict[str, Any]:
        delta = {"content": text} if text else {}
        return {"index": number, "delta": delta, "logprobs": None, "finish_reason": reason}

    def beginning(self, number: int, prompt: str) -> dict[str, Any] | None:
        del prompt
        delta = {"role": "assistant", "content": ""}
        return {"index": number, "delta": delta, "logprobs": None, "finish_reason": None}


def _usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
