"""One long text as batches: every symbol is predicted once, and measuring in parallel is measuring one stream."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from recur.codecs import make
from recur.config import Config, DataConfig
from recur.data import Roles, StreamExamples, StreamLayout, read
from recur.errors import TrainingError
from recur.evaluation import text_feed as stream
from recur.evaluation.evaluate import measure
from recur.evaluation.text_feed import MeasureFeed, StreamFeed, Tape
from recur.modes import Mode, build
from recur.training import randomness
from tests.tolerances import close

ROLES = Roles("synced", ["text"], [], "characters", "characters", None, True, "")


def text(lines: int, seed: int = 0) -> list[str]:
    draw = np.random.default_rng(seed)
    return ["".join(draw.choice(list("abcde "), 20)) for _ in range(lines)]


def tape(lines: list[str], cache: Path | None = None) -> tuple[Tape, Mode]:
    table = read(lines, DataConfig())
    pieces = StreamExamples(table, ROLES, 0, len(table))
    codec = make("characters").fit(piece.input for piece in pieces)
    with randomness.preserve():
        randomness.seed(0)
        mode = build("synced", codec, None, Config.of(hidden_size=8, cell="elman").model, stream=True)
    return Tape(mode, pieces, cache), mode


def test_pieces_join_to_the_encoded_text() -> None:
    lines = text(30)
    strip, mode = tape(lines)
    whole = "\n".join(lines) + "\n"
    assert mode.target_codec.decode(strip.ids.astype(np.int64)) == whole
    assert strip.where(0).endswith("row 1")
    assert strip.where(21).endswith("row 2")
    assert strip.where(len(strip) - 1).endswith("row 30")


def test_windows_predict_every_step_of_every_stream() -> None:
    strip, _ = tape(text(200))
    layout = StreamLayout.of(len(strip), 4, window=16, stride=16)
    feed = StreamFeed(strip, layout)
    inputs = torch.cat([feed.batch(0, index).inputs for index in range(len(feed))], dim=1)
    targets = torch.cat([feed.batch(0, index).targets for index in range(len(feed))], dim=1)
    ids = torch.from_numpy(strip.ids.astype(np.int64))
    count = layout.streams * layout.steps
    assert torch.equal(inputs.flatten(), ids[:count])
    assert torch.equal(targets.flatten(), ids[1 : count + 1])


@pytest.mark.parametrize("epoch", [0, 1, 7])
def test_drawn_windows_predict_every_step_once(epoch: int) -> None:
    strip, _ = tape(text(200))
    layout = StreamLayout.of(len(strip), 4, window=16, stride=16, seed=3)
    feed = StreamFeed(strip, layout)
    batches = [feed.batch(epoch, index) for index in range(len(feed))]
    targets = torch.cat([batch.targets for batch in batches], dim=1)
    ids = torch.from_numpy(strip.ids.astype(np.int64))
    assert torch.equal(targets.flatten(), ids[1 : layout.streams * layout.steps + 1])
    lengths = [batch.targets.shape[1] for batch in batches]
    assert len(set(lengths)) > 3
    assert abs(np.mean(lengths) - 16) < 2
    for index, length in enumerate(lengths):
        assert batches[index].rate == length / 16


def test_drawn_windows_differ_from_epoch_to_epoch_and_not_from_call_to_call() -> None:
    layout = StreamLayout.of(9000, 4, window=16, stride=16, seed=3)
    spans = [[layout.span(index, epoch) for index in range(len(layout))] for epoch in (0, 1, 0)]
    assert spans[0] == spans[2] != spans[1]
    assert min(last - first for first, last in spans[0]) >= 1
    assert StreamFeed(tape(text(20))[0], StreamLayout.of(400, 2, 16, 16)).batch(0, 0).rate == 1.0


def test_overlapping_windows_begin_a_stride_apart() -> None:
    strip, _ = tape(text(200))
    feed = StreamFeed(strip, StreamLayout.of(len(strip), 4, window=16, stride=4))
    first, second = feed.batch(0, 0), feed.batch(0, 1)
    assert torch.equal(first.inputs[:, 4:], second.inputs[:, :12])


@pytest.mark.parametrize("lines", [2, 90, 400])
def test_measuring_in_parallel_counts_each_symbol_once_and_equals_one_stream(lines: int) -> None:
    strip, mode = tape(text(lines))
    feed = MeasureFeed(strip)
    with mode.answering():
        ids = torch.from_numpy(strip.ids.astype(np.int64))[None]
        vectors, _ = mode.run(ids[:, :-1])
        plain = torch.nn.functional.cross_entropy(mode.output.readout(vectors)[0], ids[0, 1:])
    counted = 0.0
    state = None
    with mode.answering():
        for index in range(len(feed)):
            loss = mode.loss(feed.batch(0, index), state)
            state, counted = loss.state, counted + loss.sums["loss"][1]
    assert counted == len(strip) - 1
    close(torch.tensor(measure(mode, feed)["loss"]), plain.to(torch.float32))


def test_a_document_begins_with_a_cleared_state(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text("\n".join(text(4, number)) + "\n")
    table = read(str(tmp_path), Config.of(documents="file").data)
    pieces = StreamExamples(table, ROLES, 0, len(table))
    codec = make("characters").fit(piece.input for piece in pieces)
    mode = build("synced", codec, None, Config.of(hidden_size=8).model, stream=True)
    strip = Tape(mode, pieces)
    assert strip.documents.tolist() == [84, 168]
    feed = StreamFeed(strip, StreamLayout(1, len(strip) - 1, 100, 100))
    resets = [feed.batch(0, index).resets for index in range(3)]
    assert [None if one is None else one.nonzero()[:, 1].tolist() for one in resets] == [[84], [68], None]


def test_a_text_too_long_for_the_memory_stays_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = text(3000)
    in_memory, _ = tape(lines)
    monkeypatch.setattr(stream, "IN_MEMORY", 1000)
    for cache in (tmp_path / "cache", None):
        on_disk, _ = tape(lines, cache)
        assert isinstance(on_disk.ids, np.memmap)
        assert np.array_equal(on_disk.ids, in_memory.ids)
    assert (tmp_path / "cache" / "text.ids").stat().st_size == in_memory.ids.nbytes


def test_too_short_a_text_is_refused() -> None:
    strip, _ = tape(["a"])
    strip.ids = strip.ids[:1]
    with pytest.raises(TrainingError, match="a text of 1 symbols predicts nothing"):
        StreamFeed(strip, StreamLayout.of(1, 1, 4, 4))
    with pytest.raises(TrainingError, match="a held-out text of 1 symbols predicts nothing"):
        MeasureFeed(strip)
