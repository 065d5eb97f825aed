"""Torch modules: recurrent layers over any equation, readout and error, attention, CRF, dropout over time.

``RNN``, ``LSTM`` and ``GRU`` are torch.nn's in constructor, outputs and state_dict; ``Recurrent`` is the layer over any
equation.
"""

from __future__ import annotations

from recur.nn.adaptive import AdaptiveReadout
from recur.nn.attention import Attention, BahdanauAttention, LuongAttention
from recur.nn.checks import ArgumentTypeError, LayerInputError
from recur.nn.convolutions import Augment, Convolutions
from recur.nn.crf import CRF
from recur.nn.dropout import LockedDropout
from recur.nn.embedding import Embedding
from recur.nn.gru import GRU
from recur.nn.last_output import last
from recur.nn.locked_masks import one_sequence
from recur.nn.loss import linear_cross_entropy, mean_square_error
from recur.nn.lstm import LSTM
from recur.nn.readout import Readout
from recur.nn.recurrent import Recurrent
from recur.nn.rnn import RNN
from recur.nn.state import flat_state, map_state
from recur.nn.summary import Summary, summarize

__all__ = [
    "CRF", "GRU", "LSTM", "RNN", "AdaptiveReadout", "ArgumentTypeError", "Attention", "Augment", "BahdanauAttention",
    "Convolutions", "Embedding", "LayerInputError", "LockedDropout", "LuongAttention", "Readout", "Recurrent",
    "Summary", "flat_state", "last", "linear_cross_entropy", "map_state", "mean_square_error", "one_sequence",
    "summarize",
]  # fmt: skip
