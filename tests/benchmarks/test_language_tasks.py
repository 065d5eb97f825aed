"""The language tasks: their rows from real data, their recipes, and what they report."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from benchmarks.tasks import language, translation

import recur
from recur import config_file

FOLDER = Path(language.__file__).parent
NAMES = ("ptb", "ptb_best", "tinyshakespeare", "fra_eng", "multi30k")


def rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", NAMES)
def test_recipes_are_configurations_that_train_takes(name: str) -> None:
    values = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    about = values.pop("task")
    config = config_file.from_mapping(values, name=name)
    assert config.model.mode == about["mode"]
    assert config.data.dev is not None
    for function in (about.get("prepare"), about.get("report")):
        if function is not None:
            module, name = function.split(":")
            assert callable(getattr({"language": language, "translation": translation}[module.split(".")[-1]], name))


@pytest.mark.data
def test_an_english_sentence_stands_in_one_part_of_fra_eng(data_folder: Path, tmp_path: Path) -> None:
    language.fra_eng(data_folder, tmp_path)
    parts = [rows(tmp_path / f"{part}.jsonl") for part in ("train", "dev", "test")]
    assert sum(map(len, parts)) == 142_787
    english = [{row["english"] for row in part} for part in parts]
    assert len(set.union(*english)) == sum(map(len, english))
    assert all(0.02 < len(part) / 142_787 < 0.03 for part in parts[1:])


@pytest.mark.data
def test_multi30k_has_its_official_parts(data_folder: Path, tmp_path: Path) -> None:
    language.multi30k(data_folder, tmp_path)
    parts = [rows(tmp_path / f"{part}.jsonl") for part in ("train", "dev", "test")]
    assert list(map(len, parts)) == [29_000, 1_014, 1_000]
    assert parts[2][0]["english"] == "A man in an orange hat starring at something."
    assert all(row["german"] and row["english"] for part in parts for row in part)


@pytest.mark.data
def test_tiny_shakespeare_is_cut_at_nine_tenths(data_folder: Path, tmp_path: Path) -> None:
    language.tinyshakespeare(data_folder, tmp_path)
    train, dev = ((tmp_path / f"{part}.txt").read_text(encoding="utf-8") for part in ("train", "dev"))
    assert len(train) == int(0.9 * 1_115_394)
    assert train + dev == (data_folder / "tinyshakespeare" / "input.txt").read_text(encoding="utf-8")


def test_a_report_scores_the_test_rows_and_shows_where_words_looked(tmp_path: Path) -> None:
    pytest.importorskip("sacrebleu", reason='the extra "mt" is not installed')
    pytest.importorskip("matplotlib", reason='the extra "plot" is not installed')
    pairs = [{"german": f"ein {noun}", "english": f"a {noun}"} for noun in ("hund", "baum", "ball", "zug")] * 4
    for part in ("train", "dev", "test"):
        lines = "".join(json.dumps(row) + "\n" for row in pairs)
        (tmp_path / f"{part}.jsonl").write_text(lines, encoding="utf-8")
    recur.fit(
        tmp_path / "train.jsonl", mode="many-to-many", input="german", target="english", attention="luong",
        dev=str(tmp_path / "dev.jsonl"), test=str(tmp_path / "test.jsonl"), epochs=1, hidden_size=8,
        out=tmp_path / "run", progress=False,
    )  # fmt: skip
    found = translation.report(tmp_path / "run", tmp_path, tmp_path / "out")
    assert 0 <= float(str(found["bleu"])) <= 100
    assert "tok:13a" in str(found["bleu_signature"])
    assert (tmp_path / "out" / "alignments.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "out" / "translations.txt").read_text(encoding="utf-8").count("source") == 16
    assert "<-" in (tmp_path / "out" / "alignments.txt").read_text(encoding="utf-8")


def test_last_words_are_reported_beside_a_cache_chosen_on_dev(tmp_path: Path) -> None:
    text = "\n".join(["the cat sat on the mat", "a dog ran to the sea"] * 20) + "\n"
    for part in ("train", "dev", "test"):
        (tmp_path / f"{part}.txt").write_text(text, encoding="utf-8")
    recur.fit(
        tmp_path / "train.txt", documents="file", input_codec="words", dev=str(tmp_path / "dev.txt"),
        test=str(tmp_path / "test.txt"), epochs=2, hidden_size=8, out=tmp_path / "run", progress=False,
    )  # fmt: skip
    found = language.last_words(tmp_path / "run", tmp_path, tmp_path / "out")
    assert 0 <= found["last_word_accuracy"] <= 1
    assert found["last_words"] == 40
    assert found["perplexity_with_cache"] > 1
