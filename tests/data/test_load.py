"""Examples from rows: what is held out, in which form, and that it is the same every time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.config import Config
from recur.data import GroupExamples, StreamExamples, inputs, load, read_like
from recur.data.examples.examples import overlapping, partition
from recur.data.examples.split import at_the_end, by_hash
from recur.errors import ConfigError, DataError


def config(mode: str | None = None, bptt: int = 64, **data: Any) -> Config:
    return Config.of(**data, mode=mode, bptt=bptt)


def values(examples: Any) -> list[Any]:
    return [examples[index].input for index in range(len(examples))]


def test_rows_are_divided_once_and_all_are_used() -> None:
    rows = {"text": [f"text number {i}" for i in range(200)], "label": ["a", "b"] * 100}
    dataset = load(config(), rows)
    train, dev = values(dataset.train), values(dataset.dev)
    assert sorted(train + dev) == sorted(rows["text"])
    assert len(dev) == 20
    assert values(load(config(), rows).dev) == dev


def test_another_seed_holds_out_other_rows() -> None:
    rows = {"text": [f"text number {i}" for i in range(200)], "label": ["a", "b"] * 100}
    other = Config.of(seed=1)
    assert values(load(other, rows).dev) != values(load(config(), rows).dev)


def test_classes_keep_their_shares() -> None:
    rows = {"text": [f"text number {i}" for i in range(1000)], "label": ["rare"] * 50 + ["often"] * 950}
    dev = load(config(), rows).dev
    assert Counter(dev[index].target for index in range(len(dev))) == {"often": 95, "rare": 5}


def test_equal_inputs_stay_on_one_side() -> None:
    rows = {
        "source": [f"sentence {i // 4} is here" for i in range(400)],
        "target": [f"phrase no {i}" for i in range(400)],
    }
    dataset = load(config(), rows)
    assert not set(values(dataset.train)) & set(values(dataset.dev))


def test_a_class_that_is_read_is_on_both_sides() -> None:
    rows = {"kind": ["a", "b"] * 100, "name": [f"name{i}" for i in range(200)]}
    dataset = load(config("one-to-many", input=["kind"], target=["name"]), rows)
    assert set(values(dataset.train)) == set(values(dataset.dev)) == {"a", "b"}


@given(st.lists(st.integers(0, 30), min_size=2, max_size=200).filter(lambda x: len(set(x)) > 1), st.floats(0.01, 0.9))
def test_both_sides_have_rows_and_none_is_lost(keys: list[int], fraction: float) -> None:
    train, dev = by_hash(len(keys), fraction, 0, lambda index: keys[index], None)
    assert len(train)
    assert len(dev)
    assert sorted([*train.tolist(), *dev.tolist()]) == list(range(len(keys)))
    assert not {keys[i] for i in train} & {keys[i] for i in dev}


def test_too_few_different_rows_are_refused() -> None:
    with pytest.raises(DataError, match="there is one row: expected at least two different ones"):
        load(config(), {"text": ["only this"], "label": ["a"]})
    with pytest.raises(DataError, match="3 rows with the same input"):
        load(config(), {"text": ["x y"] * 3, "label": ["a", "b", "a"]})
    with pytest.raises(DataError, match="a series of 1 steps is too short"):
        at_the_end(1, 0.1)


def test_the_end_of_a_series_is_held_out() -> None:
    dataset = load(config(bptt=16), {"load": [float(i) for i in range(100)]})
    assert isinstance(dataset.train, GroupExamples)
    assert dataset.dev[0].input == [[float(i)] for i in range(90, 100)]
    assert max(step[0] for window in values(dataset.train) for step in window) == 89.0
    assert {len(window) for window in values(dataset.train)} == {17}


def test_frames_are_cut_into_windows_with_a_label_each() -> None:
    rows = {"frame": list(range(100)), "x": [0.5, 1.5] * 50, "phase": ["rest", "hold"] * 50}
    dataset = load(config(bptt=20), rows)
    first = dataset.train[0]
    assert first.input[:2] == [[0.5], [1.5]]
    assert first.target[:2] == ["rest", "hold"]
    assert [len(example) for example in values(dataset.dev)] == [10]


def test_the_rows_of_a_group_are_one_example() -> None:
    rows = {"who": [i // 5 for i in range(100)], "x": [float(i) for i in range(100)], "label": ["a"] * 50 + ["b"] * 50}
    dataset = load(config(group="who", input=["x"], target=["label"]), rows)
    assert len(dataset.train) + len(dataset.dev) == 20
    example = dataset.train[0]
    assert len(example.input) == 5
    assert example.target in ("a", "b")


def test_pieces_of_a_long_text_join_to_the_file(tmp_path: Path) -> None:
    text = "".join(f"line {i} of the text\n" for i in range(100)) + "no end"
    (tmp_path / "a.txt").write_text(text)
    dataset = load(config(source=str(tmp_path / "a.txt")))
    assert isinstance(dataset.train, StreamExamples)
    assert "".join(values(dataset.train) + values(dataset.dev)) == text
    held = sum(map(len, values(dataset.dev)))
    assert 0.07 < held / len(text) < 0.13


def test_documents_of_a_folder_begin_where_their_files_do(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"{number:02d}.txt").write_text("one\ntwo\nthree\n")
    dataset = load(config(source=str(tmp_path), documents="file"))
    assert dataset.train.begins() == [3 * number for number in range(11)]
    assert dataset.dev.begins() == [0]
    assert len(dataset.dev) == 3


def test_empty_lines_are_no_documents(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n\n  \ntwo\nthree\n")
    dataset = load(config(source=str(tmp_path / "a.txt"), documents="line"))
    assert sorted(values(dataset.train) + values(dataset.dev)) == ["one", "three", "two"]


def test_a_folder_that_is_split_is_read_as_its_parts(tmp_path: Path) -> None:
    for name, count in (("train", 30), ("dev", 6), ("test", 4)):
        rows = [f"a text {i} of {name}\t{i % 2}" for i in range(count)]
        (tmp_path / f"{name}.tsv").write_text("\n".join(rows) + "\n")
    dataset = load(config(source=str(tmp_path)))
    assert (len(dataset.train), len(dataset.dev), len(dataset.test or [])) == (30, 6, 4)
    assert dataset.held_out == "dev.tsv"


def test_a_dev_file_must_have_the_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\n" + "a b c,x\nd e f,y\n" * 10)
    (tmp_path / "b.csv").write_text("txt,label\n" + "a b,x\nd e,y\n" * 10)
    with pytest.raises(
        DataError, match=r'has no column "text", which the network was trained with. Did you mean "txt"'
    ):
        load(config(source=str(tmp_path / "a.csv"), dev=str(tmp_path / "b.csv")))


def test_a_file_without_a_header_gets_the_names_of_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("review,verdict\n" + "a b c,x\nd e f,y\n" * 10)
    (tmp_path / "b.csv").write_text("g h i,x\n" + "j k l,y\nm n o,x\n" * 3)
    dataset = load(config(source=str(tmp_path / "a.csv"), dev=str(tmp_path / "b.csv"), target=["verdict"]))
    assert values(dataset.dev) == ["g h i", *["j k l", "m n o"] * 3]


def test_inputs_alone_need_no_targets(tmp_path: Path) -> None:
    settings = config()
    roles = load(settings, {"text": ["a b", "c d"] * 5, "label": ["x", "y"] * 5}).roles
    (tmp_path / "new.txt").write_text("first\n\nthird\n")
    assert inputs(tmp_path / "new.txt", roles, settings) == ["first", "", "third"]
    assert inputs({"text": ["only", "inputs"]}, roles, settings) == ["only", "inputs"]
    with pytest.raises(DataError, match='has no column "text"'):
        inputs({"other": ["x"]}, roles, settings)


def test_missing_data_is_reported() -> None:
    with pytest.raises(ConfigError, match="no data to work on"):
        load(config())


@given(st.integers(0, 200), st.integers(1, 50), st.integers(1, 50))
def test_windows_cover_every_step(count: int, length: int, stride: int) -> None:
    stride = min(stride, length)
    windows = overlapping(0, count, length, stride)
    assert sorted(set(np.concatenate(windows).tolist() if windows else [])) == list(range(count))
    assert all(len(window) == length for window in windows) or count < length
    pieces = partition(0, count, length)
    assert (np.concatenate(pieces).tolist() if pieces else []) == list(range(count))


def test_what_the_codec_does_not_tell_apart_is_on_one_side() -> None:
    texts = [variant for i in range(100) for variant in (f"Text number {i}", f"text  number {i} ")]
    dataset = load(config(lower=True), {"text": texts, "label": ["a", "b"] * 100})
    sides = [{" ".join(text.lower().split()) for text in values(part)} for part in (dataset.train, dataset.dev)]
    assert not sides[0] & sides[1]


def test_thousands_of_classes_are_divided_at_once() -> None:
    train, dev = by_hash(20_000, 0.1, 0, lambda index: index, lambda index: index % 4000)
    assert len(train) + len(dev) == 20_000


def test_of_a_split_folder_the_test_part_is_measured(tmp_path: Path) -> None:
    for name, count in (("train", 30), ("dev", 6), ("test", 4)):
        rows = [f"a text {i} of {name}\t{i % 2}" for i in range(count)]
        (tmp_path / f"{name}.tsv").write_text("\n".join(rows) + "\n")
    settings = config(source=str(tmp_path))
    assert len(read_like(tmp_path, load(settings).roles, settings)) == 4


def test_a_json_array_is_refused_with_the_way_to_lines(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"text": "a"}, {"text": "b"}]')
    with pytest.raises(DataError, match="is one JSON array") as caught:
        load(config(source=str(tmp_path / "a.json")))
    assert "jsonl" in (caught.value.hint or "")
