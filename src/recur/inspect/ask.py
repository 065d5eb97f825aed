"""``ask``: the kind of question that fits a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recur.inspect.answers import OneAnswer, OneStep
from recur.inspect.forecasts import OneForecast
from recur.inspect.generation import GeneratedItem
from recur.inspect.next_item import NextEvents, NextNumbers, NextWord
from recur.inspect.question import OutputRequest, Question
from recur.modes import Mode, NextItem


def ask(model: Any, value: Any, *, target: str | None = None, at: int | str | None = None, top: int = 5) -> Question:
    """Return the question about one output of a network.

    Parameters
    ----------
    model : Model or Mode
    value : object
        One raw input.
    target : str, optional
        The word, class, tag, column or note to explain; by default the network's own answer.
    at : int or str, optional
        Which tag, or which item of a written sequence: a number from 1, or the item itself; by default the last. Of a
        forecast the step ahead; by default the first.
    top : int
        Candidates.

    Raises
    ------
    DataError
        When the target is not an output of this network.
    """
    mode: Mode = model.mode
    return _QUESTIONS[mode.abilities.answers](mode, value, OutputRequest(target, at, top))


def _next(mode: NextItem, value: Any, request: OutputRequest) -> Question:
    """The question about a model of the next item, by the kind of its answers."""
    return _NEXT[mode.output.answers_with](mode, value, request)


_NEXT: dict[str, Callable[..., Question]] = {"symbols": NextWord, "numbers": NextNumbers, "events": NextEvents}
# by what a mode answers: a whole input, each step, ...
_QUESTIONS: dict[str, Callable[..., Question]] = {
    "input": OneAnswer, "steps": OneStep, "next": _next, "written": GeneratedItem, "ahead": OneForecast,
}  # fmt: skip
