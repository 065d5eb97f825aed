"""Directives that write the reference from the program itself: options from the schema, commands from their help."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from recur import equations
from recur.cli.app import COMMANDS, main
from recur.config import options as known_options
from recur.config import section_at, shown
from recur.equations.diagram import svg
from recur.equations.naming import naming


def type_in_words(schema: dict[str, Any]) -> str:
    """What a JSON schema allows, in words.

    >>> type_in_words({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]})
    'whole number from 1'
    """
    if "anyOf" in schema:
        return " or ".join(type_in_words(one) for one in schema["anyOf"] if one != {"type": "null"})
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {type_in_words(schema['items'])}"
    words = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false"}[kind]
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    words += "" if low is None else f" from {low:g}"
    words += "" if above is None else f" above {above:g}"
    words += "" if high is None or high >= 10**6 else f" to {high:g}"
    return words + ("" if below is None else f" below {below:g}")


class Options(SphinxDirective):
    """Every option of a run: its TOML key, flag, type, default and meaning."""

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(options()), allow_section_headings=True)


def options() -> Iterator[str]:
    """Yield the lines of the page in Markdown: a table for each table of the configuration file."""
    table: tuple[str, ...] = ()
    properties: dict[str, Any] = {}
    for one in known_options().values():
        if one.path[:-1] != table:
            table, schema = one.path[:-1], section_at(one.path[:-1])
            properties = schema.model_json_schema()["properties"]
            yield from ("", f"## [{'.'.join(table)}]", "", (schema.__doc__ or "").splitlines()[0], "")
            yield from ("| key | flag | allowed | default | meaning |", "| --- | --- | --- | --- | --- |")
        default = shown(one.default)
        said = "" if default in (None, []) else str(default).lower() if isinstance(default, bool) else default
        unit, applies = one.about.unit, one.about.applies
        cells = (
            f"`{one.path[-1]}`",
            f"`--{one.name.replace('_', '-')}`",
            type_in_words(properties[one.path[-1]]) + (f" ({unit})" if unit else ""),
            f"`{said}`" if said != "" else "",
            one.description
            + (f". Acts {applies.words}" if applies else "")
            + (f". `recur tune` tries {one.about.search}" if one.about.search else ""),
        )
        yield "| " + " | ".join(str(cell or "").replace("|", r"\|").replace("*", r"\*") for cell in cells) + " |"


class Commands(SphinxDirective):
    """The help of every command, as the command line prints it."""

    def run(self) -> list[nodes.Node]:
        found: list[nodes.Node] = []
        for name in COMMANDS:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                main([name, "--help"])
            found.append(section(self, f"recur {name}", literal(printed.getvalue().rstrip())))
        return found


class Cells(SphinxDirective):
    """Every cell: its equation as text, and its graph."""

    def run(self) -> list[nodes.Node]:
        found: list[nodes.Node] = []
        for name in equations.names():
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                main(["cells", name])
            picture = nodes.raw("", svg(equations.get(name).graph, naming(equations.get(name)).names), format="html")
            frame = nodes.container("", picture, classes=["recur-graph"])
            found.append(section(self, name, literal(printed.getvalue().rstrip()), frame))
        return found


def section(directive: SphinxDirective, title: str, *content: nodes.Node) -> nodes.section:
    """A section with a title that links can lead to."""
    made = nodes.section("", nodes.title(title, title), *content, ids=[nodes.make_id(title)], names=[title])
    directive.state.document.note_explicit_target(made, made)
    return made


def literal(text: str) -> nodes.literal_block:
    """A block of text as it is printed."""
    return nodes.literal_block(text, text, language="text")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("recur-options", Options)
    app.add_directive("recur-commands", Commands)
    app.add_directive("recur-cells", Cells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
