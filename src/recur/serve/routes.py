"""Recur's own routes: the state of the server, answers and sessions."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter

from recur._version import __version__
from recur.serve import answer_routes, session_routes
from recur.serve import body as bodies
from recur.serve.docs import errors
from recur.serve.state import State


def router(state: State, sessions: session_routes.SessionRoutes) -> APIRouter:
    """The routes over a server's state."""
    routes = bodies.router(state.parser)

    @routes.get("/health", responses=errors(body=False), summary="Whether the server answers")
    async def health() -> dict[str, Any]:
        return {
            "status": "ok",
            "version": __version__,
            "models": list(state.services),
            "sessions": len(state.sessions),
            "session_bytes": state.sessions.bytes,
            "seconds": round(time.monotonic() - state.started, 1),
            # each process has sessions of its own
            **({} if state.process is None else {"process": state.process}),
        }

    @routes.get("/models", responses=errors(body=False), summary="The networks, and what they are")
    async def models() -> list[dict[str, Any]]:
        return [one.facts() for one in state.services.values()]

    answer_routes.add(routes, state)
    session_routes.add(routes, sessions)
    return routes
