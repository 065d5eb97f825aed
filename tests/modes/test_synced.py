"""An answer at every step."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from recur import equations, modes
from recur.errors import ConfigError, DataError
from recur.modes import Synced
from tests.modes.helpers import (
    TAGS,
    TEXTS,
    Row,
    batch_of,
    codec,
    falls,
    padding_changes_nothing,
    poison,
    same,
    small,
    train,
)
from tests.tolerances import LEARNED, agree, close

STEPS = [len(tags) for tags in TAGS]


def texts_of(steps: list[int]) -> list[list[str]]:
    words = " ".join(TEXTS).split()
    return [words[:length] for length in steps]


INPUTS = {
    "words": texts_of(STEPS),
    "characters": ["abcdef"[:length] for length in STEPS],
    "tags": TAGS,
    "series": [[float(step) for step in range(length)] for length in STEPS],
}
TARGETS = {"words": [" ".join(text) for text in texts_of(STEPS)], "tags": TAGS, "series": INPUTS["series"]}


def tagger(source: str = "words", target: str = "tags", **options: object) -> Synced:
    torch.manual_seed(0)
    mode = modes.build("synced", codec(source, INPUTS[source]), codec(target, TARGETS[target]), small(**options))
    assert isinstance(mode, Synced)
    return mode


def pairs(source: str, target: str) -> list[Row]:
    return [Row(one, other) for one, other in zip(INPUTS[source], TARGETS[target], strict=True)]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", INPUTS)
def test_every_pairing_learns(source: str, target: str) -> None:
    falls(tagger(source, target), pairs(source, target))


def test_subwords_with_an_answer_each_learn() -> None:
    mode = modes.build("synced", codec("subwords"), codec("tags"), small())
    length = len(mode.encode_input(TEXTS[0]))
    falls(mode, [Row(TEXTS[0], ["D", "N"] * (length // 2) + ["V"] * (length % 2))])


@pytest.mark.parametrize("cell", equations.stock())
def test_every_cell_takes_a_step(cell: str) -> None:
    falls(tagger(cell=cell), pairs("words", "tags"))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", INPUTS)
def test_a_row_alone_is_answered_as_in_a_batch(source: str, target: str) -> None:
    padding_changes_nothing(tagger(source, target), pairs(source, target))


@settings(max_examples=15)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=5), st.booleans(), st.sampled_from(["lstm", "gru", "elman"]),
    st.integers(1, 2),
)  # fmt: skip
def test_padding_changes_nothing(lengths: list[int], bidirectional: bool, cell: str, layers: int) -> None:
    for source, target in (("words", "tags"), ("series", "series")):
        mode = tagger(source, target, bidirectional=bidirectional, cell=cell, num_layers=layers)
        longest = pairs(source, target)[2]
        padding_changes_nothing(mode, [Row(longest.input[:n], longest.target[:n]) for n in lengths])


@pytest.mark.parametrize("target", TARGETS)
def test_what_stands_in_the_padding_is_never_read(target: str) -> None:
    mode = tagger("series", target)
    batch = batch_of(mode, pairs("series", target))
    close(mode.loss(poison(batch)).mean, mode.loss(batch).mean)


def test_loss_is_the_cross_entropy_of_real_steps() -> None:
    mode = tagger()
    batch = batch_of(mode, pairs("words", "tags"))
    weight, bias = mode.get_parameter("output.readout.weight"), mode.get_parameter("output.readout.bias")
    errors, right = [], 0
    for text, tags in zip(INPUTS["words"], TAGS, strict=True):
        vectors, _ = mode.run(torch.from_numpy(mode.encode_input(text))[None])
        z, truth = vectors[0] @ weight.T + bias, torch.from_numpy(mode.target_codec.encode(tags))
        errors.append(functional.cross_entropy(z, truth, reduction="none"))
        right += int((z.argmax(-1) == truth).sum())
    loss = mode.loss(batch)
    close(loss.mean, torch.cat(errors).mean())
    same(loss.sums["loss"][0], float(torch.cat(errors).sum().detach()))
    assert loss.sums["accuracy"] == (float(right), float(sum(STEPS)))
    assert loss.state is None
    assert mode.metric == "accuracy"
    assert mode.higher_is_better


def test_label_smoothing_changes_what_is_learned_and_not_what_is_reported() -> None:
    mode = tagger()
    batch = batch_of(mode, pairs("words", "tags"))
    plain, smooth = mode.loss(batch), mode.loss(batch, label_smoothing=0.1)
    # two ways of computing one sum in float32
    same(smooth.sums["loss"][0], plain.sums["loss"][0])
    assert smooth.sums["loss"][1] == plain.sums["loss"][1]
    assert smooth.sums["accuracy"] == plain.sums["accuracy"]
    assert smooth.mean.item() != plain.mean.item()


def test_there_is_one_tag_for_each_word() -> None:
    mode = tagger()
    answers = mode.predict(["the cat sat", "", ["the", "the cat"], "zebra!"])
    assert [len(answer.value) for answer in answers] == [3, 0, 2, 1]
    assert answers[0].shown.count("/") == 3
    assert answers[0].shown.startswith("the/")
    assert answers[0].scores[0][0] == answers[0].value


def test_a_word_with_a_sign_is_still_one_word() -> None:
    mode = tagger()
    assert len(mode.encode(Row("the cat, sat.", ["D", "N", "V"])).target) == 3


def test_the_probability_of_tags_is_the_product_over_real_steps() -> None:
    mode = tagger().eval()
    [answer] = mode.predict(["the cat"])
    with torch.no_grad():
        vectors, _ = mode.run(torch.from_numpy(mode.encode_input("the cat"))[None])
        expected = mode.output.log_probs(vectors).max(-1).values.sum().exp()
    same(answer.scores[0][1], float(expected))


def test_words_and_tags_of_different_length_are_refused() -> None:
    with pytest.raises(DataError, match="a row has 3 input steps and 2 target steps") as raised:
        tagger().encode(Row("the cat sat", ["D", "N"]))
    assert raised.value.hint is not None
    assert "--mode many-to-many" in raised.value.hint


def test_decoding_options_are_refused_for_tags() -> None:
    with pytest.raises(ConfigError, match="synced answers in one pass and has no decoding options, got length"):
        tagger().predict(["the cat"], length=3)


def test_numbers_at_each_step_are_in_their_own_units() -> None:
    mode = tagger("tags", "series")
    train(mode, [Row(["D", "N", "V"], [10.0, 20.0, 30.0])], steps=300)
    [answer] = mode.predict([["D", "N", "V"]])
    agree(answer.value, [10.0, 20.0, 30.0], LEARNED)
    assert mode.metric == "rmse"
    assert mode.predict([[]])[0].value == []


def test_both_ways_is_the_default_for_tags_and_changes_the_first_answer() -> None:
    mode = tagger().eval()
    assert mode.stack.directions == 2
    one_way = tagger(bidirectional=False).eval()
    assert one_way.stack.directions == 1
    with torch.no_grad():
        long, short = (mode.run(torch.tensor([ids]))[0][:, 0] for ids in ([4, 5, 6], [4, 6, 5]))
        assert not torch.equal(long, short)
        long, short = (one_way.run(torch.tensor([ids]))[0][:, 0] for ids in ([4, 5, 6], [4, 6, 5]))
        close(long, short)


@pytest.mark.parametrize("sizes", [[6, 9], [5, 6, 7]])
def test_layers_may_have_their_own_sizes(sizes: list[int]) -> None:
    mode = tagger(hidden_size=sizes)
    assert mode.stack.output_size == 2 * sizes[-1]
    falls(mode, pairs("words", "tags"))


def test_samples_show_words_with_their_tags() -> None:
    mode = tagger()
    [sample] = mode.samples(pairs("words", "tags"), count=1)
    assert sample.truth == "the/D cat/N sat/V"
    assert sample.input == "the cat sat"
    assert sample.guess == mode.predict(INPUTS["words"][:1])[0].shown
    assert mode.samples([]) == []
