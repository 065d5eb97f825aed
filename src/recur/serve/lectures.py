"""The page that explains recurrent networks, by language."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from recur.lecture import languages, page
from recur.lecture.page import POLICY

_HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}


def router(*, alone: bool) -> APIRouter:
    """The routes ``/lecture`` and ``/lecture/ko``; ``alone`` if ``/`` is the lecture too."""
    routes = APIRouter()
    pages = {language: page(language) for language in languages()}
    first = next(iter(pages))

    def answer(language: str) -> HTMLResponse:
        return HTMLResponse(pages[language], headers=_HEADERS)

    async def lecture() -> HTMLResponse:
        return answer(first)

    for path in ["/lecture", *(["/"] if alone else [])]:
        routes.add_api_route(path, lecture, include_in_schema=False)
    for language in pages:

        async def translated(language: str = language) -> HTMLResponse:
            return answer(language)

        routes.add_api_route(f"/lecture/{language}", translated, include_in_schema=False)
    return routes
