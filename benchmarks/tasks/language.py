"""The language tasks: pairs of sentences as tables, texts cut as the published figures cut them, last words."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import recur

MULTI30K = {"train": "train", "dev": "val", "test": "test_2016_flickr"}
CACHE = 2000  # words remembered when a text is measured with a cache
HELD_OUT = 0.025  # share of the English sentences of fra_eng for dev, and as much for the test


def multi30k(data_folder: Path, out: Path) -> None:
    """Write train.jsonl, dev.jsonl and test.jsonl with the columns german and english."""
    for part, name in MULTI30K.items():
        sides = [_lines(data_folder / "multi30k" / f"{name}.{language}.gz") for language in ("de", "en")]
        _table(out / f"{part}.jsonl", ("german", "english"), zip(*sides, strict=True))


def fra_eng(data_folder: Path, out: Path) -> None:
    """Write train.jsonl, dev.jsonl and test.jsonl with the columns english and french.

    An English sentence with its several French ones stands on one side: which one, its hash says.
    """
    parts: dict[str, list[tuple[str, str]]] = {"train": [], "dev": [], "test": []}
    for line in (data_folder / "fra_eng" / "fra.txt").read_text(encoding="utf-8").splitlines():
        english, french = line.split("\t")[:2]
        place = int.from_bytes(hashlib.sha256(english.encode()).digest()[:8], "big") / 2**64
        part = "test" if place < HELD_OUT else "dev" if place < 2 * HELD_OUT else "train"
        # the edition mixes plain and narrow no-break spaces before French signs: the choice is not part of the language
        parts[part].append((english, " ".join(french.split())))
    for part, pairs in parts.items():
        _table(out / f"{part}.jsonl", ("english", "french"), pairs)


def tinyshakespeare(data_folder: Path, out: Path) -> None:
    """Write train.txt, the first 90 % of the characters, and dev.txt, the last 10 %."""
    text = (data_folder / "tinyshakespeare" / "input.txt").read_text(encoding="utf-8")
    place = int(0.9 * len(text))
    out.mkdir(parents=True, exist_ok=True)
    (out / "train.txt").write_text(text[:place], encoding="utf-8")
    (out / "dev.txt").write_text(text[place:], encoding="utf-8")


def last_words(run: Path, data_folder: Path, out: Path) -> dict[str, float]:
    """Accuracy and perplexity of the last word of every sentence of the test file, given its own words only.

    With them the perplexity of the whole test text under a continuous cache, whose two numbers are chosen on dev.
    """
    del data_folder, out
    model = recur.load(run)
    test = model.config.data.test
    words = model.evaluate(test, last_word=True)
    cached = model.evaluate(test, cache=CACHE)
    return {
        "last_word_accuracy": words["accuracy"],
        "last_word_perplexity": words["perplexity"],
        "last_words": words["rows"],
        "perplexity_with_cache": cached["perplexity"],
        "cache": CACHE,
        "cache_theta": cached["cache_theta"],
        "cache_lambda": cached["cache_lambda"],
    }


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines()]


def _table(path: Path, columns: tuple[str, str], rows: Iterable[tuple[str, ...]]) -> None:
    """Write rows as JSON lines: so that quotation marks need no quoting."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n")
