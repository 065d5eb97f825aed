"""The rows of the table: real data, a configuration, and the files that they are trained on."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.tasks import heads
from recur import config_file
from recur.config import Config

SEED = 0
REVIEWS, HELD_OUT_REVIEWS = 4_000, 400
PAIRS, LONGEST_PAIR, HELD_OUT_PAIRS = 2_000, 24, 200
SENTENCES, HELD_OUT_SENTENCES = 2_000, 200
NOVEL, HELD_OUT_NOVEL = 150_000, 15_000
WINDOWS, HELD_OUT_WINDOWS, SHORTEST, LONGEST = 1_000, 100, 20, 120


@dataclass(frozen=True)
class Row:
    """One task.

    Attributes
    ----------
    title : str
        As it is printed.
    source : str
        The folder of the data set below RECUR_DATA.
    write : callable
        ``write(data_folder, out)`` writes ``train`` and ``dev`` files into ``out``.
    settings : dict
        The tables ``data`` and ``model``, and ``batch_size`` of the training; file names are those in ``out``.
    """

    title: str
    source: str
    write: Callable[[Path, Path], None]
    settings: dict[str, Any]

    def config(self, out: Path, cell: str | None = None) -> Config:
        """The configuration, for files in ``out``; ``cell`` replaces the row's own."""
        data = dict(self.settings["data"])
        for part in ("source", "dev"):
            data[part] = str(out / data[part])
        model = dict(self.settings["model"]) | ({} if cell is None else {"cell": cell})
        training = {"batch_size": 32, "threads": 1, "epochs": 1000, "schedule": {"name": "constant"}}
        training |= self.settings.get("training", {})
        return config_file.from_mapping({"data": data, "model": model, "training": training}, name=self.title)


def sentiment(data_folder: Path, out: Path) -> None:
    """Sentences of film reviews and whether they praise."""
    for part, count in (("train", REVIEWS), ("dev", HELD_OUT_REVIEWS)):
        lines = (data_folder / "sst2" / f"{part}.tsv").read_text(encoding="utf-8").splitlines()
        random.Random(SEED).shuffle(lines)
        (out / f"{part}.tsv").write_text("".join(line + "\n" for line in lines[:count]), encoding="utf-8")


def phrases(data_folder: Path, out: Path) -> None:
    """Short English phrases and their French, by character; both sides are short, as words and their sounds are."""
    lines = (data_folder / "fra_eng" / "fra.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t")[:2] for line in lines]
    pairs = [pair for pair in pairs if max(map(len, pair)) <= LONGEST_PAIR]
    random.Random(SEED).shuffle(pairs)
    chosen = [{"english": english, "french": french} for english, french in pairs[: PAIRS + HELD_OUT_PAIRS]]
    _write_lines(out, chosen[:PAIRS], chosen[PAIRS:])


def tags(data_folder: Path, out: Path) -> None:
    """Sentences with their parts of speech."""
    for part, name, count in (("train", "train", SENTENCES), ("dev", "dev", HELD_OUT_SENTENCES)):
        file = data_folder / "ud_english_ewt" / f"en_ewt-ud-{name}.conllu"
        sentences = file.read_text(encoding="utf-8").split("\n\n")
        (out / f"{part}.conllu").write_text("\n\n".join(sentences[:count]) + "\n\n", encoding="utf-8")


def novel(data_folder: Path, out: Path) -> None:
    """The beginning of a long text, and its end."""
    text = (data_folder / "tinyshakespeare" / "input.txt").read_text(encoding="utf-8")
    (out / "train.txt").write_text(text[:NOVEL], encoding="utf-8")
    (out / "dev.txt").write_text(text[-HELD_OUT_NOVEL:], encoding="utf-8")


def movements(data_folder: Path, out: Path) -> None:
    """Windows of 20 to 120 frames of videos, 18 positions a frame, and the phase in the middle."""
    draw = random.Random(SEED)
    frames = []
    for name in heads.GESTURE_TRAIN:
        lines = (data_folder / "gesture_phase" / f"{name}_raw.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
        frames.append([line.split(",") for line in lines])
    rows = []
    for _ in range(WINDOWS + HELD_OUT_WINDOWS):
        video = draw.choice(frames)
        steps = draw.randint(SHORTEST, LONGEST)
        start = draw.randrange(len(video) - steps)
        window = video[start : start + steps]
        rows.append(
            {"series": [[float(value) for value in line[:18]] for line in window], "phase": window[steps // 2][-1]}
        )
    _write_lines(out, rows[:WINDOWS], rows[WINDOWS:])


def _write_lines(out: Path, train: Iterable[Any], dev: Iterable[Any]) -> None:
    for part, rows in (("train", train), ("dev", dev)):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (out / f"{part}.jsonl").write_text(text, encoding="utf-8")


def _lines(**data: Any) -> dict[str, Any]:
    return {"source": "train.jsonl", "dev": "dev.jsonl", **data}


ROWS: Sequence[Row] = (
    Row(
        "sentiment, by word", "sst2", sentiment,
        {
            "data": {"source": "train.tsv", "dev": "dev.tsv", "table": {"header": False}},
            "model": {"mode": "many-to-one", "hidden_size": 128},
        },
    ),
    Row(
        "surnames, by character", "names", heads.names,
        {
            "data": {
                "source": "train.csv", "dev": "dev.csv", "input": ["name"], "target": ["language"],
                "input_codec": "characters",
            },
            "model": {"mode": "many-to-one", "hidden_size": 128},
        },
    ),
    Row(
        "phrases, by character", "fra_eng", phrases,
        {
            "data": _lines(
                input=["english"], target=["french"], input_codec="characters", target_codec="characters"
            ),
            "model": {"mode": "many-to-many", "hidden_size": 128, "attention": {"form": "luong"}},
        },
    ),
    Row(
        "parts of speech", "ud_english_ewt", tags,
        {
            "data": {"source": "train.conllu", "dev": "dev.conllu"},
            "model": {"mode": "synced", "hidden_size": 128},
        },
    ),
    Row(
        "a novel, by character", "tinyshakespeare", novel,
        {
            "data": {
                "source": "train.txt", "dev": "dev.txt", "input_codec": "characters", "text": {"documents": "file"},
            },
            "model": {"mode": "synced", "hidden_size": 256},
        },
    ),
    Row(
        "movements, ragged rows", "gesture_phase", movements,
        {
            "data": _lines(input=["series"], target=["phase"]),
            "model": {"mode": "many-to-one", "hidden_size": 128},
        },
    ),
)  # fmt: skip
