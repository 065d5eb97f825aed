"""The report before training: counted, not guessed."""

from __future__ import annotations

from typing import Any

import pytest

from recur.config import Config
from recur.errors import ConfigError, DataError
from recur.training.check import check


def report(rows: Any, **data: Any) -> Any:
    return check(Config.of(**data, hidden_size=16), rows)


def test_counts_rows_lengths_classes_and_repeats() -> None:
    texts = [f"word{i} and more" for i in range(90)] + ["word0 and more"] * 10
    found = report({"text": texts, "label": ["a"] * 80 + ["b"] * 20})
    assert sum(found.rows.values()) == 100
    lengths = found.lengths["input"]
    assert (lengths.least, lengths.median, lengths.most) == (3, 3, 3)
    assert sum(found.classes.values()) == found.rows["train"]
    assert found.repeated in (0, 10)
    assert found.shared == 0
    assert 0 < found.unknown_rate < 1


def test_says_what_each_of_several_processes_would_compute() -> None:
    rows = {"text": [f"word{i} and more" for i in range(90)], "label": ["a", "b"] * 45}
    config = Config.of(hidden_size=16, batch_size=5)
    found = check(config, rows, processes=2)
    assert found.processes.startswith("each of 2 computes 3 of the 5 rows of a batch and sends ")
    assert f"processes {found.processes}" in str(found)
    assert not any("processes have no work" in one for one in found.warnings)
    assert "a batch has 5 rows: 3 of 8 processes have no work" in check(config, rows, processes=8).warnings
    assert "processes" not in str(check(config, rows))


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"format": "csv"}, "on a file or folder, not on rows from Python"),
        ({"header": True}, "on CSV and TSV files"),
        ({"exclude": ["*.png"]}, "on a folder"),
        ({"decimal": ","}, "on numbers in cells of a table"),
        ({"thousands": "."}, "on numbers in cells of a table"),
        ({"damaged": "skip"}, "on values that are files"),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_an_option_of_another_kind_of_source_is_refused(options: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError, match=rf"has no effect here .*: it acts {where}") as caught:
        report({"text": ["a b", "c d"] * 20, "label": ["x", "y"] * 20}, **options)
    assert caught.value.hint == f"leave out --{next(iter(options))}"


def test_columns_of_the_calendar_that_are_not_read_are_refused() -> None:
    rows = {
        "at": [f"2024-01-{day:02d} {hour:02d}:00" for day in range(1, 11) for hour in range(24)],
        "load": [float(step % 7) for step in range(240)],
        "label": ["x", "y"] * 120,
    }
    with pytest.raises(ConfigError, match="time_features = .* has no effect here"):
        report(rows, input=["load"], target=["label"], time_features=["hour"])
    assert report(rows, target=["label"], time_features=["hour"]).rows["train"] > 0


def test_warns_of_what_would_mislead() -> None:
    texts = [f"text number {i}" for i in range(200)]
    found = report({"text": texts, "label": ["often"] * 197 + ["rare"] * 3})
    assert any("are of one class" in warning for warning in found.warnings)
    assert any("fewer than five rows" in warning for warning in found.warnings)
    assert any("held-out symbols are unknown" in warning for warning in found.warnings)


def test_empty_texts_are_counted() -> None:
    texts = ["", *(f"text {i}" for i in range(20)), "", *(f"more {i}" for i in range(20))]
    found = report({"text": texts, "label": ["x", "y"] * 21})
    assert found.lengths["input"].empty > 0
    assert any("have an empty input" in warning for warning in found.warnings)


def test_a_held_out_row_that_was_learned_from_is_found(tmp_path: Any) -> None:
    (tmp_path / "train.csv").write_text("text,label\n" + "".join(f"text {i},a\nother {i},b\n" for i in range(20)))
    (tmp_path / "dev.csv").write_text("text,label\ntext 3,a\nnew one,b\n")
    found = report(str(tmp_path / "train.csv"), dev=str(tmp_path / "dev.csv"))
    assert found.shared == 1


def test_parameters_are_those_of_the_network() -> None:
    from recur import modes
    from recur.data import fit_codecs, load

    config = Config.of(hidden_size=16, num_layers=2)
    rows = {"text": [f"text number {i}" for i in range(50)], "label": ["a", "b"] * 25}
    dataset = load(config, rows)
    given, target = fit_codecs(config, dataset.roles, dataset.train)
    mode = modes.build(dataset.roles.mode, given, target, config.model)
    true = sum(parameter.numel() for parameter in mode.parameters())
    # torch keeps two biases a gate where the equation has one
    assert check(config, rows).estimate.parameters == pytest.approx(true, rel=0.1)


def test_the_text_names_everything_and_fits_a_terminal() -> None:
    text = str(report({"text": [f"text number {i}" for i in range(60)], "label": ["a", "b"] * 30}))
    for word in ("rows", "held out", "input length", "classes: 2", "unknown", "repeated", "parameters", "an epoch"):
        assert word in text
    assert max(map(len, text.splitlines())) <= 120


def test_what_training_would_refuse_is_refused_with_the_row() -> None:
    with pytest.raises(DataError, match='the data given, row 3: column "a": "x" is not a number'):
        report(
            {"a": [1, 2, "x", *range(20)], "b": [i / 3 for i in range(23)]},
            input=["a"],
            target=["b"],
            input_codec="numbers",
        )
