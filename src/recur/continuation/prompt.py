"""The prompt: the ids that it is read as, the state after it, and the symbols that may follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur.decoding import Decoding, Rules
from recur.decoding.stop_sequences import StopSequences
from recur.decoding.vocabulary import Vocabulary
from recur.errors import ConfigError
from recur.modes.item_model import ItemModel
from recur.network.batch import pad
from recur.network.stack import State


def vocabulary(mode: ItemModel) -> Vocabulary:
    """Return the vocabulary of a model of symbols.

    Raises
    ------
    ConfigError
        When the model predicts something else.
    """
    mode.symbol_head()
    if mode.symbols is None:
        raise ConfigError("this model has no symbols to choose from")
    return mode.symbols


def prompt_ids(mode: ItemModel, prompt: Any) -> np.ndarray:
    """Return the symbols that a prompt is read as, at least one: (T,) int64.

    A document begins with the beginning symbol. A stream has none: there a line end comes first, as before every line
    in it, so that the network reads the prompt in a state that it knows from training.
    """
    ids = mode.encode_input(prompt)
    if not mode.stream:
        return ids
    codec, symbols = mode.target_codec, vocabulary(mode)
    if codec.text is not None and codec.text.ends_lines:
        return np.insert(ids, 0, np.int64(symbols.end))
    if not codec.text:
        return ids if len(ids) else np.array([symbols.beginning])
    line_end = codec.encode("\n")[-1:]
    has_line_end = len(line_end) and int(line_end[0]) != symbols.unknown
    return np.concatenate([line_end, ids]) if has_line_end or not len(ids) else ids


def endings(mode: ItemModel) -> tuple[int | None, tuple[int, ...]]:
    """Return the symbol that ends an answer, if one does, and the symbols that are never part of one."""
    symbols = vocabulary(mode)
    if not mode.stream:
        return symbols.end, symbols.never
    text = mode.target_codec.text
    if text is not None and text.ends_lines:
        # in a stream of words the end of a line is a symbol like any other
        return None, symbols.never
    return None, (*symbols.never, symbols.end)


def read(mode: ItemModel, prompts: Sequence[np.ndarray]) -> tuple[Tensor, State]:
    """Read all of each prompt but its last symbol.

    Returns
    -------
    last : Tensor
        (B,) the symbols still to be read.
    state : State
        Before them.
    """
    values, lengths = pad(prompts)
    if values is None or lengths is None:
        raise ConfigError("there is no prompt to read", hint='give at least one, "" is one')
    values = values.to(mode.device)
    last = values[torch.arange(len(values)), (lengths - 1).to(mode.device)]
    _, state = mode.run(values, lengths=(lengths - 1).to(mode.device))
    return last, state


def constraints(mode: ItemModel, prompts: Sequence[Any], decoding: Decoding, stops: StopSequences | None) -> Rules:
    """Return the rules for what may follow the prompts, whose symbols count as generated."""
    codec, (_, never) = mode.target_codec, endings(mode)
    unknown = vocabulary(mode).unknown
    prefix = None
    if decoding.prefix is not None:
        prefix = torch.from_numpy(codec.encode(decoding.prefix)).to(mode.device).expand(len(prompts), -1)
    return decoding.rules(
        forbid=never if decoding.unknown or unknown is None else (*never, unknown), prefix=prefix,
        before=[codec.encode(prompt).tolist() for prompt in prompts], stop=None if stops is None else stops.rule(),
    )  # fmt: skip
