"""Equal contents are on one side of the split, whatever their files are called, in every medium."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur import data
from recur.codecs.midi import write_midi
from recur.config import Config, DataConfig
from recur.data.examples import split
from recur.data.examples.contents import Contents
from recur.data.examples.split import value_hash
from recur.training.check import check
from tests.pictures import noise, write_picture

DIFFERENT, COPIES = 12, 3


def sound(path: Path, seed: int) -> None:
    samples = np.random.default_rng(seed).integers(-9000, 9000, 800).astype("<i2")
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples.tobytes())


def video(path: Path, seed: int) -> None:
    for step in range(2):
        write_picture(path / f"{step}.png", noise(8, 8, seed=seed * 10 + step))


def text(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # white space at the ends is no other text
    path.write_text(f"document {seed}  of some words" + "\n" * (len(path.name) % 3), encoding="utf-8")


def tune(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_midi(path, np.array([[0, 2, 60 + seed], [2, 4, 62 + seed]]), 4)


def array(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.random.default_rng(seed).normal(size=(5, 2)))


@pytest.mark.parametrize(
    ("make", "suffix"),
    [
        (lambda path, seed: write_picture(path, noise(8, 8, seed=seed)), ".png"),
        (sound, ".wav"),
        (video, ""),
        (text, ".txt"),
    ],
    ids=["pictures", "sounds", "videos", "texts"],
)
def test_copies_of_a_file_are_on_one_side(make: Callable[[Path, int], Any], suffix: str, tmp_path: Path) -> None:
    for seed in range(DIFFERENT):
        for copy in range(COPIES):
            make(tmp_path / f"class{seed % 2}" / f"{copy}of{seed}{suffix}", seed)
    found = data.load(Config.of(source=str(tmp_path), dev_fraction=0.3))
    sides = [{Path(each.where).stem.split("of")[1] for each in part} for part in (found.train, found.dev)]
    assert all(sides)
    assert not sides[0] & sides[1]


@pytest.mark.parametrize(("make", "suffix", "codec"), [(tune, ".mid", "notes"), (array, ".npy", "numbers")])
def test_copies_that_a_table_names_are_on_one_side(
    make: Callable[[Path, int], Any], suffix: str, codec: str, tmp_path: Path
) -> None:
    lines = ["file,label"]
    for seed in range(DIFFERENT):
        for copy in range(COPIES):
            make(tmp_path / f"{copy}of{seed}{suffix}", seed)
            lines.append(f"{copy}of{seed}{suffix},{'ab'[seed % 2]}")
    table = tmp_path / "table.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = data.load(Config.of(source=str(table), dev_fraction=0.3))
    assert found.roles.input_codec == codec
    learned, held = (set(map(value_hash, _read(part, codec))) for part in (found.train, found.dev))
    assert len(learned) + len(held) == DIFFERENT
    assert not learned & held


def _read(part: Any, codec: str) -> list[Any]:
    return [Contents(codec, DataConfig()).of(example.input) for example in part]


def test_groups_with_equal_rows_are_on_one_side() -> None:
    rows = [
        {"group": f"{copy}of{seed}", "a": seed + step / 7, "label": "xy"[seed % 2]}
        for seed in range(DIFFERENT) for copy in range(COPIES) for step in range(3)
    ]  # fmt: skip
    found = data.load(Config.of(group="group", dev_fraction=0.3), rows)
    learned, held = ({str(example.input) for example in part} for part in (found.train, found.dev))
    assert len(learned) + len(held) == DIFFERENT
    assert not learned & held


def test_what_the_codec_makes_equal_is_equal(tmp_path: Path) -> None:
    gray = noise(8, 8, seed=1)
    write_picture(tmp_path / "a.png", gray)
    write_picture(tmp_path / "b.bmp", gray)
    write_picture(tmp_path / "c.png", np.repeat(gray[:, :, None], 3, axis=2))
    contents = Contents("images", DataConfig())
    assert len({contents.of(str(tmp_path / name)) for name in ("a.png", "b.bmp", "c.png")}) == 1
    numbers = Contents("numbers", DataConfig())
    assert numbers.of("1.50") == numbers.of(1.5) != numbers.of("1.51")


def test_check_counts_copies_across_given_parts(tmp_path: Path) -> None:
    for part, seeds in (("train", range(8)), ("test", range(6, 14))):
        for seed in seeds:
            write_picture(tmp_path / part / f"class{seed % 2}" / f"{part}{seed}.png", noise(8, 8, seed=seed))
    report = check(Config.of(source=str(tmp_path)))
    assert report.shared_with_test == 2


@pytest.mark.parametrize(
    ("held", "total", "said"), [(10, 100, "10 %"), (1, 11, "9.09 % (1 of 11)"), (1000, 10001, "10 %")]
)
def test_the_share_that_is_said_is_the_real_one(held: int, total: int, said: str) -> None:
    assert split.share(held, total, 0.1) == said
