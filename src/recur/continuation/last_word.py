"""The last word of a sentence: its candidates with probabilities, and how often a model gets it right.

    words        p(w | text)                                                  one symbol is a word
    characters   p(w | text, a space) = prod_i p(c_i | ...) * p(boundary)     boundary: any sign that no word contains
    subwords     the same over pieces, if the next piece begins with a space; spellings of one word are summed

"Word, then boundary" excludes "other word, then boundary", so the probabilities of whole words are comparable and
sum to at most 1, whatever the symbols are. The candidates of characters and subwords are found by best-first search:
a beginning is opened only while it is likelier than the words that are already whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recur.continuation import prompt
from recur.continuation.word_boundaries import is_word, last_word, trimmed
from recur.continuation.word_search import Beginning, Candidate, Open, Question, Search, begin, joined, together
from recur.decoding.options import check_top
from recur.errors import ConfigError, DataError
from recur.modes.item_model import ItemModel
from recur.modes.mode import PREDICT_BATCH, Mode
from recur.network.batch import pad


@dataclass(frozen=True)
class LastWordScores:
    """Accuracy and perplexity of a model on the last words of lines.

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
    """Return the likeliest next whole words, most probable first.

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
        if model.target_codec.splits_into("word"):
            return _likeliest_words(model, text, top)
        beginning = begin(model, [Question(text.rstrip(), bool(text.strip()))])[0]
        return Search(model, beginning, top).run()


def last_word_scores(mode: Mode, lines: Iterable[str]) -> LastWordScores:
    """Return accuracy and perplexity of each line's last word, given the words before it.

    What follows the last word (" .", a quotation mark) is ignored, and so are lines without a word. A word
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
    score = _score_words if model.target_codec.splits_into("word") else _score_spelled
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
        raise DataError("no line has a word to predict", hint="give a text file with one sentence per line")
    return LastWordScores(right / count, math.exp(min(surprise / count, 700.0)), count)


def _language_model(mode: Mode) -> ItemModel:
    model = mode.item_model
    if model is None or not model.target_codec.text:
        raise ConfigError(
            f"the last word needs a language model; this is {mode.name}: {mode.target_codec.describe()}",
            hint="recur train FILE --mode synced, with a text and no target",
        )
    return model


def _added(sums: tuple[int, float, int], more: tuple[int, float, int]) -> tuple[int, float, int]:
    return sums[0] + more[0], sums[1] + more[1], sums[2] + more[2]


def _likeliest_words(model: ItemModel, text: str, top: int) -> list[Candidate]:
    log_probs = _next_log_probs(model, [prompt.prompt_ids(model, text)])
    probs = log_probs[0].exp().masked_fill(_no_words(model), 0.0)
    best, ids = probs.topk(min(top, int((~_no_words(model)).sum())))
    vocabulary = model.target_codec.vocabulary
    return [Candidate(vocabulary[index], prob) for index, prob in zip(ids.tolist(), best.tolist(), strict=True)]


def _score_words(model: ItemModel, lines: Sequence[str]) -> tuple[int, float, int]:
    prompts, targets = [], []
    for line in lines:
        tokens = model.target_codec.tokens(line) or []
        places = [place for place, token in enumerate(tokens) if is_word(token)]
        if places:
            ids = prompt.prompt_ids(model, line)
            place = len(ids) - len(tokens) + places[-1]
            # a first word with nothing before it is predicted from the beginning alone
            prompts.append(ids[:place] if place else prompt.prompt_ids(model, ""))
            targets.append(int(ids[place]))
    if not prompts:
        return 0, 0.0, 0
    log_probs = _next_log_probs(model, prompts)
    target_ids = torch.tensor(targets, device=log_probs.device)
    surprise = -log_probs.gather(1, target_ids[:, None]).sum()
    best = log_probs.masked_fill(_no_words(model), -torch.inf).argmax(-1)
    return int((best == target_ids).sum()), float(surprise), len(prompts)


def _next_log_probs(model: ItemModel, prompts: Sequence[np.ndarray]) -> Tensor:
    """Return log p (B, V) of what follows each prompt."""
    first, state = prompt.read(model, prompts)
    log_probs, _ = model.step(first, state)
    return log_probs


def _no_words(model: ItemModel) -> Tensor:
    """Return which symbols are not words, (V,) bool: the reserved ones and signs."""
    symbols = model.symbols
    reserved = set() if symbols is None else set(symbols.silent(unknown=False))
    vocabulary = model.target_codec.vocabulary
    return torch.tensor(
        [index in reserved or not is_word(token) for index, token in enumerate(vocabulary)], device=model.device
    )


def _score_spelled(model: ItemModel, lines: Sequence[str]) -> tuple[int, float, int]:
    codec = model.target_codec
    pairs = [pair for pair in map(last_word, lines) if pair is not None]
    if not pairs:
        return 0, 0.0, 0
    questions = [Question(before.rstrip(), before[-1:].isspace()) for before, _ in pairs]
    beginnings = begin(model, questions)
    log_probs = _spelled_log_probs(model, questions, [word for _, word in pairs], beginnings)
    words = [trimmed(codec.decode(codec.encode(word))) for _, word in pairs]
    # of words that exclude each other, one above one half is the likeliest
    doubtful = [number for number, log_prob in enumerate(log_probs) if log_prob <= math.log(0.5)]
    right = len(pairs) - len(doubtful)
    right += sum(
        _are_best(
            model,
            [beginnings[number] for number in doubtful],
            [words[number] for number in doubtful],
            [log_probs[number] for number in doubtful],
        )
    )
    return right, -sum(log_probs), len(pairs)


def _are_best(
    model: ItemModel, beginnings: Sequence[Beginning], words: Sequence[str], log_probs: Sequence[float]
) -> list[bool]:
    """Return for each beginning whether no other word is likelier than this one."""
    searches = [
        Search(model, beginning, top=2, above=math.exp(log_prob))
        for beginning, log_prob in zip(beginnings, log_probs, strict=True)
    ]

    def beaten(number: int) -> bool:
        whole = searches[number].whole
        return any(total > log_probs[number] for other, total in whole.items() if other != words[number])

    together(searches, beaten)
    return [not beaten(number) and "\ufffd" not in word for number, word in enumerate(words)]


def _spelled_log_probs(
    model: ItemModel, questions: Sequence[Question], words: Sequence[str], beginnings: Sequence[Beginning]
) -> list[float]:
    """Return log p of words as the codec spells them, each with the boundary after it."""
    codec, spelling = model.target_codec, beginnings[0].spelling
    spellings: list[np.ndarray] = []
    for question, word in zip(questions, words, strict=True):
        space = " " if question.spaced and not spelling.single else ""
        spellings.append(codec.encode(space + word))
    totals = [float(one.log_probs[int(ids[0])]) for one, ids in zip(beginnings, spellings, strict=True)]
    values, lengths = pad(spellings)
    if values is None or lengths is None:
        return totals
    states = [Open(0.0, (), one.state, one.row) for one in beginnings]
    vectors, _ = model.run(values.to(model.device), joined(states), lengths=lengths.to(model.device))
    boundary = torch.from_numpy(spelling.boundary).to(model.device)
    for row, ids in enumerate(spellings):
        log_probs = model.symbol_head().log_probs(vectors[row, : len(ids)])
        inner = log_probs[:-1].gather(1, torch.from_numpy(ids[1:, None]).to(model.device)).sum()
        totals[row] += float(inner + log_probs[-1][boundary].logsumexp(0))
    return totals
