"""Predictions from readouts, for the modes that answer without a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from recur.codecs.codec import WHOLE
from recur.decoding.options import check_top
from recur.errors import ConfigError
from recur.heads.events import EventHead
from recur.heads.head import Head
from recur.heads.numbers import NumberHead
from recur.heads.prediction import Prediction
from recur.heads.symbols import SymbolHead

if TYPE_CHECKING:
    from recur.codecs import Codec


def one_value(output: Head, codec: Codec, vectors: Tensor, top: int) -> list[Prediction]:
    """One class or row of numbers for each of B vectors (B, H), with the ``top`` likeliest classes."""
    check_top(top)
    if isinstance(output, NumberHead | EventHead):
        values = [codec.decode(row) for row in output.values(vectors).cpu().numpy()]
        return [Prediction(value, [], codec.show(value, WHOLE)) for value in values]
    if not isinstance(output, SymbolHead):
        raise ConfigError(f"a readout of kind {type(output).__name__} gives no classes")
    probs, ids = output.log_probs(vectors).exp().topk(min(top, output.size), dim=-1)
    answers = []
    for row_probs, row_ids in zip(probs.tolist(), ids.tolist(), strict=True):
        scores = [(codec.decode(np.array(index)), prob) for index, prob in zip(row_ids, row_probs, strict=True)]
        answers.append(Prediction(scores[0][0], scores, codec.show(scores[0][0], WHOLE)))
    return answers
