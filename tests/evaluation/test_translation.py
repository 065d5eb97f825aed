"""BLEU and chrF of what a network writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import recur
from recur.errors import ConfigError
from recur.evaluation import translation

sacrebleu = pytest.importorskip("sacrebleu", reason='the extra "mt" is not installed')

PAIRS = [
    ("one two three four five", "un deux trois quatre cinq"),
    ("two one four three one", "deux un quatre trois un"),
    ("five four three two one", "cinq quatre trois deux un"),
    ("three one two five four", "trois un deux cinq quatre"),
]


@pytest.fixture(scope="module")
def model() -> recur.Model:
    rows = [{"english": a, "french": b} for a, b in PAIRS] * 10
    return recur.fit(
        rows, mode="many-to-many", input="english", target="french", input_codec="words", target_codec="words",
        attention="luong", epochs=25, lr=0.01, hidden_size=32, progress=False,
    )  # fmt: skip


def test_scores_are_those_of_sacrebleu_and_carry_their_signature() -> None:
    written, true = ["the cat sat on a mat .", "a dog"], ["the cat sat on the mat .", "a dog ran"]
    found = translation.score(written, true)
    assert found["bleu"] == pytest.approx(sacrebleu.corpus_bleu(written, [true]).score)
    assert found["chrf"] == pytest.approx(sacrebleu.corpus_chrf(written, [true]).score)
    assert "tok:13a" in found["bleu_signature"]
    assert "case:mixed" in found["bleu_signature"]
    assert f"version:{sacrebleu.__version__}" in found["bleu_signature"]
    assert "case:lc" in translation.score(["A"], ["a"], lower=True)["bleu_signature"]


def test_evaluation_of_a_translation_reports_what_was_written(model: recur.Model) -> None:
    rows = [{"english": a, "french": b} for a, b in PAIRS]
    metrics = model.evaluate(rows, beam=3)
    written = [answer.value for answer in model.predict([a for a, _ in PAIRS], beam=3)]
    assert metrics["bleu"] == pytest.approx(sacrebleu.corpus_bleu(written, [[b for _, b in PAIRS]]).score)
    assert 0 < metrics["bleu"] < 100
    assert {"chrf", "bleu_signature", "chrf_signature", "perplexity", "rows"} <= set(metrics)


def test_answers_keep_the_order_of_the_rows(model: recur.Model) -> None:
    class Row:
        def __init__(self, source: str, target: str) -> None:
            self.input, self.target = source, target

    rows: list[Any] = [Row(*pair) for pair in PAIRS]
    rows.insert(1, Row("one", "un"))
    answers = translation.write_all(model.mode, rows)
    assert [one.value for one in answers] == [model.predict(row.input).value for row in rows]


def test_options_of_writing_are_refused_where_nothing_is_written() -> None:
    other = recur.fit(
        [{"text": "a b", "label": "x"}, {"text": "b a", "label": "y"}] * 5, epochs=1, hidden_size=4, progress=False
    )
    with pytest.raises(ConfigError, match="beam applies to generated texts"):
        other.evaluate([{"text": "a b", "label": "x"}], beam=3)


def test_without_the_extra_the_other_metrics_are_there(
    model: recur.Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del tmp_path
    monkeypatch.setattr(translation.importlib.util, "find_spec", lambda _: None)
    metrics = model.evaluate([{"english": a, "french": b} for a, b in PAIRS])
    assert "bleu" not in metrics
    assert "perplexity" in metrics
