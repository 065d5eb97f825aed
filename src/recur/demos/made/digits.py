"""Digits in different handwritings: strokes, bent and slanted by each handwriting, drawn on a small grid."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from recur.demos.made.parts import part_of

SIDE = 14
LEVELS = 9  # of ink; 0 is paper
Point = tuple[float, float]
Stroke = Sequence[Point]

# strokes from (0, 0) top left to (1, 1) bottom right; where people differ, several ways to write the digit
SHAPES: dict[int, tuple[tuple[Stroke, ...], ...]] = {
    0: (
        (((0.5, 0.0), (0.1, 0.2), (0.0, 0.5), (0.1, 0.8), (0.5, 1.0), (0.9, 0.8), (1.0, 0.5), (0.9, 0.2), (0.5, 0.0)),),
    ),
    1: (
        (((0.5, 0.0), (0.5, 1.0)),),
        (((0.25, 0.25), (0.55, 0.0), (0.55, 1.0)),),
        (((0.25, 0.25), (0.55, 0.0), (0.55, 1.0)), ((0.2, 1.0), (0.9, 1.0))),
    ),
    2: (
        (((0.05, 0.25), (0.2, 0.05), (0.5, 0.0), (0.85, 0.1), (0.9, 0.35), (0.6, 0.65), (0.0, 1.0), (1.0, 1.0)),),
        (((0.1, 0.2), (0.5, 0.0), (0.9, 0.2), (0.75, 0.5), (0.2, 0.95), (0.15, 0.8), (0.4, 0.85), (1.0, 1.0)),),
    ),
    3: (
        (((0.1, 0.1), (0.5, 0.0), (0.9, 0.2), (0.45, 0.47), (0.95, 0.75), (0.5, 1.0), (0.05, 0.9)),),
        (((0.1, 0.0), (0.9, 0.0), (0.45, 0.4), (0.9, 0.6), (0.85, 0.9), (0.5, 1.0), (0.05, 0.9)),),
    ),
    4: (
        (((0.65, 0.0), (0.0, 0.7), (1.0, 0.7)), ((0.7, 0.4), (0.7, 1.0))),
        (((0.1, 0.0), (0.05, 0.5), (0.9, 0.5)), ((0.8, 0.0), (0.8, 1.0))),
    ),
    5: (
        (((0.9, 0.0), (0.15, 0.0), (0.1, 0.42), (0.55, 0.38), (0.95, 0.65), (0.6, 1.0), (0.05, 0.9)),),
        (((0.2, 0.05), (0.15, 0.45), (0.6, 0.4), (0.9, 0.7), (0.5, 1.0), (0.05, 0.95)), ((0.2, 0.03), (0.9, 0.0))),
    ),
    6: (
        (((0.8, 0.0), (0.3, 0.25), (0.05, 0.65), (0.3, 1.0), (0.8, 0.95), (0.95, 0.7), (0.6, 0.52), (0.1, 0.7)),),
        (((0.5, 0.0), (0.1, 0.4), (0.05, 0.8), (0.45, 1.0), (0.9, 0.8), (0.6, 0.55), (0.1, 0.72)),),
    ),
    7: (
        (((0.0, 0.0), (1.0, 0.0), (0.4, 1.0)),),
        (((0.0, 0.0), (1.0, 0.0), (0.4, 1.0)), ((0.35, 0.5), (0.95, 0.5))),
    ),
    8: (
        (
            (
                (0.5, 0.0), (0.1, 0.2), (0.35, 0.45), (0.9, 0.75), (0.5, 1.0), (0.1, 0.75), (0.65, 0.45), (0.9, 0.2),
                (0.5, 0.0),
            ),
        ),
    ),
    9: (
        (((0.95, 0.3), (0.5, 0.5), (0.1, 0.3), (0.45, 0.0), (0.95, 0.15), (0.9, 0.6), (0.6, 1.0)),),
        (((0.9, 0.25), (0.45, 0.48), (0.08, 0.25), (0.5, 0.0), (0.9, 0.1), (0.9, 1.0)),),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Hand:
    """The handwriting of one person.

    Attributes
    ----------
    ways : dict
        Digit -> number of its shape.
    slant, turn : float
        Slant of vertical strokes, and rotation of the whole digit.
    width, height : float
        Size of a digit, as shares of the grid.
    pen : float
        Half the width of a line, in cells.
    jitter : float
        Standard deviation of the points of a stroke between digits.
    """

    ways: dict[int, int]
    slant: float
    turn: float
    width: float
    height: float
    pen: float
    jitter: float


def hand(number: int) -> Hand:
    """Return the handwriting of a number, always the same."""
    draw = random.Random(f"hand {number}")
    return Hand(
        {digit: draw.randrange(len(ways)) for digit, ways in SHAPES.items()},
        slant=draw.gauss(0.1, 0.22),
        turn=draw.gauss(0.0, 0.16),
        width=draw.uniform(0.36, 0.66),
        height=draw.uniform(0.58, 0.84),
        pen=draw.uniform(0.55, 1.1),
        jitter=draw.uniform(0.02, 0.085),
    )


def rows(part: str, hands: int = 700, each: int = 1) -> Iterator[dict[str, object]]:
    """Yield digits in the handwritings of a part.

    Parameters
    ----------
    part : "train", "dev" or "test"
    hands : int
        Number of handwritings in all parts.
    each : int
        How often each handwriting has each digit.

    Yields
    ------
    dict
        ``pixels`` (SIDE x SIDE integers from 0, paper, to 9, ink, row by row), ``digit``, ``hand``.
    """
    for number in range(hands):
        if part_of(f"hand {number}") != part:
            continue
        handwriting = hand(number)
        draw = random.Random(f"sheet {number}")
        for _ in range(each):
            for digit in SHAPES:
                yield {"pixels": drawing(handwriting, digit, draw), "digit": digit, "hand": number}


def drawing(hand: Hand, digit: int, draw: random.Random) -> list[int]:
    """Draw a digit once; no two drawings are the same.

    Returns
    -------
    list of int
        SIDE x SIDE cells, row by row.
    """
    centre = (SIDE / 2 + draw.gauss(0, 0.5), SIDE / 2 + draw.gauss(0, 0.5))
    cosine, sine = np.cos(hand.turn), np.sin(hand.turn)
    segments = []
    for stroke in SHAPES[digit][hand.ways[digit]]:
        points = []
        for x, y in stroke:
            x, y = x - 0.5 + draw.gauss(0, hand.jitter), y - 0.5 + draw.gauss(0, hand.jitter)
            x = (x - hand.slant * y) * hand.width * SIDE
            y = y * hand.height * SIDE
            points.append((centre[0] + cosine * x - sine * y, centre[1] + sine * x + cosine * y))
        segments += list(pairwise(points))
    ink = np.clip(hand.pen + 0.5 - _distance(np.array(segments)), 0.0, 1.0)
    grain = np.array([draw.gauss(0, 0.04) for _ in range(SIDE * SIDE)])
    cells: list[int] = np.rint(LEVELS * np.clip(ink + np.abs(grain), 0, 1)).astype(int).tolist()
    return cells


def _distance(segments: np.ndarray) -> np.ndarray:
    """Distance from the centre of every cell to the nearest of (N, 2, 2) segments: (SIDE * SIDE,)."""
    y, x = np.divmod(np.arange(SIDE * SIDE), SIDE)
    cells = np.stack([x, y], 1)[:, None] + 0.5
    start, along = segments[:, 0], segments[:, 1] - segments[:, 0]
    length = np.maximum((along**2).sum(1), 1e-9)
    share = np.clip(((cells - start) * along).sum(2) / length, 0, 1)
    nearest: np.ndarray = np.sqrt(((cells - start - share[..., None] * along) ** 2).sum(2)).min(1)
    return nearest
