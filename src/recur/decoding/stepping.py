"""Step-by-step decoding, greedy or sampled: as an endless stream, or to whole sequences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from recur.cancellation import check_cancelled
from recur.decoding.constraints import Rules
from recur.decoding.sampling import Chooser

FREE = Rules()
NOTHING = -1  # the id of a row in which no symbol may come next


class Stepper(Protocol):
    """A model that can be decoded: it reads one symbol per row and predicts the next."""

    def step(self, ids: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Read ids (B,); return log probabilities (B, V) of the next symbol, and the state after."""

    def select(self, state: Any, rows: Tensor) -> Any:
        """Return the state of the given rows (N,), which may repeat."""


@dataclass
class Hypothesis:
    """A decoded sequence.

    Attributes
    ----------
    ids : list of int
        Without the end symbol.
    log_prob : float
        log p(ids and the end symbol where it was reached), of the model itself.
    score : float
        The score that answers are ordered by: the log probability, with the repetition penalty if there is one,
        after length normalisation.
    finished : bool
        Whether the end symbol or a stop was reached.
    """

    ids: list[int]
    log_prob: float
    score: float
    finished: bool


def length_penalty(length: int, alpha: float) -> float:
    """((5 + length) / 6)^alpha, with the end symbol counted (Wu et al. 2016)."""
    return float(((5 + length) / 6) ** alpha)


def stream(
    model: Stepper, first: Tensor, state: Any, choose: Chooser, rules: Rules = FREE
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Generate one symbol per row at a time, without end.

    Parameters
    ----------
    model : Stepper
        The model of the next symbol.
    first : Tensor
        (B,) the symbol to read first.
    state : object
        The model's state before ``first``.
    choose : Chooser
        `greedy` or a `sampler`.
    rules : Rules
        Constraints on the next symbol.

    Yields
    ------
    ids, log_probs, scores : Tensor
        (B,) each: the symbols, their log probabilities under the model, and the scores they were chosen by. Where the
        rules allow no symbol, the id is `NOTHING`.
    """
    rows = list(range(len(first)))
    paths: list[list[int]] = [[] for _ in rows]
    ids, step = first, 0
    while True:
        check_cancelled()
        log_probs, state = model.step(ids, state)
        scores = rules.scores(log_probs, rows, paths, step)
        forced = rules.forced(step)
        none = (scores == -torch.inf).all(-1) if forced is None else torch.zeros_like(first, dtype=torch.bool)
        # a row without an allowed symbol gets a dummy choice, which is masked afterwards
        ids = choose(scores.masked_fill(none[:, None], 0.0)) if forced is None else forced
        chosen = ids[:, None]
        yield ids.masked_fill(none, NOTHING), log_probs.gather(1, chosen)[:, 0], scores.gather(1, chosen)[:, 0]
        if rules.look_back:
            for path, symbol in zip(paths, ids.tolist(), strict=True):
                path.append(symbol)
        step += 1


def one_by_one(
    model: Stepper,
    first: Tensor,
    state: Any,
    choose: Chooser,
    *,
    end: int | None,
    length: int,
    alpha: float = 0.6,
    rules: Rules = FREE,
) -> list[Hypothesis]:
    """Decode each row greedily or by sampling until ``end``, a stop or ``length`` symbols; one hypothesis per row."""
    answers = [Hypothesis([], 0.0, 0.0, False) for _ in range(len(first))]
    unfinished = [True] * len(answers)
    steps = stream(model, first, state, choose, rules)
    for _ in range(length):
        ids, log_probs, scores = (part.tolist() for part in next(steps))
        for row, answer in enumerate(answers):
            if not unfinished[row]:
                continue
            if ids[row] == NOTHING:
                unfinished[row] = False
                continue
            answer.log_prob += log_probs[row]
            answer.score += scores[row]
            if ids[row] != end:
                answer.ids.append(ids[row])
            answer.finished = ids[row] == end or rules.ends(answer.ids)
            unfinished[row] = not answer.finished
        if not any(unfinished):
            break
    for answer in answers:
        with_end = answer.finished and not rules.ends(answer.ids)
        answer.score /= length_penalty(max(1, len(answer.ids) + with_end), alpha)
    return answers
