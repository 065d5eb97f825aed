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
from recur.modes.item_model import ItemModel
from recur.modes.mode import PREDICT_BATCH, Mode, Sample
from recur.network.batch import Raw

Answer = Callable[[ItemModel, Sequence[Any]], list[Prediction]]


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
    model = mode.item_model
    if model is None:
        return mode.predict(inputs, top=top, **decoding)
    options = Decoding.of(decoding, top=top)
    answer = _CONTINUATIONS[model.output.answers_with](options, top)
    answers: list[Prediction] = []
    with mode.answering():
        for start in range(0, len(inputs), PREDICT_BATCH):
            check_cancelled()
            answers += answer(model, inputs[start : start + PREDICT_BATCH])
    return answers


def generate(mode: Mode, value: Any = "", **decoding: Any) -> Iterator[Any]:
    """Write item by item: the continuation of a prompt, or the answer to an input.

    Raises
    ------
    ConfigError
        In a mode that answers in one pass, and for a series.
    """
    model = mode.item_model
    if model is None:
        return mode.generate(value, **decoding)
    options = Decoding.of(decoding)
    if model.target_codec.playable:
        return notes.generate(model, _opening(value), options)
    return _WRITING[model.output.answers_with](model, value, options)


def whole(mode: Mode, value: Any, pieces: Sequence[Any]) -> Any:
    """Return what `generate` gave piece by piece as one: a text, a piece of notes with its opening, or the pieces."""
    codec, model = mode.target_codec, mode.item_model
    if codec.playable and model is not None:
        return notes.whole(notes.codec_of(model), _opening(value), pieces)
    if not codec.text:
        return list(pieces)
    text = "".join(pieces)
    return text if model is None else value + text


def complete(mode: Mode, value: Any, *, top: int = 5) -> Completion:
    """Return the most probable next words after a text, or next notes after an opening.

    Raises
    ------
    ConfigError
        When the model continues nothing.
    """
    model = mode.item_model
    if model is not None and model.target_codec.playable:
        return Completion(Candidate(*one) for one in notes.candidates(model, _opening(value), top))
    return Completion(candidates(mode, value, top=top), unknown_words(mode.input_codec, value))


def _opening(value: Any) -> Any:
    """Return the opening of a piece; None for an empty text."""
    return None if isinstance(value, str) and not value else value


def samples(mode: Mode, examples: Sequence[Raw], *, count: int = 3, prompts: Sequence[str] = ()) -> list[Sample]:
    """Answer the first rows, or continue the prompts, to be shown with their targets."""
    model = mode.item_model
    if model is None:
        return mode.samples(examples, count=count)
    codec = model.target_codec
    if codec.playable:
        return notes.samples(model, examples, count)
    if codec.text:
        return text.samples(model, examples, count, prompts)
    return [] if codec.discrete or codec.events else series.samples(model, examples, count)


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

    def answer(mode: ItemModel, prompts: Sequence[Any]) -> list[Prediction]:
        series.refuse_rules(options)
        return series.continuations(mode, prompts, options.length)

    return answer


def _no_writing(mode: ItemModel, value: Any, options: Decoding) -> Iterator[Any]:
    del value, options
    raise ConfigError(
        f"only symbols are generated; this model continues {mode.target_codec.describe()}",
        hint="predict(..., length=N) gives the next N items",
    )


# by what a head answers with; each is called once, so that one generator draws for all batches
_CONTINUATIONS: dict[str, Callable[[Decoding, int], Answer]] = {
    "symbols": _symbols, "events": _events, "numbers": _numbers,
}  # fmt: skip
_WRITING: dict[str, Callable[[ItemModel, Any, Decoding], Iterator[Any]]] = {
    "symbols": text.generate,
    "events": lambda mode, opening, options: frames.generate(mode, opening or [], options),
    "numbers": _no_writing,
}
