"""Models of notes: the likelihood of frames, how they are drawn, and how a piece is continued."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from recur import codecs, continuation, modes
from recur.codecs import Codec, NotesCodec
from recur.config import Config
from recur.continuation import notes as notes_mode
from recur.decoding import Decoding
from recur.errors import ConfigError, DataError
from recur.evaluation.baselines import baseline
from recur.heads.events import EventHead
from recur.modes import Mode, NextItem
from tests.modes.helpers import Row

PIECES = [[[60, 64, 67], [60, 64, 67], [], [65]], [[60], [62]], [[48, 55]]]
LINES = ["C4 D4 E4/2 r/2", "G4*2 C4+E4", "D4"]


def rolls() -> Codec:
    return codecs.make("notes").fit(PIECES)


def model(codec: Codec, **options: Any) -> NextItem:
    torch.manual_seed(0)
    mode = modes.build("synced", codec, codec, Config.of(hidden_size=8, **options).model)
    assert isinstance(mode, NextItem)
    return mode.eval()


def loss_of(mode: Mode, values: list[Any]) -> modes.Loss:
    return mode.loss(mode.collate([mode.encode(Row(value, value)) for value in values]))


def test_the_error_of_a_frame_is_the_sum_of_the_cross_entropies_of_its_keys() -> None:
    codec = rolls()
    mode = model(codec)
    output = mode.output
    assert isinstance(output, EventHead)
    loss = loss_of(mode, PIECES)
    total, count = 0.0, 0
    with torch.no_grad():
        for piece in PIECES:
            frames = codec.encode(piece)
            before = np.concatenate([np.zeros((1, 88), np.float32), frames[:-1]])
            vectors, _ = mode.run(torch.from_numpy(before)[None])
            chances = torch.sigmoid(output.logits(vectors).double())[0].numpy()
            total -= float(np.log(np.where(frames > 0, chances, 1 - chances)).sum())
            count += len(frames)
    assert loss.sums["loss"][1] == count == 7
    assert loss.sums["loss"][0] == pytest.approx(total, rel=1e-5)
    assert float(loss.mean.detach()) == pytest.approx(total / count, rel=1e-5)
    assert mode.summary(loss.sums)["nll_per_frame"] == pytest.approx(total / count, rel=1e-5)
    assert mode.metric == "nll_per_frame"
    assert not mode.higher_is_better


def test_padding_and_other_rows_change_no_frame() -> None:
    mode = model(rolls())
    together = loss_of(mode, PIECES)
    apart = [loss_of(mode, [piece]) for piece in PIECES]
    assert together.sums["loss"][0] == pytest.approx(sum(one.sums["loss"][0] for one in apart), rel=1e-5)
    assert together.sums["frame_accuracy"] == (
        sum(one.sums["frame_accuracy"][0] for one in apart), sum(one.sums["frame_accuracy"][1] for one in apart)
    )  # fmt: skip


def test_an_empty_piece_counts_nothing() -> None:
    mode = model(rolls())
    assert loss_of(mode, [[]]).sums["loss"] == (0.0, 0.0)
    assert bool(torch.isfinite(loss_of(mode, [[], [[60]]]).mean))


@pytest.mark.parametrize("options", [{"beam": 3}, {"temperature": 1.0, "top_k": 3}, {"temperature": 1.0, "top_p": 0.5}])
def test_options_of_symbols_are_refused_for_frames(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="a frame is many keys at once"):
        continuation.predict(model(rolls()), [PIECES[0]], **options)


@pytest.mark.parametrize("option", ["tie_weights", "adaptive_softmax"])
def test_readouts_of_symbols_are_refused_for_frames(option: str) -> None:
    with pytest.raises(ConfigError, match="this target is frames"):
        model(rolls(), **{option: True})


def test_the_same_seed_continues_in_the_same_way_and_step_by_step() -> None:
    mode = model(rolls())
    options = Decoding(temperature=1.0, seed=5, length=6)
    first, again = (list(notes_mode.generate(mode, PIECES[0], options)) for _ in range(2))
    assert first == again
    assert len(first) == 6
    [answer] = continuation.predict(mode, [PIECES[0]], temperature=1.0, seed=5, length=6)
    assert answer.value == first
    other = list(notes_mode.generate(mode, PIECES[0], Decoding(temperature=1.0, seed=6, length=6)))
    assert other != first


def test_a_continuation_depends_on_nothing_but_what_was_read() -> None:
    mode = model(rolls())
    alone = [continuation.predict(mode, [piece], length=3)[0].value for piece in PIECES]
    assert [one.value for one in continuation.predict(mode, PIECES, length=3)] == alone
    begun = list(notes_mode.generate(mode, None, Decoding(length=2, temperature=1.0, seed=1)))
    assert begun == list(notes_mode.generate(mode, [], Decoding(length=2, temperature=1.0, seed=1)))


def test_candidates_are_the_likeliest_keys() -> None:
    mode = model(rolls())
    found = notes_mode.candidates(mode, PIECES[0], 5)
    chances = [chance for _, chance in found]
    assert len(found) == 5
    assert chances == sorted(chances, reverse=True)
    assert all(0 < chance < 1 for chance in chances)


def melodies() -> Codec:
    return codecs.make("notes", Config.of(notes="melody", frames_per_beat=2).data).fit(LINES)


def test_a_melody_is_learned_and_continued_as_events() -> None:
    codec = melodies()
    mode = model(codec)
    assert mode.metric == "perplexity"
    loss = loss_of(mode, LINES)
    # every event and one end a piece
    assert loss.sums["loss"][1] == sum(len(codec.encode(line)) + 1 for line in LINES)
    options = Decoding(temperature=1.0, seed=2, length=5)
    steps = list(notes_mode.generate(mode, LINES[0], options))
    assert steps == list(notes_mode.generate(mode, LINES[0], options))
    assert 0 < len(steps) <= 5
    assert isinstance(codec, NotesCodec)
    piece = notes_mode.whole(codec, LINES[0], steps)
    assert codec.tokens(piece) == [*codec.tokens(LINES[0]), *steps]
    events = notes_mode.candidates(mode, LINES[0], 3)
    assert len(events) == 3
    assert not any(name.startswith("<") for name, _ in events)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_melody_ends_before_a_stop_streamed_or_whole(place: int) -> None:
    mode = model(melodies())
    options: dict[str, Any] = {"temperature": 1.0, "seed": 2, "length": 40}
    free = list(notes_mode.generate(mode, LINES[0], Decoding(**options)))
    stop = free[place]
    stopped = list(notes_mode.generate(mode, LINES[0], Decoding(**options, stop=stop)))
    assert stopped == free[: free.index(stop)]
    [whole] = continuation.predict(mode, [LINES[0]], **options)
    [cut] = continuation.predict(mode, [LINES[0]], **options, stop=stop)
    codec = mode.target_codec
    assert isinstance(codec, NotesCodec)
    events = codec.tokens(whole.value)
    assert codec.tokens(cut.value) == events[: events.index(stop)] if stop in events else events


def test_a_stop_that_no_melody_holds_is_refused() -> None:
    for stop in ("C9", "H4"):
        with pytest.raises(DataError):
            continuation.predict(model(melodies()), [LINES[0]], length=4, stop=stop)


def test_pieces_begin_with_the_prefix_that_is_asked_for() -> None:
    for codec, opening, prefix in ((melodies(), LINES[0], "G4"), (rolls(), PIECES[0], [[60, 62], [64]])):
        mode = model(codec)
        assert isinstance(codec, NotesCodec)
        options: dict[str, Any] = {"temperature": 1.0, "seed": 2, "length": 6, "prefix": prefix}
        steps = list(notes_mode.generate(mode, opening, Decoding(**options)))
        begun = codec.frames(prefix)
        assert np.array_equal(codec.frames(notes_mode.whole(codec, None, steps))[: len(begun)], begun)
        [answer] = continuation.predict(mode, [opening], **options)
        assert np.array_equal(codec.frames(answer.value)[: len(begun)], begun)


def test_an_unknown_event_is_written_only_where_it_is_allowed() -> None:
    codec = melodies()
    mode = model(codec)
    assert isinstance(codec, NotesCodec)
    assert mode.output.readout.bias is not None
    with torch.no_grad():
        mode.output.readout.bias[codec.ids.unk] += 50
    assert codec.token(codec.ids.unk) not in list(notes_mode.generate(mode, LINES[0], Decoding(length=6)))
    assert set(notes_mode.generate(mode, LINES[0], Decoding(length=6, unknown=True))) == {codec.token(codec.ids.unk)}


@pytest.mark.parametrize(
    "option", [{"stop": "C4"}, {"repetition_penalty": 1.2}, {"no_repeat_ngram": 2}, {"unknown": True}]
)
def test_rules_about_symbols_are_refused_for_frames(option: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="a frame is many keys at once"):
        list(notes_mode.generate(model(rolls()), PIECES[0], Decoding(**option)))


def test_samples_show_how_pieces_go_on() -> None:
    for codec, pieces in ((rolls(), PIECES), (melodies(), LINES)):
        shown = continuation.samples(model(codec), [Row(piece, piece) for piece in pieces], count=2)
        assert len(shown) == 2
        assert all(one.truth for one in shown[:1])


def test_a_label_writes_frames_and_a_roll_is_answered_step_by_step() -> None:
    labels = codecs.make("class").fit(["slow", "fast"])
    torch.manual_seed(0)
    writer = modes.build("one-to-many", labels, rolls(), Config.of(hidden_size=8).model)
    loss = writer.loss(writer.collate([writer.encode(Row("slow", PIECES[0])), writer.encode(Row("fast", PIECES[1]))]))
    assert loss.sums["loss"][1] == 6
    assert writer.metric == "nll_per_frame"
    loss.mean.backward()
    first, again = (
        continuation.predict(writer, ["slow"], length=4, temperature=1.0, seed=1)[0].value for _ in range(2)
    )
    assert first == again
    assert len(first) == 4
    lower = modes.build("synced", melodies(), rolls(), Config.of(hidden_size=8).model)
    found = continuation.predict(lower, ["C4 D4"])[0].value
    assert len(found) == 4
    assert all(isinstance(step, list) for step in found)


def test_rows_are_moved_to_other_keys_alike_on_both_sides_and_anew_each_epoch() -> None:
    codec = codecs.make("notes", Config.of(transpose=6).data).fit(PIECES)
    mode = model(codec)
    row = mode.encode(Row(PIECES[0], PIECES[0]))
    found = [mode.vary(row, 0, epoch, 7) for epoch in range(20)]
    for one in found:
        assert one.input is not None
        assert np.array_equal(one.input[1:], one.target[:-1])
    assert len({one.target.tobytes() for one in found}) > 4
    assert np.array_equal(mode.vary(row, 0, 3, 7).target, found[3].target)
    still = model(rolls())
    assert np.array_equal(still.vary(row, 0, 3, 7).target, row.target)


def test_baselines_are_the_frequencies_of_keys() -> None:
    mode = model(rolls())
    rows = [mode.encode(Row(piece, piece)) for piece in PIECES]
    found = baseline(mode, rows, rows, own_future=True)
    assert found is not None
    assert found.metric == "nll_per_frame"
    frames = np.concatenate([row.target for row in rows])
    share = (frames.sum(axis=0) + 1) / (len(frames) + 2)
    expected = -np.log(np.where(frames > 0, share, 1 - share)).sum() / len(frames)
    assert found.values["each key alone"] == pytest.approx(expected)
    assert set(found.values) == {"each key alone", "each key after itself"}


def test_a_model_of_text_does_not_continue_notes() -> None:
    words = codecs.make("words").fit(["a text of words"])
    with pytest.raises(ConfigError, match="does not continue notes"):
        next(notes_mode.generate(model(words), None, Decoding()))
