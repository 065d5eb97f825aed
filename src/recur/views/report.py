"""An explanation as one self-contained HTML file; the address keeps the state of its view."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recur.equations import diagram
from recur.printable import printable
from recur.views import colours
from recur.views.inline import inline

_HERE = Path(__file__).parent
# the shared parts first, then one file per picture
_PICTURES = (
    "tools", "items", "influence", "lines", "matrix", "flow", "step", "chain", "unrolled", "states", "units", "match",
    "range", "written", "forecast", "comparison", "report",
)  # fmt: skip
_FOR_PAGES = (
    "report", "comparison", "influence", "flow", "chain", "unrolled", "states", "units", "matching", "rangePicker",
    "surprise", "alignment", "forecast", "watch", "el", "tip", "untip", "number", "percent", "visible", "oneStop",
    "track",
)  # fmt: skip
# the browser refuses to load anything
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'"

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<main id="recur"><noscript>The pictures are drawn by a script in this file; the data is in it as JSON.</noscript></main>
<div id="tip" role="tooltip"></div>
<script type="application/json" id="data">{data}</script>
<script>
{script}
{start}
</script>
</body>
</html>
"""


def report(explanations: Sequence[Mapping[str, Any]], title: str = "") -> str:
    """One page of one or several explanations.

    Parameters
    ----------
    explanations : sequence of mapping
        The ``data`` of what ``recur.inspect.explain`` gives. Several of the same text are drawn on one axis.
    title : str
        Title of the page.

    Returns
    -------
    str
        HTML.
    """
    heading = title or f"{explanations[0]['model']['name']}: {explanations[0]['question']['says']}"
    start = f'Recur.report(document.getElementById("recur"), read(), {inline(title)});'
    return _page(heading, list(explanations), start)


def comparison(data: Mapping[str, Any]) -> str:
    """One page of several runs, side by side."""
    return _page(str(data["title"]), dict(data), 'Recur.comparison(document.getElementById("recur"), read());')


def _page(title: str, data: Any, start: str) -> str:
    read = 'const read = () => JSON.parse(document.getElementById("data").textContent);\n'
    return _PAGE.format(
        policy=_POLICY, title=html.escape(printable(title)), style=style("dark"),
        data=inline(data), script=pictures(), start=read + start,
    )  # fmt: skip


def style(*more: str) -> str:
    """The style of pages with pictures; ``more`` names the files that follow ``page.css``."""
    files = ((_HERE / f"{name}.css").read_text(encoding="utf-8") for name in ("page", *more))
    return "\n".join([colours.paths_style(), diagram.STYLE, *files])


def _part(name: str) -> str:
    return (_HERE / "page" / f"{name}.js").read_text(encoding="utf-8")


def pictures() -> str:
    """The script that draws: all pictures in one scope, of which the page sees only the object `Recur`.

    They are drawn by hand in SVG and canvas, with no library and no request. ``Recur.report`` fills a page from the
    data of an explanation; a live page may call the pictures again with new data.
    """
    parts = map(_part, _PICTURES)
    names = ", ".join(_FOR_PAGES)
    return '"use strict";\nconst Recur = (() => {\n' + "\n".join(parts) + f"\nreturn {{ {names} }};\n}})();\n"
