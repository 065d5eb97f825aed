"""One value or nothing in, a sequence out."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from recur.errors import ConfigError
from recur.modes import OneToMany
from tests.modes.helpers import (
    LABELS,
    SEQUENCES,
    SERIES,
    TAGS,
    TEXTS,
    Row,
    batch_of,
    build,
    padding_changes_nothing,
    poison,
    rows,
    same,
    train,
)
from tests.tolerances import close

SOURCES = [None, "class", "numbers"]


@pytest.mark.parametrize("target", SEQUENCES)
@pytest.mark.parametrize("source", SOURCES)
def test_every_pairing_learns(source: str | None, target: str) -> None:
    mode = build("one-to-many", source, target)
    losses = train(mode, rows(source, target))
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("target", SEQUENCES)
def test_a_row_alone_is_answered_as_in_a_batch(source: str | None, target: str) -> None:
    padding_changes_nothing(build("one-to-many", source, target), rows(source, target), length=7)


@settings(max_examples=15)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=5))
def test_padding_of_tags_and_series_changes_nothing(lengths: list[int]) -> None:
    for target, values in (("tags", TAGS[2]), ("series", SERIES[2])):
        mode = build("one-to-many", "class", target)
        padding_changes_nothing(mode, [Row(LABELS[0], values[:length]) for length in lengths], length=5)


@pytest.mark.parametrize("target", ["characters", "series"])
def test_what_stands_in_the_padding_is_never_read(target: str) -> None:
    mode = build("one-to-many", "class", target)
    batch = batch_of(mode, rows("class", target))
    close(mode.loss(poison(batch)).mean, mode.loss(batch).mean)


def test_loss_is_the_cross_entropy_of_symbols_and_end() -> None:
    mode = build("one-to-many", "class", "tags")
    assert isinstance(mode, OneToMany)
    batch = batch_of(mode, rows("class", "tags"))
    decoder = mode.decoder
    assert decoder.symbols is not None
    errors, right = [], 0
    for row, label in enumerate(LABELS):
        state = mode.start(torch.tensor([{"no": 0, "yes": 1}[label]]))
        last = torch.tensor([decoder.symbols.beginning])
        for symbol in [*mode.target_codec.encode(TAGS[row]).tolist(), decoder.symbols.end]:
            log_probs, state = decoder.step(last, state)
            right += int(log_probs.argmax()) == symbol
            errors.append(-log_probs[0, symbol])
            last = torch.tensor([symbol])
    loss = mode.loss(batch)
    close(loss.mean, torch.stack(errors).mean())
    same(loss.sums["loss"][0], float(torch.stack(errors).sum().detach()))
    assert loss.sums["loss"][1] == len(errors) == sum(map(len, TAGS)) + len(TAGS)
    assert loss.sums["accuracy"] == (float(right), float(len(errors)))


def test_the_initial_state_is_the_input_through_tanh() -> None:
    mode = build("one-to-many", "class", "tags", cell="elman")
    assert isinstance(mode, OneToMany)
    assert mode.inputs is not None
    assert mode.inputs.embedding is not None
    bridge = mode.decoder.bridge.linear
    x = mode.inputs.size**0.5 * mode.inputs.embedding.weight
    expected = torch.tanh(functional.linear(x, bridge.weight, bridge.bias))
    close(mode.start(torch.tensor([0, 1])).recurrent[0], expected)


def test_without_an_input_the_initial_state_is_learned() -> None:
    mode = build("one-to-many", None, "characters")
    train(mode, rows(None, "characters"), steps=1)
    bias = mode.get_parameter("decoder.bridge.linear.bias")
    assert bias.grad is not None
    assert float(bias.grad.abs().sum()) > 0
    answers = mode.predict([None, None])
    assert answers[0].value == answers[1].value


def test_what_was_learned_is_written_and_then_ended() -> None:
    mode = build("one-to-many", "class", "characters", hidden_size=24)
    examples = [Row("yes", "cat sat"), Row("no", "dog")]
    train(mode, examples, steps=80, lr=0.02)
    answers = mode.predict(["no", "yes", "no"])
    assert [answer.value for answer in answers] == ["dog", "cat sat", "dog"]
    assert all(answer.scores[0][1] > 0.5 for answer in answers)


def test_a_series_is_as_long_as_asked_for_and_otherwise_as_the_longest_seen() -> None:
    mode = build("one-to-many", "class", "series")
    assert [len(answer.value) for answer in mode.predict(["yes", "no"], length=4)] == [4, 4]
    assert mode.predict(["yes"], length=0)[0].value == []
    train(mode, rows("class", "series"), steps=1)
    assert len(mode.predict(["yes"])[0].value) == max(map(len, SERIES))


def test_how_long_answers_are_is_kept_with_the_weights() -> None:
    mode, other = build("one-to-many", "class", "series"), build("one-to-many", "class", "series", seed=1)
    train(mode, rows("class", "series"), steps=2)
    other.load_state_dict(mode.state_dict())
    assert other.predict(["yes"])[0].value == mode.predict(["yes"])[0].value


def test_evaluation_does_not_teach_how_long_answers_are() -> None:
    mode = build("one-to-many", "class", "series").eval()
    mode.loss(batch_of(mode, rows("class", "series")))
    assert int(mode.get_buffer("decoder.longest")) == 0


def test_an_empty_target_is_only_an_end() -> None:
    mode = build("one-to-many", "class", "words")
    assert mode.encode(Row("yes", "")).target.tolist() == [3]
    loss = mode.loss(batch_of(mode, [Row("yes", "")]))
    assert loss.sums["loss"][1] == 1


def test_only_empty_series_give_a_loss_of_zero_with_gradients() -> None:
    mode = build("one-to-many", "class", "series")
    loss = mode.loss(batch_of(mode, [Row("yes", []), Row("no", [])]))
    assert loss.sums["loss"] == (0.0, 0.0)
    loss.mean.backward()
    assert loss.mean.item() == 0.0
    assert all(p.grad is not None and not p.grad.any() for name, p in mode.named_parameters() if "readout" in name)
    summary = mode.summary(loss.sums)
    assert summary["loss"] != summary["loss"]  # nothing was counted


def test_an_unknown_word_is_learned_from_and_never_written() -> None:
    mode = build("one-to-many", None, "words")
    train(mode, [Row(None, "zebra zebra")], steps=60)
    [plain] = mode.predict([None], length=3)
    [told] = mode.predict([None], length=3, unknown=True)
    assert "unk" not in plain.value
    assert told.value == "<unk> <unk>"


def test_label_smoothing_changes_what_is_learned_and_not_what_is_reported() -> None:
    mode = build("one-to-many", "class", "words")
    batch = batch_of(mode, rows("class", "words"))
    plain, smooth = mode.loss(batch), mode.loss(batch, label_smoothing=0.2)
    for name, sums in plain.sums.items():
        assert smooth.sums[name] == pytest.approx(sums, rel=1e-5)
    assert smooth.mean.item() != plain.mean.item()
    same(plain.mean.item(), plain.sums["loss"][0] / plain.sums["loss"][1])


@pytest.mark.parametrize("target", ["words", "series"])
def test_being_fed_its_own_answers_is_another_loss_that_can_be_learned_from(target: str) -> None:
    mode = build("one-to-many", "class", target)
    batch = batch_of(mode, rows("class", target))
    own = mode.loss(batch, teacher_forcing=0.0)
    assert own.mean.item() != mode.loss(batch).mean.item()
    assert own.sums["loss"][1] == mode.loss(batch).sums["loss"][1]
    own.mean.backward()
    assert all(parameter.grad is not None for parameter in mode.parameters())


def test_reading_both_ways_is_refused() -> None:
    with pytest.raises(ConfigError, match="one-to-many: a network that reads in both directions would see"):
        build("one-to-many", "class", "words", bidirectional=True)


def test_samples_without_an_input_show_the_truth() -> None:
    samples = build("one-to-many", None, "characters").samples(rows(None, "characters"), count=2)
    assert [(one.input, one.truth) for one in samples] == [("", TEXTS[0]), ("", TEXTS[1])]
    assert build("one-to-many", None, "characters").samples([]) == []
