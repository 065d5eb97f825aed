"""The live page and its two routes."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from recur.cancellation import check_cancelled
from recur.inspect import explain as explain_model
from recur.inspect import match as match_ranges
from recur.inspect import plain_matching
from recur.inspect.matching import MOST_STEPS
from recur.inspect.plain import rounded
from recur.serve import body as bodies
from recur.serve.docs import errors
from recur.serve.encoding import response
from recur.serve.problems import RequestError
from recur.serve.requests import Explain, MatchRange, Next
from recur.serve.state import State
from recur.views import live

THROUGH_TIME = {"flow", "unrolled"}
_CLIENT_CLOSED = 499  # the client closed the request


def router(state: State) -> APIRouter:
    """The routes over a server's state."""
    routes = bodies.router(state.parser)
    page = live.page()

    @routes.get("/", include_in_schema=False)
    async def home() -> HTMLResponse:
        # the browser itself refuses what would come from, or go to, another host
        return HTMLResponse(page, headers={"Content-Security-Policy": live.POLICY, "Cache-Control": "no-cache"})

    @routes.post("/next", responses=errors(), summary="The next item after a text, with its probability when sampled")
    async def next_item(body: Next) -> dict[str, Any]:
        service = state.find(body.model)
        items = await state.in_time(service.items(body.text, first=True))
        candidates = await state.in_time(service.distribution(items, body.decoding(), body.top))
        return {"items": [{"value": value, "probability": p, "drawn": q} for value, p, q in candidates]}

    @routes.post(
        "/explain", responses=errors(), response_class=JSONResponse, summary="Why a network answers as it does"
    )
    async def explain(body: Explain, request: Request) -> Response:
        service = state.find(body.model)

        def compute_explanation() -> str:
            value = service.raw(body.value)
            service.check_items(value, state.limits.explained)
            explanation = explain_model(
                service.model, service.model.one_input(value), target=body.target, at=body.at, top=body.top,
                parts=body.parts, options=body.options, methods=body.methods,
            )  # fmt: skip
            explanation.data["model"]["name"] = service.name
            return explanation.json()

        if not THROUGH_TIME & set(body.parts):
            return response(await state.in_time(service.compute(compute_explanation)))

        async def in_turn() -> Response:
            async with state.explaining:
                # the client may have typed more while this request waited
                if await request.is_disconnected():
                    return Response(status_code=_CLIENT_CLOSED)
                return response(await state.explainer(compute_explanation))

        return await state.in_time(in_turn())

    @routes.post(
        "/match", responses=errors(), response_class=JSONResponse,
        summary="Where in texts the network is in the state of a range",
    )  # fmt: skip
    async def match(body: MatchRange) -> Response:
        service = state.find(body.model)

        def search() -> str:
            value = service.raw(body.value)
            counts = [service.check_items(value, state.limits.explained)]
            within = None if body.within is None else [service.raw(one) for one in body.within]
            for one in within or ():
                check_cancelled()
                counts.append(service.check_items(one, state.limits.items))
                if sum(counts) > MOST_STEPS:
                    raise RequestError(
                        413, f"more than {MOST_STEPS:,} items to search, which is the limit", "send fewer texts"
                    )
            model = service.model
            raw = model.one_input(value)
            texts = [raw] if within is None else [model.one_input(one) for one in within]
            found = match_ranges(
                model, raw, body.over, texts, threshold=body.threshold, edges=body.edges, layer=body.layer,
                top=body.matches,
            )  # fmt: skip
            return json.dumps(rounded(plain_matching(found)), ensure_ascii=False, allow_nan=False)

        return response(await state.in_time(service.compute(search)))

    return routes
