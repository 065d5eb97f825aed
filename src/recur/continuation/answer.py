"""Answers of any mode: a model of the next item continues its prompt, every other one answers its input.

What is continued is chosen here, once, by the kind of item: symbols, frames or numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeGuard

from recur.cancellation import check_cancelled
from recur.continuation import frames, notes, series, text
from recur.decoding import Decoding
from recur.errors import ConfigError
from recur.heads.events import EventHead, chooser, likeliest
from recur.heads.numbers import NumberHead
from recur.heads.prediction import Prediction
from recur.modes.mode import PREDICT_BATCH, Mode, Sample, need_input
from recur.modes.synced import Synced
from recur.network.batch import Raw


def predict(mode: Mode, inputs: Sequence[Any], *, top: int = 1, **decoding: Any) -> list[Prediction]:
    """Answer raw inputs; of a model of the next item the candidates, or with ``length=N`` the next N items.

    Numbers that look ``ahead`` give the one value so many steps after the last, or the next N.

    Parameters
    ----------
    mode : Mode
        Any.
    inputs : sequence
        Raw inputs; prompts where the next item is asked for.
    top : int
        Candidates.
    **decoding
        The fields of `Decoding`.
    """
    if not _continues(mode):
        return mode.predict(inputs, top=top, **decoding)
    options = Decoding.of(decoding, top=top)
    choose = options.chooser()
    draw = chooser(options) if isinstance(mode.output, EventHead) else likeliest
    answers: list[Prediction] = []
    with mode.answering():
        for start in range(0, len(inputs), PREDICT_BATCH):
            check_cancelled()
            part = inputs[start : start + PREDICT_BATCH]
            if isinstance(mode.output, EventHead):
                answers += frames.continuations(mode, part, options, draw)
            elif isinstance(mode.output, NumberHead):
                series.refuse_rules(options)
                answers += series.continuations(mode, part, options.length)
            elif options.one_item:
                answers += text.candidates(mode, part, top, options)
            else:
                answers += text.continuations(mode, part, top, options, choose)
    return answers


def generate(mode: Mode, value: Any = "", **decoding: Any) -> Iterator[Any]:
    """Write item by item: the continuation of a prompt, or the answer to an input.

    Raises
    ------
    ConfigError
        In a mode that answers in one pass, and for a series.
    """
    if not _continues(mode):
        return mode.generate(value, **decoding)
    options = Decoding.of(decoding)
    if isinstance(mode.output, NumberHead):
        raise ConfigError(
            f"only symbols are generated; this model continues {mode.target_codec.describe()}",
            hint="predict(..., length=N) gives the next N items",
        )
    if isinstance(mode.output, EventHead):
        return frames.generate(mode, value or [], options)
    return text.generate(mode, value, options)


def samples(mode: Mode, examples: Sequence[Raw], *, count: int = 3, prompts: Sequence[str] = ()) -> list[Sample]:
    """Answer the first rows, or continue the prompts, to be shown beside the truth."""
    if not _continues(mode):
        return mode.samples(examples, count=count)
    codec = need_input(mode.input_codec, mode.name)
    if codec.kind == "notes":
        return notes.samples(mode, examples, count)
    if isinstance(mode.output, NumberHead):
        return series.samples(mode, examples, count)
    return text.samples(mode, examples, count, prompts) if codec.text else []


def _continues(mode: Mode) -> TypeGuard[Synced]:
    return isinstance(mode, Synced) and mode.next_item
