"""``ask``: the kind of question that fits a network."""

from __future__ import annotations

from typing import Any

from recur.errors import ConfigError
from recur.heads.events import EventHead
from recur.inspect.answers import OneAnswer, OneStep
from recur.inspect.forecasts import OneForecast
from recur.inspect.next_item import NextFrame, NextNumbers, NextWord
from recur.inspect.question import Question
from recur.inspect.written import OneWritten
from recur.modes import ManyToMany, ManyToOne, Mode, OneToMany, OneToOne, Synced
from recur.modes.forecast import Forecast


def ask(model: Any, value: Any, *, target: str | None = None, at: int | str | None = None, top: int = 5) -> Question:
    """What an output of a network is asked as.

    Parameters
    ----------
    model : Model or Mode
    value : object
        One raw input.
    target : str, optional
        The word, class, tag, column or note to explain; by default the network's own answer.
    at : int or str, optional
        Where tags, or a written sequence, are looked at: a number from 1, or the item itself; by default the last. Of a
        forecast the step ahead; by default the first.
    top : int
        Candidates.

    Raises
    ------
    DataError
        When the target is not one that this network can say.
    """
    mode: Mode = getattr(model, "mode", model)
    if isinstance(mode, Synced):
        if not mode.next_item:
            return OneStep(mode, value, target, at, top)
        if mode.symbols is not None:
            return NextWord(mode, value, target, top)
        if isinstance(mode.output, EventHead):
            return NextFrame(mode, value, target, top)
        return NextNumbers(mode, value, target)
    if isinstance(mode, Forecast):
        return OneForecast(mode, value, target, at)
    if isinstance(mode, ManyToOne | OneToOne):
        return OneAnswer(mode, value, target, top)
    if isinstance(mode, ManyToMany | OneToMany):
        return OneWritten(mode, value, target, at, top)
    raise ConfigError(f"{mode.name} cannot be explained: its outputs are unknown here")
