"""The route under which a request is counted."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
from recur.serve.accounting import route_of


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/next", "/next"), ("/sessions/abc", "/sessions/{name}"), ("/sessions", None), ("/sessions/abc/none", None),
        ("/", None), ("", None), ("/next/", None),
    ],
)  # fmt: skip
def test_a_path_has_a_documented_route_or_none(path: str, route: str | None) -> None:
    assert route_of(path, {"/next", "/sessions/{name}"}) == route
