"""The script of the lecture's page, for Node.js, and the files that its commands name."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from recur.lecture import tasks
from recur.lecture.page import computing
from tests.node import evaluated

FIGURES = Path(tasks.__file__).parent / "figures"
LEAKY = '''
from recur.equations import equation, sigmoid, tanh


@equation(x="X", h="H", W_xh="H X", W_hh="H H", b="H", a="H")
def leaky(x, h, W_xh, W_hh, b, a):
    """A state that is kept in part, as each unit learned."""
    keep = sigmoid(a)
    h = keep * h + (1 - keep) * tanh(W_xh @ x + W_hh @ h + b)
    return h
'''


def computed(script: str, given: Any = None) -> Any:
    """Run a script in Node.js with the networks of the page, and the functions of chapters that need no page."""
    parts = [computing(), "const FIGURES = {};"]
    names = ["words", "reach", "attention", "tasks", "stacks", "trace", "anatomy", "vanishing", "through_time", "own"]
    parts += [(FIGURES / f"{name}.js").read_text(encoding="utf-8") for name in names]
    return evaluated("\n".join([*parts, script]), given)


def files(folder: Path) -> None:
    """Write the files that the commands of the page name."""
    draw = random.Random(0)
    texts = [" ".join([*x, y[-1]]) for x, y in tasks.near_and_far(1, 60)]
    (folder / "sentences.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    rows = ["text,label"]
    for number in range(60):
        country = list(tasks.COUNTRIES)[number % 5]
        middle = " ".join(draw.choices(tasks.FILLERS, k=2))
        rows.append(f"Eva grew up in {country} . {middle} at home they speak,{tasks.COUNTRIES[country]}")
    (folder / "far.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "mine.py").write_text(LEAKY, encoding="utf-8")
