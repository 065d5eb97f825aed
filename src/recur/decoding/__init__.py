"""Decoding: from distributions over the next symbol to sequences; no network in it.

    greedy      y_t = argmax p(y | y_{<t})                                  `sampling`, `stepping`
    sampling    y_t ~ p(y | y_{<t})^(1/temperature)                         `sampling`, `stepping`
    beam        W prefixes are kept; score = log p(y) / length_penalty(|y|)      `beam`
    constraints what may come next, and where an answer ends                `constraints`, `stop_sequences`

The same code serves language models, one-to-many and many-to-many, over any discrete codec: a model only defines one
step (`Stepper`). Everything is batched over B rows.
"""

from recur.decoding.beam import beam
from recur.decoding.constraints import Rules, Stop
from recur.decoding.options import Decoding, check_top
from recur.decoding.sampling import Chooser, greedy, sampler
from recur.decoding.search import search
from recur.decoding.stepping import Hypothesis, Stepper, length_penalty, one_by_one, stream

__all__ = [
    "Chooser", "Decoding", "Hypothesis", "Rules", "Stepper", "Stop", "beam", "check_top", "greedy", "length_penalty",
    "one_by_one", "sampler", "search", "stream",
]  # fmt: skip
