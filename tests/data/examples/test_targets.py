"""Missing targets are not made up: rows without one are left out, others are masked, and all are counted."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from recur.config import Config
from recur.config_file import from_options
from recur.data import fit_codecs, load
from recur.data.examples.targets import Missing
from recur.data.readers.memory import read_memory
from recur.data.times.panels import series_of
from recur.errors import DataError
from recur.training.check import check


def loaded(folder: Path, rows: list[dict[str, Any]], name: str = "a.csv", **options: Any) -> Any:
    return load(from_options({"source": written(folder, rows, name), **options}, Config()))


def written(folder: Path, rows: list[dict[str, Any]], name: str = "a.csv") -> str:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        if name.endswith(".jsonl"):
            file.writelines(json.dumps(row) + "\n" for row in rows)
        else:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return str(path)


def every_second(value: Any, index: int, missing: Any = "") -> Any:
    return missing if index % 2 else value


# rows, options -> examples kept of train and dev together, missing, all, left out
CASES: dict[str, tuple[list[dict[str, Any]], dict[str, Any], tuple[int, int, int, int]]] = {
    "numbers of a row": (
        [{"a": i, "b": i % 7, "target": every_second(i / 3, i)} for i in range(60)], {}, (30, 30, 60, 30),
    ),
    "labels of a row": (
        [{"a": i / 7, "b": i % 7, "label": every_second("xy"[i % 4 // 2], i, "NA")} for i in range(60)],
        {}, (30, 30, 60, 30),
    ),
    "labels of texts": (
        [{"text": f"word{i} is here", "label": every_second("xy"[i % 4 // 2], i)} for i in range(60)],
        {}, (30, 30, 60, 30),
    ),
    "two numbers of a row": (
        [{"a": i, "y": every_second(i, i), "z": "" if i % 4 == 3 else i} for i in range(60)],
        {"input": ["a"], "target": ["y", "z"], "mode": "one-to-one", "target_codec": "numbers"}, (45, 45, 120, 15),
    ),
    "translations": (
        [{"source": f"word{i} is here", "target": every_second(f"mot{i} est la", i)} for i in range(60)],
        {"mode": "many-to-many"}, (30, 30, 60, 30),
    ),
    "a value a step": (
        [{"group": i // 6, "x": i, "y": "" if i // 6 == 3 or i % 6 == 2 else i / 2} for i in range(60)],
        {"group": "group", "input": ["x"], "target": ["y"], "target_codec": "numbers", "mode": "synced"},
        (9, 15, 60, 1),
    ),
    "a tag a step": (
        [{"group": i // 6, "x": i / 7, "y": "NA" if i // 6 == 3 or i % 6 == 2 else "ab"[i % 2]} for i in range(60)],
        {"group": "group", "input": ["x"], "target": ["y"]}, (9, 15, 60, 1),
    ),
    "a label of a sequence": (
        [{"group": i // 6, "x": i / 7, "y": "" if i // 6 == 3 else "ab"[i // 6 % 2]} for i in range(60)],
        {"group": "group", "input": ["x"], "target": ["y"], "mode": "many-to-one"}, (9, 1, 10, 1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_rows_without_a_target_are_left_out_and_counted(name: str, tmp_path: Path) -> None:
    rows, options, (kept, missing, count, left_out) = CASES[name]
    found = loaded(tmp_path, rows, dev_fraction=0.3, **options)
    assert len(found.train) + len(found.dev) == kept
    assert (found.missing.values, found.missing.all, found.missing.examples) == (missing, count, left_out)


def test_lists_of_a_row_are_counted_by_their_values(tmp_path: Path) -> None:
    rows = [{"x": [i, 2, 3], "y": [None, 5 + i, None] if i else [None] * 3} for i in range(40)]
    options = {"input": ["x"], "target": ["y"], "mode": "many-to-many", "target_codec": "numbers"}
    found = loaded(tmp_path, rows, "a.jsonl", dev_fraction=0.3, **options)
    assert (found.missing.values, found.missing.all, found.missing.examples) == (39 * 2 + 3, 120, 1)


@pytest.mark.parametrize("forecast", [None, "direct", "recursive"])
def test_windows_without_a_target_are_left_out(forecast: str | None, tmp_path: Path) -> None:
    rows = [{"step": i, "value": "" if 40 <= i < 80 else i % 9} for i in range(200)]
    options = {"missing": "mean", "bptt": 8, "forecast": forecast, "window": 8 if forecast else None}
    given = {name: value for name, value in options.items() if value is not None}
    found = loaded(tmp_path, rows, **given)
    whole = loaded(tmp_path, [{**row, "value": row["step"] % 9} for row in rows], "b.csv", **given)
    assert found.missing.values == 40
    assert found.missing.examples == len(whole.train) - len(found.train) > 0
    assert len(found.dev) == len(whole.dev) == 1


@pytest.mark.parametrize("part", ["held-out", "training", "test"])
def test_a_part_without_any_target_is_refused(part: str, tmp_path: Path) -> None:
    full = [{"a": i, "b": i % 7, "target": i / 3} for i in range(30)]
    empty = [{**row, "target": "NA"} for row in full]
    files = {
        name: written(tmp_path, empty if name == part else full, f"{name}.csv")
        for name in ("training", "held-out", "test")
    }
    options = {
        "source": files["training"], "dev": files["held-out"], "test": files["test"], "target": ["target"],
        "target_codec": "numbers", "mode": "one-to-one",
    }  # fmt: skip
    with pytest.raises(DataError, match=f'the {part} rows have no target: every value of "target" is missing there'):
        load(from_options(options, Config()))


def test_the_end_of_a_series_without_values_is_refused(tmp_path: Path) -> None:
    rows = [{"step": i, "value": "" if i >= 80 else i % 9} for i in range(100)]
    with pytest.raises(DataError, match="held-out rows have no target"):
        loaded(tmp_path, rows, missing="previous", bptt=8, dev_fraction=0.2)


def test_check_says_how_many_are_missing(tmp_path: Path) -> None:
    rows = [{"a": i, "b": i % 7, "target": every_second(i / 3, i)} for i in range(60)]
    said = str(check(from_options({"source": written(tmp_path, rows)}, Config())))
    assert "missing   30 of 60 targets are missing: not learned from, not measured; 30 rows without any" in said


def test_inputs_keep_their_rule(tmp_path: Path) -> None:
    rows = [{"a": every_second(i, i), "b": i % 7, "target": i / 3} for i in range(60)]
    with pytest.raises(DataError, match='missing in column "a"'):
        check(from_options({"source": written(tmp_path, rows)}, Config()))


@pytest.mark.parametrize(
    ("label", "taken"), [("NA", True), ("null", True), ("nan", True), ("None", False), ("?", False)]
)
def test_a_word_that_is_taken_as_a_missing_label_is_reported(label: str, taken: bool) -> None:
    rows = [{"text": f"a town {i}", "country": ["DE", label, "FR"][i % 3]} for i in range(60)]
    found = load(Config(), rows).missing
    assert (found.values, found.words) == ((20, (label,)) if taken else (0, ()))
    if taken:
        assert f'"{label}" is taken as missing: --missing-labels none, where it is a label' in str(found)


TOWNS = [{"text": f"a town {i}", "country": ["DE", "NA", "?"][i % 3]} for i in range(60)]


@pytest.mark.parametrize(
    ("words", "labels"),
    [(None, ["?", "DE"]), (["none"], ["?", "DE", "NA"]), (["?"], ["DE", "NA"]), (["?", "NA", "-"], None)],
)
def test_the_words_that_say_that_a_label_is_missing_can_be_chosen(
    words: list[str] | None, labels: list[str] | None
) -> None:
    config = from_options({"target": ["country"], **({"missing_labels": words} if words else {})}, Config())
    if labels is None:
        with pytest.raises(DataError, match='every row has the same class, "DE"'):
            check(config, TOWNS)
        return
    dataset = load(config, TOWNS)
    _, codec = fit_codecs(config, dataset.roles, dataset.train, dataset.labelled)
    assert codec.labels == labels
    assert dataset.missing.values == 60 - 20 * len(labels)
    assert dataset.missing.words == tuple(word for word in ("?", "NA") if word not in labels)


@pytest.mark.parametrize("words", [None, ["none"]])
def test_the_words_hold_for_the_tags_of_steps_and_of_sentences(words: list[str] | None) -> None:
    cells = [("ab"[i % 2], ["x", "NA", "y"][i % 3]) for i in range(60)]
    steps = [{"group": i // 6, "x": float(i), "y": tag} for i, (_, tag) in enumerate(cells)]
    sentences = [{"words": ["a", "b", f"c{i}"], "tags": [tag for _, tag in cells[i : i + 3]]} for i in range(30)]
    chosen = {"missing_labels": words} if words else {}
    for rows, options in (
        (steps, {"group": "group", "input": ["x"], "target": ["y"]}),
        (sentences, {"input": ["words"], "target": ["tags"]}),
    ):
        config = from_options({**options, **chosen}, Config())
        dataset = load(config, rows)
        _, codec = fit_codecs(config, dataset.roles, dataset.train, dataset.labelled)
        assert codec.labels == (["NA", "x", "y"] if words else ["x", "y"])
        assert dataset.missing.words == (() if words else ("NA",))


def test_a_group_may_be_named_na() -> None:
    days = [f"2024-01-{day:02}" for day in range(1, 32)]
    rows = [{"country": name, "ds": day, "y": place} for name in ("DE", "NA") for place, day in enumerate(days)]
    series = series_of(read_memory(rows), "country")
    assert series.names == ["DE", "NA"]
    assert not series.notes


def test_missing_targets_are_said_in_words() -> None:
    assert str(Missing(412, 824)) == "412 of 824 targets are missing: not learned from, not measured"
    assert str(Missing(1, 10, 1)).endswith("1 row without any target left out")
    assert Missing(1, 2, 3, "window") + Missing(4, 5) == Missing(5, 7, 3, "window")
    assert not Missing(0, 10)
