"""``recur tune``: what it prints, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

from examples.files import reviews

from tests.cli.running import matches, run

WORDS = ("--hidden-size", "4", "--epochs", "1", "--max-steps", "4", "--device", "cpu", "--threads", "1")
SEARCHED = ("--search", "lr=1e-4:1e-1", "--repeats", "2", "--trials", "4")


def test_a_search_prints_its_trials_a_table_and_the_verdict_and_continues(tmp_path: Path) -> None:
    reviews(tmp_path / "reviews.csv")
    words = ("tune", tmp_path / "reviews.csv", "--out", tmp_path / "study", *WORDS, *SEARCHED)
    outcome = run(*words)
    assert outcome.code == 0, outcome.err
    assert re.search(r"^trial +accuracy +lr$", outcome.out, re.MULTILINE)
    assert re.search(r"^verdict: ", outcome.out, re.MULTILINE)
    assert outcome.err.count("[4/4]") == 1
    again = run(*words, "--json")
    assert again.code == 0, again.err
    assert "continuing: 4 trials are done" in again.err
    found = json.loads(again.out)
    assert found["complete"] == 4
    assert found["run"] == str(tmp_path / "study" / "best")
    trained = run("train", "--config", tmp_path / "study" / "best.toml", "--out", tmp_path / "run")
    assert trained.code == 0, trained.err


def test_options_of_the_search_are_refused_with_the_fix(tmp_path: Path) -> None:
    reviews(tmp_path / "reviews.csv")
    file = tmp_path / "reviews.csv"
    for name, words in {
        "unknown": ["--search", "hiden_size"],
        "range": ["--search", "lr=1:0"],
        "no_values": ["--search", "min_count"],
        "no_effect": ["--search", "bptt"],
        "out_of_range": ["--search", "dropout=0:2"],
        "database": ["--database", "nosuch://me:secret@host/db"],
    }.items():
        outcome = run("tune", file, "--out", tmp_path / "study", *WORDS, *words)
        assert outcome.code == 2
        assert "secret" not in outcome.err.replace(" ".join(words), "")
        matches(outcome, f"tune_{name}", {re.escape(str(tmp_path)): "FOLDER"})
    assert not (tmp_path / "study" / "study.json").exists()
