"""Beam search in which a wider beam is never worse.

The W hypotheses of a beam are kept in slots. At every step slot 1 takes the best continuation of its own hypothesis,
slot 2 the best that is left of the continuations of slots 1 and 2, slot i of slots 1 to i. A slot whose answer has
ended keeps it. So the content of a slot does not depend on how many follow it:

    slot 1 is greedy decoding;
    a beam of W + 1 finds all that a beam of W finds, and one more: its best is at least as good.

In the usual search all W prefixes compete for all W places, and a wider beam may drop the prefix that led a narrower
one to its answer. Length normalisation makes no difference: it orders the hypotheses that were found.

Sources: Lemons, Linares Lopez, Holte and Ruml 2022, Beam search: faster and monotonic (the slots); Wu et al. 2016,
section 7 (length normalisation).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

import torch
from torch import Tensor

from recur.cancellation import check_cancelled
from recur.decoding.constraints import Rules
from recur.decoding.stepping import FREE, Hypothesis, Stepper, length_penalty


@dataclass
class _Slot:
    """An unfinished hypothesis: its symbols, their log probability, and the score it is chosen by."""

    ids: list[int]
    log_prob: float
    total: float


@dataclass
class _Row:
    """The beam of one row: slots of unfinished hypotheses, by their place, and the finished answers."""

    open: dict[int, _Slot]
    answers: dict[int, Hypothesis] = field(default_factory=dict)


def beam(
    model: Stepper,
    first: Tensor,
    state: Any,
    *,
    width: int,
    end: int | None,
    length: int,
    alpha: float = 0.6,
    n_best: int = 1,
    rules: Rules = FREE,
) -> list[list[Hypothesis]]:
    """Extend ``width`` prefixes of each row; width 1 is greedy decoding.

    A row is done when all its slots have ended, or when no unfinished one can become better than the ``n_best`` that
    have ended.

    Parameters
    ----------
    model, first, state, rules
        As for `stream`; B rows.
    width : int
        Prefixes per row (W).
    end : int or None
        The end symbol; None when nothing ends.
    length : int
        Largest number of symbols of a hypothesis, its end symbol included.
    alpha : float
        Length normalisation, see `length_penalty`.
    n_best : int
        Hypotheses returned per row.

    Returns
    -------
    list of list of Hypothesis
        B lists, best first: those that have ended, then those that were cut at ``length``.
    """
    rows = [_Row({0: _Slot([], 0.0, 0.0)}) for _ in range(len(first))]
    places = [(row, 0) for row in range(len(rows))]
    ids = first
    for step in range(length):
        check_cancelled()
        log_probs, state = model.step(ids, state)
        paths = [rows[row].open[slot].ids for row, slot in places]
        scores = rules.scores(log_probs, [row for row, _ in places], paths, step)
        # a prefix has at most W continuations in the beam
        best, symbols = scores.topk(min(width, scores.shape[1]), dim=1)
        plain = log_probs.gather(1, symbols)
        children: list[dict[int, Any]] = [{} for _ in rows]
        continuations = zip(best.tolist(), symbols.tolist(), plain.tolist(), strict=True)
        for index, ((row, slot), values) in enumerate(zip(places, continuations, strict=True)):
            children[row][slot] = (index, *values)
        moved: list[tuple[int, int, int, int]] = []  # row, slot, position of its prefix, symbol
        for row in {row for row, _ in places}:
            moved += _step(row, rows[row], children[row], width, end, alpha, rules)
            if _settled(rows[row], n_best, length, alpha):
                moved = [one for one in moved if one[0] != row]
        if not moved:
            break
        places = [(row, slot) for row, slot, _, _ in moved]
        device = first.device
        state = model.select(state, torch.tensor([index for _, _, index, _ in moved], device=device))
        ids = torch.tensor([symbol for _, _, _, symbol in moved], device=device)
    return [_best(row, alpha, n_best) for row in rows]


def _step(
    number: int, row: _Row, children: dict[int, Any], width: int, end: int | None, alpha: float, rules: Rules
) -> list[tuple[int, int, int, int]]:
    """Fill the slots of a row; return (row, slot, place of its prefix, symbol) of the unfinished ones."""
    before, row.open = row.open, {}
    left: list[tuple[float, int, int]] = []  # (cost, slot, rank): the best continuation sorts first
    moved = []
    for slot in range(width):
        if slot in children:
            for rank, score in enumerate(children[slot][1]):
                if score > -torch.inf:
                    heappush(left, (-(before[slot].total + score), slot, rank))
        if slot in row.answers:
            continue
        if not left:
            if slot in before and max(children[slot][1]) == -torch.inf:
                # the rules allow no next symbol
                row.answers[slot] = _cut(before[slot], alpha)
            continue
        cost, parent, rank = heappop(left)
        index, _, symbols, plain = children[parent]
        symbol, old = symbols[rank], before[parent]
        log_prob = old.log_prob + plain[rank]
        if symbol == end:
            score = -cost / length_penalty(len(old.ids) + 1, alpha)
            row.answers[slot] = Hypothesis(old.ids, log_prob, score, True)
            continue
        path = [*old.ids, symbol]
        if rules.ends(path):
            row.answers[slot] = Hypothesis(path, log_prob, -cost / length_penalty(len(path), alpha), True)
            continue
        row.open[slot] = _Slot(path, log_prob, -cost)
        moved.append((number, slot, index, symbol))
    return moved


def _settled(row: _Row, n_best: int, length: int, alpha: float) -> bool:
    """Return whether the n best that have ended cannot be beaten: log probabilities only fall."""
    if not row.open:
        return True
    ended = sorted((one.score for one in row.answers.values() if one.finished), reverse=True)
    hope = max(slot.total for slot in row.open.values()) / length_penalty(length, alpha)
    return len(ended) >= n_best and ended[n_best - 1] >= hope


def _cut(slot: _Slot, alpha: float) -> Hypothesis:
    return Hypothesis(slot.ids, slot.log_prob, slot.total / length_penalty(max(1, len(slot.ids)), alpha), False)


def _best(row: _Row, alpha: float, n_best: int) -> list[Hypothesis]:
    answers = [*row.answers.values(), *(_cut(slot, alpha) for slot in row.open.values())]
    return sorted(answers, key=lambda one: (not one.finished, -one.score))[:n_best]
