"""Answers of any mode: a model of the next item continues its prompt; any other model answers its input.

What is continued is chosen here, once, by the kind of item: symbols, frames or numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from recur.cancellation import check_cancelled
from recur.continuation import frames, notes, series, text
from recur.continuation.completion import Completion, unknown_words
from recur.continuation.last_word import candidates
from recur.continuation.word_search import Candidate
from recur.decoding import Decoding
from recur.errors import ConfigError
from recur.heads.events import chooser
from recur.heads.prediction import Prediction
from recur.modes.mode import PREDICT_BATCH, Mode, Sample, need_input
from recur.modes.synced import Synced, continues
from recur.network.batch import Raw

Answer = Callable[[Synced, Sequence[Any]], list[Prediction]]


def predict(mode: Mode, inputs: Sequence[Any], *, top: int = 1, **decoding: Any) -> list[Prediction]:
    """Answer raw inputs; of a model of the next item the candidates, or with ``length=N`` the next N items.

    Numbers that look ``ahead`` give the one value that many steps after the last, or the next N.

    Parameters
    ----------
    mode : Mode
        Any.
    inputs : sequence
        Raw inputs; prompts where the next item is requested.
    top : int
        Candidates.
    **decoding
        The fields of `Decoding`.
    """
    if not continues(mode):
        return mode.predict(inputs, top=top, **decoding)
    options = Decoding.of(decoding, top=top)
    answer = _CONTINUATIONS[mode.output.answers_with](options, top)
    answers: list[Prediction] = []
    with mode.answering():
        for start in range(0, len(inputs), PREDICT_BATCH):
            check_cancelled()
            answers += answer(mode, inputs[start : start + PREDICT_BATCH])
    return answers


def generate(mode: Mode, value: Any = "", **decoding: Any) -> Iterator[Any]:
    """Write item by item: the continuation of a prompt, or the answer to an input.

    Raises
    ------
    ConfigError
        In a mode that answers in one pass, and for a series.
    """
    if not continues(mode):
        return mode.generate(value, **decoding)
    options = Decoding.of(decoding)
    if mode.target_codec.playable:
        return notes.generate(mode, _opening(value), options)
    return _WRITING[mode.output.answers_with](mode, value, options)


def whole(mode: Mode, value: Any, pieces: Sequence[Any]) -> Any:
    """Return what `generate` gave piece by piece as one: a text, a piece of notes with its opening, or the pieces."""
    codec = mode.target_codec
    if codec.playable and continues(mode):
        return notes.whole(notes.codec_of(mode), _opening(value), pieces)
    if not codec.text:
        return list(pieces)
    text = "".join(pieces)
    return value + text if mode.next_item else text


def complete(mode: Mode, value: Any, *, top: int = 5) -> Completion:
    """Return the most probable next words after a text, or next notes after an opening.

    Raises
    ------
    ConfigError
        When the model continues nothing.
    """
    if mode.target_codec.playable and continues(mode):
        return Completion(Candidate(*one) for one in notes.candidates(mode, _opening(value), top))
    return Completion(candidates(mode, value, top=top), unknown_words(mode.input_codec, value))


def _opening(value: Any) -> Any:
    """How a piece begins; an empty text is nothing."""
    return None if isinstance(value, str) and not value else value


def samples(mode: Mode, examples: Sequence[Raw], *, count: int = 3, prompts: Sequence[str] = ()) -> list[Sample]:
    """Answer the first rows, or continue the prompts, to be shown with their targets."""
    if not continues(mode):
        return mode.samples(examples, count=count)
    codec = need_input(mode.input_codec, mode.name)
    if codec.playable:
        return notes.samples(mode, examples, count)
    if codec.text:
        return text.samples(mode, examples, count, prompts)
    return [] if codec.discrete or codec.events else series.samples(mode, examples, count)


def _symbols(options: Decoding, top: int) -> Answer:
    choose = options.chooser()
    if options.one_item:
        return lambda mode, prompts: text.candidates(mode, prompts, top, options)
    return lambda mode, prompts: text.continuations(mode, prompts, top, options, choose)


def _events(options: Decoding, top: int) -> Answer:
    del top
    options.chooser()
    draw = chooser(options)
    return lambda mode, openings: frames.continuations(mode, openings, options, draw)


def _numbers(options: Decoding, top: int) -> Answer:
    del top
    options.chooser()

    def answer(mode: Synced, prompts: Sequence[Any]) -> list[Prediction]:
        series.refuse_rules(options)
        return series.continuations(mode, prompts, options.length)

    return answer


def _no_writing(mode: Synced, value: Any, options: Decoding) -> Iterator[Any]:
    del value, options
    raise ConfigError(
        f"only symbols are generated; this model continues {mode.target_codec.describe()}",
        hint="predict(..., length=N) gives the next N items",
    )


# by what a head answers with; each is made once, so that one generator draws for all batches
_CONTINUATIONS: dict[str, Callable[[Decoding, int], Answer]] = {
    "symbols": _symbols, "events": _events, "numbers": _numbers,
}  # fmt: skip
_WRITING: dict[str, Callable[[Synced, Any, Decoding], Iterator[Any]]] = {
    "symbols": text.generate,
    "events": lambda mode, opening, options: frames.generate(mode, opening or [], options),
    "numbers": _no_writing,
}
