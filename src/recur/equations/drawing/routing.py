"""Orthogonal lines between boxes on a grid: short, with few bends and crossings, never over a box or along another."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

Point = tuple[int, int]
RIGHT, DOWN, LEFT, UP = range(4)
STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))
_BEND, _CROSSING, _BESIDE = 3, 9, 2


@dataclass(frozen=True)
class Port:
    """Where a line leaves or enters a box: a point on its border, and the direction of the line there."""

    at: Point
    direction: int


@dataclass
class Grid:
    """A grid with boxes, and the lines that were drawn on it.

    Attributes
    ----------
    width, height : int
        The points of the grid.
    """

    width: int
    height: int
    blocked: set[Point] = field(default_factory=set)
    horizontal: dict[Point, int] = field(default_factory=dict)  # the net whose line runs through a point
    vertical: dict[Point, int] = field(default_factory=dict)
    nets: dict[int, dict[Point, set[int]]] = field(default_factory=dict)  # the points of a net, and directions there
    ports: dict[Point, int] = field(default_factory=dict)  # the net that uses a port

    def block(self, left: int, top: int, right: int, bottom: int) -> None:
        """Keep lines off a box, its border included."""
        self.blocked |= {(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)}

    def route(self, net: int, sources: Iterable[Port], targets: Iterable[Port]) -> list[Point]:
        """Draw a line from one of the sources, or from a line of the same net, to one of the targets.

        Returns
        -------
        list of Point
            The corners, with both ends; empty if there is no way.
        """
        free = [port for port in targets if self.ports.get(port.at, net) == net and self._inside(port.at)]
        goals = {self._outside(port): port for port in free}
        queue: list[tuple[float, int, Point, int]] = []
        cost: dict[tuple[Point, int], float] = {}
        came: dict[tuple[Point, int], tuple[Point, int] | None] = {}
        begun: dict[tuple[Point, int], Port | None] = {}
        counter = 0

        def begin(point: Point, direction: int, port: Port | None) -> None:
            nonlocal counter
            if (point, direction) in cost or not self._inside(point):
                return
            cost[point, direction], came[point, direction], begun[point, direction] = 0.0, None, port
            heapq.heappush(queue, (self._left(point, goals), counter := counter + 1, point, direction))

        for point, directions in self.nets.get(net, {}).items():
            for direction in directions:
                begin(point, direction, None)
        if net not in self.nets:
            for port in sources:
                if port.at not in self.ports:
                    begin(port.at, port.direction, port)
        while queue:
            _, _, point, direction = heapq.heappop(queue)
            goal = goals.get(point)
            if goal is not None and (direction + 2) % 4 != goal.direction:
                return self._keep(net, (point, direction), goal, came)
            for turn in range(4):
                if (turn + 2) % 4 == direction:
                    continue
                first = came[point, direction] is None and begun[point, direction] is not None
                if first and turn != direction:
                    continue
                new = point[0] + STEPS[turn][0], point[1] + STEPS[turn][1]
                price = self._price(net, new, turn)
                if price is None:
                    continue
                if turn != direction:
                    if self._along(turn ^ 1).get(point, net) != net or self._along(turn).get(point, net) != net:
                        continue  # two lines would share a corner
                    price += _BEND
                total = cost[point, direction] + price
                if total < cost.get((new, turn), float("inf")):
                    cost[new, turn], came[new, turn] = total, (point, direction)
                    begun[new, turn] = None
                    heapq.heappush(queue, (total + self._left(new, goals), counter := counter + 1, new, turn))
        return []

    def _along(self, direction: int) -> dict[Point, int]:
        return self.vertical if direction % 2 else self.horizontal

    def _price(self, net: int, point: Point, direction: int) -> float | None:
        x, y = point
        if not (0 <= x < self.width and 0 <= y < self.height) or point in self.blocked:
            return None
        same, across = (self.vertical, self.horizontal) if direction % 2 else (self.horizontal, self.vertical)
        if same.get(point, net) != net:
            return None
        if across.get(point, net) != net:
            return 1 + _CROSSING
        one, other = ((x - 1, y), (x + 1, y)) if direction % 2 else ((x, y - 1), (x, y + 1))
        return 1 + _BESIDE * ((same.get(one, net) != net) + (same.get(other, net) != net))

    def _inside(self, point: Point) -> bool:
        return 0 <= point[0] < self.width and 0 <= point[1] < self.height

    @staticmethod
    def _outside(port: Port) -> Point:
        """The free point before a target's border."""
        return port.at[0] - STEPS[port.direction][0], port.at[1] - STEPS[port.direction][1]

    @staticmethod
    def _left(point: Point, goals: Iterable[Point]) -> float:
        least, (x, y) = 1e9, point
        for a, b in goals:
            way = abs(x - a) + abs(y - b)
            least = min(least, way)
        return least

    def _keep(
        self, net: int, end: tuple[Point, int], port: Port, came: dict[tuple[Point, int], tuple[Point, int] | None]
    ) -> list[Point]:
        points = [end[0]]
        where: tuple[Point, int] | None = end
        while where is not None and came[where] is not None:
            where = came[where]
            if where is not None:
                points.append(where[0])
        points = corners([port.at, *points][::-1])
        self.lay(net, points)
        return points

    def lay(self, net: int, line: list[Point]) -> None:
        """Mark a line of a net, given by its corners, as drawn; it ends in a port."""
        lines = self.nets.setdefault(net, {})
        points = along(line)
        for n, (a, b) in enumerate(pairwise(points)):
            direction = next(d for d in range(4) if (b[0] - a[0], b[1] - a[1]) == STEPS[d])
            marks = self._along(direction)
            marks[a] = marks[b] = net
            lines.setdefault(a, set()).add(direction)
            if n + 2 < len(points):
                lines.setdefault(b, set()).add(direction)
        self.ports[points[0]] = self.ports.get(points[0], net)
        self.ports[points[-1]] = net

    def release(self, net: int) -> None:
        """Forget the lines of a net."""
        self.nets.pop(net, None)
        for marks in (self.horizontal, self.vertical, self.ports):
            for point in [point for point, other in marks.items() if other == net]:
                del marks[point]

    def crossings(self, net: int) -> int:
        """How often the lines of a net cross those of others."""
        across, down = self.horizontal, self.vertical
        return sum(
            (across.get(point) == net and down.get(point, net) != net)
            + (down.get(point) == net and across.get(point, net) != net)
            for point in self.nets.get(net, ())
        )


def along(line: list[Point]) -> list[Point]:
    """All points of a line that is given by its corners.

    >>> along([(0, 0), (2, 0), (2, 1)])
    [(0, 0), (1, 0), (2, 0), (2, 1)]
    """
    points = line[:1]
    for a, b in pairwise(line):
        dx, dy = (b[0] > a[0]) - (b[0] < a[0]), (b[1] > a[1]) - (b[1] < a[1])
        while points[-1] != b and (dx, dy) != (0, 0):
            x, y = points[-1]
            points.append((x + dx, y + dy) if dx == 0 or dy == 0 else b)
    return points


def corners(points: list[Point]) -> list[Point]:
    """The ends and the bends of a line.

    >>> corners([(0, 0), (1, 0), (2, 0), (2, 1)])
    [(0, 0), (2, 0), (2, 1)]
    """
    kept = points[:1]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        if (here[0] - before[0], here[1] - before[1]) != (after[0] - here[0], after[1] - here[1]):
            kept.append(here)
    return [*kept, points[-1]] if len(points) > 1 else kept
