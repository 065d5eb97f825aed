"""One process of several that train together: several networks, one after another, in one start."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from typing import Any

import recur.training.loop as training_loop  # the name in the room is a function
from recur import config_file
from recur.processes.launched import place
from recur.training import Paused, learn
from recur.training.pause import PauseRequest


class After(PauseRequest):
    """A request that one process makes after some looks at it: each update looks once."""

    def __init__(self, looks: int) -> None:
        self._left = looks

    @property
    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def work(options: dict[str, Any], out: str, pause: tuple[int, int] | None = None) -> None:
    """Train; ``pause`` is the rank that asks for a pause, and after how many looks."""
    here = place()
    rank = here.rank if here else 0
    looks = pause[1] if pause and pause[0] == rank else 10**9
    before, training_loop.on_interrupt = training_loop.on_interrupt, lambda: nullcontext(After(looks))
    try:
        learn(config_file.from_options(options), out=out, progress=False, command="recur train")
    except Paused:
        if pause is None:
            raise
    finally:
        training_loop.on_interrupt = before


if __name__ == "__main__":
    for each in json.loads(sys.argv[1]):
        work(**each)
