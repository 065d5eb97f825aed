"""BLEU against several references, the simplest captions, and the rows of Flickr8k."""

from __future__ import annotations

import csv
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from benchmarks.tasks import captions, images
from benchmarks.tasks.captions import best_constant, bleu, most_typical, nearest, words
from hypothesis import given
from hypothesis import strategies as st

from recur import fit
from tests.pictures import square, write_picture
from tests.tolerances import DOUBLE

TEXTS = st.lists(st.sampled_from(["a", "dog", "cat", "runs", "sleeps"]), min_size=4, max_size=8).map(" ".join)


def grams(text: str, order: int) -> Counter[tuple[str, ...]]:
    split = text.split()
    return Counter(tuple(split[place : place + order]) for place in range(len(split) - order + 1))


def by_hand(written: dict[str, str], references: dict[str, list[str]], most: int) -> float:
    """BLEU as it was published: clipped counts over the corpus, the nearest length of the references."""
    right, asked, length, nearest_length = [0] * most, [0] * most, 0, 0
    for picture, text in written.items():
        others = references[picture]
        size = len(text.split())
        length += size
        nearest_length += min((abs(len(each.split()) - size), len(each.split())) for each in others)[1]
        for order in range(1, most + 1):
            allowed: Counter[tuple[str, ...]] = Counter()
            for each in others:
                allowed |= grams(each, order)
            own = grams(text, order)
            right[order - 1] += (own & allowed).total()
            asked[order - 1] += own.total()
    if not all(right):
        return 0.0
    mean = sum(math.log(a / b) for a, b in zip(right, asked, strict=True)) / most
    return 100 * math.exp(mean + min(0.0, 1 - nearest_length / length))


@given(st.lists(st.tuples(TEXTS, st.lists(TEXTS, min_size=1, max_size=4)), min_size=1, max_size=5))
def test_bleu_is_the_published_one(rows: list[tuple[str, list[str]]]) -> None:
    written = {str(place): text for place, (text, _) in enumerate(rows)}
    references = {str(place): others for place, (_, others) in enumerate(rows)}
    found = bleu(written, references)
    for order in captions.ORDERS:
        assert found.values[order] == pytest.approx(by_hand(written, references, order), rel=DOUBLE)
    assert "tok:none" in found.signature


def test_signs_and_capitals_count_for_nothing() -> None:
    assert words("A dog , running !") == "a dog running"
    assert bleu({"x": "A dog runs fast ."}, {"x": ["a dog runs fast"]}).values[4] == pytest.approx(100)


def test_the_best_constant_is_found_among_the_captions() -> None:
    references = {str(place): ["a dog runs over grass", f"dog number {place}"] for place in range(6)}
    references["other"] = ["a cat sleeps over there"]
    assert best_constant(references, 4) == "a dog runs over grass"


def test_the_most_typical_caption_agrees_with_the_others() -> None:
    assert most_typical(["two men", "a dog runs fast", "a dog runs", "the dog runs fast"]) == "a dog runs fast"
    assert most_typical(["alone"]) == "alone"


def test_nearest_is_the_largest_cosine() -> None:
    assert nearest(np.array([[2.0, 0.1], [0.0, -1.0]]), np.array([[0.0, -9.0], [1.0, 0.0]])).tolist() == [1, 0]


def test_captions_are_reported_beside_the_simplest_guesses(tmp_path: Path) -> None:
    rows: dict[str, list[dict[str, str]]] = {"train": [], "dev": [], "test": []}
    for place in range(24):
        path = write_picture(tmp_path / f"{place}.png", square(place))
        side = ("top left", "top right", "bottom left", "bottom right")[place % 4]
        part = "train" if place < 16 else "dev" if place < 20 else "test"
        for text in (f"a square is at the {side} .", f"the {side} holds a square ."):
            rows[part].append({"image": str(path), "caption": text})
    for part, written in rows.items():
        with (tmp_path / f"{part}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, ["image", "caption"])
            writer.writeheader()
            writer.writerows(written)
    run = tmp_path / "run"
    fit(
        tmp_path / "train.csv", dev=str(tmp_path / "dev.csv"), out=run, epochs=8, hidden_size=24, lr=0.02,
        convolutions=[4, 8], progress=False,
    )  # fmt: skip
    figures = images.report(run, tmp_path, tmp_path)
    for name in ("bleu_1", "bleu_4", "constant_bleu_4", "nearest_pixels_bleu_1", "nearest_features_bleu_4"):
        assert 0 <= float(str(figures[name])) <= 100.001
    assert figures["worst_margin"] == min(figures["margin_1"], figures["margin_4"])
    assert len(list(figures["captions"])) == 4
    assert (tmp_path / "captions.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.data
def test_flickr8k_is_divided_by_the_official_split(data_folder: Path, tmp_path: Path) -> None:
    images.flickr8k(data_folder, tmp_path)
    for part, count in (("train", 753), ("dev", 113), ("test", 125)):
        with (tmp_path / f"{part}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert len({row["image"] for row in rows}) == count
        assert len(rows) == 5 * count
        assert Path(rows[0]["image"]).is_file()
