"""Best-first search for the next whole word over its symbols, for many sentences at once.

The probability of a word of characters or subwords is the product over its symbols and the boundary after it. A
beginning is opened only while it is likelier than the words that are already whole. The searches of many sentences ask
the network together, which costs little more than one of them.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from recur.cancellation import check_cancelled
from recur.continuation import prompt
from recur.continuation.word_boundaries import Spelling, is_word, trimmed
from recur.modes.item_model import ItemModel
from recur.network.stack import State, select
from recur.nn import flat_state, map_state

WIDTH = 16  # beginnings read at once
BUDGET = 4096  # beginnings read at most, so that a model that has learned nothing is answered too
LONGEST = 48  # symbols of a word


class Candidate(NamedTuple):
    """A word and its probability."""

    word: str
    probability: float


@dataclass(frozen=True)
class Question:
    """A text whose next word is requested, and whether a space comes between them."""

    context: str
    spaced: bool


@dataclass
class Beginning:
    """A model that has read a text, before the first symbol of the next word.

    Attributes
    ----------
    log_probs : Tensor
        (V,) of the first symbol, given the space.
    state, row : State, int
        After the text, and which row of it; the texts that were read together share one.
    starts : Tensor
        (V,) bool, the symbols that a word may begin with here.
    """

    log_probs: Tensor
    state: State
    row: int
    starts: Tensor
    spelling: Spelling


def begin(model: ItemModel, questions: Sequence[Question]) -> list[Beginning]:
    """Read the texts."""
    spelling = Spelling.of(model.target_codec)
    first, state = prompt.read(model, [_prompt(model, spelling, question) for question in questions])
    log_probs, state = model.step(first, state)
    beginnings = []
    for row, question in enumerate(questions):
        own = log_probs[row]
        starts = spelling.inside
        if question.spaced and not spelling.single:
            # pieces carry the space: what is asked is the word given that there is one
            own = own - own[torch.from_numpy(spelling.spaces).to(own.device)].logsumexp(0)
            starts = spelling.starts
        mask = torch.from_numpy(starts).to(own.device)
        beginnings.append(Beginning(own, state, row, mask, spelling))
    return beginnings


def _prompt(model: ItemModel, spelling: Spelling, question: Question) -> np.ndarray:
    """Return the symbols of a text; of characters, with the space."""
    space = " " if question.spaced and spelling.single and spelling.has_space else ""
    return prompt.prompt_ids(model, question.context + space)


@dataclass(order=True)
class Open:
    """A beginning of a word that has not been read yet; the likeliest sorts first."""

    cost: float
    ids: tuple[int, ...]
    state: State = field(compare=False)
    row: int = field(compare=False)


class Search:
    """Best-first search for the likeliest whole words after a beginning.

    Parameters
    ----------
    model : ItemModel
    beginning : Beginning
    top : int
        The number of words.
    above : float
        Words that are not likelier than this are left out.
    """

    def __init__(self, model: ItemModel, beginning: Beginning, top: int, above: float = 0.0) -> None:
        self.model, self.top, self.above = model, top, above
        self.spelling = beginning.spelling
        device = beginning.log_probs.device
        self.inside = torch.from_numpy(self.spelling.inside).to(device)
        self.boundary = torch.from_numpy(self.spelling.boundary).to(device)
        self.whole: dict[str, float] = {}
        self.open: list[Open] = []
        self._tried = 0
        self._push((), 0.0, beginning.log_probs, beginning.starts, beginning.state, beginning.row)

    def run(self) -> list[Candidate]:
        """Return the likeliest whole words, most probable first."""
        together([self])
        best = sorted(self.whole.items(), key=lambda item: (-item[1], item[0]))[: self.top]
        return [Candidate(word, math.exp(cost) if cost < 0 else 1.0) for word, cost in best]

    def ask(self) -> list[Open]:
        """Return the beginnings to be read next; none when the search is over."""
        floor = self._floor()
        if self._tried >= BUDGET:
            return []
        batch = [heapq.heappop(self.open) for _ in range(min(WIDTH, len(self.open)))]
        batch = [one for one in batch if -one.cost > floor]
        self._tried += len(batch)
        return batch

    def tell(self, batch: list[Open], log_probs: Tensor, ends: list[float], state: State, first: int) -> None:
        """Receive the answers to the beginnings that were requested: each may be complete, or continue.

        They are the rows of ``log_probs`` (N, V) and ``state`` from ``first`` on; ``ends`` are the log
        probabilities that a word ends there.
        """
        for row, one in enumerate(batch, first):
            word = trimmed(self.model.target_codec.decode(np.array(one.ids)))
            if is_word(word):
                total = -one.cost + ends[row]
                before = self.whole.get(word)
                self.whole[word] = total if before is None else float(np.logaddexp(before, total))
            if len(one.ids) < LONGEST:
                self._push(one.ids, -one.cost, log_probs[row], self.inside, state, row)

    def _floor(self) -> float:
        """Return log p that a beginning must exceed: that of the least likely word of the answer."""
        lowest = math.log(self.above) if self.above > 0 else -math.inf
        if len(self.whole) < self.top:
            return lowest
        return max(lowest, heapq.nlargest(self.top, self.whole.values())[-1])

    def _push(
        self, ids: tuple[int, ...], total: float, log_probs: Tensor, allowed: Tensor, state: State, row: int
    ) -> None:
        totals = (log_probs + total).masked_fill(~allowed, -torch.inf)
        places = (totals > self._floor()).nonzero()[:, 0]
        for symbol, log_prob in zip(places.tolist(), totals[places].tolist(), strict=True):
            heapq.heappush(self.open, Open(-log_prob, (*ids, symbol), state, row))


def together(searches: Sequence[Search], over: Callable[[int], bool] = lambda _: False) -> None:
    """Run searches in parallel: all beginnings that they request are read in one step of the network.

    ``over`` tells for the number of a search whether it can stop early.
    """
    running = list(range(len(searches)))
    while running:
        check_cancelled()
        requested = {number: searches[number].ask() for number in running}
        running = [number for number in running if requested[number]]
        if not running:
            return
        model = searches[running[0]].model
        boundary = searches[running[0]].boundary
        batch = [one for number in running for one in requested[number]]
        ids = torch.tensor([one.ids[-1] for one in batch], device=boundary.device)
        log_probs, state = model.step(ids, joined(batch))
        ends = log_probs.masked_fill(~boundary, -torch.inf).logsumexp(-1).tolist()
        first = 0
        for number in running:
            searches[number].tell(requested[number], log_probs, ends, state, first)
            first += len(requested[number])
        running = [number for number in running if not over(number)]


def joined(batch: Sequence[Open]) -> State:
    """Return one state whose rows are rows of several states; each state is concatenated once."""
    different = {id(one.state): one.state for one in batch}
    parts = [flat_state(state) for state in different.values()]
    begins = np.cumsum([0, *(int(part[0].shape[1]) for part in parts)])
    place = dict(zip(different, begins.tolist(), strict=False))
    merged = iter([torch.cat(part, dim=1) for part in zip(*parts, strict=True)])
    whole = map_state(lambda _: next(merged), batch[0].state)
    return select(whole, torch.tensor([place[id(one.state)] + one.row for one in batch]))
