"""Explanations in a notebook, and as files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import recur
from recur.errors import ConfigError, RecurError
from recur.inspect import Explanation, bptt


@pytest.fixture(scope="module")
def model() -> recur.Model:
    rows = [{"text": "a fine film", "label": "good"}, {"text": "a dull <film>", "label": "bad"}] * 8
    return recur.fit(rows, epochs=2, hidden_size=8, bidirectional=False, progress=False, seed=1)


@pytest.fixture(scope="module")
def explanation(model: recur.Model) -> Explanation:
    return model.inspect("a dull <film>")


def test_a_notebook_shows_the_answer_and_every_item(explanation: Explanation) -> None:
    shown = explanation._repr_html_()
    assert "dull" in shown
    assert "contribution" in shown
    assert "<film>" not in shown


@pytest.mark.parametrize("ending", [".html", ".json", ".png", ".PNG"])
def test_an_explanation_is_saved_by_the_ending_of_its_name(
    explanation: Explanation, tmp_path: Path, ending: str
) -> None:
    if ending.lower() == ".png":
        pytest.importorskip("matplotlib")
    path = explanation.save(tmp_path / f"why{ending}")
    content = path.read_bytes()
    if ending == ".html":
        assert content.decode() == explanation.html()
    elif ending == ".json":
        assert json.loads(content) == explanation.data
    else:
        assert content.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["why", "why.svg"])
def test_another_ending_is_refused_and_nothing_written(explanation: Explanation, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"expected \.html, \.png or \.json"):
        explanation.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_without_matplotlib_a_sentence_says_what_to_install(
    model: recur.Model, explanation: Explanation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for draw in (explanation.figure, bptt(model, ("a fine film", "good")).plot):
        with pytest.raises(RecurError, match="matplotlib"):
            draw()
