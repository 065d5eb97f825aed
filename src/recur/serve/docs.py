"""``/docs``: the routes, their keys and their errors as one page, without a request to any other host."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import FastAPI

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


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "hint", "type", "code"],
            "properties": {
                "message": {"type": "string"},
                "hint": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "type": {"enum": ["invalid_request_error", "server_error"]},
                "code": {"type": "integer"},
            },
        }
    },
}
_MEANINGS = {
    400: "A value is not valid",
    401: "Without a valid token, where the server requires one",
    403: "From a page of another site, or under a host name that this server does not answer to",
    404: "There is no such network, session or route",
    408: "The request did not arrive in time",
    409: "The idempotency key was sent with another body",
    413: "Too large",
    415: "The body is compressed, or not UTF-8",
    429: "Too many sessions are open, or the client sends too many requests",
    500: "An error in the server",
    503: "The server is overloaded or shutting down",
    504: "No answer in time",
}
_EVERYWHERE = (401, 403, 413, 429, 500, 503)
_OF_BODIES = (400, 404, 408, 415, 504)


def errors(*statuses: int, body: bool = True) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for its documentation: those of every route, of every body, and ``statuses``."""
    codes = sorted({*_EVERYWHERE, *(_OF_BODIES if body else ()), *statuses})
    return {
        status: {"description": _MEANINGS[status], "content": {"application/json": {"schema": _ERROR}}}
        for status in codes
    }


def streamed(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`errors`, of a route that answers with events where ``stream`` is true."""
    return {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}, **errors(*statuses)}


def document(app: FastAPI) -> None:
    """Remove the status 422, which FastAPI documents for every route: this server answers 400."""
    original = app.openapi

    def schema_without_422() -> dict[str, Any]:
        schema = original()
        for verbs in schema["paths"].values():
            for route in verbs.values():
                route["responses"].pop("422", None)
        for name in ("HTTPValidationError", "ValidationError"):
            schema.get("components", {}).get("schemas", {}).pop(name, None)
        return schema

    app.openapi = schema_without_422  # type: ignore[method-assign]


def page(schema: dict[str, Any]) -> str:
    """An OpenAPI schema as HTML."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>{escape(schema['info']['title'])}: the API</title><style>{_STYLE}</style>",
        f"<h1>{escape(schema['info']['title'])} {escape(schema['info']['version'])}</h1>",
        f"<p>{escape(schema['info'].get('description', ''))}",
        " The schema for programs: <a href=openapi.json>openapi.json</a>.",
        " Every invalid request is answered with a status of 4xx and",
        ' <code>{"error": {"message", "hint"}}</code>.</p>',
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
    required = body.get("required", [])
    rows = [
        f"<tr><td><code>{escape(key)}</code><td>{_type(about)}<td>{'required' if key in required else ''}"
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
