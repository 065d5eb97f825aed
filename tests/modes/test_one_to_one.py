"""One value in, one value out."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from recur.errors import ConfigError, DataError
from recur.modes import OneToOne
from recur.modes.mode import Mode
from tests.modes.helpers import (
    LABELS,
    NUMBERS,
    SINGLES,
    Row,
    batch_of,
    build,
    falls,
    padding_changes_nothing,
    rows,
    same,
    train,
)
from tests.tolerances import close


@pytest.mark.parametrize("target", SINGLES)
@pytest.mark.parametrize("source", SINGLES)
def test_every_pairing_learns(source: str, target: str) -> None:
    falls(build("one-to-one", source, target), rows(source, target))


@pytest.mark.parametrize("target", SINGLES)
@pytest.mark.parametrize("source", SINGLES)
def test_a_row_alone_is_answered_as_in_a_batch(source: str, target: str) -> None:
    padding_changes_nothing(build("one-to-one", source, target), rows(source, target))


def hidden(mode: Mode, x: torch.Tensor) -> torch.Tensor:
    """h_L by hand, of a network without an embedding."""
    for name, weight in mode.named_parameters():
        if name.startswith("hidden.") and name.endswith("weight"):
            bias = mode.get_parameter(name.replace("weight", "bias"))
            x = (x @ weight.T + bias).clamp(min=0)
    return x


def test_layers_are_linear_then_relu_with_a_readout() -> None:
    mode = build("one-to-one", "numbers", "class", hidden_size=[7, 4])
    batch = batch_of(mode, rows("numbers", "class"))
    weight, bias = mode.get_parameter("output.readout.weight"), mode.get_parameter("output.readout.bias")
    z = hidden(mode, batch.inputs) @ weight.T + bias
    loss = mode.loss(batch)
    close(loss.mean, functional.cross_entropy(z, batch.targets))
    assert loss.sums["accuracy"] == (float((z.argmax(-1) == batch.targets).sum()), 4.0)
    close(torch.tensor(loss.sums["loss"][0]), functional.cross_entropy(z, batch.targets, reduction="sum"))


def test_numbers_have_the_squared_error_and_a_figure_for_each_column() -> None:
    mode = build("one-to-one", "numbers", "numbers")
    batch = batch_of(mode, rows("numbers", "numbers"))
    weight, bias = mode.get_parameter("output.readout.weight"), mode.get_parameter("output.readout.bias")
    error = (hidden(mode, batch.inputs) @ weight.T + bias - batch.targets).square()
    loss = mode.loss(batch)
    close(loss.mean, error.mean())
    figures = mode.summary(loss.sums)
    same(figures["rmse_standardised"], error.mean().sqrt().item())
    deviation = mode.target_codec.deviation
    same(figures["rmse value 2"], error[:, 1].mean().sqrt().item() * float(deviation[1]))
    assert mode.metric == "rmse_standardised"
    assert not mode.higher_is_better


def test_answers_are_raw_values_with_probabilities() -> None:
    mode = build("one-to-one", "numbers", "class")
    train(mode, rows("numbers", "class"), steps=100)
    answers = mode.predict(NUMBERS, top=2)
    assert [answer.value for answer in answers] == LABELS
    for answer in answers:
        (first, high), (second, low) = answer.scores
        assert answer.value == answer.shown == first != second
        assert high >= low
        same(high + low, 1.0)


def test_numbers_are_answered_in_their_own_units() -> None:
    mode = build("one-to-one", "class", "numbers")
    train(mode, [Row("yes", (1.0, 100.0)), Row("no", (2.0, 300.0))], steps=300)
    [answer] = mode.predict(["no"])
    assert answer.scores == []
    assert answer.value == pytest.approx([2.0, 300.0], rel=0.05)


def test_more_candidates_than_classes_gives_all_of_them() -> None:
    [answer] = build("one-to-one", "numbers", "class").predict(NUMBERS[:1], top=9)
    assert len(answer.scores) == 2


def test_no_candidates_is_refused() -> None:
    with pytest.raises(ConfigError, match="top must be at least 1, got 0"):
        build("one-to-one", "numbers", "class").predict(NUMBERS[:1], top=0)


def test_decoding_options_are_refused() -> None:
    with pytest.raises(ConfigError, match="one-to-one answers in one pass and has no decoding options, got beam"):
        build("one-to-one", "numbers", "class").predict(NUMBERS, beam=2)


def test_an_unseen_class_is_refused() -> None:
    with pytest.raises(DataError, match='class "maybe" was not in the training data'):
        build("one-to-one", "class", "class").predict(["maybe"])


def test_no_rows_give_no_answers() -> None:
    assert build("one-to-one", "class", "class").predict([]) == []


def test_samples_show_input_truth_and_guess() -> None:
    mode = build("one-to-one", "class", "numbers")
    assert isinstance(mode, OneToOne)
    samples = mode.samples(rows("class", "numbers"), count=2)
    assert [one.input for one in samples] == LABELS[:2]
    assert samples[0].truth == "(1, 20)"
    assert samples[0].guess == mode.predict(LABELS[:1])[0].shown
