"""The page: one HTML file with the network, its script and its style, which requests nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from functools import cache
from pathlib import Path
from typing import Any

from recur.engine.javascript_step import arithmetic
from recur.export.web.network import PageNetwork
from recur.printable import printable
from recur.views import grades, live
from recur.views.inline import inline

_HERE = Path(__file__).parent / "page"
_NETWORK = ("wasm", "network", "chain", "writer", "reading", "sound", "answers", "explained", "written")
_MAKE = "(make, n) => accelerated(make, modules[n])"
_PUBLIC = ("Network", "Local", "cells", "narrowed", "finished", "wave", "runners")
MARK = "recur export --web"
"""In the first lines of every page: only a file that has it is replaced by the next export."""

_PAGE = """<!doctype html>
<!-- Written by {mark}, recur {version}. -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<main id="live"><noscript>The network runs in a script, and scripts are switched off in this browser.</noscript></main>
<footer>{footer}</footer>
<div id="tip" role="tooltip"></div>
<script type="application/json" id="network">{network}</script>
<script type="text/plain" id="weights">{weights}</script>
<script>{script}</script>
</body>
</html>
"""


def core(network: PageNetwork) -> str:
    """The script that computes: it also runs where there is no page."""
    parts = [arithmetic(), grades.script(), *(_text(name) for name in _NETWORK)]
    cells = ",\n".join(network.cells)
    modules = ", ".join("null" if one is None else one.javascript() for one in network.modules)
    made = [f"const modules = [{modules}];", f"const cells = [{cells}].map({_MAKE});"]
    inside = "\n".join([*parts, *made, f"return {{ {', '.join(_PUBLIC)} }};"])
    return f'"use strict";\nconst Running = (() => {{\n{inside}\n}})();\n'


def page(network: PageNetwork, facts: dict[str, Any], *, version: str, footer: str) -> str:
    """Return the page as HTML."""
    script = core(network) + live.script(requests=_text("requests")).removeprefix('"use strict";\n')
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    compiles = " 'wasm-unsafe-eval'" if any(network.modules) else ""
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'{compiles}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    title = html.escape(printable(f"{facts['name']}: {facts['sentence']}"))
    return _PAGE.format(
        mark=MARK, version=version, policy=policy, title=title,
        style=live.style(), footer=html.escape(printable(footer)), script=script,
        network=inline({"about": network.about, "facts": facts}),
        weights=base64.b64encode(bytes(network.weights.bytes)).decode(),
    )  # fmt: skip


def standalone(network: PageNetwork, facts: dict[str, Any]) -> str:
    """A script without a page that defines ``network`` and ``local``, as the page does."""
    weights = base64.b64encode(bytes(network.weights.bytes)).decode()
    about = json.dumps(json.dumps(network.about))
    return (
        core(network)
        + f'const bytes = Uint8Array.from(atob("{weights}"), (one) => one.charCodeAt(0));\n'
        + f"const network = new Running.Network(JSON.parse({about}), bytes, Running.cells);\n"
        + f"const local = new Running.Local(network, JSON.parse({json.dumps(json.dumps(facts))}));\n"
    )


def compiled_steps() -> str:
    """The script that runs steps in WebAssembly."""
    return _text("wasm")


@cache
def _text(name: str) -> str:
    return (_HERE / f"{name}.js").read_text(encoding="utf-8")
