"""A sequence in, another out: encoder, decoder, attention."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recur.modes import ManyToMany
from recur.network.batch import Batch
from tests.modes.helpers import (
    SEQUENCES,
    SERIES,
    TAGS,
    TEXTS,
    Row,
    batch_of,
    build,
    falls,
    padding_changes_nothing,
    poison,
    rows,
    same,
    train,
)
from tests.tolerances import close

ATTENTION = ["none", "bahdanau", "luong"]


def pair(source: str, target: str, **options: object) -> ManyToMany:
    mode = build("many-to-many", source, target, **options)
    assert isinstance(mode, ManyToMany)
    return mode


@pytest.mark.parametrize("target", SEQUENCES)
@pytest.mark.parametrize("source", SEQUENCES)
def test_every_pairing_learns(source: str, target: str) -> None:
    falls(pair(source, target), rows(source, target))


@pytest.mark.parametrize("attention", ["bahdanau", "luong"])
@pytest.mark.parametrize(("source", "target"), [("words", "tags"), ("series", "series"), ("characters", "words")])
def test_every_attention_learns(source: str, target: str, attention: str) -> None:
    falls(pair(source, target, attention=attention), rows(source, target))


@pytest.mark.parametrize("attention", ATTENTION)
@pytest.mark.parametrize(("source", "target"), [("words", "characters"), ("series", "tags"), ("tags", "series")])
def test_a_row_alone_is_answered_as_in_a_batch(source: str, target: str, attention: str) -> None:
    examples = [*rows(source, target), Row(SEQUENCES[source][0][:0], SEQUENCES[target][2])]
    padding_changes_nothing(pair(source, target, attention=attention), examples, length=6)


lengths_of_pairs = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=4)


@settings(max_examples=15)
@given(lengths_of_pairs, st.sampled_from(ATTENTION), st.booleans(), st.integers(1, 3))
def test_padding_changes_nothing(
    lengths: list[tuple[int, int]], attention: str, bidirectional: bool, beam: int
) -> None:
    for source, target in (("tags", "tags"), ("series", "series")):
        mode = pair(source, target, attention=attention, bidirectional=bidirectional)
        inputs, targets = SEQUENCES[source][2], SEQUENCES[target][2]
        padding_changes_nothing(mode, [Row(inputs[:one], targets[:two]) for one, two in lengths], length=4, beam=beam)


@pytest.mark.parametrize("attention", ATTENTION)
@pytest.mark.parametrize("kind", ["tags", "series"])
def test_what_stands_in_the_padding_is_never_read(kind: str, attention: str) -> None:
    mode = pair(kind, kind, attention=attention)
    batch = batch_of(mode, rows(kind, kind))
    close(mode.loss(poison(batch)).mean, mode.loss(batch).mean)


@pytest.mark.parametrize("attention", ATTENTION)
def test_loss_is_the_cross_entropy_of_one_step_after_another(attention: str) -> None:
    mode = pair("words", "tags", attention=attention)
    symbols = mode.decoder.symbols
    assert symbols is not None
    errors = []
    for text, tags in zip(TEXTS, TAGS, strict=True):
        ids = torch.from_numpy(mode.encode_input(text))[None]
        state = mode.start(ids, None)
        last = torch.tensor([symbols.beginning])
        for symbol in [*mode.target_codec.encode(tags).tolist(), symbols.end]:
            log_probs, state = mode.decoder.step(last, state)
            errors.append(-log_probs[0, symbol])
            last = torch.tensor([symbol])
    loss = mode.loss(batch_of(mode, rows("words", "tags")))
    close(loss.mean, torch.stack(errors).mean())
    same(loss.sums["loss"][0], float(torch.stack(errors).sum().detach()))
    assert loss.sums["loss"][1] == len(errors)


@pytest.mark.parametrize("attention", ["none", "luong"])
@pytest.mark.parametrize("kind", ["tags", "series"])
def test_writing_step_by_step_has_the_masks_of_writing_all_at_once(kind: str, attention: str) -> None:
    mode = pair(
        "words", kind, attention=attention, num_layers=2, recurrent_dropout=0.4, weight_drop=0.3,
        variational_dropout=0.3, embedding_dropout=0.3,
    ).train()  # fmt: skip
    batch = batch_of(mode, rows("words", kind))
    assert batch.inputs is not None
    state = mode.start(batch.inputs, batch.input_lengths)
    # so near to 1 that every symbol read is the true one, but decided at every step
    found = []
    for forcing in (1.0, math.nextafter(1.0, 0.0)):
        torch.manual_seed(1)
        found.append(mode.decoder.read(batch.targets, None, state, teacher_forcing=forcing)[0])
    close(found[1], found[0])


def test_steps_with_bahdanau_attention_share_one_mask() -> None:
    mode = pair("words", "tags", attention="bahdanau", recurrent_dropout=0.5, variational_dropout=0.5).train()
    layer = mode.decoder.stack.layer
    masks: list[torch.Tensor] = []
    drawn = layer.lock

    def lock(place: Any, draw: Any) -> torch.Tensor:
        masks.append(drawn(place, draw))
        return masks[-1]

    layer.lock = lock
    batch = batch_of(mode, rows("words", "tags"))
    mode.loss(batch, teacher_forcing=0.5)
    assert len(masks) == batch.targets.shape[1]
    assert all(mask is masks[0] for mask in masks)


@pytest.mark.parametrize("attention", ATTENTION)
def test_numbers_are_read_from_zeros_and_then_from_themselves(attention: str) -> None:
    mode = pair("series", "series", attention=attention)
    batch = batch_of(mode, rows("series", "series"))
    assert batch.inputs is not None
    predicted = mode.predict(SERIES, length=6)
    state = mode.start(batch.inputs, batch.input_lengths)
    fed = mode.decoder.read(batch.targets, batch.target_lengths, state, teacher_forcing=0.0)[0]
    values = mode.decoder.output.choice(fed).detach()
    for row, answer in enumerate(predicted):
        close(torch.tensor(answer.value), torch.tensor(mode.target_codec.decode(values[row].numpy())))


@pytest.mark.parametrize("attention", ["bahdanau", "luong"])
def test_weights_sum_to_one_over_real_steps_and_are_zero_at_padding(attention: str) -> None:
    mode = pair("words", "tags", attention=attention)
    examples = [*rows("words", "tags"), Row("", ["D"])]
    batch = batch_of(mode, examples)
    _, weights = mode.decoder.read(batch.targets, batch.target_lengths, mode.start(batch.inputs, batch.input_lengths))
    assert weights is not None
    assert batch.input_lengths is not None
    for row, length in enumerate(batch.input_lengths.tolist()):
        steps = len(examples[row].target) + 1
        assert not weights[row, :steps, length:].any()
        expected = torch.full((steps,), 1.0 if length else 0.0)
        close(weights[row, :steps, :length].sum(-1), expected)


@pytest.mark.parametrize("beam", [1, 3])
@pytest.mark.parametrize("attention", ["bahdanau", "luong"])
def test_answers_carry_their_alignment(attention: str, beam: int) -> None:
    mode = pair("words", "tags", attention=attention, hidden_size=24)
    train(mode, rows("words", "tags"), steps=200)
    answers = mode.predict(TEXTS, beam=beam)
    assert [answer.value for answer in answers] == TAGS
    for text, answer in zip(TEXTS, answers, strict=True):
        assert answer.alignment is not None
        # the end of the answer is a step of its own
        assert answer.alignment.shape == (len(answer.value) + 1, len(text.split()))
        close(torch.from_numpy(answer.alignment).sum(1), torch.ones(len(answer.value) + 1))
    [cut] = mode.predict(TEXTS[2:3], length=2)
    assert cut.alignment is not None
    assert cut.alignment.shape == (2, len(TEXTS[2].split()))


@pytest.mark.parametrize("attention", ["bahdanau", "luong"])
def test_the_alignment_is_where_each_step_looked(attention: str) -> None:
    mode = pair("words", "tags", attention=attention).eval()
    [answer] = mode.predict(TEXTS[:1], length=4)
    assert mode.decoder.symbols is not None
    assert answer.alignment is not None
    state = mode.start(torch.from_numpy(mode.encode_input(TEXTS[0]))[None], None)
    last = torch.tensor([mode.decoder.symbols.beginning])
    for step, tag in enumerate(answer.value):
        _, state = mode.decoder.step(last, state)
        assert state.weights is not None
        close(torch.from_numpy(answer.alignment[step]), state.weights[0].detach())
        last = torch.from_numpy(mode.target_codec.encode([tag]))


@pytest.mark.parametrize("cell", ["gru", "lstm_projected"])
@pytest.mark.parametrize("attention", ["bahdanau", "luong"])
@pytest.mark.parametrize("target", ["tags", "series"])
def test_with_input_feeding_every_pairing_learns_and_padding_changes_nothing(
    target: str, attention: str, cell: str
) -> None:
    mode = pair("words", target, attention=attention, input_feeding=True, cell=cell)
    falls(mode, rows("words", target))
    padding_changes_nothing(mode, rows("words", target), length=4, beam=2)


def test_what_is_fed_is_the_attentional_vector_of_the_step_before() -> None:
    mode = pair("words", "tags", attention="luong", input_feeding=True, cell="elman").eval()
    decoder = mode.decoder
    batch = batch_of(mode, rows("words", "tags"))
    state = mode.start(batch.inputs, batch.input_lengths)
    vectors, weights = decoder.read(batch.targets, None, state)
    previous = decoder.inputs(torch.cat([decoder.first(4)[:, None], batch.targets[:, :-1]], dim=1))
    hidden, fed = state.recurrent, torch.zeros_like(vectors[:, 0])
    for step in range(batch.targets.shape[1]):
        output, hidden = decoder.stack.step(torch.cat([previous[:, step], fed], dim=-1), hidden)
        assert decoder.attention is not None
        context, looked = decoder.attention(output, state.memory, state.lengths)
        fed = torch.tanh(decoder.combine(torch.cat([context, output], dim=-1)))
        close(vectors[:, step], fed)
        assert weights is not None
        close(weights[:, step], looked)


def test_without_input_feeding_training_runs_over_all_steps_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    for feeding in (False, True):
        mode = pair("words", "tags", attention="luong", input_feeding=feeding).train()
        batch = batch_of(mode, rows("words", "tags"))
        layer, count = mode.decoder.stack.layer, [0, 0]
        run, look = layer.forward, mode.decoder.attention.forward

        def counted_run(*given: Any, _run: Any = run, _count: list[int] = count, **options: Any) -> Any:
            _count[0] += 1
            return _run(*given, **options)

        def counted_look(*given: Any, _look: Any = look, _count: list[int] = count, **options: Any) -> Any:
            _count[1] += 1
            return _look(*given, **options)

        monkeypatch.setattr(layer, "forward", counted_run)
        monkeypatch.setattr(mode.decoder.attention, "forward", counted_look)
        mode.loss(batch)
        calls.append(count)
        steps = batch.targets.shape[1]
    assert calls == [[1, 1], [steps, steps]]


def test_without_attention_there_is_no_alignment() -> None:
    assert pair("words", "tags").predict(TEXTS[:1])[0].alignment is None


@pytest.mark.parametrize("attention", ATTENTION)
@pytest.mark.parametrize("target", ["tags", "series"])
def test_always_told_is_teacher_forcing_step_by_step(target: str, attention: str) -> None:
    mode = pair("words", target, attention=attention)
    batch = batch_of(mode, rows("words", target))
    state = mode.start(batch.inputs, batch.input_lengths)
    plain, _ = mode.decoder.read(batch.targets, batch.target_lengths, state, teacher_forcing=1.0)
    # so near to one that a coin never says no: the code that samples, with nothing sampled
    told, _ = mode.decoder.read(batch.targets, batch.target_lengths, state, teacher_forcing=1 - 1e-12)
    for row, length in enumerate(batch.target_lengths.tolist() if batch.target_lengths is not None else []):
        close(told[row, :length], plain[row, :length])
    close(mode.loss(batch, teacher_forcing=1.0).mean, mode.loss(batch).mean)


@pytest.mark.parametrize("attention", ATTENTION)
@pytest.mark.parametrize("target", ["tags", "series"])
def test_never_told_is_another_loss_that_can_be_learned_from(target: str, attention: str) -> None:
    mode = pair("words", target, attention=attention)
    batch = batch_of(mode, rows("words", target))
    own = mode.loss(batch, teacher_forcing=0.0)
    assert own.mean.item() != mode.loss(batch).mean.item()
    own.mean.backward()
    assert all(parameter.grad is not None for parameter in mode.parameters())


def test_never_told_reads_its_own_likeliest_symbols() -> None:
    mode = pair("words", "tags").eval()
    [greedy] = mode.predict(TEXTS[:1], length=5)
    ids = torch.from_numpy(mode.target_codec.encode(greedy.value))[None]
    state = mode.start(torch.from_numpy(mode.encode_input(TEXTS[0]))[None], None)
    told, _ = mode.decoder.read(ids, None, state)
    anything = torch.zeros_like(ids)
    own, _ = mode.decoder.read(anything, None, state, teacher_forcing=0.0)
    close(own, told)


def test_label_smoothing_changes_what_is_learned_and_not_what_is_reported() -> None:
    mode = pair("words", "tags", attention="luong")
    batch = batch_of(mode, rows("words", "tags"))
    plain, smooth = mode.loss(batch), mode.loss(batch, label_smoothing=0.1)
    for name, sums in plain.sums.items():
        assert smooth.sums[name] == pytest.approx(sums, rel=1e-5)
    assert smooth.mean.item() != plain.mean.item()


@pytest.mark.parametrize("attention", ATTENTION)
def test_a_reversal_is_learned(attention: str) -> None:
    mode = pair("tags", "tags", attention=attention, hidden_size=24)
    examples = [Row(list(tags), list(tags)[::-1]) for tags in ("DNV", "NVD", "VP", "PDN")]
    train(mode, examples, steps=120, lr=0.02)
    answers = mode.predict([row.input for row in examples])
    assert [answer.value for answer in answers] == [row.target for row in examples]


def test_a_forecast_is_as_long_as_asked_for() -> None:
    mode = pair("series", "series")
    assert [len(answer.value) for answer in mode.predict(SERIES, length=5)] == [5] * 4
    assert all(answer.scores == [] for answer in mode.predict(SERIES, length=1))


def test_empty_texts_on_both_sides_are_learned_from() -> None:
    for attention in ATTENTION:
        mode = pair("words", "words", attention=attention)
        loss = mode.loss(batch_of(mode, [Row("", "")]))
        assert loss.sums["loss"][1] == 1
        loss.mean.backward()
        assert all(p.grad is None or bool(p.grad.isfinite().all()) for p in mode.parameters())
        assert len(mode.predict([""])) == 1


@pytest.mark.parametrize("attention", ATTENTION)
@pytest.mark.parametrize("cell", ["lstm", "lstm_projected", "gru"])
def test_layers_may_have_their_own_sizes(cell: str, attention: str) -> None:
    sizes = [6, 6] if cell == "lstm_projected" else [6, 9]
    mode = pair("words", "tags", cell=cell, hidden_size=sizes, attention=attention)
    falls(mode, rows("words", "tags"))
    padding_changes_nothing(mode, rows("words", "tags"), length=3, beam=2)


def test_tied_weights_are_one_matrix() -> None:
    mode = pair("words", "tags", tie_weights=True, embedding_size=None)
    assert mode.decoder.inputs.embedding is not None
    assert mode.get_parameter("decoder.output.readout.weight") is mode.decoder.inputs.embedding.weight
    falls(mode, rows("words", "tags"))


def test_the_first_n_best_answer_is_the_value_and_they_are_in_order() -> None:
    mode = pair("words", "tags")
    train(mode, rows("words", "tags"), steps=10)
    for answer in mode.predict(TEXTS, top=4, length_penalty=0.0):
        values, probabilities = zip(*answer.scores, strict=True)
        assert values[0] == answer.value
        assert len(values) == len({tuple(value) for value in values}) == 4
        assert list(probabilities) == sorted(probabilities, reverse=True)
        assert sum(probabilities) <= 1.0


def test_a_batch_of_one_without_lengths_is_as_with_them() -> None:
    for attention in ATTENTION:
        mode = pair("words", "tags", attention=attention)
        batch = batch_of(mode, rows("words", "tags")[:1])
        close(mode.loss(Batch(batch.inputs, None, batch.targets)).mean, mode.loss(batch).mean)
