"""The live page and its two routes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from recur.inspect import explain as explained
from recur.serve import body as bodies
from recur.serve.docs import errors
from recur.serve.encoding import response
from recur.serve.requests import Explain, Next
from recur.serve.state import State
from recur.views import live

THROUGH_TIME = {"flow", "unrolled"}
_GONE = 499  # the client closed the request


def router(state: State) -> APIRouter:
    """The routes over a server's state."""
    routes = bodies.router(state.parser)
    page = live.page()

    @routes.get("/", include_in_schema=False)
    async def home() -> HTMLResponse:
        # the browser itself refuses what would come from, or go to, another host
        return HTMLResponse(page, headers={"Content-Security-Policy": live.POLICY, "Cache-Control": "no-cache"})

    @routes.post("/next", responses=errors(), summary="The next item after a text, and how it would be drawn")
    async def following(body: Next) -> dict[str, Any]:
        served = state.find(body.model)
        items = await state.in_time(served.items(body.text, first=True))
        found = await state.in_time(served.distribution(items, body.decoding(), body.top))
        return {"items": [{"value": value, "probability": p, "drawn": q} for value, p, q in found]}

    @routes.post(
        "/explain", responses=errors(), response_class=JSONResponse, summary="Why a network answers as it does"
    )
    async def explain(body: Explain, request: Request) -> Response:
        served = state.find(body.model)

        def look() -> str:
            value = served.raw(body.value)
            served.check_items(value, state.limits.explained)
            found = explained(
                served.model, served.model.one_input(value), target=body.target, at=body.at, top=body.top,
                parts=body.parts, options=body.options, methods=body.methods,
            )  # fmt: skip
            found.data["model"]["name"] = served.name
            return found.json()

        if not THROUGH_TIME & set(body.parts):
            return response(await state.in_time(served.compute(look)))

        async def in_turn() -> Response:
            async with state.looking:
                # while it waited, who asked may have typed on
                if await request.is_disconnected():
                    return Response(status_code=_GONE)
                return response(await state.looker(look))

        return await state.in_time(in_turn())

    return routes
