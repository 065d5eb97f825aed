"""``build_head``: the head for a target codec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recur.heads.esr import EsrHead
from recur.heads.events import EventHead
from recur.heads.numbers import NumberHead
from recur.heads.step_head import StepHead
from recur.heads.symbols import SymbolHead
from recur.heads.tags import TagHead
from recur.nn import Embedding

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig


def build_head(
    codec: Codec, input_size: int, config: ModelConfig, *, embedding: Embedding | None = None, each_step: bool = False
) -> StepHead:
    """Return the head for the values of a codec; no beginning or end is added.

    Parameters
    ----------
    codec : Codec
    input_size : int
        Columns of h_t.
    config : ModelConfig
    embedding : Embedding, optional
        Of the input, which the readout may share.
    each_step : bool
        Whether there is one target for each step that is read, so that numbers are a signal.

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
    if each_step and config.readout.loss == "esr":
        return EsrHead(codec, input_size, config)
    return NumberHead(codec, input_size, config)
