"""The decoder: where it starts, what it reads, how long it writes, attention by formula, rows that are selected."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from recur.decoding import Decoding
from recur.decoding.vocabulary import Vocabulary
from recur.errors import ConfigError
from recur.network.decoder import LENGTH, Decoder, encode_target
from recur.nn import flat_state
from tests.modes.helpers import codec, small
from tests.tolerances import SINGLE, agree, close

SUMMARY, MEMORY = 3, 6


def made(kind: str = "tags", attention: str = "none", **options: Any) -> Decoder:
    torch.manual_seed(0)
    config = small(attention=attention, **options)
    memory = 0 if attention == "none" else MEMORY
    return Decoder(codec(kind), config, summary_size=SUMMARY, memory_size=memory).double().eval()


def started(decoder: Decoder, rows: int = 2) -> Any:
    generator = torch.Generator().manual_seed(1)
    summary, memory = (
        torch.randn(rows, *size, dtype=torch.float64, generator=generator) for size in ((SUMMARY,), (4, MEMORY))
    )
    return decoder.start(summary, None if decoder.attention is None else memory, torch.tensor([4, 2])[:rows])


def targets(kind: str) -> Tensor:
    ids = torch.tensor([[0, 1, 2], [3, 1, 0]])
    return ids if kind == "tags" else torch.randn(2, 3, 1, dtype=torch.float64)


def test_the_initial_state_is_the_summary_through_tanh() -> None:
    decoder, summary = made(cell="gru"), torch.randn(2, SUMMARY, dtype=torch.float64)
    linear = decoder.bridge.linear
    close(decoder.start(summary).recurrent[0], torch.tanh(summary @ linear.weight.T + linear.bias))


def test_tags_begin_with_the_id_after_the_last_and_numbers_with_zeros() -> None:
    assert made().first(2).tolist() == [4, 4]
    assert made("series").first(2).tolist() == [[0.0], [0.0]]
    words = made("words")
    assert words.first(1).tolist() == [codec("words").ids.bos]


@pytest.mark.parametrize(
    ("attention", "feeding"),
    [("none", False), ("luong", False), ("bahdanau", False), ("luong", True), ("bahdanau", True)],
)
def test_reading_known_targets_is_one_step_after_another(attention: str, feeding: bool) -> None:
    decoder = made("tags", attention, input_feeding=feeding)
    state, known = started(decoder), targets("tags")
    vectors, weights = decoder.read(known, None, state)
    previous = torch.cat([decoder.first(2)[:, None], known[:, :-1]], dim=1)
    for step in range(3):
        log_p, state = decoder.step(previous[:, step], state)
        close(log_p, decoder.output.log_probs(vectors[:, step]), f"step {step}")
        if weights is not None:
            close(state.weights, weights[:, step], f"weights of step {step}")
    assert (weights is None) == (attention == "none")


def test_luong_attention_is_its_formula() -> None:
    decoder = made(attention="luong", cell="gru")
    state = started(decoder)
    vectors, weights = decoder.read(targets("tags"), None, state)
    previous = decoder.inputs(torch.cat([decoder.first(2)[:, None], targets("tags")[:, :-1]], dim=1))
    s, _ = decoder.stack(previous, state.recurrent)
    assert decoder.attention is not None
    assert weights is not None
    w = dict(decoder.attention.named_parameters())
    [matrix] = [value for value in w.values() if value.dim() == 2]
    scores = torch.einsum("bth,hm,bsm->bts", s, matrix if matrix.shape == (8, 6) else matrix.T, state.memory) / 8**0.5
    scores[1, :, 2:] = -torch.inf
    expected = scores.softmax(-1)
    close(weights, expected)
    context = expected @ state.memory
    close(vectors, torch.tanh(decoder.combine(torch.cat([context, s], dim=-1))))


@pytest.mark.parametrize("attention", ["luong", "bahdanau"])
def test_attention_looks_at_real_steps_alone(attention: str) -> None:
    decoder = made(attention=attention)
    _, weights = decoder.read(targets("tags"), None, started(decoder))
    assert weights is not None
    close(weights.sum(-1), torch.ones(2, 3, dtype=torch.float64))
    assert not weights[1, :, 2:].any()


def test_the_loss_is_the_mean_over_real_steps_and_training_learns_how_long_answers_are() -> None:
    decoder = made()
    known, lengths = targets("tags"), torch.tensor([3, 1])
    mean, sums = decoder.loss(known, lengths, started(decoder), label_smoothing=0.0, teacher_forcing=1.0)
    vectors, _ = decoder.read(known, lengths, started(decoder))
    log_p = decoder.output.log_probs(vectors)
    expected = -(log_p[0, 0, 0] + log_p[0, 1, 1] + log_p[0, 2, 2] + log_p[1, 0, 3]) / 4
    close(mean, expected)
    assert sums["loss"][1] == 4.0
    assert decoder.length(Decoding()) == LENGTH
    decoder.train().loss(known, lengths, started(decoder), label_smoothing=0.0, teacher_forcing=1.0)
    assert decoder.length(Decoding()) == 3
    assert decoder.length(Decoding(length=0)) == 0


def test_a_number_that_is_missing_is_read_as_the_mean() -> None:
    decoder, known = made("series"), targets("series")
    gap, zero = known.clone(), known.clone()
    gap[0, 1], zero[0, 1] = float("nan"), 0.0
    close(decoder.read(gap, None, started(decoder))[0], decoder.read(zero, None, started(decoder))[0])


def test_never_told_reads_its_own_likeliest_symbols() -> None:
    decoder = made()
    state = started(decoder)
    vectors, _ = decoder.read(targets("tags"), None, state, teacher_forcing=0.0)
    ids = decoder.first(2)
    for step in range(3):
        log_p, state = decoder.step(ids, state)
        close(decoder.output.log_probs(vectors[:, step]), log_p)
        ids = log_p.argmax(-1)


@pytest.mark.parametrize("feeding", [False, True])
def test_selected_rows_bring_all_of_their_state(feeding: bool) -> None:
    decoder = made(attention="luong", input_feeding=feeding)
    _, state = decoder.step(torch.tensor([0, 1]), started(decoder))
    swapped = decoder.select(state, torch.tensor([1, 0, 1]))
    for actual, whole in zip(flat_state(swapped.recurrent), flat_state(state.recurrent), strict=True):
        close(actual, whole[:, [1, 0, 1]])
    for name in ("memory", "lengths", "keys", "weights", "fed"):
        mine, own = getattr(swapped, name), getattr(state, name)
        assert (mine is None) == (own is None), name
        assert own is None or torch.equal(mine, own[[1, 0, 1]]), name
    assert (state.fed is not None) == feeding


def test_numbers_are_written_by_reading_them_back_and_begin_with_the_prefix() -> None:
    decoder = made("series")
    options = Decoding(length=3, prefix=[2.0])
    with torch.no_grad():
        [answer, _] = decoder.write(started(decoder), 2, options, 1, options.chooser())
        written = torch.from_numpy(decoder.codec.encode(answer.value)).double()
        vectors, _ = decoder.read(written[None], None, started(decoder, 1))
        following = decoder.output.choice(vectors)[0, 1:]
    assert answer.value[0] == pytest.approx(2.0)
    agree(written[1:], following)


def test_an_answer_of_no_numbers_is_empty() -> None:
    decoder, options = made("series"), Decoding(length=0)
    with torch.no_grad():
        assert [one.value for one in decoder.write(started(decoder), 2, options, 1, options.chooser())] == [[], []]


def test_items_that_are_streamed_are_the_answer() -> None:
    decoder, options = made(), Decoding(length=5)
    with torch.no_grad():
        [whole] = decoder.write(started(decoder, 1), 1, options, 1, options.chooser())
        pieces = list(decoder.generate(started(decoder, 1), options, nullcontext))
    assert pieces == whole.value


def test_an_answer_has_the_alignment_of_its_symbols() -> None:
    decoder, options = made(attention="bahdanau"), Decoding(length=3)
    with torch.no_grad():
        first, second = decoder.write(started(decoder), 2, options, 1, options.chooser())
    for answer, width in ((first, 4), (second, 2)):
        assert answer.alignment is not None
        assert answer.alignment.shape[1] == width
        assert answer.alignment.shape[0] in (len(answer.value), len(answer.value) + 1)
        np.testing.assert_allclose(answer.alignment.sum(1), 1.0, rtol=SINGLE)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"beam": 2}, "cannot be streamed"), ({"no_repeat_ngram": 2}, "this network writes numbers")],
)
def test_options_that_numbers_or_a_stream_cannot_have_are_refused(options: dict[str, int], message: str) -> None:
    decoder = made("series")
    with pytest.raises(ConfigError, match=message):
        next(decoder.generate(started(decoder, 1), Decoding(**options), nullcontext))


def test_a_tied_readout_is_the_embedding_and_is_as_wide_as_the_last_layer() -> None:
    decoder = made(tie_weights=True, embedding_size=None, hidden_size=[7, 8])
    assert decoder.inputs.embedding is not None
    assert decoder.output.matrix is not None
    assert decoder.output.matrix.weight is decoder.inputs.embedding.weight
    assert decoder.inputs.size == 8


def test_a_target_ends_with_the_end_symbol_where_there_is_one() -> None:
    tags, series = codec("tags"), codec("series")
    assert encode_target(tags, Vocabulary(tags), ["D", "N"]).tolist() == [*tags.encode(["D", "N"]), 5]
    assert encode_target(series, None, [1.0, 2.0]).shape == (2, 1)
