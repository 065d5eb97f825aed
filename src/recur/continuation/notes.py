"""What a model of notes can do: continue a piece, step by step or whole, and say which notes may come next.

roll      x_t the keys that sound; the next frame is drawn from p(x_{t+1} | x_1 ... x_t), key by key
melody    x_t an event; the next one is drawn as the next word of a text is
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from recur import decoding as search
from recur.cancellation import check_cancelled
from recur.codecs.codec import WHOLE
from recur.codecs.melody import line_of, name_of
from recur.codecs.notes import LOWEST, NotesCodec
from recur.codecs.tokens import RESERVED
from recur.continuation import text as language
from recur.decoding.options import Decoding, check_top
from recur.decoding.stepping import NOTHING
from recur.errors import ConfigError
from recur.heads.events import EventHead, FrameChooser, chooser
from recur.heads.prediction import Prediction
from recur.modes.mode import Sample
from recur.network.batch import Raw, pad
from recur.network.stack import State

if TYPE_CHECKING:
    from recur.modes.synced import Synced

LENGTH = 128  # steps that are added where nothing else is said
SAMPLE_STEPS = 16  # steps of a piece shown as a sample


def generate(mode: Synced, opening: Any, decoding: Decoding) -> Iterator[Any]:
    """Yield what follows an opening, one step at a time: the pitches of a frame, or an event of a melody.

    Parameters
    ----------
    mode : Synced
        A model of the next step of notes.
    opening : object
        How the piece begins: any value that the codec reads; None for nothing.
    decoding : Decoding
        ``length`` steps at most, ``temperature``, ``seed``; for events also ``top_k`` and ``top_p``.

    Raises
    ------
    ConfigError
        When the model is no such model, or for an option that has no meaning for frames.
    """
    codec = codec_of(mode)
    length = LENGTH if decoding.length is None else decoding.length
    begun = ([] if codec.binary else "") if opening is None else opening
    if codec.binary:
        choose = chooser(decoding)
        with mode.answering():
            vector, state = _read(mode, [mode.encode_input(begun)])
        for _ in range(length):
            check_cancelled()
            with mode.answering():
                frame = choose(_output(mode).logits(vector))
                vector, state = _step(mode, frame, state)
            yield (np.flatnonzero(frame[0].cpu().numpy()) + LOWEST).tolist()
        return
    if decoding.beam > 1:
        raise ConfigError("a beam knows its notes only at the end and cannot be streamed", hint="beam=1")
    end, never = language.endings(mode)
    unknown = codec.unk_id
    with mode.answering():
        first, before = language.read(mode, [language.prompt_ids(mode, begun)])
    rules = decoding.rules(forbid=(*never, unknown), before=[language.prompt_ids(mode, begun).tolist()])
    symbols = search.stream(mode, first, before, decoding.chooser(), rules)
    for _ in range(length):
        with mode.answering():
            symbol = int(next(symbols)[0][0])
        if symbol in (end, NOTHING):
            return
        yield codec.token(symbol)


def whole(codec: NotesCodec, opening: Any, steps: Sequence[Any]) -> Any:
    """Return an opening and the steps that `generate` gave after it as one piece."""
    if codec.binary:
        return [*([] if opening is None else codec.decode(codec.frames(opening))), *steps]
    return line_of([*([] if opening is None else codec.tokens(opening)), *steps], codec.frames_per_beat)


def pitches(codec: NotesCodec, piece: Any) -> list[list[int]]:
    """Return the MIDI pitches that sound at every step of a piece."""
    return [(np.flatnonzero(row) + LOWEST).tolist() for row in codec.frames(piece)]


def candidates(mode: Synced, opening: Any, top: int) -> list[tuple[str, float]]:
    """The likeliest notes of the next step with their probabilities, the most probable first.

    Of frames each note has a probability of its own, and they do not add up to 1; of a melody the events do.
    """
    check_top(top)
    codec = codec_of(mode)
    if not codec.binary:
        return _events(mode, opening, top)
    with mode.answering():
        vector, _ = _read(mode, [mode.encode_input([] if opening is None else opening)])
        probabilities = torch.sigmoid(_output(mode).logits(vector))[0]
    best, keys = probabilities.topk(min(top, len(probabilities)))
    return [(name_of(key + LOWEST), chance) for key, chance in zip(keys.tolist(), best.tolist(), strict=True)]


def continuations(mode: Synced, openings: Sequence[Any], decoding: Decoding, choose: FrameChooser) -> list[Prediction]:
    """What follows each of many openings of rolls: ``decoding.length`` frames, one frame where nothing is said."""
    codec = codec_of(mode)
    vector, state = _read(mode, [mode.encode_input(opening) for opening in openings])
    frames: list[Tensor] = []
    for _ in range(1 if decoding.length is None else decoding.length):
        check_cancelled()
        frame = choose(_output(mode).logits(vector))
        vector, state = _step(mode, frame, state)
        frames.append(frame)
    steps = torch.stack(frames, dim=1).cpu().numpy() if frames else np.zeros((len(openings), 0, codec.size))
    values = [codec.decode(row) for row in steps]
    return [Prediction(value, [], codec.show(value, WHOLE)) for value in values]


def samples(mode: Synced, examples: Sequence[Raw], count: int) -> list[Sample]:
    """Pieces cut in the middle: how they go on, and how the network would go on."""
    codec = codec_of(mode)
    found = []
    for index in range(min(count, len(examples))):
        value = examples[index].input
        if codec.binary:
            frames = codec.decode(codec.frames(value))
            half = len(frames) // 2
            past, future = frames[max(0, half - 256) : half], frames[half : half + SAMPLE_STEPS]
        else:
            events = codec.tokens(value)
            half = len(events) // 2
            past, future = whole(codec, None, events[:half]), whole(codec, None, events[half : half + SAMPLE_STEPS])
        guess = whole(codec, None, list(generate(mode, past, Decoding(temperature=1.0, seed=0, length=len(future)))))
        shown = past[-SAMPLE_STEPS:] if codec.binary else past
        found.append(Sample(codec.show(shown), codec.show(future), codec.show(guess)))
    return found


def codec_of(mode: Synced) -> NotesCodec:
    """The codec of a model that continues notes.

    Raises
    ------
    ConfigError
        When the model does something else.
    """
    codec = mode.target_codec
    if not mode.next_item or not isinstance(codec, NotesCodec):
        raise ConfigError(
            f"this model does not continue notes: it answers with {codec.describe()}",
            hint="train on notes without a target to get a model of the next step",
        )
    return codec


def _events(mode: Synced, opening: Any, top: int) -> list[tuple[str, float]]:
    """The likeliest next events with their probabilities; a hold goes on with what sounds."""
    codec = codec_of(mode)
    with mode.answering():
        first, state = language.read(mode, [language.prompt_ids(mode, "" if opening is None else opening)])
        log_probs, _ = mode.step(first, state)
    chances = log_probs[0, len(RESERVED) : codec.size].exp()
    best, places = chances.topk(min(top, len(chances)))
    ids = (places + len(RESERVED)).tolist()
    return [(codec.token(index), chance) for index, chance in zip(ids, best.tolist(), strict=True)]


def _output(mode: Synced) -> EventHead:
    if not isinstance(mode.output, EventHead):
        raise ConfigError(f"frames are drawn from probabilities of keys; this model has {type(mode.output).__name__}")
    return mode.output


def _read(mode: Synced, openings: Sequence[np.ndarray]) -> tuple[Tensor, State]:
    """h after the last step of each opening (B, H), and the state there."""
    values, lengths = pad(openings)
    if values is None or lengths is None:
        raise ConfigError("there is no opening to read", hint="give at least one; an empty list is one")
    outputs, state = mode.run(values.to(mode.device), lengths=lengths.to(mode.device))
    return outputs[torch.arange(len(values)), (lengths - 1).to(mode.device)], state


def _step(mode: Synced, frame: Tensor, state: State) -> tuple[Tensor, State]:
    """Read one frame (B, C)."""
    return mode.stack.step(mode.inputs(frame[:, None])[:, 0], state)
