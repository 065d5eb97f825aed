"""The flags of `recur serve` for its limits, one for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cyclopts import Group, Parameter

from recur.cli.whole_numbers import Whole

_GROUP = Group("Limits", sort_key=2)


@Parameter(name="*", group=_GROUP)
@dataclass(frozen=True)
class LimitFlags:
    """The limits that are given; the others keep their defaults.

    Attributes
    ----------
    sessions
        Largest number of open sessions (10,000).
    idle
        Seconds after which an unused session is closed (3,600).
    memory
        Bytes of all sessions together (512,000,000).
    seconds
        Seconds that an answer may take (60).
    connections
        Largest number of open connections (16,384, or as many as the system allows).
    client_requests
        Requests of one client, a token or an address, in progress (16,384).
    client_rate
        Requests of one client per second (100,000).
    client_sessions
        Open sessions of one client (10,000).
    wrong_tokens
        Wrong tokens of one address per minute (100).
    body
        Bytes of a request (10,000,000).
    bodies
        Bytes of all requests in progress (256,000,000).
    rows
        Inputs in a request (256).
    items
        Items of one input (20,000).
    steps
        Items of all inputs of a request (1,000,000).
    length
        Symbols that a request may generate per input (4,096).
    written
        Symbols that a request may generate over all inputs and hypotheses (262,144).
    candidates
        Candidates that a request may list over all inputs (25,600).
    explained
        Items of an input that is explained (300).
    batch
        Rows that are computed together (128).
    waiting
        Calls that may wait to be computed (20,000).
    head
        Seconds within which the headers of a request must arrive (10).
    transfer
        Seconds within which a body must arrive and an answer be read (60).
    grace
        Seconds that running requests have to finish at the end (10).
    """

    sessions: Whole | None = None
    idle: float | None = None
    memory: Whole | None = None
    seconds: float | None = None
    connections: Whole | None = None
    client_requests: Whole | None = None
    client_rate: float | None = None
    client_sessions: Whole | None = None
    wrong_tokens: float | None = None
    body: Whole | None = None
    bodies: Whole | None = None
    rows: Whole | None = None
    items: Whole | None = None
    steps: Whole | None = None
    length: Whole | None = None
    written: Whole | None = None
    candidates: Whole | None = None
    explained: Whole | None = None
    batch: Whole | None = None
    waiting: Whole | None = None
    head: float | None = None
    transfer: float | None = None
    grace: float | None = None

    def given(self) -> dict[str, Any]:
        """The limits that were given, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}
