"""What training refuses before it begins, and what it leaves alone when it refuses."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from examples.files import pairs, reviews, sentences, tagged

import recur
from recur.config import Config, DataConfig
from recur.data import Roles, RowExamples, fit_codecs, load, read
from recur.errors import ConfigError, DataError, RecurError, RunError, TrainingError
from recur.evaluation.feed import Rows
from recur.evaluation.text_feed import StreamFeed, Tape
from recur.figures import finite
from recur.modes import build
from recur.training import tbptt

QUICK: dict[str, Any] = {"max_steps": 2, "hidden_size": 8, "progress": False}


def test_starting_over_keeps_the_old_run_until_the_new_one_can_begin(tmp_path: Path) -> None:
    reviews(tmp_path / "a.csv")
    recur.fit(tmp_path / "a.csv", out=tmp_path / "run", **QUICK)
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    for data, options in ((tmp_path / "b.csv", {}), (tmp_path / "a.csv", {"input": "txt"})):
        with pytest.raises(RecurError):
            recur.fit(data, out=tmp_path / "run", fresh=True, **QUICK, **options)
        assert (tmp_path / "run" / "model.safetensors").read_bytes() == before
    recur.fit(tmp_path / "a.csv", out=tmp_path / "run", fresh=True, seed=1, **QUICK)
    assert (tmp_path / "run" / "model.safetensors").read_bytes() != before


def test_a_refused_start_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        recur.fit(tmp_path / "missing.csv", out=tmp_path / "run", **QUICK)
    assert not (tmp_path / "run").exists()


def test_altered_weights_are_refused_before_an_epoch_is_spent(tmp_path: Path) -> None:
    reviews(tmp_path / "a.csv")
    recur.fit(tmp_path / "a.csv", out=tmp_path / "run", **QUICK)
    with (tmp_path / "run" / "model.safetensors").open("ab") as file:
        file.write(b"x")
    with pytest.raises(RunError, match="was altered after training") as caught:
        recur.fit(tmp_path / "a.csv", out=tmp_path / "run", **{**QUICK, "max_steps": 9})
    assert "--fresh" in (caught.value.hint or "")
    assert len((tmp_path / "run" / "log.jsonl").read_text().splitlines()) < 9


def test_a_label_that_only_held_out_rows_have_is_known(tmp_path: Path) -> None:
    tagged(tmp_path / "a.conll")
    for place in range(6):
        lines = (tmp_path / "a.conll").read_text().split("\n\n")
        lines[20 * place] = f"strange\tRARE\n{lines[20 * place]}"
        (tmp_path / "b.conll").write_text("\n\n".join(lines))
        model = recur.fit(tmp_path / "b.conll", **QUICK)
        assert "RARE" in model.target_codec.labels


def test_one_class_alone_is_nothing_to_learn() -> None:
    with pytest.raises(DataError, match='every row has the same class, "x"'):
        recur.fit({"text": ["a b", "c d", "e f"], "label": ["x"] * 3}, **QUICK)


def test_sequences_too_short_to_predict_anything_are_refused() -> None:
    rows = {"who": list(range(40)), "v": [float(i) for i in range(40)]}
    with pytest.raises(ConfigError, match="every sequence would have one step"):
        recur.fit(rows, group="who", input="v", **QUICK)
    pairs = {"who": [i // 2 for i in range(40)], "v": [float(i * i % 7) for i in range(40)]}
    with pytest.raises(TrainingError, match="no sequence has more than 2 steps"):
        recur.fit(pairs, group="who", input="v", horizon=2, **QUICK)


@pytest.mark.parametrize(
    "options",
    [
        {"attention": "luong"},
        {"teacher_forcing": 0.5},
        {"horizon": 3},
        {"bptt_stride": 4},
        {"temporal_activation_regularization": 1.0},
        {"exclude": ["*.png"]},
        {"decimal": ","},
        {"thousands": "."},
        {"damaged": "skip"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_an_option_without_effect_is_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    reviews(tmp_path / "a.csv")
    with pytest.raises(ConfigError, match=rf"{next(iter(options))} = .* has no effect here") as caught:
        recur.fit(tmp_path / "a.csv", **QUICK, **options)
    assert caught.value.hint is not None


@pytest.mark.parametrize("options", [{"format": "csv"}, {"header": True}], ids=lambda options: next(iter(options)))
def test_an_option_of_files_is_refused_for_rows_from_python(options: dict[str, Any]) -> None:
    rows = {"text": ["a b", "c d"] * 10, "label": ["x", "y"] * 10}
    with pytest.raises(ConfigError, match=rf"{next(iter(options))} = .* has no effect here"):
        recur.fit(rows, **QUICK, **options)


def test_windows_that_lose_errors_are_refused_before_the_rows_are_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="bptt_stride 5 is larger than bptt 4") as caught:
        recur.fit(tmp_path / "missing.txt", bptt=4, bptt_stride=5, **QUICK)
    assert caught.value.hint == "--bptt 5"


@pytest.mark.parametrize("option", ["activation_regularization", "temporal_activation_regularization"])
def test_a_penalty_that_a_forecast_does_not_have_is_refused(option: str) -> None:
    rows = {"v": [float(step % 7) for step in range(200)]}
    with pytest.raises(ConfigError, match=rf"{option} = 1.0 has no effect here .* on a forecast"):
        recur.fit(rows, forecast="direct", horizon=2, window=8, **QUICK, **{option: 1.0})


def test_a_written_sequence_that_is_cut_still_ends(tmp_path: Path) -> None:
    pairs(tmp_path / "a.tsv")
    config = Config.of(source=str(tmp_path / "a.tsv"), max_length=2, hidden_size=4)
    dataset = load(config)
    given, target = fit_codecs(config, dataset.roles, dataset.train)
    mode = build(dataset.roles.mode, given, target, config.model)
    rows = Rows(mode, dataset.train, max_length=2)
    assert {len(rows[index].target) for index in range(20)} == {2}
    assert {int(rows[index].target[-1]) for index in range(20)} == {mode.decoder.symbols.end}
    assert max(len(rows[index].input) for index in range(20)) == 2


def test_one_mask_holds_for_a_whole_window_of_overlapping_bptt(tmp_path: Path) -> None:
    sentences(tmp_path / "a.txt")
    table = read(str(tmp_path / "a.txt"), DataConfig())
    roles = Roles("synced", ["text"], [], "words", "words", None, True, "")
    from recur.data import StreamExamples

    pieces = StreamExamples(table, roles, 0, len(table))
    config = Config.of(hidden_size=8, variational_dropout=0.5)
    codec, _ = fit_codecs(config, roles, pieces)
    mode = build("synced", codec, None, config.model, stream=True)
    strip = Tape(mode, pieces)
    from recur.data import StreamLayout

    feed = StreamFeed(strip, StreamLayout.of(len(strip), 2, window=12, stride=4))
    drawn: list[torch.Tensor] = []
    locked = mode.inputs.drop.locked
    locked.register_forward_hook(lambda _, given, made: drawn.append((made != 0)[:, 0] | (given[0][:, 0] == 0)))
    training = Config.of(bptt=12, bptt_stride=4).training
    tbptt.error(mode, feed.batch(0, 1), None, training, carries=True, first=False, teacher_forcing=1.0)
    assert len(drawn) == 3
    assert all(torch.equal(drawn[0], each) for each in drawn)


def test_figures_that_are_not_numbers_are_null_in_json() -> None:
    text = json.dumps(finite({"loss": float("nan"), "parts": [float("inf"), 1.5, {"x": -0.5}]}), allow_nan=False)
    assert json.loads(text) == {"loss": None, "parts": [None, 1.5, {"x": -0.5}]}


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files as Linux shows them")
def test_documents_are_not_kept_open(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number}.txt").write_text("one\ntwo\n")
    table = read(str(tmp_path), Config.of(documents="file").data)
    before = len(os.listdir("/proc/self/fd"))
    assert [table[index]["text"] for index in range(len(table))] == ["one", "two"] * 50
    assert len(os.listdir("/proc/self/fd")) <= before


def test_test_rows_that_were_learned_from_are_found(tmp_path: Path) -> None:
    reviews(tmp_path / "a.csv")
    (tmp_path / "t.csv").write_text("".join((tmp_path / "a.csv").read_text().splitlines(keepends=True)[:21]))
    from recur.training.check import check

    report = check(Config.of(source=str(tmp_path / "a.csv"), test=str(tmp_path / "t.csv")))
    assert report.shared_with_test >= 15
    assert any("test rows have an input that is also in the training rows" in warning for warning in report.warnings)


def test_a_slip_in_a_column_of_numbers_is_named() -> None:
    rows = {"v": [*map(float, range(40)), "abc", *map(float, range(40))]}
    with pytest.raises(DataError, match='"abc" is not a number'):
        recur.fit(rows, dev_fraction=0.1, **QUICK)


def test_rows_of_an_example_are_plain_values() -> None:
    table = read({"text": np.array(["a b", "c d"]), "label": np.array([0, 1])}, DataConfig())
    roles = Roles("many-to-one", ["text"], ["label"], "words", "class", None, False, "")
    assert RowExamples(table, roles, np.arange(2))[1].target == 1


@pytest.mark.parametrize("options", [{"scale_embedding": False}, {"embedding_range": 0.3}], ids=["scale", "range"])
def test_what_is_said_of_an_embedding_is_refused_where_there_is_none(options: dict[str, Any]) -> None:
    rows = {"v": [float(step % 7) for step in range(200)]}
    with pytest.raises(ConfigError, match="has no effect here .* on symbols"):
        recur.fit(rows, input="v", **QUICK, **options)
