"""Tags from words with their letters, tags as a chain, spans as spans."""

from __future__ import annotations

import pytest
import torch

from recur import codecs, modes
from recur.errors import ConfigError
from recur.evaluation.baselines import baseline
from recur.heads.tags import TagHead
from recur.modes import Synced
from recur.network.spelling_encoder import SpellingEncoder
from recur.nn import LSTM
from tests.modes.helpers import (
    TAGS,
    Row,
    batch_of,
    codec,
    falls,
    padding_changes_nothing,
    same,
    small,
    train,
)
from tests.tolerances import close

SENTENCES = [["the", "old", "cat"], ["a", "cat"], ["the", "dog", "ran", "to", "a", "cat"], ["cat"]]
SPANS = [["O", "B-X", "I-X"], ["O", "B-X"], ["B-Y", "I-Y", "O", "O", "B-X", "I-X"], ["O"]]


def tagger(targets: list[list[str]] = TAGS, *, spelled: bool = False, **options: object) -> Synced:
    torch.manual_seed(0)
    source = codecs.make("spelled" if spelled else "words").fit(SENTENCES)
    mode = modes.build("synced", source, codec("tags", targets), small(**options))
    assert isinstance(mode, Synced)
    return mode


def rows(targets: list[list[str]] = TAGS) -> list[Row]:
    return [Row(one, other) for one, other in zip(SENTENCES, targets, strict=True)]


@pytest.mark.parametrize("options", [{}, {"crf": True}, {"spelled": True, "character_size": 3}], ids=str)
def test_padding_changes_nothing_and_training_lowers_the_loss(options: dict[str, object]) -> None:
    for targets in (TAGS, SPANS):
        padding_changes_nothing(tagger(targets, **options), rows(targets))
        falls(tagger(targets, **options), rows(targets))


def test_a_chain_learns_from_the_penalty_and_does_not_report_it() -> None:
    mode = tagger(crf=True)
    batch = batch_of(mode, rows())
    plain = mode.train().loss(batch)
    mode.head.penalty.activation, mode.head.penalty.temporal = 2.0, 1.0
    learned, reported = mode.loss(batch), mode.eval().loss(batch)
    assert learned.mean.item() > plain.mean.item()
    assert learned.sums["loss"] == pytest.approx(plain.sums["loss"])
    close(reported.mean, plain.mean)


def test_letters_are_read_once_for_each_spelling_and_give_what_each_alone_gives() -> None:
    torch.manual_seed(0)
    letters = SpellingEncoder(6, 4)
    words = torch.tensor([[[2, 3, 0], [4, 0, 0], [2, 3, 0]], [[5, 2, 3], [0, 0, 0], [4, 0, 0]]])
    found = letters(words)
    assert found.shape == (2, 3, 8)
    for row in range(2):
        for step in range(3):
            word = words[row, step][words[row, step] > 0]
            if not len(word):
                assert not found[row, step].any()
                continue
            _, (hidden, _) = letters.layer(letters.embedding(word[None]))
            close(found[row, step], torch.cat([hidden[0, 0], hidden[1, 0]]))
    assert isinstance(letters.layer, LSTM)
    assert letters(words[:, :, :0]).shape == (2, 3, 8)


def test_unknown_words_with_other_letters_get_other_answers() -> None:
    mode = tagger(spelled=True, character_size=4)
    train(mode, rows(), steps=30)
    first, second = (mode.input_batches([[word]]) for word in ("zebra", "quick"))
    vectors = [mode.run(next(batch)[0])[0] for batch in (first, second)]
    assert not torch.allclose(vectors[0], vectors[1])


def test_a_chain_answers_with_its_most_probable_tags_together() -> None:
    mode = tagger(crf=True)
    train(mode, rows(), steps=40)
    assert isinstance(mode.output, TagHead)
    assert mode.output.crf is not None
    with mode.answering():
        batch = batch_of(mode, rows()[2:3])
        vectors, _ = mode.run(batch.inputs, lengths=batch.input_lengths)
        scores = mode.output.readout(vectors)
        log_p = mode.output.crf(scores, batch.targets)
        loss = mode.loss(batch)
    same(float(loss.mean), float(-log_p / 6))
    assert loss.sums["loss"][1] == 6
    [answer] = mode.predict([SENTENCES[2]])
    best, probability = mode.output.crf.decode(scores)
    assert answer.value == mode.target_codec.decode(best[0].numpy())
    same(answer.scores[0][1], float(probability.exp()))


def test_spans_are_measured_as_spans() -> None:
    mode = tagger(SPANS)
    assert mode.metric == "f1"
    assert mode.higher_is_better
    train(mode, rows(SPANS), steps=60)
    metrics = mode.summary(mode.loss(batch_of(mode, rows(SPANS))).sums)
    assert metrics["f1"] == metrics["precision"] == metrics["recall"] == metrics["accuracy"] == 1.0
    # one span of four guessed too short: neither it nor the true one is right
    output = mode.output
    assert isinstance(output, TagHead)
    true = mode.collate([mode.encode(row) for row in rows(SPANS)])
    guess = true.targets.clone()
    guess[0, 2] = output.labels.index("O")
    real = torch.arange(6) < true.target_lengths[:, None]
    sums = output._count_spans(guess, true.targets, real)
    assert sums == {"span_precision": (3.0, 4.0), "span_recall": (3.0, 4.0)}


def test_spans_of_the_most_frequent_tags_stand_beside_those_of_a_network() -> None:
    mode = tagger(SPANS)
    encoded = [mode.encode(row) for row in rows(SPANS)]
    # learned from the second sentence alone: "a" is O and "cat" is B-X, all others are as the most frequent tag
    found = baseline(mode, encoded[1:2], encoded[1:2], own_future=False)
    assert found is not None
    assert (found.metric, found.values) == ("f1", {"most frequent tag per symbol": 1.0})
    # of the last one, whose cat is O, the one guessed span is wrong
    found = baseline(mode, encoded[1:2], encoded[3:], own_future=False)
    assert found is not None
    assert found.values == {"most frequent tag per symbol": 0.0}


def test_other_tags_have_no_spans() -> None:
    mode = tagger()
    assert mode.metric == "accuracy"
    assert "f1" not in mode.summary(mode.loss(batch_of(mode, rows())).sums)


def test_a_chain_refuses_to_be_smoothed() -> None:
    mode = tagger(crf=True)
    with pytest.raises(ConfigError, match="label_smoothing"):
        mode.loss(batch_of(mode, rows()), label_smoothing=0.1)
