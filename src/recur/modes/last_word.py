"""The last word of a sentence: its candidates with probabilities, and how often a model gets it right.

    words        p(w | text)                                                  one symbol is a word
    characters   p(w | text, a space) = prod_i p(c_i | ...) * p(boundary)     boundary: any sign that is not of a word
    subwords     the same over pieces, given that the next piece begins with a space; spellings of one word add up

"Word, then boundary" excludes "other word, then boundary", so the probabilities of whole words are comparable and
sum to at most 1, whatever the symbols are. The candidates of characters and subwords are found by best-first search:
a beginning is opened only while it is likelier than the words that are already whole.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from recur.errors import ConfigError, DataError
from recur.modes import language
from recur.modes.mode import PREDICT_BATCH, Mode, check_top, pad
from recur.modes.network import State
from recur.modes.outputs import TEXTS
from recur.modes.spelling import Spelling, is_word, last_word, trimmed
from recur.modes.synced import Synced
from recur.nn import flat_state, map_state

if TYPE_CHECKING:
    from recur.codecs import Codec

WIDTH = 16  # beginnings read at once
BUDGET = 4096  # beginnings read at most, so that a model that has learned nothing is answered too
LONGEST = 48  # symbols of a word


class Candidate(NamedTuple):
    """A word and its probability."""

    word: str
    probability: float


@dataclass(frozen=True)
class LastWordScores:
    """How a model does on the last words of lines.

    Attributes
    ----------
    accuracy : float
        Share of lines whose last word is the likeliest candidate.
    perplexity : float
        exp of the mean of -log p(last word).
    count : int
        Lines that have a last word.
    """

    accuracy: float
    perplexity: float
    count: int


def candidates(mode: Mode, text: str, top: int = 5) -> list[Candidate]:
    """The likeliest next whole words, most probable first.

    Parameters
    ----------
    mode : Mode
        A language model: synced, without a target.
    text : str
        The sentence without its last word; a space after it makes no difference.
    top : int
        How many.

    Raises
    ------
    ConfigError
        When the model does not predict text.
    """
    model = _language_model(mode)
    check_top(top)
    with model.answering():
        if model.target_codec.kind == "words":
            return _likeliest_words(model, text, top)
        beginning = _begin(model, [_Question(text.rstrip(), bool(text.strip()))])[0]
        return _Search(model, beginning, top).run()


def last_word_scores(mode: Mode, lines: Iterable[str]) -> LastWordScores:
    """Accuracy and perplexity of each line's last word, given the words before it.

    What stands after the last word (" .", a quotation mark) is ignored, and so are lines without a word. A word
    that is not in the vocabulary counts as wrong, with the probability of the unknown word.

    Parameters
    ----------
    mode : Mode
        A language model.
    lines : iterable of str
        Whole lines.

    Raises
    ------
    DataError
        When no line has a word.
    """
    model = _language_model(mode)
    score = _score_words if model.target_codec.kind == "words" else _score_spelled
    right, surprise, count = 0, 0.0, 0
    batch: list[str] = []
    with model.answering():
        for line in lines:
            batch.append(line)
            if len(batch) == PREDICT_BATCH:
                right, surprise, count = _added((right, surprise, count), score(model, batch))
                batch = []
        if batch:
            right, surprise, count = _added((right, surprise, count), score(model, batch))
    if count == 0:
        raise DataError("no line has a word to predict", hint="give a text file with a sentence a line")
    return LastWordScores(right / count, math.exp(min(surprise / count, 700.0)), count)


def _language_model(mode: Mode) -> Synced:
    if not isinstance(mode, Synced) or not mode.next_item or mode.target_codec.kind not in TEXTS:
        raise ConfigError(
            f"the last word needs a language model; this is {mode.name}: {mode.target_codec.describe()}",
            hint="recur train FILE --mode synced, with a text and no target",
        )
    return mode


def _added(sums: tuple[int, float, int], more: tuple[int, float, int]) -> tuple[int, float, int]:
    return sums[0] + more[0], sums[1] + more[1], sums[2] + more[2]


def _likeliest_words(model: Synced, text: str, top: int) -> list[Candidate]:
    log_probs = _next_log_probs(model, [language.prompt_ids(model, text)])
    probs = log_probs[0].exp().masked_fill(_no_words(model), 0.0)
    best, ids = probs.topk(min(top, int((~_no_words(model)).sum())))
    vocabulary = _vocabulary(model.target_codec)
    return [Candidate(vocabulary[index], prob) for index, prob in zip(ids.tolist(), best.tolist(), strict=True)]


def _score_words(model: Synced, lines: Sequence[str]) -> tuple[int, float, int]:
    prompts, targets = [], []
    for line in lines:
        tokens = model.target_codec.tokens(line)  # type: ignore[attr-defined]  # every text codec has it
        places = [place for place, token in enumerate(tokens) if is_word(token)]
        if places:
            ids = language.prompt_ids(model, line)
            place = len(ids) - len(tokens) + places[-1]
            # a first word that nothing stands before is predicted from the beginning alone
            prompts.append(ids[:place] if place else language.prompt_ids(model, ""))
            targets.append(int(ids[place]))
    if not prompts:
        return 0, 0.0, 0
    log_probs = _next_log_probs(model, prompts)
    wanted = torch.tensor(targets, device=log_probs.device)
    surprise = -log_probs.gather(1, wanted[:, None]).sum()
    best = log_probs.masked_fill(_no_words(model), -torch.inf).argmax(-1)
    return int((best == wanted).sum()), float(surprise), len(prompts)


def _next_log_probs(model: Synced, prompts: Sequence[np.ndarray]) -> Tensor:
    """log p (B, V) of what follows each prompt."""
    first, state = language.read(model, prompts)
    log_probs, _ = model.step(first, state)
    return log_probs


def _no_words(model: Synced) -> Tensor:
    """(V,) bool: symbols that are no words, the reserved ones and signs."""
    symbols = model.symbols
    reserved = set() if symbols is None else {*symbols.forbidden(unknown=False), symbols.end}
    vocabulary = _vocabulary(model.target_codec)
    return torch.tensor(
        [index in reserved or not is_word(token) for index, token in enumerate(vocabulary)], device=model.device
    )


def _vocabulary(codec: Codec) -> list[str]:
    vocabulary: list[str] = getattr(codec, "vocabulary", [])
    return vocabulary


@dataclass(frozen=True)
class _Question:
    """A text whose next word is asked for, and whether a space stands between them."""

    context: str
    spaced: bool


@dataclass
class _Beginning:
    """A model that has read a text, before the first symbol of the next word.

    Attributes
    ----------
    log_probs : Tensor
        (V,) of the first symbol, given the space.
    state : State
        Of one row, after the text.
    starts : Tensor
        (V,) bool, the symbols that a word may begin with here.
    """

    log_probs: Tensor
    state: State
    starts: Tensor
    spelling: Spelling


def _begin(model: Synced, questions: Sequence[_Question]) -> list[_Beginning]:
    """Read the texts."""
    spelling = Spelling.of(model.target_codec)
    first, state = language.read(model, [_prompt(model, spelling, question) for question in questions])
    log_probs, state = model.step(first, state)
    found = []
    for row, question in enumerate(questions):
        own = log_probs[row]
        starts = spelling.inside
        if question.spaced and not spelling.single:
            # pieces carry the space: what is asked is the word given that there is one
            own = own - own[torch.from_numpy(spelling.spaces).to(own.device)].logsumexp(0)
            starts = spelling.starts
        index = torch.tensor([row], device=first.device)
        mask = torch.from_numpy(starts).to(own.device)
        found.append(_Beginning(own, model.select(state, index), mask, spelling))
    return found


def _prompt(model: Synced, spelling: Spelling, question: _Question) -> np.ndarray:
    """The symbols of a text; of characters, with the space."""
    space = " " if question.spaced and spelling.single and spelling.has_space else ""
    return language.prompt_ids(model, question.context + space)


@dataclass(order=True)
class _Open:
    """A beginning of a word that has not been read yet; the likeliest sorts first."""

    cost: float
    ids: tuple[int, ...]
    state: State = field(compare=False)
    row: int = field(compare=False)


class _Search:
    """Best-first search for the likeliest whole words after a beginning.

    Parameters
    ----------
    model : Synced
    beginning : _Beginning
    top : int
        Words wanted.
    above : float
        Words that are not likelier than this are of no interest.
    """

    def __init__(self, model: Synced, beginning: _Beginning, top: int, above: float = 0.0) -> None:
        self.model, self.top, self.above = model, top, above
        self.spelling = beginning.spelling
        device = beginning.log_probs.device
        self.inside = torch.from_numpy(self.spelling.inside).to(device)
        self.boundary = torch.from_numpy(self.spelling.boundary).to(device)
        self.whole: dict[str, float] = {}
        self.open: list[_Open] = []
        self._push((), 0.0, beginning.log_probs, beginning.starts, beginning.state, 0)

    def run(self, stop: Callable[[dict[str, float]], bool] | None = None) -> list[Candidate]:
        """Return the words found, likeliest first; ``stop`` may end the search early."""
        read = 0
        while self.open and read < BUDGET and -self.open[0].cost > self._floor():
            batch = [heapq.heappop(self.open) for _ in range(min(WIDTH, len(self.open)))]
            batch = [one for one in batch if -one.cost > self._floor()]
            read += len(batch)
            self._read(batch)
            if stop is not None and stop(self.whole):
                break
        best = sorted(self.whole.items(), key=lambda item: (-item[1], item[0]))[: self.top]
        return [Candidate(word, math.exp(cost) if cost < 0 else 1.0) for word, cost in best]

    def _floor(self) -> float:
        """log p that a beginning must exceed: that of the last word wanted."""
        lowest = math.log(self.above) if self.above > 0 else -math.inf
        if len(self.whole) < self.top:
            return lowest
        return max(lowest, heapq.nlargest(self.top, self.whole.values())[-1])

    def _read(self, batch: list[_Open]) -> None:
        """Read the last symbol of some beginnings: each may be whole now, or go on."""
        device = self.inside.device
        ids = torch.tensor([one.ids[-1] for one in batch], device=device)
        log_probs, state = self.model.step(ids, _joined(self.model, batch))
        ends = log_probs.masked_fill(~self.boundary, -torch.inf).logsumexp(-1).tolist()
        for row, (one, end) in enumerate(zip(batch, ends, strict=True)):
            word = trimmed(self.model.target_codec.decode(np.array(one.ids)))
            if is_word(word):
                total = -one.cost + end
                known = self.whole.get(word)
                self.whole[word] = total if known is None else float(np.logaddexp(known, total))
            if len(one.ids) < LONGEST:
                self._push(one.ids, -one.cost, log_probs[row], self.inside, state, row)

    def _push(
        self, ids: tuple[int, ...], total: float, log_probs: Tensor, allowed: Tensor, state: State, row: int
    ) -> None:
        totals = (log_probs + total).masked_fill(~allowed, -torch.inf)
        places = (totals > self._floor()).nonzero()[:, 0]
        for symbol, log_prob in zip(places.tolist(), totals[places].tolist(), strict=True):
            heapq.heappush(self.open, _Open(-log_prob, (*ids, symbol), state, row))


def _joined(model: Synced, batch: list[_Open]) -> State:
    """One state of several rows out of several states."""
    rows = [model.select(one.state, torch.tensor([one.row])) for one in batch]
    parts = zip(*(flat_state(row) for row in rows), strict=True)
    merged = iter([torch.cat(part, dim=1) for part in parts])
    return map_state(lambda _: next(merged), rows[0])


def _score_spelled(model: Synced, lines: Sequence[str]) -> tuple[int, float, int]:
    codec = model.target_codec
    found = [pair for pair in map(last_word, lines) if pair is not None]
    if not found:
        return 0, 0.0, 0
    questions = [_Question(before.rstrip(), before[-1:].isspace()) for before, _ in found]
    beginnings = _begin(model, questions)
    log_probs = _spelled_log_probs(model, questions, [word for _, word in found], beginnings)
    right = 0
    for (_, word), beginning, log_prob in zip(found, beginnings, log_probs, strict=True):
        read = trimmed(codec.decode(codec.encode(word)))
        # of words that exclude each other, one above one half is the likeliest
        right += log_prob > math.log(0.5) or _is_best(model, beginning, read, log_prob)
    return right, -sum(log_probs), len(found)


def _is_best(model: Synced, beginning: _Beginning, word: str, log_prob: float) -> bool:
    """Whether no other word is likelier."""

    def beaten(whole: dict[str, float]) -> bool:
        return any(total > log_prob for other, total in whole.items() if other != word)

    search = _Search(model, beginning, top=2, above=math.exp(log_prob))
    search.run(beaten)
    return not beaten(search.whole) and "\ufffd" not in word


def _spelled_log_probs(
    model: Synced, questions: Sequence[_Question], words: Sequence[str], beginnings: Sequence[_Beginning]
) -> list[float]:
    """log p of given words, as the codec spells them, each with the boundary after it."""
    codec, spelling = model.target_codec, beginnings[0].spelling
    spellings: list[np.ndarray] = []
    for question, word in zip(questions, words, strict=True):
        space = " " if question.spaced and not spelling.single else ""
        spellings.append(codec.encode(space + word))
    totals = [float(one.log_probs[int(ids[0])]) for one, ids in zip(beginnings, spellings, strict=True)]
    values, lengths = pad(spellings)
    if values is None or lengths is None:
        return totals
    states = [_Open(0.0, (), one.state, 0) for one in beginnings]
    vectors, _ = model.run(values.to(model.device), _joined(model, states), lengths=lengths.to(model.device))
    boundary = torch.from_numpy(spelling.boundary).to(model.device)
    for row, ids in enumerate(spellings):
        log_probs = model.symbol_output().log_probs(vectors[row, : len(ids)])
        inner = log_probs[:-1].gather(1, torch.from_numpy(ids[1:, None]).to(model.device)).sum()
        totals[row] += float(inner + log_probs[-1][boundary].logsumexp(0))
    return totals
