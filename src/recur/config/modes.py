"""The sequence modes by their names, and the facts by which columns are paired and options act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["MODES", "MODE_FACTS", "ModeFacts", "ModeName"]

MODES = ("one-to-one", "one-to-many", "many-to-one", "many-to-many", "synced")

ModeName = Literal["one-to-one", "one-to-many", "many-to-one", "many-to-many", "synced", "forecast"]
"""The five sequence modes, and the forecast of a series."""


@dataclass(frozen=True)
class ModeFacts:
    """What a mode reads and answers.

    Attributes
    ----------
    reads_steps, answers_steps : bool
        Whether an input, and an answer, has many steps.
    per_step : bool
        Whether each step of the input has an answer.
    generates : bool
        Whether an answer is generated item by item, each read before the next.
    """

    reads_steps: bool = False
    answers_steps: bool = False
    per_step: bool = False
    generates: bool = False

    @property
    def recurrent(self) -> bool:
        """Whether there is a recurrence."""
        return self.reads_steps or self.answers_steps

    @property
    def summarises(self) -> bool:
        """Whether many steps have one answer."""
        return self.reads_steps and not self.answers_steps


MODE_FACTS: dict[str, ModeFacts] = {
    "one-to-one": ModeFacts(),
    "one-to-many": ModeFacts(answers_steps=True, generates=True),
    "many-to-one": ModeFacts(reads_steps=True),
    "many-to-many": ModeFacts(reads_steps=True, answers_steps=True, generates=True),
    "synced": ModeFacts(reads_steps=True, answers_steps=True, per_step=True),
    "forecast": ModeFacts(reads_steps=True, answers_steps=True, per_step=True),
}
