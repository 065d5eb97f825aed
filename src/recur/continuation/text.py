"""Continuing symbols: the candidates for the next one, whole continuations, and a continuation piece by piece.

Texts, tags and melodies alike: only their codecs differ.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from recur import decoding as search
from recur.codecs.codec import WHOLE
from recur.continuation.prompt import constraints, endings, prompt_ids, read, vocabulary
from recur.decoding import Chooser, Decoding
from recur.decoding.candidates import likeliest
from recur.decoding.pieces import written
from recur.decoding.refusals import refuse_beam
from recur.decoding.stop_sequences import StopSequences
from recur.heads.prediction import Prediction
from recur.modes.item_model import TEXT_LENGTH, ItemModel
from recur.modes.mode import Sample
from recur.network.batch import Raw

LENGTH = TEXT_LENGTH
SAMPLE_WIDTH = 200  # characters of a text shown as a sample
SAMPLE = Decoding(temperature=0.8, seed=0)


def candidates(mode: ItemModel, prompts: Sequence[Any], top: int, decoding: Decoding) -> list[Prediction]:
    """Return the likeliest next symbols of each prompt."""
    symbols = vocabulary(mode)
    first, state = read(mode, [prompt_ids(mode, prompt) for prompt in prompts])
    log_probs, _ = mode.step(first, state)
    best, ids = likeliest(log_probs, symbols, top, unknown=decoding.unknown)
    answers = []
    for row_probs, row_ids in zip(best.tolist(), ids.tolist(), strict=True):
        scores = [(symbols.decode([index]), prob) for index, prob in zip(row_ids, row_probs, strict=True)]
        answers.append(Prediction(scores[0][0], scores, mode.target_codec.show(scores[0][0], WHOLE)))
    return answers


def continuations(
    mode: ItemModel, prompts: Sequence[Any], top: int, decoding: Decoding, choose: Chooser
) -> list[Prediction]:
    """Return the ``top`` best continuations of each prompt, of ``decoding.length`` symbols at most."""
    decoding.check_answers(top)
    end, _ = endings(mode)
    first, state = read(mode, [prompt_ids(mode, prompt) for prompt in prompts])
    length = LENGTH if decoding.length is None else decoding.length
    stops = StopSequences(mode.target_codec, decoding.stops)
    rules = constraints(mode, prompts, decoding, stops)
    ranked = search.search(mode, first, state, decoding, end=end, length=length, n_best=top, rules=rules, choose=choose)
    # in a stream the end symbol is a line end, and is kept
    decode = mode.target_codec.decode if mode.stream else vocabulary(mode).decode
    answers = []
    for hypotheses in ranked:
        values = [stops.value(one.ids, decode) for one in hypotheses]
        scores = [(value, math.exp(one.log_prob)) for value, one in zip(values, hypotheses, strict=True)]
        ranks = [one.score for one in hypotheses]
        answers.append(Prediction(values[0], scores, mode.target_codec.show(values[0], WHOLE), ranks=ranks))
    return answers


def generate(mode: ItemModel, prompt: Any, decoding: Decoding, *, length: int = LENGTH) -> Iterator[Any]:
    """Yield the continuation of a prompt piece by piece; the prompt and the pieces concatenated are the text.

    Parameters
    ----------
    mode : ItemModel
        A language model, or one of other symbols, such as tags or the events of a melody, which are given one by one.
    prompt : str
        How the text begins.
    decoding : Decoding
        Sampling, or greedy with a temperature of 0; ``length`` is the most symbols that are added.
    length : int
        The most symbols where ``decoding`` has no length.

    Raises
    ------
    ConfigError
        For a beam, which has no text before it is finished.
    """
    refuse_beam(decoding)
    end, _ = endings(mode)
    ids = prompt_ids(mode, prompt)
    with mode.answering():
        first, state = read(mode, [ids])
    rules = constraints(mode, [prompt], decoding, None)
    return written(
        mode.target_codec, search.stream(mode, first, state, decoding.chooser(), rules), mode.answering, end=end,
        length=length if decoding.length is None else decoding.length, before=ids.tolist(), stops=decoding.stops,
    )  # fmt: skip


def samples(mode: ItemModel, examples: Sequence[Raw], count: int, prompts: Sequence[str]) -> list[Sample]:
    """Return continuations of the prompts; without any, of the first halves of the first texts."""
    codec = mode.target_codec
    pairs = [(prompt, "") for prompt in prompts] or [_halves(text) for text in _texts(mode, examples, count)]
    if not pairs:
        return []
    length = SAMPLE_WIDTH if codec.splits_into("character") else 40
    decoding = Decoding(temperature=SAMPLE.temperature, seed=SAMPLE.seed, length=length)
    # one batch: a step of several rows takes hardly longer than that of one
    guesses = continuations(mode, [prompt for prompt, _ in pairs], 1, decoding, decoding.chooser())
    return [
        Sample(prompt, codec.show(truth, SAMPLE_WIDTH), str(guess.value).strip())
        for (prompt, truth), guess in zip(pairs, guesses, strict=True)
    ]


def _texts(mode: ItemModel, examples: Sequence[Raw], count: int) -> list[str]:
    """Return the first texts; of a single long one, its beginning and later places."""
    if not len(examples):
        return []
    first = examples[0].input
    if mode.stream and isinstance(first, str):
        places = [index * len(first) // count for index in range(count)]
        return [first[place : place + SAMPLE_WIDTH] for place in places]
    rows = islice((examples[index].input for index in range(len(examples))), count)
    return [row if isinstance(row, str) else " ".join(map(str, row)) for row in rows]


def _halves(text: str) -> tuple[str, str]:
    """Cut a text in the middle, before a word where there is one."""
    space = text.rfind(" ", 0, max(1, len(text) // 2) + 1)
    place = space if space > 0 else len(text) // 2
    return text[:place], text[place:]
