"""State shared by all routes: networks, sessions, limits."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from recur.errors import did_you_mean
from recur.model import Model
from recur.serve.group import Group
from recur.serve.limits import Limits
from recur.serve.metrics import Requests
from recur.serve.problems import RequestError
from recur.serve.service import ModelService
from recur.serve.sessions import Session, Sessions
from recur.serve.signing import Signer
from recur.serve.worker import Worker

Answer = TypeVar("Answer")


class State:
    """The server's state.

    Parameters
    ----------
    models : mapping of str to Model
        Name -> network.
    limits : Limits
    signer : Signer, optional
        Signs snapshots of sessions.
    """

    def __init__(self, models: Mapping[str, Model], limits: Limits, signer: Signer | None = None) -> None:
        self.limits, self.signer = limits, signer
        # one thread computes, and torch's threads with it: two passes at once would only compete for the cores
        self.worker = Worker("recur-compute")
        # explanations take a second and have their own thread, so that typing does not wait for them
        self.explainer = Worker("recur-look")
        # large bodies are read by one thread: several would take Python's lock from the event loop in turns
        self.parser = Worker("recur-parse")
        self.explaining = asyncio.Lock()
        self.services = {name: ModelService(name, model, self.worker, limits) for name, model in models.items()}
        self.sessions = Sessions(limits)
        self.started = time.monotonic()
        self.stopping = False
        self.process: str | None = None  # which one of several this is
        self.requests = Requests()
        self.refused: Counter[int] = Counter()  # connections, by status

    @property
    def workers(self) -> tuple[Worker, ...]:
        """All threads."""
        return self.worker, self.explainer, self.parser

    def join(self, group: Group) -> None:
        """Become the state of one of several processes, with the sessions that belong to it."""
        self.process = f"{group.own + 1} of {group.count}"
        self.sessions.mark = group.mark()
        self.sessions.keep(lambda name: group.owner(name) == group.own)

    def close(self) -> None:
        """Note that the server shuts down: it is no longer ready for requests."""
        self.stopping = True

    def stop(self) -> None:
        """Stop what is being computed."""
        for one in self.workers:
            one.stop()

    def find(self, name: str | None) -> ModelService:
        """The network of a name.

        Raises
        ------
        RequestError
            404 when there is none; 400 when there are several and none was named.
        """
        if name is None:
            if len(self.services) > 1:
                raise RequestError(
                    400, f"there are {len(self.services)} networks, and the request names none", hint=self._names()
                )
            return next(iter(self.services.values()))
        service = self.services.get(name)
        if service is None:
            raise RequestError(404, f'there is no network "{name}".{did_you_mean(name, self.services)}', self._names())
        return service

    def of(self, session: Session) -> ModelService:
        """The network of a session."""
        return session.service or self.services[session.model]

    def check_rows(self, count: int) -> None:
        """Refuse too many inputs at once.

        Raises
        ------
        RequestError
            413 for too many; 400 for none.
        """
        if count > self.limits.rows:
            raise RequestError(
                413,
                f"{count:,} inputs in one request; at most {self.limits.rows:,} are answered",
                hint="send several requests",
            )
        if count == 0:
            raise RequestError(400, "the request has no input", hint="send at least one")

    def check_length(self, length: int | None, default: int) -> int:
        """Return the number of symbols to generate.

        Raises
        ------
        RequestError
            413 for too many.
        """
        requested = default if length is None else length
        if requested > self.limits.length:
            raise RequestError(
                413, f"{requested:,} symbols were requested; at most {self.limits.length:,} are written in a request"
            )
        return requested

    async def in_time(self, work: Awaitable[Answer]) -> Answer:
        """Wait for an answer, for a limited time.

        Raises
        ------
        RequestError
            504 after the time that an answer may take.
        """
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await work
        except TimeoutError:
            raise RequestError(504, f"no answer within {self.limits.seconds:g} s", hint="ask for less") from None

    def _names(self) -> str:
        return "model: " + " or ".join(f'"{name}"' for name in self.services)
