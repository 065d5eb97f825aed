"""Routes for those who operate a server: probes and metrics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from recur._version import __version__
from recur.serve import metrics
from recur.serve.docs import errors
from recur.serve.problems import RequestError
from recur.serve.state import State

_STUCK = 30.0  # seconds beyond the time limit of an answer, after which a computation should have ended


def router(state: State) -> APIRouter:
    """The routes over a server's state."""
    routes = APIRouter()

    @routes.get(
        "/healthz", responses=errors(body=False), response_class=JSONResponse,
        summary="Liveness: 503 where a computation does not end, so that the server has to be restarted",
    )  # fmt: skip
    async def healthz() -> dict[str, str]:
        seconds = state.worker.seconds
        if seconds > state.limits.seconds + _STUCK:
            raise RequestError(503, f"a computation has been running for {seconds:.0f} s", "restart the server")
        return {"status": "ok"}

    @routes.get(
        "/readyz", responses=errors(body=False), response_class=JSONResponse,
        summary="Readiness: 503 while the server shuts down, or where too many calls wait",
    )  # fmt: skip
    async def readyz() -> dict[str, str]:
        if state.stopping:
            raise RequestError(503, "the server is shutting down", "try another one")
        for service in state.services.values():
            if service.waiting >= state.limits.waiting:
                raise RequestError(503, f"{service.waiting:,} calls are waiting, which is the limit", "try again later")
        return {"status": "ok"}

    @routes.get(
        "/metrics", responses=errors(body=False), response_class=PlainTextResponse,
        summary="Counts and latencies, in Prometheus' text format",
    )  # fmt: skip
    async def page() -> Response:
        return Response("\n".join((*_lines(state), "")), media_type=metrics.CONTENT_TYPE)

    return routes


def _lines(state: State) -> Iterable[str]:
    yield from metrics.gauge("recur_info", "The version of recur.", {(("version", __version__),): 1})
    yield from state.requests.lines()
    refused: dict[metrics.Labels, float] = {
        (("status", str(status)),): count for status, count in sorted(state.refused.items())
    }
    yield from metrics.counter(
        "recur_refused_connections_total", "Connections closed before their request was complete.", refused
    )
    yield from metrics.gauge("recur_sessions", "Open sessions.", {(): len(state.sessions)})
    yield from metrics.gauge("recur_session_bytes", "Bytes of the open sessions.", {(): state.sessions.bytes})
    for name, about, values in _of_networks(state):
        yield from metrics.counter(name, about, values)
    waiting: dict[metrics.Labels, float] = {
        (("model", name),): service.waiting for name, service in state.services.items()
    }
    yield from metrics.gauge("recur_waiting_calls", "Calls that wait to be computed.", waiting)


def _of_networks(state: State) -> Iterable[tuple[str, str, dict[metrics.Labels, float]]]:
    def of(values: Iterable[tuple[str, Any]]) -> dict[metrics.Labels, float]:
        return {(("model", name),): value for name, value in values}

    services = state.services.items()
    yield "recur_batches_total", "Batches computed.", of((name, one.batches) for name, one in services)
    yield "recur_batch_rows_total", "Rows of all batches.", of((name, one.rows) for name, one in services)
    yield "recur_tokens_read_total", "Items that networks read.", of((name, one.read_items) for name, one in services)
    yield "recur_tokens_written_total", "Symbols generated.", of((name, one.written) for name, one in services)
