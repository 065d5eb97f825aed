"""Continuing frames: the next frame of a piano roll is chosen key by key, then fed back as input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur.cancellation import check_cancelled
from recur.codecs.codec import WHOLE
from recur.decoding import Decoding
from recur.errors import ConfigError
from recur.heads.events import FrameChooser, chooser
from recur.heads.prediction import Prediction
from recur.modes.item_model import ItemModel
from recur.network.batch import pad
from recur.network.stack import State

LENGTH = 128  # default length of a continuation, in frames


def read(mode: ItemModel, openings: Sequence[Any]) -> tuple[Tensor, State]:
    """Return h after the last step of each opening (B, H), and the state there."""
    values, lengths = pad([mode.encode_input(opening) for opening in openings])
    if values is None or lengths is None:
        raise ConfigError("there is no prompt to read", hint="give at least one; an empty list is one")
    outputs, state = mode.run(values.to(mode.device), lengths=lengths.to(mode.device))
    return outputs[torch.arange(len(values)), (lengths - 1).to(mode.device)], state


def generate(mode: ItemModel, opening: Any, decoding: Decoding) -> Iterator[list[Any]]:
    """Yield what follows an opening frame by frame, each as the codec's value of one step.

    Parameters
    ----------
    mode : ItemModel
        A model of the next frame.
    opening : object
        How the piece begins: any value that the codec reads.
    decoding : Decoding
        ``length`` frames at most, ``temperature``, ``seed``, ``prefix``.

    Raises
    ------
    ConfigError
        For an option that has no meaning for frames.
    """
    choose, prefix = chooser(decoding), _prefix(mode, decoding)
    with mode.answering():
        vector, state = read(mode, [opening])

    def steps() -> Iterator[list[Any]]:
        nonlocal vector, state
        for step in range(LENGTH if decoding.length is None else decoding.length):
            check_cancelled()
            with mode.answering():
                frame = _frame(mode, vector, prefix, step, choose)
                vector, state = _step(mode, frame, state)
            yield from mode.target_codec.decode(frame.cpu().numpy())

    return steps()


def continuations(
    mode: ItemModel, openings: Sequence[Any], decoding: Decoding, choose: FrameChooser
) -> list[Prediction]:
    """Return the continuation of each prompt: ``decoding.length`` frames, one frame by default."""
    codec, prefix = mode.target_codec, _prefix(mode, decoding)
    vector, state = read(mode, openings)
    frames: list[Tensor] = []
    for step in range(1 if decoding.length is None else decoding.length):
        check_cancelled()
        frame = _frame(mode, vector, prefix, step, choose)
        vector, state = _step(mode, frame, state)
        frames.append(frame)
    steps = torch.stack(frames, dim=1).cpu().numpy() if frames else np.zeros((len(openings), 0, codec.size))
    values = [codec.decode(row) for row in steps]
    return [Prediction(value, [], codec.show(value, WHOLE)) for value in values]


def _prefix(mode: ItemModel, decoding: Decoding) -> Tensor | None:
    """Return the frames (T, C) that every answer begins with."""
    if decoding.prefix is None:
        return None
    return torch.from_numpy(mode.target_codec.encode(decoding.prefix)).to(mode.device)


def _frame(mode: ItemModel, vector: Tensor, prefix: Tensor | None, step: int, choose: FrameChooser) -> Tensor:
    """Return the frame (B, C) of one step: that of the prefix while it lasts, then a chosen one."""
    # chosen even where the prefix replaces it, so that a seed draws the same frames behind every prefix
    frame = choose(mode.output.logits(vector))
    return frame if prefix is None or step >= len(prefix) else prefix[step].to(frame).expand_as(frame)


def _step(mode: ItemModel, frame: Tensor, state: State) -> tuple[Tensor, State]:
    """Read one frame (B, C)."""
    return mode.stack.step(mode.inputs(frame[:, None])[:, 0], state)
