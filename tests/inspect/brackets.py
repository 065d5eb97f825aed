"""Texts in which a bracket that is open must be closed, and a network that learned it in seconds."""

from __future__ import annotations

import random
from functools import cache

import torch

from recur import codecs, modes
from recur.modes import Mode
from tests.modes.helpers import Row, small, train

CHOSEN = "ab(abba)ba(b)a"


def texts(seed: int, count: int, letters: str = "ab") -> list[str]:
    """Letters drawn at random, inside and outside of brackets alike: only a memory knows whether one is open."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        text, inside = "", False
        while len(text) < 22 or inside:
            change = draw.random() < (0.3 if inside else 0.2)
            text += (")" if inside else "(") if change else draw.choice(letters)
            inside ^= change
        found.append(text)
    return found


@cache
def network(cell: str = "lstm") -> Mode:
    """A network with 12 units that learned from 120 such texts. Seed 1."""
    torch.manual_seed(1)
    rows = texts(1, 120)
    mode = modes.build("synced", codecs.make("characters").fit(rows), None, small(cell=cell, hidden_size=12))
    train(mode, [Row(one, one) for one in rows], steps=60, lr=0.05)
    return mode
