"""Whole training beside a script of torch.nn: equal losses, and shares that add up."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from benchmarks.training import command, rows, shares

WORDS = ["the", "cat", "sat", "on", "the", "mat", "and", "saw", "a", "dog", "run", "far", "away", "from", "here"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small files in the form of the data sets."""
    folder, draw = tmp_path_factory.mktemp("data"), random.Random(0)
    for name in ("fra_eng", "tinyshakespeare", "sst2"):
        (folder / name).mkdir()
    lines = [" ".join(draw.choices(WORDS, k=3)) for _ in range(40)]
    (folder / "fra_eng" / "fra.txt").write_text("".join(f"{line}\t{line.upper()}\n" for line in lines))
    (folder / "tinyshakespeare" / "input.txt").write_text(" ".join(draw.choices(WORDS, k=800)))
    for part in ("train", "dev"):
        text = "".join(f"{' '.join(draw.choices(WORDS, k=k % 9 + 1))}\t{k % 2}\n" for k in range(40))
        (folder / "sst2" / f"{part}.tsv").write_text(text)
    return folder


@pytest.mark.parametrize("title", ["sentiment, by word", "phrases, by character", "a novel, by character"])
def test_both_sides_have_equal_losses(title: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "PAIRS", 30)
    monkeypatch.setattr(rows, "NOVEL", 2500)
    monkeypatch.setattr(rows, "HELD_OUT_NOVEL", 300)
    (row,) = [row for row in rows.ROWS if row.title == title]
    result = command.compare(row, data, 1, "gru")
    assert result["off"] <= command.TOLERANCE
    assert result["ratio"] > 0
    assert sum(result["shares"].values()) == pytest.approx(1)
    assert set(result["shares"]) == set(shares.PARTS)
    assert min(result["shares"][part] for part in ("recurrence", "readout", "optimiser", "clipping", "saving")) > 0


def test_command_prints_both_tables(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RECUR_DATA", str(data))
    assert command.main(["--rows", "sentiment", "--rounds", "1", "--json", str(tmp_path / "out.json")]) == 0
    printed = capsys.readouterr().out
    assert "sentiment, by word" in printed
    assert "share of our epoch" in printed
    assert json.loads((tmp_path / "out.json").read_text())[0]["row"] == "sentiment, by word"


def test_missing_data_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RECUR_DATA", str(tmp_path))
    assert command.main(["--rows", "novel"]) == 2
    assert "tinyshakespeare" in capsys.readouterr().err
