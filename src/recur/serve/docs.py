"""``/docs``: the routes and their keys as one page, without a request to any other host."""

from __future__ import annotations

from html import escape
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto; padding: 0 1rem;
color: #1a1a1a }
h2 { font-size: 1.05rem; margin: 2rem 0 .2rem; border-top: 1px solid #ddd; padding-top: 1rem }
code, pre { font: 14px/1.45 ui-monospace, monospace }
.verb { display: inline-block; min-width: 4.5em; font-weight: 700 }
table { border-collapse: collapse; margin: .5rem 0 } td, th { text-align: left; padding: .15rem .9rem .15rem 0;
vertical-align: top } th { font-weight: 600; color: #555 }
@media (prefers-color-scheme: dark) { body { background: #161616; color: #e8e8e8 } h2 { border-color: #444 }
th { color: #aaa } a { color: #8ab4f8 } }
"""


def page(schema: dict[str, Any]) -> str:
    """An OpenAPI schema as HTML."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>{escape(schema['info']['title'])}: the API</title><style>{_STYLE}</style>",
        f"<h1>{escape(schema['info']['title'])} {escape(schema['info']['version'])}</h1>",
        f"<p>{escape(schema['info'].get('description', ''))}",
        " The same for programs: <a href=openapi.json>openapi.json</a>.",
        ' Every mistake is answered with a status of 4xx and <code>{"error": {"message", "hint"}}</code>.</p>',
    ]
    for path, verbs in schema["paths"].items():
        for verb, route in verbs.items():
            parts.append(f"<h2><code><span class=verb>{verb.upper()}</span>{escape(path)}</code></h2>")
            parts.append(f"<p>{escape(route.get('summary', ''))}</p>{_keys(schema, route)}")
    return "".join(parts) + "</html>"


def _keys(schema: dict[str, Any], route: dict[str, Any]) -> str:
    content = route.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = content.get("$ref", "").rpartition("/")[2]
    if not name:
        return ""
    body = schema["components"]["schemas"][name]
    needed = body.get("required", [])
    rows = [
        f"<tr><td><code>{escape(key)}</code><td>{_type(about)}<td>{'needed' if key in needed else ''}"
        f"<td>{escape(about.get('description', ''))}"
        for key, about in body.get("properties", {}).items()
        if _type(about) != "null"
    ]
    return f"<table><tr><th>key<th>type<th><th>meaning{''.join(rows)}</table>"


def _type(about: dict[str, Any]) -> str:
    kinds = [about] if "type" in about else about.get("anyOf", [])
    names = []
    for kind in kinds:
        name = kind.get("type", "any")
        if name == "array":
            name = f"list of {kind.get('items', {}).get('type', 'anything')}"
        if name != "null" or len(kinds) == 1:
            names.append(name)
    return escape(" or ".join(names) or "any")
