"""Candidates for the last word, and how often they are right."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
import torch

from recur import codecs, modes
from recur.config import Config
from recur.continuation import candidates, last_word_scores
from recur.errors import ConfigError, DataError
from recur.modes import NextItem
from tests.modes.helpers import TEXTS, Row, build, same, small, train

LINES = ["the cat sat .", "a dog ran .", "the dog sat ."]


def model(kind: str = "words", lines: list[str] = LINES, *, stream: bool = False, steps: int = 15) -> NextItem:
    torch.manual_seed(0)
    own = codecs.make(kind, Config.of(max_vocab=264 if kind == "subwords" else None).data).fit(lines)
    mode = modes.build("synced", own, None, small(hidden_size=24), stream=stream)
    assert isinstance(mode, NextItem)
    examples = [Row(" ".join(lines), None)] if stream else [Row(line, None) for line in lines]
    if steps:
        train(mode, examples, steps=steps, lr=0.03)
    return mode


def log_probs_after(mode: NextItem, ids: list[int]) -> torch.Tensor:
    """log p (V,) of what follows ids, one step at a time."""
    mode.eval()
    state = None
    with torch.no_grad():
        for symbol in ids:
            log_probs, state = mode.step(torch.tensor([symbol]), state)
    return log_probs[0]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["words", "characters", "subwords"])
def test_probabilities_are_in_order_and_sum_to_at_most_one(kind: str, stream: bool) -> None:
    mode = model(kind, stream=stream)
    for text in ("", "the", "the cat ", "a zebra"):
        found = candidates(mode, text, top=8)
        probabilities = [one.probability for one in found]
        assert 0 < len(found) <= 8
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(probabilities) <= 1.0 + 1e-6
        assert len({one.word for one in found}) == len(found)
        assert all(any(map(str.isalnum, one.word)) for one in found)


@pytest.mark.parametrize("kind", ["words", "characters", "subwords"])
def test_a_space_after_the_text_makes_no_difference(kind: str) -> None:
    mode = model(kind)
    assert candidates(mode, "the cat ") == candidates(mode, "the cat")


@pytest.mark.parametrize("kind", ["words", "characters", "subwords"])
def test_what_was_learned_is_the_first_candidate(kind: str) -> None:
    mode = model(kind, ["the quick dog", "one lazy cat"], steps=200)
    for text, word in (("the quick", "dog"), ("one lazy", "cat"), ("one", "lazy")):
        [best] = candidates(mode, text, top=1)
        assert best.word == word
        assert best.probability > 0.5


def test_words_are_the_next_symbol_without_signs_and_reserved_ones() -> None:
    mode = model()
    vocabulary = mode.target_codec.vocabulary
    log_probs = log_probs_after(mode, [2, *mode.target_codec.encode("the").tolist()])
    found = candidates(mode, "the", top=99)
    assert sorted(one.word for one in found) == sorted(word for word in vocabulary[4:] if word != ".")
    for one in found:
        same(one.probability, log_probs[vocabulary.index(one.word)].exp().item())


def enumerate_words(mode: NextItem, prefix: list[int], letters: str, longest: int) -> dict[str, float]:
    """p(word, then a boundary) of every word over some letters, computed one word at a time."""
    codec = mode.target_codec
    ids = {letter: int(codec.encode(letter)[0]) for letter in letters}
    boundary = [index for index, token in enumerate(codec.vocabulary) if token in (" ", ".", "<eos>")]
    words = ["".join(one) for length in range(1, longest + 1) for one in product(letters, repeat=length)]
    by_length: dict[int, list[str]] = {}
    for word in words:
        by_length.setdefault(len(word), []).append(word)
    found = {}
    mode.eval()
    with torch.no_grad():
        for length, group in by_length.items():
            inputs = torch.tensor([[*prefix, *(ids[letter] for letter in word)] for word in group])
            vectors, _ = mode.run(inputs)
            log_probs = mode.symbol_head().log_probs(vectors)[:, len(prefix) - 1 :]
            for row, word in enumerate(group):
                spelled = sum(log_probs[row, place, ids[letter]].item() for place, letter in enumerate(word))
                found[word] = math.exp(spelled + log_probs[row, length, boundary].logsumexp(0).item())
    return found


@pytest.mark.parametrize("steps", [5, 40])
@pytest.mark.parametrize("text", ["", "ab"])
def test_candidates_of_characters_are_those_of_brute_force(text: str, steps: int) -> None:
    mode = model("characters", ["ab ba a.", "b abb ab", "ba bb"], steps=steps)
    bos, space = 2, int(mode.target_codec.encode(" ")[0])
    prefix = [bos, *mode.target_codec.encode(text).tolist(), *[space] * bool(text)]
    everything = enumerate_words(mode, prefix, "ab", longest=8)
    expected = sorted(everything.items(), key=lambda item: -item[1])[:6]
    found = candidates(mode, text, top=6)
    assert [one.word for one in found] == [word for word, _ in expected]
    for one, (_, probability) in zip(found, expected, strict=True):
        same(one.probability, probability)


def test_subwords_are_likelier_than_any_one_spelling_of_theirs() -> None:
    mode = model("subwords", ["the quick dog", "one lazy cat"], steps=100)
    codec = mode.target_codec
    spaces = [index for index, piece in enumerate(codec.vocabulary) if piece[:1].isspace()]
    letters = [piece[0].isalnum() or piece[0] in "'’-_" or piece.startswith("<0x") for piece in codec.vocabulary]
    ends = [3, *(index for index, letter in enumerate(letters) if index > 3 and not letter)]
    prefix = [2, *codec.encode("the quick").tolist()]
    [best] = candidates(mode, "the quick", top=1)
    spelled = codec.encode(" " + best.word).tolist()
    first = log_probs_after(mode, prefix)
    total = (first[spelled[0]] - first[spaces].logsumexp(0)).item()
    for place in range(1, len(spelled)):
        total += log_probs_after(mode, [*prefix, *spelled[:place]])[spelled[place]].item()
    total += log_probs_after(mode, [*prefix, *spelled])[ends].logsumexp(0).item()
    # other spellings of the same word add up; the canonical one has nearly all
    assert math.exp(total) <= best.probability * 1.0001
    assert math.exp(total) > 0.9 * best.probability


def test_an_untrained_model_is_answered_within_its_budget() -> None:
    found = candidates(model("characters", ["abcdefghij klm"], steps=0), "abc", top=5)
    assert len(found) == 5


def test_scores_of_words_are_those_of_a_hand_computation() -> None:
    mode = model()
    codec = mode.target_codec
    lines = ["the cat sat .", "a dog ran", "the", "a dog zebra ."]
    before, last = ["the cat", "a dog", "", "a dog"], ["sat", "ran", "the", "zebra"]
    surprise, right = 0.0, 0
    for text, word in zip(before, last, strict=True):
        log_probs = log_probs_after(mode, [2, *codec.encode(text).tolist()])
        truth = int(codec.encode(word)[0])
        surprise -= log_probs[truth].item()
        guess = candidates(mode, text, top=1)[0].word
        right += guess == word
    scores = last_word_scores(mode, [*lines, "", "..."])
    assert scores.count == 4
    same(scores.perplexity, math.exp(surprise / 4))
    assert scores.accuracy == right / 4


@pytest.mark.parametrize("stream", [False, True])
def test_scores_of_characters_are_those_of_a_hand_computation(stream: bool) -> None:
    mode = model("characters", ["ab ba a.\n", "b abb ab\n", "ba bb\n"], stream=stream, steps=30)
    codec = mode.target_codec
    lines = ["ab ba a.", "b abb ab", "ba", "ab bbbb"]
    before, last = ["ab ba ", "b abb ", "", "ab "], ["a", "ab", "ba", "bbbb"]
    boundary = [i for i, token in enumerate(codec.vocabulary) if token in (" ", ".", "\n", "<eos>")]
    surprise, right = 0.0, 0
    for text, word in zip(before, last, strict=True):
        start = codec.encode(text).tolist()
        prefix = [*codec.encode("\n").tolist(), *start] if stream else [2, *start]
        for symbol in codec.encode(word).tolist():
            surprise -= log_probs_after(mode, prefix)[symbol].item()
            prefix = [*prefix, symbol]
        surprise -= log_probs_after(mode, prefix)[boundary].logsumexp(0).item()
        right += candidates(mode, text, top=1)[0].word == word
    scores = last_word_scores(mode, lines)
    assert scores.count == 4
    same(scores.perplexity, math.exp(surprise / 4))
    assert scores.accuracy == right / 4


def test_subwords_that_learned_a_line_are_right_about_it() -> None:
    lines = ["the quick dog", "one lazy cat"]
    mode = model("subwords", lines, steps=200)
    scores = last_word_scores(mode, lines)
    assert scores.accuracy == 1.0
    assert 1.0 <= scores.perplexity < 1.5
    assert scores.count == 2


@pytest.mark.parametrize("kind", ["words", "characters", "subwords"])
def test_scores_do_not_depend_on_the_lines_beside(kind: str) -> None:
    mode = model(kind)
    lines = LINES * 23  # more than one batch
    whole = last_word_scores(mode, iter(lines))
    alone = [last_word_scores(mode, [line]) for line in LINES]
    assert whole.count == 69
    same(math.log(whole.perplexity), float(np.mean([math.log(one.perplexity) for one in alone])))
    same(whole.accuracy, float(np.mean([one.accuracy for one in alone])))


@pytest.mark.parametrize("kind", ["words", "characters"])
def test_lines_without_a_word_are_refused(kind: str) -> None:
    with pytest.raises(DataError, match="no line has a word to predict"):
        last_word_scores(model(kind, steps=0), ["", "..."])


@pytest.mark.parametrize("kind", ["tags", "series"])
def test_a_model_that_is_not_of_text_has_no_last_word(kind: str) -> None:
    with pytest.raises(ConfigError, match="the last word needs a language model; this is synced"):
        candidates(build("synced", kind, None), "the")


def test_another_mode_has_no_last_word() -> None:
    with pytest.raises(ConfigError, match="this is many-to-one") as raised:
        last_word_scores(build("many-to-one", "words", "class"), TEXTS)
    assert raised.value.hint == "recur train FILE --mode synced, with a text and no target"


def test_no_candidates_is_refused() -> None:
    with pytest.raises(ConfigError, match="top must be at least 1, got 0"):
        candidates(model(steps=0), "the", top=0)


@pytest.mark.parametrize("sizes", [[6, 9], 8])
def test_words_are_searched_with_any_shape_of_state(sizes: int | list[int]) -> None:
    torch.manual_seed(0)
    mode = modes.build("synced", codecs.make("characters").fit(LINES), None, small(hidden_size=sizes, num_layers=2))
    assert len(candidates(mode, "the", top=3)) == 3
    assert last_word_scores(mode, LINES).count == 3
