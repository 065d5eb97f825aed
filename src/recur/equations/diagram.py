"""Diagram of an equation's graph as SVG: leaves on the left, the new states on the right."""

from __future__ import annotations

import html

from recur.equations.graph import Graph, Node, text

WIDTH, HEIGHT, GAP_X, GAP_Y = 62, 22, 26, 10
SIGNS = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "neg": "−", "matvec": "@", "greater": ">"}
COLOURS = {"input": "#d8e8f7", "state": "#d8e8f7", "parameter": "#f7e6d0"}


def columns(graph: Graph) -> list[list[Node]]:
    """The nodes of a graph by column: each to the right of its arguments, a leaf next to its first use."""
    level: dict[int, int] = {}
    for node in graph.order:
        level[id(node)] = 1 + max((level[id(argument)] for argument in node.args), default=-1)
    first: dict[int, int] = {}
    for node in graph.order:
        for argument in node.args:
            first[id(argument)] = min(first.get(id(argument), level[id(node)]), level[id(node)])
    columns_of_nodes: list[list[Node]] = [[] for _ in range(1 + max(level.values(), default=0))]
    for node in graph.order:
        leaf = not node.args and id(node) in first
        columns_of_nodes[first[id(node)] - 1 if leaf else level[id(node)]].append(node)
    return columns_of_nodes


def svg(graph: Graph) -> str:
    """The diagram of a graph; the tooltip of each box is its expression.

    Examples
    --------
    >>> from recur import equations
    >>> svg(equations.get("elman").graph).count("<rect")
    10
    """
    place: dict[int, tuple[float, float]] = {}
    shown = columns(graph)
    tallest = max(len(column) for column in shown)
    for x, column in enumerate(shown):
        above = (tallest - len(column)) * (HEIGHT + GAP_Y) / 2
        for y, node in enumerate(column):
            place[id(node)] = (4 + x * (WIDTH + GAP_X), 4 + above + y * (HEIGHT + GAP_Y))
    names = {id(node): f"{name}_t" for name, node in graph.outputs.items()}
    lines, boxes = [], []
    for node in graph.order:
        left, top = place[id(node)]
        for argument in node.args:
            ax, ay = place[id(argument)]
            lines.append(f'<path d="M{ax + WIDTH} {ay + HEIGHT / 2}L{left} {top + HEIGHT / 2}"/>')
        label, tip = html.escape(_label(node, names.get(id(node)))), html.escape(text(node))
        fill = "#dcefdc" if id(node) in names else COLOURS.get(node.op, "#f3f3f3")
        boxes.append(
            f'<g><title>{tip}</title><rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="{fill}"/>'
            f'<text x="{left + WIDTH / 2}" y="{top + 15}" text-anchor="middle">{label}</text></g>'
        )
    width, height = 8 + len(shown) * (WIDTH + GAP_X) - GAP_X, 8 + tallest * (HEIGHT + GAP_Y) - GAP_Y
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img" font-size="12" '
        f'font-family="sans-serif"><g stroke="#888" fill="none">{"".join(lines)}</g>{"".join(boxes)}</svg>'
    )


def _label(node: Node, name: str | None) -> str:
    """The label of a box."""
    if node.op == "state":
        return f"{node.attribute}_t-1"
    if not node.args:
        return text(node)[:10]
    sign = SIGNS.get(node.op, node.op if node.op != "slice" else f"{node.attribute[0]}:{node.attribute[1]}")
    return f"{name} = {sign}" if name else sign
