"""The declarations of a mode: its abilities, its wording, and what is read out of its network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Abilities:
    """The abilities of a network, the same questions for every mode.

    Attributes
    ----------
    answers : str
        What there is an answer to: the whole input, every step of it, what comes next, every item that is written, or
        every step ahead.
    translates : bool
        Whether what it writes is another form of a sequence that it reads.
    attends : bool
        Whether each item that it writes is aligned with the items that it reads.
    remembers : bool
        Whether it reads forwards and its state after an item is all that the next answer depends on.
    carries_state : bool
        Whether in training the state after a batch is the state before the next one.
    may_read_both_ways, reads_both_ways : bool
        Whether it could read its steps in both directions, and whether it does.
    ahead : int
        How many steps after an item its answer is.
    next_values : bool
        Whether what comes next is numbers: one answer, and not candidates to choose from.
    """

    answers: Literal["input", "steps", "next", "written", "ahead"]
    translates: bool = False
    attends: bool = False
    remembers: bool = False
    carries_state: bool = False
    may_read_both_ways: bool = False
    reads_both_ways: bool = False
    ahead: int = 1
    next_values: bool = False

    @property
    def each_step(self) -> bool:
        """Whether every step of a row has an answer."""
        return self.answers == "steps"

    @property
    def answers_each_item(self) -> bool:
        """Whether each item that is read has an answer at once (tags, numbers), rather than candidates to continue."""
        return self.remembers and (self.each_step or self.next_values)

    @property
    def one_answer(self) -> bool:
        """Whether a row has one answer."""
        return self.answers == "input"

    @property
    def continues(self) -> bool:
        """Whether it predicts the next item of what it reads, so that it continues a prompt."""
        return self.answers == "next"

    @property
    def writes(self) -> bool:
        """Whether it generates a sequence item by item."""
        return self.answers == "written"


@dataclass(frozen=True)
class Wording:
    """A network in words.

    Attributes
    ----------
    title : str
        Its name.
    sentence : str
        What is predicted from what.
    """

    title: str
    sentence: str


@dataclass(frozen=True)
class ReadOut:
    """What is read out of a network.

    Attributes
    ----------
    part : str
        The part whose last layer is read out: stack or decoder.
    pooling : str
        Which summary of the steps: last, mean or max; empty where each step is read out separately.
    places : (int, int) or None
        Rows and columns of the places of a picture that are attended to; None where there are none.
    """

    part: Literal["stack", "decoder"] = "stack"
    pooling: str = ""
    places: tuple[int, int] | None = None
