"""Open sessions: by name, bounded in number and memory, expired when unused."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recur.serve.clients import CLIENT
from recur.serve.limits import Limits
from recur.serve.memory import Memory
from recur.serve.problems import RequestError

if TYPE_CHECKING:
    from recur.serve.service import ModelService

MOST_ANSWERS = 8  # that a session keeps for requests that are repeated


@dataclass
class Session:
    """One sequence whose state is carried from request to request.

    Attributes
    ----------
    name : str
        A secret: whoever has it can continue the session.
    model : str
        The name of its network.
    memory : Memory
        After what was read.
    client : str
        Who opened it.
    answers : dict
        Idempotency key -> digest of the request and its answer, of the last requests that had one.
    service : ModelService or None
        The network that it began with, which may have been replaced since.
    lock : asyncio.Lock
        Held by the request that changes the memory; a second one waits for it.
    """

    name: str
    model: str
    memory: Memory
    last_use: float
    client: str = ""
    answers: dict[str, tuple[str, str]] = field(default_factory=dict)
    service: ModelService | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def bytes(self) -> int:
        """Its size in bytes."""
        return self.memory.bytes + sum(len(key) + len(text) for key, (_, text) in self.answers.items())


class Sessions:
    """All open sessions, the least recently used first.

    Parameters
    ----------
    limits : Limits
        ``sessions``, ``client_sessions``, ``memory`` and ``idle``.
    clock : callable, optional
        Seconds.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._open: OrderedDict[str, Session] = OrderedDict()
        self._of_client: Counter[str] = Counter()
        self.bytes = 0
        self.mark = ""  # what the names of new sessions begin with, where several processes have sessions

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._open.values()))

    @property
    def now(self) -> float:
        """The time by which the last use of sessions is measured."""
        return self._clock()

    def restore(self, session: Session) -> bool:
        """Add a session of an earlier start, those unused for the longest time first; False where it is too old."""
        limits = self._limits
        full = len(self._open) >= limits.sessions or self.bytes + session.bytes > limits.memory
        if full or session.last_use < self._clock() - limits.idle:
            return False
        self._add(session)
        return True

    def keep(self, own: Callable[[str], bool]) -> None:
        """Forget all sessions whose name is not one of this process's own."""
        for session in self:
            if not own(session.name):
                self._drop(session)

    def keep_answer(self, session: Session, key: str, digest: str, text: str) -> None:
        """Keep the answer to a request with an idempotency key, and forget the oldest one of too many."""
        self.bytes -= session.bytes
        session.answers[key] = digest, text
        while len(session.answers) > MOST_ANSWERS:
            del session.answers[next(iter(session.answers))]
        self.bytes += session.bytes

    def open(self, model: str, memory: Memory, service: ModelService | None = None) -> Session:
        """Open a session.

        Raises
        ------
        RequestError
            429 when the limit of sessions, or of their memory, is reached.
        """
        self.sweep()
        limits = self._limits
        if len(self._open) >= limits.sessions:
            raise RequestError(
                429, f"{len(self._open):,} sessions are open, which is the limit",
                hint=f"close one, or wait: an unused session is closed after {limits.idle:g} s",
            )  # fmt: skip
        if self.bytes + memory.bytes > limits.memory:
            raise RequestError(
                429, f"the {len(self._open):,} open sessions take {self.bytes:,} bytes of at most {limits.memory:,}",
                hint=f"close one, or wait: an unused session is closed after {limits.idle:g} s",
            )  # fmt: skip
        client = CLIENT.get()
        if self._of_client[client] >= limits.client_sessions:
            raise RequestError(
                429, f"{self._of_client[client]:,} sessions of this client are open, which is the limit",
                hint=f"close one, or wait: an unused session is closed after {limits.idle:g} s",
            )  # fmt: skip
        session = Session(self.mark + secrets.token_urlsafe(16), model, memory, self._clock(), client, service=service)
        self._add(session)
        return session

    def _add(self, session: Session) -> None:
        self._open[session.name] = session
        self._of_client[session.client] += 1
        self.bytes += session.bytes

    def find(self, name: str) -> Session:
        """Return the session of a name, and mark it as used.

        Raises
        ------
        RequestError
            404 when there is none, or it has expired.
        """
        self.sweep()
        session = self._open.get(name)
        if session is None:
            raise RequestError(
                404, "there is no such session",
                hint=f"POST /sessions opens one; an unused session is closed after {self._limits.idle:g} s",
            )  # fmt: skip
        session.last_use = self._clock()
        self._open.move_to_end(name)
        return session

    def close(self, name: str) -> None:
        """Forget a session.

        Raises
        ------
        RequestError
            404 when there is none.
        """
        self._drop(self.find(name))

    def sweep(self) -> None:
        """Close sessions that were unused for too long and are not in use."""
        oldest = self._clock() - self._limits.idle
        expired: list[Session] = []
        for session in self._open.values():
            if session.last_use > oldest:
                break
            if not session.lock.locked():
                expired.append(session)
        for session in expired:
            self._drop(session)

    def _drop(self, session: Session) -> None:
        if self._open.pop(session.name, None) is not None:
            self.bytes -= session.bytes
            self._of_client[session.client] -= 1
            if not self._of_client[session.client]:
                del self._of_client[session.client]
