"""A sequence in, one value out."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from recur import equations
from recur.errors import ConfigError
from recur.modes import ManyToOne
from recur.modes.many_to_one import pooled
from tests.modes.helpers import (
    LABELS,
    SEQUENCES,
    SERIES,
    SINGLES,
    TAGS,
    TEXTS,
    Row,
    batch_of,
    build,
    falls,
    padding_changes_nothing,
    poison,
    rows,
    train,
)
from tests.tolerances import close

POOLING = ["last", "mean", "max"]


@pytest.mark.parametrize("target", SINGLES)
@pytest.mark.parametrize("source", SEQUENCES)
def test_every_pairing_learns(source: str, target: str) -> None:
    falls(build("many-to-one", source, target), rows(source, target))


@pytest.mark.parametrize("cell", equations.stock())
def test_every_cell_takes_a_step(cell: str) -> None:
    falls(build("many-to-one", "words", "class", cell=cell), rows("words", "class"))


@pytest.mark.parametrize("pooling", POOLING)
@pytest.mark.parametrize("source", SEQUENCES)
def test_a_row_alone_is_answered_as_in_a_batch(source: str, pooling: str) -> None:
    examples = [*rows(source, "class"), Row(SEQUENCES[source][0][:0], "no")]
    padding_changes_nothing(build("many-to-one", source, "class", pooling=pooling), examples, top=2)


@settings(max_examples=15)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=5), st.sampled_from(POOLING), st.booleans(),
    st.sampled_from(["lstm", "gru", "elman", "indrnn"]),
)  # fmt: skip
def test_padding_changes_nothing(lengths: list[int], pooling: str, bidirectional: bool, cell: str) -> None:
    for source, values in (("tags", TAGS[2]), ("series", SERIES[2])):
        mode = build("many-to-one", source, "numbers", pooling=pooling, bidirectional=bidirectional, cell=cell)
        padding_changes_nothing(mode, [Row(values[:length], (1.0, 20.0)) for length in lengths])


@pytest.mark.parametrize("pooling", POOLING)
def test_what_stands_in_the_padding_is_never_read(pooling: str) -> None:
    mode = build("many-to-one", "series", "class", pooling=pooling)
    batch = batch_of(mode, rows("series", "class"))
    close(mode.loss(poison(batch)).mean, mode.loss(batch).mean)


@pytest.mark.parametrize("bidirectional", [True, False])
def test_what_is_read_out_is_the_last_step_of_each_direction(bidirectional: bool) -> None:
    mode = build("many-to-one", "series", "class", bidirectional=bidirectional, num_layers=2)
    assert isinstance(mode, ManyToOne)
    batch = batch_of(mode, rows("series", "class"))
    assert batch.inputs is not None
    outputs, _ = mode.stack(batch.inputs, lengths=batch.input_lengths)
    vectors = mode.vectors(batch.inputs, batch.input_lengths)
    for row, series in enumerate(SERIES):
        forward, backward = outputs[row, len(series) - 1, :8], outputs[row, 0, 8:]
        close(vectors[row], torch.cat([forward, backward]) if bidirectional else forward)
    weight, bias = mode.get_parameter("output.readout.weight"), mode.get_parameter("output.readout.bias")
    close(mode.loss(batch).mean, functional.cross_entropy(vectors @ weight.T + bias, batch.targets))


def test_pooling_takes_the_mean_and_the_largest_of_real_steps() -> None:
    outputs = torch.tensor([[[1.0, -4.0], [3.0, -2.0], [9.0, 9.0]], [[5.0, 5.0], [5.0, 5.0], [5.0, 5.0]]])
    lengths = torch.tensor([2, 0])
    close(pooled(outputs, lengths, "mean"), torch.tensor([[2.0, -3.0], [0.0, 0.0]]))
    close(pooled(outputs, lengths, "max"), torch.tensor([[3.0, -2.0], [0.0, 0.0]]))


@pytest.mark.parametrize("pooling", POOLING)
def test_an_empty_text_is_answered_and_learned_from(pooling: str) -> None:
    mode = build("many-to-one", "words", "class", pooling=pooling)
    loss = mode.loss(batch_of(mode, [Row("", "yes")]))
    loss.mean.backward()
    assert all(p.grad is None or bool(p.grad.isfinite().all()) for p in mode.parameters())
    [answer] = mode.predict([""])
    assert answer.value in ("yes", "no")


def test_unknown_words_are_all_read_alike() -> None:
    mode = build("many-to-one", "words", "class")
    zebra, yak = mode.predict(["the zebra", "the yak"])
    assert zebra.scores == yak.scores


def test_what_was_learned_is_answered() -> None:
    mode = build("many-to-one", "characters", "class")
    train(mode, rows("characters", "class"), steps=40)
    assert [answer.value for answer in mode.predict(TEXTS)] == LABELS


def test_label_smoothing_changes_what_is_learned_and_not_what_is_reported() -> None:
    mode = build("many-to-one", "words", "class")
    batch = batch_of(mode, rows("words", "class"))
    plain, smooth = mode.loss(batch), mode.loss(batch, label_smoothing=0.3)
    for name, sums in plain.sums.items():
        assert smooth.sums[name] == pytest.approx(sums, rel=1e-5)
    assert smooth.mean.item() != plain.mean.item()


def test_label_smoothing_of_numbers_is_refused() -> None:
    mode = build("many-to-one", "words", "numbers")
    with pytest.raises(ConfigError, match="label_smoothing 0.1 is for symbols; this target is numbers"):
        mode.loss(batch_of(mode, rows("words", "numbers")), label_smoothing=0.1)


@pytest.mark.parametrize("sizes", [[8], [6, 10], [4, 5, 6]])
@pytest.mark.parametrize("cell", ["lstm", "elman"])
def test_layers_may_have_their_own_sizes(cell: str, sizes: list[int]) -> None:
    mode = build("many-to-one", "words", "class", cell=cell, hidden_size=sizes)
    assert isinstance(mode, ManyToOne)
    assert mode.stack.output_size == 2 * sizes[-1]
    falls(mode, rows("words", "class"))
    padding_changes_nothing(mode, rows("words", "class"))


def test_sizes_that_contradict_the_number_of_layers_are_refused() -> None:
    with pytest.raises(ConfigError, match="names 2 layers, num_layers is 3") as raised:
        build("many-to-one", "words", "class", hidden_size=[4, 5], num_layers=3)
    assert raised.value.hint == "--num-layers 2"


def test_every_form_of_regularisation_learns_and_is_off_when_answering() -> None:
    mode = build(
        "many-to-one", "words", "class", num_layers=2, dropout=0.1, variational_dropout=0.1, embedding_dropout=0.1,
        recurrent_dropout=0.1, zoneout=0.1, weight_drop=0.1, layer_norm=True, residual=True,
        learn_initial_state=True, forget_bias=1.0,
    )  # fmt: skip
    train(mode, rows("words", "class"), steps=2)
    mode.train()
    batch = batch_of(mode, rows("words", "class"))
    assert mode.loss(batch).mean.item() != mode.loss(batch).mean.item()
    assert mode.predict(TEXTS)[0].scores == mode.predict(TEXTS)[0].scores
    assert mode.training


def test_predicting_more_rows_than_a_batch_keeps_their_order() -> None:
    mode = build("many-to-one", "series", "numbers")
    inputs = [[float(index % 7)] * (1 + index % 5) for index in range(150)]
    for value, answer in zip(inputs, mode.predict(inputs), strict=True):
        close(torch.tensor(answer.value), torch.tensor(mode.predict([value])[0].value))
