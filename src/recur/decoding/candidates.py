"""The most probable next symbols, without those that are never an answer."""

from __future__ import annotations

import torch
from torch import Tensor

from recur.decoding.vocabulary import Vocabulary


def likeliest(log_probs: Tensor, symbols: Vocabulary, top: int, *, unknown: bool = False) -> tuple[Tensor, Tensor]:
    """Return the likeliest next items of each row.

    Parameters
    ----------
    log_probs : Tensor
        (B, V).
    symbols : Vocabulary
    top : int
        K; fewer where there are fewer.
    unknown : bool
        Whether the symbol for what the vocabulary lacks may be one.

    Returns
    -------
    probabilities, ids : Tensor
        (B, K), the likeliest first.
    """
    allowed = without_silent(log_probs, symbols, unknown=unknown)
    best, ids = allowed.topk(min(top, symbols.size - len(symbols.silent(unknown))), dim=-1)
    return best.exp(), ids


def without_silent(log_probs: Tensor, symbols: Vocabulary, *, unknown: bool = False) -> Tensor:
    """Return log p (B, V) in which symbols that are not items, such as the end, are impossible."""
    silent = torch.tensor(symbols.silent(unknown), device=log_probs.device)
    return log_probs.index_fill(1, silent, -torch.inf)
