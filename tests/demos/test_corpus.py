"""The last-word corpus: what is asked in the test was never learned from, and is a fact."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recur.demos.corpus import LANGUAGES, NEAR_FACTS, TEST_DISTANCES, TRAIN_DISTANCES, Corpus, build
from recur.demos.corpus.filler import PATTERNS, words_in
from recur.errors import ConfigError


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return build(train=4000, dev=200, test_repeats=2)


def fillers(text: str) -> list[str]:
    """The sentences between the first and the last."""
    return text.replace(" ..... ", " . ").split(" . ")[1:-1]


def test_it_knows_enough_of_the_world() -> None:
    assert len(LANGUAGES) >= 30
    assert len(NEAR_FACTS) >= 40
    assert ("the clouds are in the", "sky") in NEAR_FACTS
    assert LANGUAGES["France"] == "French"
    # several countries share a language, so the answer is a fact and not a copied word
    assert len(set(LANGUAGES.values())) < len(LANGUAGES)
    assert len(PATTERNS) >= 60


def test_distances_of_the_test_reach_sixty_words_and_are_not_in_training(corpus: Corpus) -> None:
    assert (min(TEST_DISTANCES), max(TEST_DISTANCES)) == (0, 60)
    assert not set(TEST_DISTANCES) & set(TRAIN_DISTANCES)
    assert {line.distance for line in corpus.train if line.kind == "far"} <= set(TRAIN_DISTANCES)
    assert {line.distance for line in corpus.test if line.kind == "far"} == set(TEST_DISTANCES)


def test_the_distance_is_the_number_of_words_between(corpus: Corpus) -> None:
    for line in corpus.test:
        if line.kind == "far":
            assert sum(map(words_in, fillers(line.text))) == line.distance


def test_no_filler_sentence_and_no_line_of_the_test_is_in_training(corpus: Corpus) -> None:
    learned = {sentence for line in corpus.train for sentence in line.text.replace(" ..... ", " . ").split(" . ")}
    for line in corpus.test:
        if line.kind == "far":
            assert not set(fillers(line.text)) & learned
    assert not {line.text for line in corpus.test if line.distance != 0} & {line.text for line in corpus.train}


def test_every_word_of_the_test_was_met(corpus: Corpus) -> None:
    assert {word for line in corpus.test for word in line.text.split()} <= corpus.vocabulary()


def test_answers_are_right(corpus: Corpus) -> None:
    facts = {fact.answer for fact in NEAR_FACTS}
    for line in [*corpus.test, *corpus.train]:
        if line.kind == "near":
            assert line.answer in facts
        else:
            countries = [country for country in LANGUAGES if country in line.text.split()]
            assert len(countries) == 1
            assert line.answer == LANGUAGES[countries[0]]


def test_every_country_is_asked_for_at_every_distance(corpus: Corpus) -> None:
    far = [line for line in corpus.test if line.kind == "far"]
    assert len(far) == 2 * len(LANGUAGES) * len(TEST_DISTANCES)


def test_the_same_seed_writes_the_same_corpus(tmp_path: Path) -> None:
    for name in ("a", "b"):
        build(seed=3, train=2000, dev=50, test_repeats=1).write(tmp_path / name)
    for file in ("train.txt", "dev.txt", "test.jsonl"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    rows = [json.loads(line) for line in (tmp_path / "a" / "test.jsonl").read_text().splitlines()]
    assert set(rows[0]) == {"text", "kind", "distance"}
    assert build(seed=4, train=2000, dev=50, test_repeats=1).train != build(seed=3, train=2000, dev=50).train


def test_too_small_a_corpus_is_refused() -> None:
    with pytest.raises(ConfigError, match="too small for the held-out lines"):
        build(train=50, dev=5, test_repeats=1)
