"""Notes: reading a prompt and writing the continued piece, as frames of keys or as events of a melody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from recur.codecs.note_events import line_of, name_of
from recur.codecs.notes import NotesCodec
from recur.codecs.piano_roll import LOWEST
from recur.codecs.tokens import RESERVED
from recur.continuation import frames, text
from recur.continuation.prompt import prompt_ids, read
from recur.decoding import Decoding, check_top
from recur.errors import ConfigError
from recur.modes.item_model import ItemModel
from recur.modes.mode import Sample
from recur.network.batch import Raw

SAMPLE_STEPS = 16  # steps of a piece shown as a sample


def generate(mode: ItemModel, opening: Any, decoding: Decoding) -> Iterator[Any]:
    """Yield the continuation of a prompt, one step at a time: the pitches of a frame, or an event of a melody.

    Parameters
    ----------
    mode : ItemModel
        A model of the next step of notes.
    opening : object
        How the piece begins: any value that the codec reads; None for nothing.
    decoding : Decoding
        ``length`` steps at most, and how each is chosen.

    Raises
    ------
    ConfigError
        When the model does not predict notes, or for an option that has no meaning for it.
    """
    codec = codec_of(mode)
    if codec.events:
        return frames.generate(mode, [] if opening is None else opening, decoding)
    return text.generate(mode, "" if opening is None else opening, decoding, length=frames.LENGTH)


def whole(codec: NotesCodec, opening: Any, steps: Sequence[Any]) -> Any:
    """Return an opening and the steps that `generate` gave after it as one piece."""
    if codec.events:
        return [*([] if opening is None else codec.decode(codec.frames(opening))), *steps]
    return line_of([*([] if opening is None else codec.tokens(opening)), *steps], codec.frames_per_beat)


def pitches(codec: NotesCodec, piece: Any) -> list[list[int]]:
    """Return the MIDI pitches that sound at every step of a piece."""
    return [(np.flatnonzero(row) + LOWEST).tolist() for row in codec.frames(piece)]


def candidates(mode: ItemModel, opening: Any, top: int) -> list[tuple[str, float]]:
    """Return the likeliest notes of the next step with their probabilities, the most probable first.

    Of frames each note has a probability of its own, and they do not add up to 1; of a melody the events do.
    """
    check_top(top)
    codec = codec_of(mode)
    if codec.events is None:
        return _events(mode, opening, top)
    with mode.answering():
        vector, _ = frames.read(mode, [[] if opening is None else opening])
        probabilities = torch.sigmoid(mode.output.logits(vector))[0]
    best, keys = probabilities.topk(min(top, len(probabilities)))
    return [(name_of(key + LOWEST), chance) for key, chance in zip(keys.tolist(), best.tolist(), strict=True)]


def samples(mode: ItemModel, examples: Sequence[Raw], count: int) -> list[Sample]:
    """Return pieces cut in the middle, each with its own continuation and that of the network."""
    codec = codec_of(mode)
    shown_samples = []
    for index in range(min(count, len(examples))):
        value = examples[index].input
        if codec.events:
            rows = codec.decode(codec.frames(value))
            half = len(rows) // 2
            past, future = rows[max(0, half - 256) : half], rows[half : half + SAMPLE_STEPS]
        else:
            events = codec.tokens(value)
            half = len(events) // 2
            past, future = whole(codec, None, events[:half]), whole(codec, None, events[half : half + SAMPLE_STEPS])
        guess = whole(codec, None, list(generate(mode, past, Decoding(temperature=1.0, seed=0, length=len(future)))))
        shown = past[-SAMPLE_STEPS:] if codec.events else past
        shown_samples.append(Sample(codec.show(shown), codec.show(future), codec.show(guess)))
    return shown_samples


def codec_of(mode: ItemModel) -> NotesCodec:
    """Return the codec of a model that continues notes.

    Raises
    ------
    ConfigError
        When the model continues other values.
    """
    codec = NotesCodec.of(mode.target_codec)
    if codec is None:
        raise ConfigError(
            f"this model does not continue notes: it answers with {mode.target_codec.describe()}",
            hint="train on notes without a target to get a model of the next step",
        )
    return codec


def _events(mode: ItemModel, opening: Any, top: int) -> list[tuple[str, float]]:
    """Return the likeliest next events with their probabilities; a hold continues what sounds."""
    codec = codec_of(mode)
    with mode.answering():
        first, state = read(mode, [prompt_ids(mode, "" if opening is None else opening)])
        log_probs, _ = mode.step(first, state)
    chances = log_probs[0, len(RESERVED) : codec.size].exp()
    best, places = chances.topk(min(top, len(chances)))
    ids = (places + len(RESERVED)).tolist()
    return [(codec.token(index), chance) for index, chance in zip(ids, best.tolist(), strict=True)]
