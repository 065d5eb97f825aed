"""``build_head``: the head for a target codec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recur.heads.events import EventHead
from recur.heads.numbers import NumberHead
from recur.heads.step_head import StepHead
from recur.heads.symbols import SymbolHead
from recur.heads.tags import TagHead
from recur.nn import Embedding

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig


def build_head(codec: Codec, input_size: int, config: ModelConfig, *, embedding: Embedding | None = None) -> StepHead:
    """Return the head for the values of a codec; no beginning or end is added.

    Raises
    ------
    ConfigError
        For options that the target cannot have.
    """
    if codec.discrete and codec.sequence and codec.labels:
        return TagHead(codec, input_size, config)
    if codec.discrete:
        return SymbolHead(codec.size, input_size, config, embedding=embedding, by_class=codec.labelled)
    if codec.events:
        return EventHead(codec, input_size, config)
    return NumberHead(codec, input_size, config)
