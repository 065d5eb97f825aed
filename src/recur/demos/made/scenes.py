"""Pictures of one or two shapes, with a sentence that describes them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from recur.demos.made.parts import part_of

SIDE = 12
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (9, 1, 1), "green": (1, 8, 2), "blue": (1, 2, 9), "yellow": (9, 8, 1), "white": (9, 9, 9),
}  # fmt: skip
# the small and the large drawing of a shape
SHAPES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "square": (("###", "###", "###"), ("#####", "#####", "#####", "#####", "#####")),
    "ring": (("###", "#.#", "###"), (".###.", "#...#", "#...#", "#...#", ".###.")),
    "cross": ((".#.", "###", ".#."), ("..#..", "..#..", "#####", "..#..", "..#..")),
    "triangle": (("...", ".#.", "###"), (".....", "..#..", "..#..", ".###.", "#####")),
    "bar": (("...", "###", "..."), (".....", ".....", "#####", ".....", ".....")),
}
SIZES = ("small", "large")
RELATIONS = ("left of", "above")  # the left or upper thing comes first, so that a picture has one sentence
BACKGROUND = 0


class Thing(NamedTuple):
    """One shape: its size, colour and form."""

    size: str
    colour: str
    shape: str

    def __str__(self) -> str:
        return f"a {self.size} {self.colour} {self.shape}"


class Scene(NamedTuple):
    """One thing, or one beside another."""

    first: Thing
    relation: str | None = None
    second: Thing | None = None

    def __str__(self) -> str:
        return f"{self.first} {self.relation} {self.second}" if self.second else str(self.first)


def rows(part: str, pictures: int) -> Iterator[dict[str, object]]:
    """Yield pictures of the scenes of a part; a pair of things belongs to one part.

    Parameters
    ----------
    part : "train", "dev" or "test"
    pictures : int
        Number of pictures.

    Yields
    ------
    dict
        ``picture`` (SIDE x SIDE x 3 integers 0..9, row by row, red green blue) and ``caption``.
    """
    # the pictures of an earlier seed were seen when the size of the network was chosen
    draw = random.Random(f"scenes {part}" + (", drawn anew" if part == "test" else ""))
    count = 0
    while count < pictures:
        scene = _scene(draw, single=part == "train" and count % 5 == 0)
        # pictures of a single thing are for training only
        if scene.second is None or part_of(str(scene)) == part:
            yield {"picture": drawing(scene, draw), "caption": str(scene)}
            count += 1


def _scene(draw: random.Random, *, single: bool) -> Scene:
    def thing() -> Thing:
        return Thing(draw.choice(SIZES), draw.choice(list(COLOURS)), draw.choice(list(SHAPES)))

    first, second = thing(), thing()
    if single or first == second:
        return Scene(first) if single else _scene(draw, single=single)
    return Scene(first, draw.choice(RELATIONS), second)


def drawing(scene: Scene, draw: random.Random) -> list[int]:
    """Draw a scene: each thing is within a cell of its place, with its own brightness."""
    cells = [[[BACKGROUND] * 3 for _ in range(SIDE)] for _ in range(SIDE)]
    for thing, (x, y) in zip((scene.first, scene.second), _places(scene.relation), strict=False):
        if thing is not None:
            _draw_thing(cells, thing, x + draw.randint(0, 1), y + draw.randint(0, 1), draw)
    return [level for row in cells for cell in row for level in cell]


def _places(relation: str | None) -> tuple[tuple[int, int], ...]:
    """Upper left corners (x, y) of the boxes of 5 x 5 cells of both things."""
    if relation is None:
        return ((3, 3),)
    return ((0, 3), (6, 3)) if relation == "left of" else ((3, 0), (3, 6))


def _draw_thing(cells: list[list[list[int]]], thing: Thing, x: int, y: int, draw: random.Random) -> None:
    form = SHAPES[thing.shape][SIZES.index(thing.size)]
    inset = (5 - len(form)) // 2
    light = draw.uniform(0.75, 1.0)
    for down, line in enumerate(form):
        for right, mark in enumerate(line):
            if mark == "#":
                # no two cells of a thing have the same brightness
                here = light * draw.uniform(0.9, 1.0)
                cells[y + inset + down][x + inset + right] = [round(here * level) for level in COLOURS[thing.colour]]
