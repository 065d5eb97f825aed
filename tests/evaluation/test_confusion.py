"""Which class is taken for which, and what follows from it."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest

import recur
from recur.data import Example
from recur.errors import ConfigError
from recur.evaluation.confusion import by_class, confusion
from recur.views import matrix
from tests.modes.helpers import LABELS, TAGS, TEXTS, build, same
from tests.modes.helpers import rows as shared

COUNTS = np.array([[8, 2, 0], [1, 3, 0], [0, 0, 0]])


def test_metrics_of_classes_are_those_worked_by_hand() -> None:
    first, second, third = by_class(["a", "b", "c"], COUNTS)
    assert first == {"label": "a", "rows": 10, "precision": 8 / 9, "recall": 0.8, "f1": 16 / 19}
    assert second == {"label": "b", "rows": 4, "precision": 0.6, "recall": 0.75, "f1": 6 / 9}
    assert third == {"label": "c", "rows": 0, "precision": 0.0, "recall": 0.0, "f1": 0.0}


@pytest.mark.parametrize("kinds", [("words", "class"), ("words", "tags")])
def test_every_answer_is_counted_at_its_place(kinds: tuple[str, str]) -> None:
    mode = build("many-to-one" if kinds[1] == "class" else "synced", *kinds)
    examples = [Example(one.input, one.target, "row") for one in shared(*kinds)]
    if kinds[1] == "tags":
        examples = [Example(["cat"] * len(tags), tags, "row") for tags in TAGS]
    found = confusion(mode, examples)
    labels, counts = found["confusion"]["labels"], np.array(found["confusion"]["counts"])
    truth = LABELS if kinds[1] == "class" else [tag for tags in TAGS for tag in tags]
    assert counts.sum() == len(truth)
    assert counts.sum(axis=1).tolist() == [truth.count(label) for label in labels]
    metrics = mode.summary(mode.loss(mode.collate([mode.encode(each) for each in examples])).sums)
    same(float(np.diag(counts).sum() / counts.sum()), metrics["accuracy"])
    present = [row["f1"] for row in found["by_class"] if row["rows"]]
    same(found["macro_f1"], float(np.mean(present)))


def test_accuracy_by_class_is_the_mean_of_their_recalls() -> None:
    mode = build("many-to-one", "words", "class").eval()
    examples = [Example(text, label, "row") for text, label in zip(TEXTS * 2, ["no", *LABELS, *LABELS], strict=False)]
    metrics = mode.summary(mode.loss(mode.collate([mode.encode(each) for each in examples])).sums)
    recalls = [row["recall"] for row in confusion(mode, examples)["by_class"] if row["rows"]]
    same(metrics["macro_accuracy"], float(np.mean(recalls)))
    mode.train()
    assert "macro_accuracy" not in mode.summary(mode.loss(mode.collate([mode.encode(examples[0])])).sums)


def test_numbers_have_no_confusion() -> None:
    mode = build("many-to-one", "words", "numbers")
    with pytest.raises(ConfigError, match="classes and tags"):
        confusion(mode, [])


def test_evaluate_gives_it_where_it_is_asked_for(tmp_path: Path) -> None:
    rows = [{"text": f"{word} word", "label": word} for word in ("good", "bad") * 30]
    model = recur.fit(rows, epochs=1, hidden_size=4, progress=False)
    assert "confusion" not in model.evaluate(rows)
    metrics = model.evaluate(rows, confusion=True)
    assert metrics["confusion"]["labels"] == ["bad", "good"]
    assert np.array(metrics["confusion"]["counts"]).sum() == 60
    matrix.picture(metrics["confusion"]["labels"], metrics["confusion"]["counts"], tmp_path / "matrix.png")
    assert (tmp_path / "matrix.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_matrix_is_written_in_columns() -> None:
    assert doctest.testmod(matrix).failed == 0
    wide = list(matrix.lines([f"class {n}" for n in range(12)], np.eye(12, dtype=int).tolist()))
    assert len(wide) == 13
    assert len({len(line) for line in wide}) == 1
