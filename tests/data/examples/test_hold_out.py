"""Held-out rows of one table: the last ones in time, or some drawn by hash."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np

from recur import data
from recur.config import Config
from recur.data import Roles, read
from recur.data.examples.hold_out import pieces, rows_of, windows
from tests.data.reading import written


def divided(rows: Any, **options: Any) -> data.Dataset:
    return data.load(Config.of(**{"bptt": 4, **options}), rows)


TEXTS = {"text": [f"a film {i // 2}" for i in range(80)], "label": ["good", "bad"] * 40}


def inputs_of(part: Any) -> list[Any]:
    return [example.input for example in part]


def test_equal_inputs_are_on_one_side_and_every_class_is_held_out() -> None:
    found = divided(TEXTS)
    assert not set(inputs_of(found.train)) & set(inputs_of(found.dev))
    assert len(found.train) + len(found.dev) == 80
    assert {example.target for example in found.dev} == {"good", "bad"}


def test_the_same_seed_holds_the_same_rows_out() -> None:
    assert inputs_of(divided(TEXTS, seed=1).dev) == inputs_of(divided(TEXTS, seed=1).dev)
    assert inputs_of(divided(TEXTS, seed=1).dev) != inputs_of(divided(TEXTS, seed=2).dev)


def test_groups_stay_whole() -> None:
    rows = {"trip": [i // 4 for i in range(160)], "load": [float(i % 7) for i in range(160)], "label": ["a", "b"] * 80}
    found = divided(rows, group="trip", input=["load"], target=["label"], mode="many-to-one")
    assert {len(each) for each in inputs_of(found.train)} == {4}
    assert len(found.train) + len(found.dev) == 40


def test_the_end_of_a_series_is_held_out() -> None:
    found = divided({"load": [float(i) for i in range(100)]}, input=["load"], mode="synced")
    learned = {float(step) for each in inputs_of(found.train) for step in np.ravel(each)}
    measured = {float(step) for each in inputs_of(found.dev) for step in np.ravel(each)}
    assert max(learned) < min(measured)
    assert max(measured) == 99.0


def test_empty_lines_of_a_text_are_no_rows(tmp_path: Path) -> None:
    table = read(written(tmp_path / "a.txt", "one\n\n  \ntwo\n"), Config().data)
    assert rows_of(table).tolist() == [0, 3]
    assert rows_of(read({"a": [1.5, 2.5]}, Config().data)).tolist() == [0, 1]


NEXT = Roles("synced", ["load"], [], "numbers", "numbers", None, False, "")
BESIDE = Roles("synced", ["load"], ["other"], "numbers", "numbers", None, False, "")


def test_windows_overlap_and_meet_every_step() -> None:
    found = windows(np.arange(20), NEXT, Config.of(bptt=8))
    assert {len(window) for window in found} == {9}
    assert {int(row) for window in found for row in window} == set(range(20))
    assert any(int(after[0]) <= int(before[-1]) for before, after in itertools.pairwise(found))


def test_a_series_that_predicts_itself_is_measured_whole_and_another_in_pieces() -> None:
    assert [len(piece) for piece in pieces(np.arange(20), NEXT, Config.of(bptt=8))] == [20]
    parts = pieces(np.arange(20), BESIDE, Config.of(bptt=8))
    assert [int(row) for part in parts for row in part] == list(range(20))
    assert max(map(len, parts)) <= 8
