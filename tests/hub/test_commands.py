"""`recur push`, and hf:// wherever a command takes a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.hub.server import Hub


def test_push_says_what_it_uploads_before_it_does(hub: Hub, trained: Path) -> None:
    outcome = run("push", trained, "ada/films", "--license", "mit")
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("uploaded hf://ada/films@")
    size = (trained / "model.safetensors").stat().st_size
    assert f"model.safetensors  {size:,} bytes" in outcome.err
    assert "not uploaded: " in outcome.err
    assert "samples.jsonl" in outcome.err
    assert b"license: mit" in hub.files("ada/films")["README.md"]


def test_a_dry_run_asks_the_hub_nothing(hub: Hub, trained: Path) -> None:
    outcome = run("push", trained, "ada/films", "--dry-run", "--json")
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["commit"] is None
    assert hub.requests == []


@pytest.mark.usefixtures("hub")
def test_commands_take_an_address_in_place_of_a_folder(trained: Path, tmp_path: Path) -> None:
    run("push", trained, "ada/films")
    assert run("predict", "hf://ada/films", "good film").out == run("predict", trained, "good film").out
    (tmp_path / "rows.csv").write_text("text,label\ngood film,yes\nbad film,no\n")
    evaluated = run("evaluate", "hf://ada/films", tmp_path / "rows.csv", "--json")
    assert json.loads(evaluated.out) == json.loads(run("evaluate", trained, tmp_path / "rows.csv", "--json").out)
    smaller = run("export", "hf://ada/films", "--run-folder", tmp_path / "half", "--weights", "float16")
    assert smaller.code == 0, smaller.err
    assert "the same of hf://ada/films" in smaller.out
    parts = run("predict", "hf://ada/films", tmp_path / "rows.csv", "--out", f"{tmp_path}/answers/")
    assert parts.code == 0, parts.err


@pytest.mark.parametrize(
    "words", [["predict", "hf://ada/none", "a"], ["push", "RUN", "ada/films"], ["predict", "hf://x", "a"]]
)
@pytest.mark.usefixtures("hub")
def test_a_mistake_is_a_sentence_and_exit_code_2(words: list[str]) -> None:
    outcome = run(*words)
    assert outcome.code == 2
    assert outcome.err.startswith("error: ")
    assert "hint: " in outcome.err


@pytest.mark.usefixtures("hub")
def test_a_hint_has_the_address_as_it_was_typed() -> None:
    outcome = run("export", "hf://ada/films")
    assert "hint: recur export hf://ada/films --onnx" in outcome.err
