"""The application: networks, limits and routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from recur._version import __version__
from recur.errors import ConfigError
from recur.model import Model
from recur.serve import completions, docs, lectures, live, probes, routes
from recur.serve.access_log import AccessLog
from recur.serve.accounting import Accounting
from recur.serve.direct import Direct
from recur.serve.group import Group
from recur.serve.guard import Guard, answer_problems
from recur.serve.hosts import Hosts
from recur.serve.limits import Limits
from recur.serve.relay import Relay
from recur.serve.reloading import Reloader
from recur.serve.session_routes import SessionRoutes
from recur.serve.signing import Signer
from recur.serve.state import State
from recur.serve.tokens import Tokens


def create_app(
    models: Mapping[str, Model],
    limits: Limits | None = None,
    *,
    hosts: Hosts | None = None,
    tokens: Tokens | None = None,
    access_log: AccessLog | None = None,
    signer: Signer | None = None,
    reloader: Reloader | None = None,
    group: Group | None = None,
    lecture: bool = False,
) -> FastAPI:
    """Return a web application that serves trained networks, for any ASGI server.

    Parameters
    ----------
    models : mapping of str to Model
        Name -> network.
    limits : Limits, optional
        Upper bounds on requests and sessions.
    hosts : Hosts, optional
        Host names that the server answers to, against DNS rebinding; by default loopback names and all IP addresses.
        ``Hosts(["recur.example.org"])`` adds a name, ``Hosts(["*"])`` answers to any.
    tokens : Tokens, optional
        Bearer tokens, of which every request must have one; by default none is required.
    access_log : AccessLog, optional
        Where every request is logged.
    signer : Signer, optional
        Signs snapshots of sessions; unsigned ones are then refused.
    reloader : Reloader, optional
        Replaces networks whose folder changed.
    group : Group, optional
        The processes of the server, where there are several.
    lecture : bool
        Whether ``/lecture`` is the page that explains recurrent networks; with no network, ``/`` is it too.

    Returns
    -------
    FastAPI

    Examples
    --------
    >>> app = create_app({"weather": recur.load("runs/weather")})  # doctest: +SKIP
    >>> uvicorn.run(app)  # doctest: +SKIP
    """
    if not models and not lecture:
        raise ConfigError("there is no network to serve, expected at least one", hint="recur serve RUN")
    limits = limits or Limits()
    state = State(models, limits, signer)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        looking = None if reloader is None else asyncio.create_task(reloader.run(state))
        yield
        if looking is not None:
            looking.cancel()
        for worker in state.workers:
            worker.close()
        if access_log is not None:
            access_log.close()

    app = FastAPI(
        title="recur", version=__version__, lifespan=lifespan,
        description="Trained recurrent networks: answers, streamed texts, and sessions that remember.",
        # FastAPI's own page loads its scripts from another host
        docs_url=None, redoc_url=None,
    )  # fmt: skip
    app.state.recur = state
    sessions = SessionRoutes(state)
    app.add_middleware(Direct, sessions=sessions)
    app.add_middleware(Guard, limits=limits, hosts=hosts or Hosts(), tokens=tokens)
    docs.document(app)
    answer_problems(app)
    pages = [lectures.router(alone=not models)] if lecture else []
    routers = (
        *pages,
        live.router(state),
        routes.router(state, sessions),
        completions.router(state),
        probes.router(state),
    )
    known = {"/docs", "/openapi.json"}
    for router in routers:
        app.include_router(router)
        known.update(str(getattr(route, "path", "")) for route in router.routes)

    @app.get("/docs", include_in_schema=False)
    async def documentation() -> HTMLResponse:
        return HTMLResponse(docs.page(app.openapi()))

    app.add_middleware(Accounting, requests=state.requests, routes=known, log=access_log)
    if group is not None:
        app.add_middleware(Relay, group=group)
    return app
