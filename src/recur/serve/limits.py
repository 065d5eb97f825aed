"""The limits of a server: no request can exhaust it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from recur.errors import ConfigError

MOST = 10**12
"""Upper bound of every limit: more bytes than a machine has, and still a time that sockets accept."""


@dataclass(frozen=True)
class Limits:
    """Bounds on requests, sessions and connections.

    Attributes
    ----------
    body : int
        Bytes of a request.
    seconds : float
        Time that an answer may take; a stream is ended after it.
    rows : int
        Inputs in one request.
    length : int
        Symbols that one request may generate per input.
    written : int
        Symbols that one request may generate, over all its inputs and all hypotheses of a beam.
    candidates : int
        Candidates that one request may list, over all its inputs.
    items : int
        Items of one input; a text of more than 64 characters for each of them is refused before it is split.
    steps : int
        Items that one request may have, over all its inputs.
    explained : int
        Items of an input that is explained, which takes a pass per item.
    sessions : int
        Sessions open at once.
    idle : float
        Seconds after which an unused session is closed.
    memory : int
        Bytes of all sessions together.
    batch : int
        Rows that are computed together.
    waiting : int
        Calls that may wait to be computed.
    bodies : int
        Bytes of all requests in progress.
    connections : int
        Connections open at once.
    head, transfer : float
        Seconds within which the headers of a request must arrive (head); within which its body must arrive and its
        answer must be read (transfer).
    client_requests : int
        Requests of one client in progress. A client is a token where tokens are required, otherwise an address.
    client_rate : float
        Requests of one client per second, on average; as many as in one second may come at once.
    client_sessions : int
        Open sessions of one client.
    wrong_tokens : float
        Wrong tokens of one address per minute; beyond it, its requests are refused.
    grace : float
        Seconds that running requests have to finish when the server shuts down.
    """

    body: int = 10_000_000
    seconds: float = 60.0
    rows: int = 256
    length: int = 4096
    written: int = 262_144
    candidates: int = 25_600
    items: int = 20_000
    steps: int = 1_000_000
    explained: int = 300
    sessions: int = 10_000
    idle: float = 3600.0
    memory: int = 512_000_000
    batch: int = 128
    waiting: int = 20_000
    bodies: int = 256_000_000
    connections: int = 16_384
    head: float = 10.0
    transfer: float = 60.0
    client_requests: int = 16_384
    client_rate: float = 100_000.0
    client_sessions: int = 10_000
    wrong_tokens: float = 100.0
    grace: float = 10.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 < value <= MOST:
                text = value if -MOST < value < 1e30 else "a number of more than 9 digits"
                bound = f"at most {MOST:,}" if value > 0 else "above 0"
                raise ConfigError(f"{field.name} must be {bound}, got {text}", hint=f"{field.name}={field.default}")

    def share(self, processes: int) -> Limits:
        """The limits of one of several processes: a share of what the server as a whole may have."""
        if processes == 1:
            return self
        names = "sessions", "memory", "waiting", "bodies", "connections"
        return replace(self, **{name: -(-getattr(self, name) // processes) for name in names})
