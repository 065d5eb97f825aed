"""The next item: documents and streams, continuations, forecasts, generated text."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from recur import codecs, continuation, modes
from recur.continuation import text as language
from recur.decoding import Decoding
from recur.errors import ConfigError
from recur.modes import NextItem
from recur.network import Batch
from recur.nn import flat_state
from tests.continuation.models import STREAM, model
from tests.modes.helpers import SERIES, TAGS, TEXTS, Row, batch_of, build, codec, falls, rows, same, small, train
from tests.tolerances import close


def window(ids: Tensor, resets: Tensor | None = None) -> Batch:
    """A piece of a stream: every item is predicted from those before it."""
    return Batch(ids[:, :-1], None, ids[:, 1:], None, None if resets is None else resets[:, :-1])


def ids_of(mode: NextItem, text: str) -> Tensor:
    return torch.from_numpy(mode.target_codec.encode(text))[None]


def test_a_document_has_a_beginning_and_an_end() -> None:
    mode = model()
    bos, eos = 2, 3
    encoded = mode.encode(Row(TEXTS[0], None))
    words = mode.target_codec.encode(TEXTS[0]).tolist()
    assert encoded.input is not None
    assert encoded.input.tolist() == [bos, *words]
    assert encoded.target.tolist() == [*words, eos]
    empty = mode.encode(Row("", None))
    assert empty.input is not None
    assert (empty.input.tolist(), empty.target.tolist()) == ([bos], [eos])


def test_tags_get_a_beginning_and_an_end_after_their_own_ids() -> None:
    mode = model("tags")
    count = mode.target_codec.size
    encoded = mode.encode(Row(TAGS[1], None))
    assert encoded.input is not None
    assert encoded.input[0] == count
    assert encoded.target[-1] == count + 1
    assert all(
        tag in "DNPV" for tag in continuation.predict(mode, [["D"]], length=20, temperature=1.0, seed=0)[0].value
    )


@pytest.mark.parametrize("kind", ["words", "characters", "subwords", "series"])
def test_a_stream_has_neither(kind: str) -> None:
    mode = model(kind, stream=True)
    values = SERIES[2] if kind == "series" else STREAM
    encoded = mode.encode(Row(values, None))
    array = mode.target_codec.encode(values)
    assert encoded.input is not None
    assert encoded.input.tolist() == array[:-1].tolist()
    assert encoded.target.tolist() == array[1:].tolist()


def test_loss_of_documents_is_the_cross_entropy_of_words_and_end() -> None:
    mode = model()
    errors = []
    for text in TEXTS:
        last, state = torch.tensor([2]), None
        for symbol in [*mode.target_codec.encode(text).tolist(), 3]:
            log_probs, state = mode.step(last, state)
            errors.append(-log_probs[0, symbol])
            last = torch.tensor([symbol])
    loss = mode.loss(batch_of(mode, rows("words", None)))
    total = torch.stack(errors)
    close(loss.mean, total.mean())
    same(loss.sums["loss"][0], total.sum().item())
    assert loss.sums["loss"][1] == len(errors)
    figures = mode.summary(loss.sums)
    same(figures["perplexity"], math.exp(total.mean().item()))
    assert mode.metric == "perplexity"
    assert not mode.higher_is_better


def test_characters_are_reported_in_nats() -> None:
    mode = model("characters")
    figures = mode.summary(mode.loss(batch_of(mode, rows("characters", None))).sums)
    assert mode.metric == "nats"
    assert figures["nats"] == figures["loss"]


@pytest.mark.parametrize("cell", ["lstm", "gru", "elman", "lstm_projected"])
@pytest.mark.parametrize("sizes", [8, [6, 9]])
def test_state_carried_over_two_windows_equals_one_long_window(cell: str, sizes: int | list[int]) -> None:
    mode = model("characters", stream=True, cell=cell, hidden_size=sizes)
    ids = ids_of(mode, STREAM)
    whole = mode.loss(window(ids))
    cut = 9
    first = mode.loss(window(ids[:, : cut + 1]))
    second = mode.loss(window(ids[:, cut:]), first.state)
    same(first.sums["loss"][0] + second.sums["loss"][0], whole.sums["loss"][0])
    for one, other in zip(flat_state(second.state), flat_state(whole.state), strict=True):
        close(one, other)


def test_a_state_carried_on_passes_gradients_back_until_it_is_detached() -> None:
    mode = model("characters", stream=True)
    first = mode.loss(window(ids_of(mode, STREAM)[:, :9]))
    assert all(state.requires_grad for state in flat_state(first.state))


@given(st.lists(st.integers(2, 8), min_size=1, max_size=4))
def test_resets_inside_a_stream_equal_separate_documents(lengths: list[int]) -> None:
    mode = model("characters", stream=True)
    documents = [ids_of(mode, STREAM[3 * place : 3 * place + length]) for place, length in enumerate(lengths)]
    joined = torch.cat(documents, dim=1)
    resets = torch.zeros_like(joined, dtype=torch.bool)
    starts = [sum(lengths[:place]) for place in range(len(lengths))]
    resets[0, starts] = True
    vectors, _ = mode.run(joined, resets=resets)
    for document, begin in zip(documents, starts, strict=True):
        alone, _ = mode.run(document)
        close(vectors[:, begin : begin + document.shape[1]], alone)
    loss = mode.loss(window(joined, resets))
    total = functional.cross_entropy(
        mode.symbol_head().log_probs(vectors[0, :-1]), joined[0, 1:], reduction="sum"
    ).item()
    same(loss.sums["loss"][0], total)


def test_a_reset_forgets_the_state_that_was_carried() -> None:
    mode = model("characters", stream=True)
    ids = ids_of(mode, STREAM)[:, :6]
    resets = torch.zeros_like(ids, dtype=torch.bool)
    resets[:, 0] = True
    carried = mode.loss(window(ids)).state
    same(mode.loss(window(ids, resets), carried).mean.item(), mode.loss(window(ids)).mean.item())
    assert mode.loss(window(ids), carried).mean.item() != mode.loss(window(ids)).mean.item()


@pytest.mark.parametrize("kind", ["words", "characters", "subwords", "tags"])
@pytest.mark.parametrize("stream", [False, True])
def test_candidates_for_the_next_item_are_in_order_and_are_no_reserved_symbols(kind: str, stream: bool) -> None:
    mode = model(kind, stream=stream)
    prompts = TAGS if kind == "tags" else TEXTS
    for answer in continuation.predict(mode, prompts, top=10**6):
        probabilities = [probability for _, probability in answer.scores]
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(probabilities) < 1.0
        assert answer.value == answer.scores[0][0]
        # padding, beginning, end, and the unknown that only texts have
        assert len(probabilities) == mode.target_codec.size - (0 if kind == "tags" else 4)


def test_the_next_item_is_what_one_step_says() -> None:
    mode = model()
    mode.eval()
    last, state = torch.tensor([2]), None
    for symbol in mode.target_codec.encode("the cat").tolist():
        _, state = mode.step(last, state)
        last = torch.tensor([symbol])
    log_probs, _ = mode.step(last, state)
    for word, probability in continuation.predict(mode, ["the cat"], top=5)[0].scores:
        same(probability, log_probs[0, int(mode.target_codec.encode(word)[0])].exp().item())


def test_an_unknown_word_may_be_in_a_prompt_and_is_no_candidate_unless_asked_for() -> None:
    mode = model()
    assert continuation.predict(mode, ["zebra"])[0].scores == continuation.predict(mode, ["yak"])[0].scores
    plain, told = (
        continuation.predict(mode, ["the"], top=99)[0],
        continuation.predict(mode, ["the"], top=99, unknown=True)[0],
    )
    assert len(told.scores) == len(plain.scores) + 1


@pytest.mark.parametrize("prompt", ["", "the cat", "zebra"])
@pytest.mark.parametrize("kind", ["words", "characters", "subwords"])
@pytest.mark.parametrize("stream", [False, True])
def test_pieces_of_a_stream_join_to_what_predict_writes(kind: str, stream: bool, prompt: str) -> None:
    mode = model(kind, stream=stream)
    train(mode, [Row(STREAM if stream else text, None) for text in TEXTS], steps=10)
    for seed in range(4):
        options = {"temperature": 1.0, "seed": seed, "length": 25}
        pieces = list(language.generate(mode, prompt, Decoding.of(dict(options))))
        [answer] = continuation.predict(mode, [prompt], **options)
        joined = "".join(pieces)
        # of words only the prompt says whether a space comes first
        assert (joined.lstrip(" ") if kind == "words" else joined) == answer.value
        assert all(pieces)


def test_a_stream_of_words_goes_on_over_line_ends() -> None:
    mode = model(stream=True, hidden_size=24)
    train(mode, [Row(STREAM * 2, None)], steps=60)
    [answer] = continuation.predict(mode, ["the cat"], length=6)
    assert answer.value == "sat\na dog ran\n"
    assert "".join(language.generate(mode, "the cat", Decoding(length=6))) == " sat\na dog ran\n"


def test_a_document_stops_at_its_end() -> None:
    mode = model("characters", hidden_size=24)
    train(mode, [Row("a dog", None)], steps=80)
    assert "".join(language.generate(mode, "a d", Decoding())) == "og"
    assert continuation.predict(mode, ["a d"], length=50)[0].value == "og"
    assert continuation.predict(mode, ["a d", ""], length=2)[1].value == "a "


def test_greedy_is_what_the_narrowest_sampling_gives() -> None:
    mode = model("characters", stream=True)
    train(mode, [Row(STREAM, None)], steps=10)
    greedy = "".join(language.generate(mode, "the", Decoding(length=30)))
    for narrow in ({"top_k": 1}, {"top_p": 1e-6}):
        options = Decoding.of({"temperature": 1.0, "seed": 5, "length": 30, **narrow})
        assert "".join(language.generate(mode, "the", options)) == greedy
    assert continuation.predict(mode, ["the"], length=30)[0].value == greedy
    assert continuation.predict(mode, ["the"], length=30, beam=1)[0].value == greedy


@pytest.mark.parametrize("kind", ["characters", "subwords", "words"])
@pytest.mark.parametrize("until", ["\n", "cat", "sat\na", "og"])
def test_generation_stops_before_what_it_is_told_to_stop_at(kind: str, until: str) -> None:
    mode = model(kind, stream=True, hidden_size=24)
    train(mode, [Row(STREAM * 2, None)], steps=200)
    whole = "".join(language.generate(mode, "the", Decoding(length=40)))
    pieces = list(language.generate(mode, "the", Decoding(length=40, stop=until)))
    assert "".join(pieces) == whole.split(until)[0]
    assert until in whole
    assert all(pieces)


def test_a_beginning_of_the_stop_is_written_when_the_rest_does_not_come() -> None:
    mode = model("characters", hidden_size=24)
    train(mode, [Row("a dog", None)], steps=80)
    assert "".join(language.generate(mode, "a", Decoding(stop="ogre"))) == " dog"
    assert "".join(language.generate(mode, "a", Decoding(length=3, stop="ogre"))) == " do"


def test_generation_of_no_symbols_is_empty() -> None:
    assert list(language.generate(model(), "the", Decoding(length=0))) == []


def test_half_a_character_waits_for_its_other_half() -> None:
    torch.manual_seed(0)
    mode = modes.build("synced", codecs.make("subwords").fit(["aé"]), None, small(hidden_size=24))
    assert isinstance(mode, NextItem)
    train(mode, [Row("a€é", None)], steps=100)
    assert list(language.generate(mode, "a", Decoding())) == ["€", "é"]


def test_a_beam_cannot_be_streamed() -> None:
    with pytest.raises(ConfigError, match="a beam of 3 has its answer only at the end") as raised:
        list(language.generate(model(), "the", Decoding(beam=3)))
    assert raised.value.hint == "beam=1, or predict(..., beam=3)"


def test_a_series_is_not_generated() -> None:
    with pytest.raises(ConfigError, match="only symbols are generated"):
        list(continuation.generate(model("series"), "", length=2))


def test_tags_are_generated_one_by_one() -> None:
    mode = model("tags")
    [answer] = continuation.predict(mode, [["N"]], length=4)
    assert list(continuation.generate(mode, ["N"], length=4)) == answer.value


def test_continuations_may_be_searched_with_a_beam() -> None:
    mode = model()
    train(mode, rows("words", None), steps=10)
    for answer in continuation.predict(mode, TEXTS, top=3, length=4, length_penalty=0.0):
        probabilities = [probability for _, probability in answer.scores]
        assert len(probabilities) == 3
        assert answer.value == answer.scores[0][0]


@pytest.mark.parametrize("options", [{}, {"length": 5}, {"length": 5, "beam": 2}])
@pytest.mark.parametrize("kind", ["words", "characters", "subwords"])
@pytest.mark.parametrize("stream", [False, True])
def test_prompts_of_different_lengths_are_answered_as_if_alone(kind: str, stream: bool, options: Any) -> None:
    mode = model(kind, stream=stream)
    prompts = ["", "the", "the cat sat", "zebra the"]
    for opening, answer in zip(prompts, continuation.predict(mode, prompts, top=2, **options), strict=True):
        [alone] = continuation.predict(mode, [opening], top=2, **options)
        assert [value for value, _ in alone.scores] == [value for value, _ in answer.scores]
        for (_, one), (_, other) in zip(alone.scores, answer.scores, strict=True):
            same(one, other)


def test_tied_weights_are_one_matrix_that_learns() -> None:
    mode = model(tie_weights=True, embedding_size=None)
    assert mode.inputs.embedding is not None
    assert mode.get_parameter("output.readout.weight") is mode.inputs.embedding.weight
    falls(mode, rows("words", None))
    assert mode.inputs.embedding.weight.shape[1] == 8
    layers = model(tie_weights=True, embedding_size=None, hidden_size=[6, 10])
    assert layers.inputs.size == 10


def test_tied_weights_of_two_sizes_are_refused() -> None:
    with pytest.raises(ConfigError, match="embedding"):
        model(tie_weights=True, embedding_size=5)


@pytest.mark.parametrize("kind", ["words", "characters", "series"])
def test_samples_continue_prompts_or_the_first_rows(kind: str) -> None:
    mode = model(kind)
    before = torch.get_rng_state()
    samples = continuation.samples(mode, rows(kind, None), count=2)
    assert torch.equal(torch.get_rng_state(), before)
    assert samples == continuation.samples(mode, rows(kind, None), count=2)
    assert len(samples) == 2
    if kind != "series":
        prompted = continuation.samples(mode, rows(kind, None), prompts=["the", ""])
        assert [one.input for one in prompted] == ["the", ""]
        assert continuation.samples(mode, []) == []


def test_samples_of_a_stream_come_from_several_places() -> None:
    samples = continuation.samples(model("characters", stream=True), [Row(STREAM * 20, None)], count=3)
    assert len(samples) == 3
    assert len({one.input for one in samples}) > 1
    assert continuation.samples(model("tags"), rows("tags", None)) == []


def test_weights_saved_and_loaded_give_the_same_answers(tmp_path: Path) -> None:
    mode = model()
    train(mode, rows("words", None), steps=5)
    torch.save(mode.state_dict(), tmp_path / "weights.pt")
    other = model(seed=1)
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    assert continuation.predict(other, TEXTS, top=3) == continuation.predict(mode, TEXTS, top=3)


def test_stream_and_documents_need_no_other_weights() -> None:
    torch.manual_seed(0)
    own = codec("words")
    documents, stream = (modes.build("synced", own, own, small(), stream=flag) for flag in (False, True))
    stream.load_state_dict(documents.state_dict())
    assert documents.abilities.carries_state
    assert stream.abilities.carries_state
    assert not build("synced", "words", "words").abilities.carries_state
