"""Small films: a shape that moves, stops and turns, and at every frame the word for what it just did."""

from __future__ import annotations

import random
from collections.abc import Iterator

from recur.demos.made.parts import part_of

SIDE = 9
BOX = 3  # a shape lies in so many cells each way
MOVES: dict[str, tuple[int, int]] = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1), "stays": (0, 0)}
FIRST = "appears"
INK, GRAIN = 9, 1


def shapes(part: str) -> list[tuple[int, ...]]:
    """The shapes of a part: patterns of 3 x 3 cells, four to seven of them filled, those of test in no other part."""
    found = []
    for number in range(2 ** (BOX * BOX)):
        cells = tuple((number >> place) & 1 for place in range(BOX * BOX))
        if 4 <= sum(cells) <= 7 and part_of(f"shape {number}") == part:
            found.append(cells)
    return found


def rows(part: str, clips: int) -> Iterator[dict[str, object]]:
    """Yield clips with the shapes of a part.

    Yields
    ------
    dict
        ``frames`` (a list of SIDE x SIDE whole numbers 0..9 for every frame, row by row) and ``labels`` (a word for
        every frame).
    """
    draw = random.Random(f"clips {part}")
    known = shapes(part)
    for _ in range(clips):
        yield clip(draw.choice(known), draw.randint(10, 20), draw)


def clip(shape: tuple[int, ...], length: int, draw: random.Random) -> dict[str, object]:
    """Film a shape: it goes one way for some frames, then another; at a wall it has to turn or stay."""
    x, y = draw.randint(0, SIDE - BOX), draw.randint(0, SIDE - BOX)
    frames, labels = [frame(shape, x, y, draw)], [FIRST]
    move, left = "stays", 0
    while len(frames) < length:
        if left == 0 or not _fits(x, y, move):
            move = draw.choice([name for name in MOVES if name != move and _fits(x, y, name)])
            left = draw.randint(1, 5)
        x, y = x + MOVES[move][0], y + MOVES[move][1]
        left -= 1
        frames.append(frame(shape, x, y, draw))
        labels.append(move)
    return {"frames": frames, "labels": labels}


def frame(shape: tuple[int, ...], x: int, y: int, draw: random.Random) -> list[int]:
    """Draw a shape with its box at (x, y), on a grainy ground: SIDE x SIDE cells, row by row."""
    cells = [draw.randint(0, GRAIN) for _ in range(SIDE * SIDE)]
    for place, filled in enumerate(shape):
        if filled:
            down, right = divmod(place, BOX)
            cells[(y + down) * SIDE + x + right] = INK - draw.randint(0, 2)
    return cells


def _fits(x: int, y: int, move: str) -> bool:
    right, down = MOVES[move]
    return 0 <= x + right <= SIDE - BOX and 0 <= y + down <= SIDE - BOX
