"""Continuing numbers: the next values of a series, each block of outputs fed back as input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from recur.cancellation import check_cancelled
from recur.codecs.codec import WHOLE
from recur.codecs.plain_text import shorten
from recur.decoding import Decoding
from recur.decoding.refusals import refuse_symbol_rules
from recur.errors import ConfigError
from recur.heads.prediction import Prediction
from recur.modes.item_model import ItemModel
from recur.modes.mode import SAMPLE_CHARACTERS, Sample
from recur.network.batch import Raw, pad

SAMPLE_STEPS = 8  # of a series shown as a sample


def refuse_rules(decoding: Decoding) -> None:
    """Refuse what has no meaning for a series.

    Raises
    ------
    ConfigError
    """
    refuse_symbol_rules(decoding)
    if decoding.prefix is not None:
        raise ConfigError("a series continues what it is given: it has no prefix", hint="add it to the series")


def observed(mode: ItemModel, prompt: Any) -> np.ndarray:
    """Return the steps of a series that are read, (T, C): at least ``ahead``, so that as many answers follow from them.

    Where fewer were observed, the mean of the training values (zero) is read for those before them.
    """
    series = mode.encode_input(prompt)
    return np.pad(series, ((max(0, mode.ahead - len(series)), 0), (0, 0)))


def continuations(mode: ItemModel, prompts: Sequence[Any], length: int | None) -> list[Prediction]:
    """Return the next values of series; without a length the one value ``ahead`` steps after the last.

    The outputs at the last k = ``ahead`` observed steps are the next k values. They are read as if they had been
    observed, and their outputs are the k values after them.
    """
    output, codec, ahead = mode.output, mode.target_codec, mode.ahead
    if codec.discrete or codec.events:
        raise ConfigError(f"a forecast needs numbers, and this model answers with {codec.describe()}")
    values, lengths = pad([observed(mode, prompt) for prompt in prompts])
    if values is None or lengths is None:
        return []
    values, lengths = values.to(mode.device), lengths.to(mode.device)
    outputs, state = mode.run(values, lengths=lengths)
    last = lengths[:, None] - ahead + torch.arange(ahead, device=mode.device)
    block = output.choice(outputs[torch.arange(len(values), device=mode.device)[:, None], last])
    blocks = [block]
    while length is not None and len(blocks) * ahead < length:
        check_cancelled()
        outputs, state = mode.run(block, state)
        block = output.choice(outputs)
        blocks.append(block)
    steps = block[:, -1:] if length is None else torch.cat(blocks, dim=1)[:, :length]
    raw = [codec.decode(row) for row in steps.cpu().numpy()]
    return [Prediction(value, [], codec.show(value, WHOLE)) for value in raw]


def samples(mode: ItemModel, examples: Sequence[Raw], count: int) -> list[Sample]:
    """Return the ends of the first series beside the continuations of their beginnings."""
    codec = mode.target_codec
    shown_samples = []
    for index in range(min(count, len(examples))):
        series = mode.encode_input(examples[index].input)[-1024:]
        steps = min(SAMPLE_STEPS, len(series) // 2)
        if steps == 0:
            continue
        # a value that was filled in for reading is not the truth
        truth = codec.encode_target(examples[index].input)[-steps:]
        past, future = codec.decode(series[:-steps]), codec.decode(truth)
        with mode.answering():
            [guess] = continuations(mode, [past], steps)
        shown_samples.append(
            Sample(codec.show(past[-SAMPLE_STEPS:]), codec.show(future), shorten(guess.shown, SAMPLE_CHARACTERS))
        )
    return shown_samples
