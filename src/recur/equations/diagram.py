"""Diagram of an equation's graph as SVG, as a textbook draws it: states straight across the top, gates in one row."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from itertools import pairwise

from recur.equations.drawing.parts import Part, parts
from recur.equations.drawing.places import Places, place
from recur.equations.drawing.routing import DOWN, LEFT, RIGHT, UP, Grid, Point, Port
from recur.equations.graph import Graph, text

UNIT = 9  # pixels between two points of the grid
PITCH = 8  # points between two rows
NARROW = 3  # points between two columns of boxes where a state runs downwards
FINE = 6  # pixels between two points across, where a state runs downwards
_TURNED = (DOWN, RIGHT, UP, LEFT)  # a side where rows and columns change places
TRIES = 8  # orders of the parts that are drawn, to choose the one whose lines cross least
PASSES = 1  # in which lines that cross are drawn again
LARGE = 22  # parts; larger drawings are made once
RADIUS = 6  # of the corner of a line, pixels
STYLE = """
.step { font: 14px/1 "STIX Two Text", "Liberation Serif", "Times New Roman", serif; color: #1c2126; }
.step .line { fill: none; stroke: #3d464f; stroke-width: 1.6; }
.step .head, .step .dot { fill: #3d464f; }
.step text { fill: currentColor; text-anchor: middle; }
.step text.name { font-style: italic; font-size: 13px; fill: #6a5200; }
.step .gate rect { fill: #ffe9a8; stroke: #b58900; }
.step .function rect { fill: #fbd9d3; stroke: #c0553f; }
.step .product rect { fill: #eef1f4; stroke: #8b949e; }
.step .sign rect { fill: #fbd9d3; stroke: #c0553f; }
.step .state rect, .step .output rect { fill: #dcebfa; stroke: #2f78b7; }
.step .input rect { fill: #d9f0dd; stroke: #2f8550; }
@media (prefers-color-scheme: dark) {
  .step { color: #e6e9ec; }
  .step .line { stroke: #aab4be; }
  .step .head, .step .dot { fill: #aab4be; }
  .step text.name { fill: #f0cf70; }
  .step .gate rect { fill: #4d3f10; stroke: #d9b13b; }
  .step .function rect, .step .sign rect { fill: #5a2a22; stroke: #e08a78; }
  .step .product rect { fill: #2a3138; stroke: #75808b; }
  .step .state rect, .step .output rect { fill: #17344f; stroke: #69a8de; }
  .step .input rect { fill: #173d26; stroke: #6cc08a; }
}
"""


@dataclass(frozen=True)
class Box:
    """A part with its place on the grid: middle, and half of its extent."""

    part: Part
    x: int
    y: int
    wide: int
    high: int
    lines: tuple[str, ...]

    def ports(self, sides: tuple[int, ...], *, leaving: bool) -> list[Port]:
        """Where a line leaves towards, or enters from, these sides."""
        found = []
        for side in sides:
            dx, dy = ((self.wide, 0), (0, self.high), (-self.wide, 0), (0, -self.high))[side]
            found.append(Port((self.x + dx, self.y + dy), side if leaving else (side + 2) % 4))
        return found


@dataclass(frozen=True)
class Line:
    """A line from the part of one value to a part that reads it."""

    source: int
    target: int
    corners: tuple[Point, ...]


@dataclass(frozen=True)
class Drawing:
    """Boxes by the key of their part, and the lines between them: first the straight ones, of states across the top."""

    boxes: dict[int, Box]
    lines: tuple[Line, ...]
    straight: int
    width: int
    height: int
    unit: int = UNIT  # pixels between two points across
    crossings: int = 0  # of lines of two values

    @property
    def cost(self) -> tuple[int, int, int]:
        """What makes a drawing worse: crossings, then bends, then its size."""
        return self.crossings, sum(len(line.corners) for line in self.lines), self.width * self.height

    def pixels(self, point: Point) -> Point:
        """A point of the grid in pixels."""
        return point[0] * self.unit, point[1] * UNIT


_LEAVING = {
    "state": (RIGHT,), "input": (RIGHT,), "product": (UP, RIGHT), "gate": (UP, RIGHT), "function": (UP, RIGHT, DOWN),
    "sign": (RIGHT, UP, DOWN),
}  # fmt: skip
_ENTERING = {
    "output": (LEFT,), "product": (LEFT, DOWN), "gate": (DOWN, LEFT), "function": (DOWN, LEFT, UP),
    "sign": (LEFT, DOWN, UP),
}  # fmt: skip


def drawing(graph: Graph, names: Mapping[int, str] | None = None, *, down: bool = False) -> Drawing:
    """Place the parts of a step and draw the lines between them.

    Parameters
    ----------
    graph : Graph
        The step.
    names : mapping of int to str, optional
        Names of nodes by ``id(node)``, as `recur.equations.naming` has them: they are written beside the gates.
    down : bool
        Whether a step runs downwards, which is narrower, as for a phone: states straight down at the left.
    """
    found = parts(graph, names or {})
    best = _drawn(graph, found, down)
    turned: frozenset[int] = frozenset()
    joins = [key for key, part in found.items() if len(part.args) > 1]
    for key in joins[:TRIES] if len(found) <= LARGE else []:
        if best.crossings == 0:
            break
        other = _drawn(graph, found, down, turned | {key})
        if other.cost < best.cost:
            best, turned = other, turned | {key}
    return best


def _drawn(graph: Graph, found: Mapping[int, Part], down: bool, turned: Set[int] = frozenset()) -> Drawing:
    """The drawing with one order of the parts."""
    places = place(graph, found, turned)
    boxes = _boxes_down(found, places) if down else _boxes(found, places)
    width = max(box.x + box.wide for box in boxes.values()) + 2
    height = max(box.y + box.high for box in boxes.values()) + 3
    grid = Grid(width, height)
    for box in boxes.values():
        grid.block(box.x - box.wide, box.y - box.high, box.x + box.wide, box.y + box.high)
    wanted = [(a, b) for line in places.straight for a, b in pairwise(line)]
    others = [(a, key) for key, part in found.items() for a in part.args if (a, key) not in wanted]
    others.sort(key=lambda pair: _distance(boxes[pair[0]], boxes[pair[1]]))
    routes = _Routes(grid, boxes, set(wanted), down)
    lines = routes.drawn([*wanted, *others])
    return Drawing(boxes, lines, len(wanted), width, height, FINE if down else UNIT, routes.crossings())


def _distance(a: Box, b: Box) -> tuple[int, int]:
    straight = a.x == b.x or a.y == b.y
    return (0 if straight else 1), abs(a.x - b.x) + abs(a.y - b.y)


class _Routes:
    """The lines of a drawing: all of them, and then those of each value once more with those of all others in place."""

    def __init__(self, grid: Grid, boxes: Mapping[int, Box], straight: set[tuple[int, int]], down: bool) -> None:
        self.grid, self.boxes, self.straight, self.down = grid, boxes, straight, down
        self.unplaced: set[int] = set()  # values with a line for which there was no way

    def drawn(self, pairs: list[tuple[int, int]]) -> tuple[Line, ...]:
        found = {pair: self._route(*pair) for pair in pairs}
        nets = list(dict.fromkeys(source for source, _ in pairs))
        for _ in range(PASSES if len(self.boxes) <= LARGE else 0):
            before = self.crossings()
            for net in sorted(nets, key=lambda net: -self.grid.crossings(net)):
                if self.grid.crossings(net) and net not in self.unplaced:
                    found |= self._again(net, {pair: line for pair, line in found.items() if pair[0] == net})
            if self.crossings() == before:
                break
        return tuple(Line(*pair, tuple(found[pair])) for pair in pairs)

    def crossings(self) -> int:
        """How often lines of two values cross."""
        return sum(map(self.grid.crossings, self.grid.nets)) // 2

    def _again(self, net: int, lines: dict[tuple[int, int], list[Point]]) -> dict[tuple[int, int], list[Point]]:
        """The lines of one value drawn again, if they are better then."""
        old = self._cost(net, lines)
        self.grid.release(net)
        new = {pair: self._route(*pair) for pair in lines}
        if net not in self.unplaced and self._cost(net, new) < old:
            return new
        self.grid.release(net)
        for line in lines.values():
            self.grid.lay(net, line)
        return lines

    def _cost(self, net: int, lines: Mapping[tuple[int, int], list[Point]]) -> tuple[int, int, int]:
        bends = sum(len(line) for line in lines.values())
        return self.grid.crossings(net), bends, len(self.grid.nets.get(net, ()))

    def _route(self, source: int, target: int) -> list[Point]:
        a, b = self.boxes[source], self.boxes[target]
        leaving, entering = _LEAVING[a.part.kind], _ENTERING[b.part.kind]
        if (source, target) in self.straight:
            leaving, entering = (RIGHT,), (LEFT,)
        everywhere = (RIGHT, DOWN, LEFT, UP)
        # where every usual side is taken: any other one
        for sides in ((self._sides(leaving), self._sides(entering)), (everywhere, everywhere)):
            line = self.grid.route(source, a.ports(sides[0], leaving=True), b.ports(sides[1], leaving=False))
            if line:
                return line
        self.unplaced.add(source)
        return [(a.x, a.y), (b.x, b.y)]

    def _sides(self, usual: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(_TURNED[side] for side in usual) if self.down else usual


def _boxes(found: Mapping[int, Part], places: Places) -> dict[int, Box]:
    lines = {key: (part.label,) for key, part in found.items()}
    half = {key: _half_width(part, lines[key], UNIT) for key, part in found.items()}
    middle = _middles([column for column, _ in places.at.values()], [half[key] for key in places.at], 4)
    return {
        key: Box(found[key], middle[column], 3 + PITCH * row, half[key], _half_height(found[key]), lines[key])
        for key, (column, row) in places.at.items()
    }


def _boxes_down(found: Mapping[int, Part], places: Places) -> dict[int, Box]:
    """Boxes whose rows and columns have changed places; a sum of products has a line for each."""
    lines = {key: _terms(part) for key, part in found.items()}
    half = {key: _half_width(part, lines[key], FINE) for key, part in found.items()}
    high = {
        key: max(_half_height(part), -(-(16 * len(lines[key]) + 12) // (2 * UNIT)) if len(lines[key]) > 1 else 1)
        for key, part in found.items()
    }
    x = _middles([row for _, row in places.at.values()], [half[key] for key in places.at], NARROW)
    y = _middles([column for column, _ in places.at.values()], [high[key] for key in places.at], 4)
    return {
        key: Box(found[key], x[row], y[column] + 2, half[key], high[key], lines[key])
        for key, (column, row) in places.at.items()
    }


def _middles(numbers: list[int], halves: list[int], gap: int) -> list[int]:
    """The middles of columns, each as wide as its widest box."""
    widest = [max((half for n, half in zip(numbers, halves, strict=True) if n == one), default=0)
              for one in range(max(numbers) + 1)]  # fmt: skip
    middle, x = [], 1
    for wide in widest:
        x += wide
        middle.append(x)
        x += wide + gap
    return middle


def _terms(part: Part) -> tuple[str, ...]:
    first, *rest = part.label.split(" + ") if part.kind == "product" else [part.label]
    return (first, *(f"+ {one}" for one in rest))


def _half_height(part: Part) -> int:
    return 1 if part.kind == "sign" else 2


def _half_width(part: Part, lines: tuple[str, ...], unit: int) -> int:
    length = max(len(_plain(part, line)) for line in lines)
    if part.kind == "sign" and length == 1:
        return -(-UNIT // unit)
    return max(2, -(-(length * 7 + 12) // (2 * unit)))


def _plain(part: Part, line: str) -> str:
    return re.sub(r"[_{}]", "", f"{line}{'' if part.kind != 'state' else 't-1'}")


def svg(
    graph: Graph, names: Mapping[int, str] | None = None, *, style: bool = True, title: str = "", down: bool = False,
    numbers: Mapping[int, int] | None = None,
) -> str:  # fmt: skip
    """The diagram of a graph; the tooltip of each part is its expression.

    Parameters
    ----------
    graph : Graph
    names : mapping of int to str, optional
        Names of nodes, see `drawing`.
    style : bool
        Whether the colours are part of it; a page may have them once for several diagrams, as ``STYLE``.
    title : str
        What a screen reader says it is.
    down : bool
        Whether the step runs downwards, see `drawing`.
    numbers : mapping of int to int, optional
        Numbers of values by ``id(node)``: the ``data-number`` of the parts that show them.

    Examples
    --------
    >>> from recur import equations
    >>> svg(equations.get("elman").graph).count("<rect")
    5
    """
    drawn = drawing(graph, names, down=down)
    width, height = drawn.pixels((drawn.width, drawn.height))
    body = [
        _path([drawn.pixels(one) for one in line.corners], straight=n < drawn.straight)
        for n, line in enumerate(drawn.lines)
    ]
    body += [_dot(drawn.pixels(point)) for point in _branches(drawn.lines)]
    body += [_box(key, box, drawn, (numbers or {}).get(id(box.part.node))) for key, box in drawn.boxes.items()]
    label = html.escape(title or f"The operations of one step, from {', '.join(graph.states)} at t−1 to those at t")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="step" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
        f"{f'<style>{STYLE}</style>' if style else ''}{''.join(body)}</svg>"
    )


def _box(key: int, box: Box, drawn: Drawing, number: int | None) -> str:
    part = box.part
    (x, y), (wide, high) = drawn.pixels((box.x, box.y)), drawn.pixels((box.wide, box.high))
    kind = "gate" if part.gate else part.kind
    round_ = {"function": 12, "state": 15, "output": 15, "input": 15}.get(kind, 4)
    if part.kind == "sign":
        high += 3
        wide, round_ = max(high, wide), high
    else:
        high -= 3
    suffix = {"state": "_t−1", "output": "_t", "input": "_t"}.get(part.kind, "")
    name = ""
    if part.kind in {"gate", "function"} and part.name not in {"", part.label}:
        side, anchor = (x - wide - 4, "end") if drawn.unit == FINE else (x + wide + 4, "start")
        where = f'x="{side}" y="{y - high + 3}" style="text-anchor: {anchor}"'
        name = f'<text class="name" {where}>{html.escape(part.name)}</text>'
    tip = html.escape(text(part.node))
    first = y + 5 - 8 * (len(box.lines) - 1)
    written = "".join(
        f'<text x="{x}" y="{first + 16 * n}">{_typeset(line + suffix)}</text>' for n, line in enumerate(box.lines)
    )
    named = f' data-name="{html.escape(part.name or part.label)}"' + (f' data-number="{number}"' * (number is not None))
    return (
        f'<g class="{kind}" data-part="{key_of(key, part)}"{named}><title>{tip}</title>'
        f'<rect x="{x - wide}" y="{y - high}" width="{2 * wide}" height="{2 * high}" rx="{round_}"/>'
        f"{written}{name}</g>"
    )


def key_of(key: int, part: Part) -> str:
    """The name of a part that does not change between two drawings."""
    return f"{part.kind}:{part.name or part.label}" if key < 0 or not part.name else f"{part.kind}:{part.name}"


def _typeset(label: str) -> str:
    """Letters in italics, what follows an underscore as subscript."""
    found = []
    for word in re.split(r"(\s+)", label):
        head, _, below = word.partition("_")
        style = ' font-style="italic"' if re.fullmatch(r"[A-Za-z]", head) else ""
        found.append(f"<tspan{style}>{html.escape(head)}</tspan>" if head.strip() else html.escape(word))
        if below:
            found.append(f'<tspan dy="4" font-size="10">{html.escape(below.replace("_", ""))}</tspan>')
            found.append('<tspan dy="-4">\u200b</tspan>')
    return "".join(found)


def _path(points: list[Point], *, straight: bool) -> str:
    end, before = points[-1], points[-2]
    dx, dy = _unit(before, end)
    points[-1] = (end[0] - 4 * dx, end[1] - 4 * dy)
    path = f"M{points[0][0]} {points[0][1]}"
    for (ax, ay), (x, y), (bx, by) in zip(points, points[1:], points[2:], strict=False):
        (ux, uy), (vx, vy) = _unit((ax, ay), (x, y)), _unit((x, y), (bx, by))
        path += f"L{x - RADIUS * ux} {y - RADIUS * uy}Q{x} {y} {x + RADIUS * vx} {y + RADIUS * vy}"
    path += f"L{points[-1][0]} {points[-1][1]}"
    head = f"M{end[0]} {end[1]}l{-8 * dx - 4 * dy} {-8 * dy - 4 * dx}l{8 * dy} {8 * dx}z"
    kind = "line straight" if straight else "line"
    return f'<path class="{kind}" d="{path}"/><path class="head" d="{head}"/>'


def _dot(point: Point) -> str:
    return f'<circle class="dot" cx="{point[0]}" cy="{point[1]}" r="3"/>'


def _unit(a: tuple[int, int], b: tuple[int, int]) -> Point:
    return (b[0] > a[0]) - (b[0] < a[0]), (b[1] > a[1]) - (b[1] < a[1])


def _branches(lines: tuple[Line, ...]) -> list[Point]:
    """Where a line leaves another one of the same value."""
    drawn: dict[int, set[Point]] = {}
    starts = {line.source: line.corners[0] for line in reversed(lines)}
    found = []
    for line in lines:
        points, before = _points(line.corners), drawn.setdefault(line.source, set())
        shared = [point for point in points if point in before]
        if shared and shared[-1] != starts[line.source]:
            found.append(shared[-1])
        before |= set(points)
    return found


def _points(corners: tuple[Point, ...]) -> list[Point]:
    points = [corners[0]]
    for a, b in pairwise(corners):
        dx, dy = _unit(a, b)
        while points[-1] != b and (dx, dy) != (0, 0):
            x, y = points[-1]
            points.append((x + dx, y + dy) if dx == 0 or dy == 0 else b)
    return points
