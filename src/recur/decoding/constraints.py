"""Constraints on the next symbol: forbidden, forced and penalised symbols, and blocked n-grams.

    forbid               p(v) = 0 for symbols that are no answer
    prefix               the first symbols are forced
    repetition_penalty   p(v)^theta for every v that was generated (Keskar et al. 2019, section 4.1; the x_i / theta
                         of the paper is for positive scores, and log probabilities are negative)
    no_repeat_ngram      p(v) = 0 where v would complete an n-gram that was generated (Paulus, Xiong and Socher 2018)

The rules change which symbol is chosen; the reported log probabilities are those of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recur.cancellation import check_cancelled

Stop = Callable[[Sequence[int]], bool]  # symbols of an answer -> whether it ends here


@dataclass(frozen=True)
class Rules:
    """Constraints on the next symbol in B rows.

    Attributes
    ----------
    forbid : collection of int
        Symbols that are never written.
    prefix : Tensor, optional
        (B, P) symbols that the first P of every answer are.
    before : sequence of sequences of int, optional
        What comes before each answer and counts as generated, such as a prompt.
    repetition_penalty : float
        theta, 1 or more.
    no_repeat_ngram : int
        n; 0 allows all repetitions.
    stop : callable, optional
        Whether an answer ends with the symbol that was just added.
    """

    forbid: Collection[int] = ()
    prefix: Tensor | None = None
    before: Sequence[Sequence[int]] | None = None
    repetition_penalty: float = 1.0
    no_repeat_ngram: int = 0
    stop: Stop | None = None

    @property
    def look_back(self) -> bool:
        """Whether the next symbol depends on those that were generated."""
        return self.repetition_penalty != 1.0 or self.no_repeat_ngram > 0 or self.stop is not None

    def forced(self, step: int) -> Tensor | None:
        """Return the symbols (B,) that are forced at a step; None where none are."""
        return self.prefix[:, step] if self.prefix is not None and step < self.prefix.shape[1] else None

    def ends(self, path: Sequence[int]) -> bool:
        """Return whether an answer ends with its last symbol, which is not the end symbol."""
        return self.stop is not None and len(path) > 0 and self.stop(path)

    def scores(self, log_probs: Tensor, rows: Sequence[int], paths: Sequence[Sequence[int]], step: int) -> Tensor:
        """Return the scores by which the next symbol is chosen.

        Parameters
        ----------
        log_probs : Tensor
            (N, V) of the model.
        rows : sequence of int
            The row, of B, that each of the N answers belongs to.
        paths : sequence of sequences of int
            The symbols of each so far; may be empty where `look_back` is false.
        step : int
            Symbols generated so far.

        Returns
        -------
        Tensor
            (N, V); minus infinity for symbols that are not allowed.
        """
        forced = self.forced(step)
        if forced is not None:
            own = forced[torch.tensor(rows, device=forced.device)][:, None]
            return torch.full_like(log_probs, -torch.inf).scatter(1, own, log_probs.gather(1, own))
        if self.forbid:
            banned = torch.tensor(sorted(self.forbid), dtype=torch.long, device=log_probs.device)
            log_probs = log_probs.index_fill(1, banned, -torch.inf)
        if self.repetition_penalty == 1.0 and self.no_repeat_ngram == 0:
            return log_probs
        scores = log_probs.clone()
        for index, (row, path) in enumerate(zip(rows, paths, strict=True)):
            check_cancelled()
            written = [*(self.before[row] if self.before is not None else ()), *path]
            if self.repetition_penalty != 1.0 and written:
                scores[index, sorted(set(written))] *= self.repetition_penalty
            again = followers(written, self.no_repeat_ngram)
            if again:
                scores[index, sorted(again)] = -torch.inf
        return scores

    def repeated(self, times: int) -> Rules:
        """Return the rules of rows each of which is repeated ``times`` times."""
        prefix = None if self.prefix is None else self.prefix.repeat_interleave(times, dim=0)
        before = None if self.before is None else [one for one in self.before for _ in range(times)]
        return replace(self, prefix=prefix, before=before)


def followers(written: Sequence[int], size: int) -> set[int]:
    """Return the symbols that would complete an n-gram of this size that is already there.

    >>> sorted(followers([1, 2, 3, 1, 2, 4, 1, 2], 3))
    [3, 4]
    """
    if size < 1 or len(written) < size:
        return set()
    last = tuple(written[len(written) - size + 1 :])
    places = range(len(written) - size + 1)
    return {written[place + size - 1] for place in places if tuple(written[place : place + size - 1]) == last}
