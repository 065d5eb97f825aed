"""The live page: the pictures of a report, redrawn as the user types."""

from __future__ import annotations

from pathlib import Path

from recur.views.report import pictures
from recur.views.report import style as report_style

_HERE = Path(__file__).parent
_PARTS = ("notes", "sketch", "matching", "column", "controls")
# no request to another host
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>recur: look inside</title>
<style>
{style}
</style>
</head>
<body>
<main id="live"><noscript>This page is drawn by a script. The API is described at /docs.</noscript></main>
<div id="tip" role="tooltip"></div>
<script>
{script}
</script>
</body>
</html>
"""


def page() -> str:
    """The page as HTML; it sends requests only to the server that it came from."""
    return _PAGE.format(style=style(), script=script())


def style() -> str:
    """The style of the page."""
    return report_style("live", "dark")


def script(requests: str | None = None) -> str:
    """The script of the page: the pictures, and the requests to the server.

    Parameters
    ----------
    requests : str, optional
        A script that answers requests in place of the server: it defines ``told``, ``pieces``, ``models``, ``about``
        and ``NO_ANSWER`` as ``live_page/requests.js`` does.
    """
    own = _part("requests") if requests is None else requests
    parts = "\n".join([_part("view"), own, *map(_part, _PARTS)])
    return f'{pictures()}\n(() => {{\n"use strict";\n{parts}\n}})();\n'


def _part(name: str) -> str:
    return (_HERE / "live_page" / f"{name}.js").read_text(encoding="utf-8")
