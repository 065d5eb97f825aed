"""From readouts to predictions that a person can read, for the modes that do not search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from recur.codecs.codec import WHOLE
from recur.errors import ConfigError
from recur.modes.binary import BinaryOutput
from recur.modes.decoding import Decoding
from recur.modes.mode import Prediction, check_top
from recur.modes.outputs import NumberOutput, Output, SymbolOutput

if TYPE_CHECKING:
    from recur.codecs import Codec


def refuse_decoding(options: Mapping[str, Any], mode: str) -> None:
    """Refuse decoding options in a mode that has nothing to search.

    Raises
    ------
    ConfigError
        When there are any.
    """
    if options:
        raise ConfigError(
            f"{mode} answers in one pass and has no decoding options, got {', '.join(options)}",
            hint="leave them out; top=N gives more candidates",
        )


def refuse_beam(options: Decoding) -> None:
    """Refuse a beam where items are given out one by one.

    Raises
    ------
    ConfigError
    """
    if options.beam > 1:
        raise ConfigError(
            f"a beam of {options.beam} knows its answer only at the end and cannot be streamed",
            hint=f"beam=1, or predict(..., beam={options.beam})",
        )


def refuse_symbol_rules(options: Decoding) -> None:
    """Refuse options that choose among symbols where numbers are written.

    Raises
    ------
    ConfigError
        Naming the first of them.
    """
    given = {
        "stop": options.stops, "no_repeat_ngram": options.no_repeat_ngram,
        "repetition_penalty": options.repetition_penalty != 1.0,
    }  # fmt: skip
    for name, value in given.items():
        if value:
            raise ConfigError(
                f"{name} chooses among symbols, and this network writes numbers", hint=f"leave out {name}; length=N"
            )


def one_value(output: Output, codec: Codec, vectors: Tensor, top: int) -> list[Prediction]:
    """One class or row of numbers for each of B vectors (B, H), with the ``top`` likeliest classes."""
    check_top(top)
    if isinstance(output, NumberOutput | BinaryOutput):
        values = [codec.decode(row) for row in output.values(vectors).cpu().numpy()]
        return [Prediction(value, [], codec.show(value, WHOLE)) for value in values]
    if not isinstance(output, SymbolOutput):
        raise ConfigError(f"a readout of kind {type(output).__name__} gives no classes")
    probs, ids = output.log_probs(vectors).exp().topk(min(top, output.size), dim=-1)
    answers = []
    for row_probs, row_ids in zip(probs.tolist(), ids.tolist(), strict=True):
        scores = [(codec.decode(np.array(index)), prob) for index, prob in zip(row_ids, row_probs, strict=True)]
        answers.append(Prediction(scores[0][0], scores, codec.show(scores[0][0], WHOLE)))
    return answers
