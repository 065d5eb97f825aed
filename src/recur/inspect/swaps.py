"""Influence by replacement: an item is replaced by what the network expects in its place.

    score_t = f(x) - log sum_w p(w | x_1 ... x_{t-1}) p(y | x with w at t)

where p are the network's own predictions. An item that hardly has an alternative, as "the" after "are in", scores near
zero, however much its absence would change the text; one that is chosen among many scores what this choice contributes.
Leaving an item out gives a text unlike those of training, in which everything after the item is shifted.

Sources: M. Robnik-Sikonja, I. Kononenko (2008), Explaining classifications for individual instances; L. Zintgraf,
T. Cohen, T. Adel, M. Welling (2017), Visualizing deep neural network decisions: prediction difference analysis; S. Kim,
J. Yi, E. Kim, S. Yoon (2020), Interpretation of NLP models through input marginalization.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur.inspect.question import Question
from recur.modes import NextItem
from recur.network.batch import pad
from recur.network.stack import State, select

MASS = 0.99  # probability that the swaps of one item cover, if `MOST` of them suffice
MOST = 16  # swaps of one item
ROWS = 64


@dataclass(frozen=True)
class Swap:
    """One item in the place of another: its place, its id, and its probability there by the network."""

    place: int
    symbol: int
    probability: float


# log p (B, K) of K targets after rows (B, T) of given lengths, which are read from a given state
ScoresAfter = Callable[[Tensor | None, Tensor | None, Sequence[Any], State | None], Tensor]


def swaps_of(mode: NextItem, question: Question) -> list[Swap]:
    """What the network expects at each place but the first, the item itself among it."""
    with mode.answering():
        values, _ = question.rows(1)
        vectors, _ = mode.run(values)  # type: ignore[arg-type]  # a text has values
        chances = mode.symbol_head().log_probs(vectors)[0].exp()
    symbols = mode.symbols
    never = [] if symbols is None else [*symbols.forbidden(unknown=False), symbols.end]
    swaps = []
    for place, own in enumerate(map(int, np.asarray(question.values)), 0):
        if not place or not question.removable[place]:
            continue
        expected = chances[place - 1].clone()
        whole = float(expected[own])
        swaps.append(Swap(place, own, whole))
        expected[[*never, own]] = 0
        best = expected.topk(min(MOST, len(expected)))
        for chance, symbol in zip(best.values.tolist(), best.indices.tolist(), strict=True):
            if whole >= MASS or not chance:
                break
            swaps.append(Swap(place, symbol, chance))
            whole += chance
    return swaps


@torch.no_grad()
def swap_scores(mode: NextItem, question: Question, scores_after: ScoresAfter, targets: Sequence[Any]) -> np.ndarray:
    """log of the mean probability (K, T) of each target, over what the network expects at each place.

    Not a number where nothing else is possible: at a start symbol, and at the first item of a stream.
    """
    ids = np.asarray(question.values)
    swaps = swaps_of(mode, question)
    results = np.full((len(targets), len(ids)), np.nan)
    if not swaps:
        return results
    values, _ = question.rows(1)
    _, states = mode.stack.everywhere(mode.inputs(values))
    scores = []
    for start in range(0, len(swaps), ROWS):
        part = swaps[start : start + ROWS]
        rest, lengths = pad([np.concatenate([[one.symbol], ids[one.place + 1 :]]).astype(ids.dtype) for one in part])
        before = select(states, torch.tensor([one.place - 1 for one in part], device=mode.device))
        row_lengths = None if lengths is None else lengths.to(mode.device)
        scores.append(scores_after(question.move(rest), row_lengths, targets, before).double().cpu().numpy())
    every = np.concatenate(scores)
    places = np.array([one.place for one in swaps])
    chances = np.array([max(one.probability, 1e-300) for one in swaps])
    for place in np.unique(places):
        here = places == place
        weights = np.log(chances[here] / chances[here].sum())
        results[:, place] = np.logaddexp.reduce(weights[:, None] + every[here], axis=0)
    return results
