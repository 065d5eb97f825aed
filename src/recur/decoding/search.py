"""``search``: whole sequences by greedy decoding, sampling or beam search."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from recur.decoding.beam import beam
from recur.decoding.constraints import Rules
from recur.decoding.options import Decoding
from recur.decoding.sampling import Chooser
from recur.decoding.stepping import Hypothesis, Stepper, one_by_one


def search(
    model: Stepper,
    first: Tensor,
    state: Any,
    decoding: Decoding,
    *,
    end: int | None,
    length: int,
    n_best: int = 1,
    rules: Rules | None = None,
    choose: Chooser | None = None,
) -> list[list[Hypothesis]]:
    """Decode each row as ``decoding`` says; return the ``n_best`` hypotheses per row, best first.

    When sampling they are as many samples, which may be equal. ``rules`` are those of ``decoding`` (`Decoding.rules`),
    ``choose`` is a chooser of it to draw on with, where rows come in several batches.
    """
    alpha = decoding.length_penalty
    rules = decoding.rules() if rules is None else rules
    if decoding.beam > 1:
        width, best = decoding.beam, min(n_best, decoding.beam)
        return beam(model, first, state, width=width, end=end, length=length, alpha=alpha, n_best=best, rules=rules)
    samples = n_best if decoding.temperature > 0 else 1
    if samples > 1:
        rows = torch.arange(first.shape[0], device=first.device).repeat_interleave(samples)
        first, state, rules = first[rows], model.select(state, rows), rules.repeated(samples)
    chooser = choose or decoding.chooser()
    hypotheses = one_by_one(model, first, state, chooser, end=end, length=length, alpha=alpha, rules=rules)
    groups = [hypotheses[start : start + samples] for start in range(0, len(hypotheses), samples)]
    return [sorted(group, key=lambda hypothesis: -hypothesis.score) for group in groups]
