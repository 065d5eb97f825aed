"""Small films of a shape that moves, stops and turns, with the last movement as the label of each frame."""

from __future__ import annotations

import random
from collections.abc import Iterator

from recur.demos.made.parts import part_of

SIDE = 8
BOX = 3  # a shape covers this many cells in each direction
MOVES: dict[str, tuple[int, int]] = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1), "stays": (0, 0)}
FIRST = "appears"
INK, GRAIN = 9, 1


def shapes(part: str) -> list[tuple[int, ...]]:
    """Return the shapes of a part: 3 x 3 cells, four to seven of them filled; those of test are in no other part."""
    patterns = []
    for number in range(2 ** (BOX * BOX)):
        cells = tuple((number >> place) & 1 for place in range(BOX * BOX))
        if 4 <= sum(cells) <= 7 and part_of(f"shape {number}") == part:
            patterns.append(cells)
    return patterns


def columns() -> list[str]:
    """The names of a frame's cells: p1, p2, ..."""
    return [f"p{place + 1}" for place in range(SIDE * SIDE)]


def rows(part: str, clips: int) -> Iterator[dict[str, object]]:
    """Yield the frames of clips with the shapes of a part, one row per frame.

    Yields
    ------
    dict
        ``clip`` (a number), ``label`` (a word), and the cells of the frame: whole numbers 0..9.
    """
    draw = random.Random(f"clips {part}")
    shapes_of_part, names = shapes(part), columns()
    for number in range(clips):
        for cells, label in clip(draw.choice(shapes_of_part), draw.randint(10, 20), draw):
            yield {"clip": number, "label": label, **dict(zip(names, cells, strict=True))}


def clip(shape: tuple[int, ...], length: int, draw: random.Random) -> Iterator[tuple[list[int], str]]:
    """Yield the frames of a shape that moves in one direction, then in another; at a wall it turns or stays."""
    x, y = draw.randint(0, SIDE - BOX), draw.randint(0, SIDE - BOX)
    move, left = "stays", 0
    yield frame(shape, x, y, draw), FIRST
    for _ in range(length - 1):
        if left == 0 or not _fits(x, y, move):
            move = draw.choice([name for name in MOVES if name != move and _fits(x, y, name)])
            left = draw.randint(1, 5)
        x, y = x + MOVES[move][0], y + MOVES[move][1]
        left -= 1
        yield frame(shape, x, y, draw), move


def frame(shape: tuple[int, ...], x: int, y: int, draw: random.Random) -> list[int]:
    """Draw a shape with its box at (x, y), on a noisy background: SIDE x SIDE cells, row by row."""
    cells = [draw.randint(0, GRAIN) for _ in range(SIDE * SIDE)]
    for place, filled in enumerate(shape):
        if filled:
            down, right = divmod(place, BOX)
            cells[(y + down) * SIDE + x + right] = INK - draw.randint(0, 2)
    return cells


def _fits(x: int, y: int, move: str) -> bool:
    right, down = MOVES[move]
    return 0 <= x + right <= SIDE - BOX and 0 <= y + down <= SIDE - BOX
