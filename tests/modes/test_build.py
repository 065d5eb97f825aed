"""Modes by name: what fits, what does not, and what to type instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from recur import codecs, continuation, modes
from recur.errors import ConfigError
from recur.modes import ManyToMany, ManyToOne, Mode, NextItem, OneToMany, OneToOne, Synced
from tests.modes.helpers import SEQUENCES, SINGLES, VALUES, Row, build, codec, rows, small, train

EXPECTED = {
    "one-to-one": (False, False, OneToOne),
    "one-to-many": (False, True, OneToMany),
    "many-to-one": (True, False, ManyToOne),
    "many-to-many": (True, True, ManyToMany),
    "synced": (True, True, Synced),
}


@pytest.mark.parametrize("target", VALUES)
@pytest.mark.parametrize("source", VALUES)
@pytest.mark.parametrize("name", EXPECTED)
def test_a_pairing_fits_or_the_mode_that_fits_is_named(name: str, source: str, target: str) -> None:
    many_in, many_out, kind = EXPECTED[name]
    if (source in SEQUENCES, target in SEQUENCES) == (many_in, many_out):
        assert isinstance(build(name, source, target), kind)
        assert build(name, source, target).name == name
        return
    with pytest.raises(ConfigError, match=f"{name}: the (input|target) is (one value per row|a sequence)") as raised:
        build(name, source, target)
    assert raised.value.hint is not None
    named = raised.value.hint.removeprefix("--mode ").split(" or --mode ")
    assert named
    for other in named:
        assert isinstance(build(other, source, target), Mode)


@pytest.mark.parametrize("target", SINGLES)
def test_nothing_in_and_one_value_out_is_refused(target: str) -> None:
    with pytest.raises(ConfigError, match="one-to-many: the target is one value per row"):
        build("one-to-many", None, target)


@pytest.mark.parametrize("name", ["one-to-one", "many-to-one", "many-to-many"])
def test_modes_that_need_an_input_say_so(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} needs an input, and none was given"):
        build(name, None, "class" if name != "many-to-many" else "words")


@pytest.mark.parametrize("name", ["one-to-one", "one-to-many", "many-to-one", "many-to-many"])
def test_modes_that_need_a_target_say_so(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} needs a target, and none was given") as raised:
        build(name, "words", None)
    assert raised.value.hint == "--target COLUMN"


def test_a_misspelled_mode_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match='there is no mode "many-to-won". Did you mean "many-to-one"?'):
        build("many-to-won", "words", "class")


def test_one_codec_or_twice_the_same_is_the_next_item() -> None:
    own = codec("words")
    for pair in ((own, None), (None, own), (own, own)):
        mode = modes.build("synced", *pair, small())
        assert isinstance(mode, NextItem)
    other = modes.build("synced", own, codec("words"), small())
    assert isinstance(other, Synced)


def test_looking_ahead_is_refused_where_it_means_nothing() -> None:
    words, series = codec("words"), codec("series")
    refused: list[tuple[str, tuple[Any, Any], int, str]] = [
        ("synced", (words, None), 2, "is for numbers, and words are predicted one symbol at a time"),
        ("synced", (series, codec("series")), 2, "these numbers have a target of their own"),
        ("synced", (series, None), 0, "ahead must be at least 1, got 0"),
        ("many-to-one", (words, codec("class")), 2, "is for synced, and many-to-one has targets of its own"),
    ]
    for name, pair, ahead, message in refused:
        with pytest.raises(ConfigError, match=message) as raised:
            modes.build(name, *pair, small(), ahead=ahead)
        assert raised.value.hint is not None


@pytest.mark.parametrize("kind", SINGLES)
def test_the_next_item_of_values_without_time_is_refused(kind: str) -> None:
    with pytest.raises(ConfigError, match="synced: the input is one value per row"):
        build("synced", kind, None)


PAIRS = [
    ("one-to-one", "class", "numbers"), ("one-to-many", None, "words"), ("one-to-many", "class", "series"),
    ("many-to-one", "words", "class"), ("many-to-many", "words", "tags"), ("synced", "tags", "series"),
    ("synced", "words", None), ("synced", "series", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source", "target"), PAIRS)
def test_weights_saved_and_loaded_give_the_same_answers(
    name: str, source: str | None, target: str | None, tmp_path: Path
) -> None:
    mode, other = (build(name, source, target, seed=seed) for seed in (0, 1))
    if (name, source) != ("synced", "tags"):
        train(mode, rows(source, target), steps=3)
    torch.save(mode.state_dict(), tmp_path / "weights.pt")
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    inputs = [None] if source is None else VALUES[source]
    assert continuation.predict(other, inputs) == continuation.predict(mode, inputs)


@pytest.mark.parametrize(("name", "source", "target"), PAIRS)
def test_answering_leaves_the_network_in_training_and_the_random_state_alone(
    name: str, source: str | None, target: str | None
) -> None:
    mode = build(name, source, target, dropout=0.5).train()
    before = torch.get_rng_state()
    first = continuation.predict(mode, [None] if source is None else VALUES[source])
    assert continuation.predict(mode, [None] if source is None else VALUES[source]) == first
    assert torch.equal(torch.get_rng_state(), before)
    assert mode.training


@pytest.mark.parametrize(("name", "source", "target"), PAIRS)
def test_predicting_nothing_gives_nothing(name: str, source: str | None, target: str | None) -> None:
    assert continuation.predict(build(name, source, target), []) == []


@pytest.mark.parametrize(
    ("name", "source", "target"),
    [("many-to-one", "words", "class"), ("synced", "words", "tags"), ("one-to-one", "class", "class")],
)
def test_weights_that_cannot_be_tied_are_refused(name: str, source: str, target: str) -> None:
    with pytest.raises(ConfigError, match="here they have different symbols") as raised:
        build(name, source, target, tie_weights=True)
    assert raised.value.hint == "leave out tie_weights"


@pytest.mark.parametrize("option", ["tie_weights", "adaptive_softmax"])
@pytest.mark.parametrize(
    ("name", "source", "target"),
    [("one-to-one", "class", "numbers"), ("many-to-many", "words", "series"), ("synced", "series", None)],
)
def test_options_for_symbols_are_refused_for_numbers(name: str, source: str, target: str | None, option: str) -> None:
    with pytest.raises(ConfigError, match=f"{option} is for symbols; this target is numbers") as raised:
        build(name, source, target, **{option: True})
    assert raised.value.hint == f"leave out {option}"


MANY = " ".join(f"w{index}" for index in range(1100))


def test_adaptive_softmax_is_for_many_words() -> None:
    torch.manual_seed(0)
    mode = modes.build("synced", codecs.make("words").fit([MANY]), None, small(adaptive_softmax=True, hidden_size=16))
    losses = train(mode, [Row("w1 w2 w3 w4", None)])
    assert losses[-1] < losses[0]
    [answer] = continuation.predict(mode, ["w1"], top=3)
    assert len(answer.scores) == 3
    batch = mode.collate([mode.encode(Row("w1", None))])
    with pytest.raises(ConfigError, match="label_smoothing 0.1 needs the probability of every symbol"):
        mode.loss(batch, label_smoothing=0.1)


@pytest.mark.parametrize(("name", "source", "target"), [("synced", "words", None), ("many-to-one", "words", "class")])
def test_adaptive_softmax_of_few_symbols_is_refused(name: str, source: str, target: str | None) -> None:
    with pytest.raises(ConfigError, match="adaptive_softmax is for large vocabularies of words or subwords, 1,000"):
        build(name, source, target, adaptive_softmax=True)


def test_adaptive_softmax_cannot_be_tied() -> None:
    own = codecs.make("words").fit([MANY])
    with pytest.raises(ConfigError, match="weights cannot be tied") as raised:
        modes.build("synced", own, None, small(adaptive_softmax=True, tie_weights=True, embedding_size=None))
    assert raised.value.hint == "leave out tie_weights or adaptive_softmax"


def test_targets_are_needed_to_learn() -> None:
    with pytest.raises(ConfigError, match="a batch needs targets"):
        build("one-to-one", "class", "class").collate([])
