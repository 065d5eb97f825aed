"""One, two and three processes train the same network: the same masks, the same order, one error of the whole batch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from examples.files import pairs, reviews, sentences, series, tagged
from safetensors.torch import load_file

from tests.processes.together import together
from tests.processes.worker import work
from tests.tolerances import same_trajectory

STEPS = 200
FILES: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "classes, rows of different lengths": (
        reviews, "a.csv",
        {"dropout": 0.3, "variational_dropout": 0.1, "num_layers": 2, "batch_size": 5, "label_smoothing": 0.1,
         "activation_regularization": 0.5},
    ),
    "the next word, truncated BPTT": (
        sentences, "b.txt",
        {"dropout": 0.2, "recurrent_dropout": 0.2, "embedding_dropout": 0.1, "weight_drop": 0.1, "bptt": 12,
         "bptt_stride": 4, "cell": "gru", "batch_size": 5},
    ),
    "tags": (tagged, "c.conll", {"variational_dropout": 0.2, "zoneout": 0.1, "batch_size": 4}),
    "translation": (
        pairs, "d.tsv",
        {"mode": "many-to-many", "attention": "luong", "input_feeding": True, "teacher_forcing": 0.5, "dropout": 0.1,
         "batch_size": 4},
    ),
    "a forecast": (
        series, "e.csv", {"input": "load", "horizon": 4, "dropout": 0.2, "batch_size": 4, "clip": 0.1},
    ),
}  # fmt: skip


CONTINUED = "the next word, truncated BPTT"
PAUSE = [1, 70]  # the second process asks for one, after some seventy updates and batches of evaluations


def one(folder: Path, name: str, out: str, **more: Any) -> dict[str, Any]:
    """The arguments of a work."""
    _, file, options = FILES[name]
    told = {
        "hidden_size": 8,
        "max_steps": STEPS,
        "epochs": 10_000,
        "evaluate_every": 100,
        "threads": 1,
        "device": "cpu",
    }
    return {
        "options": {**told, "source": str(folder / file), **options}, "out": str(folder / f"{file} {out}"), **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every training of this file: a process takes seconds to start, and trains all networks once it has."""
    folder = tmp_path_factory.mktemp("runs")
    for make, file, _ in FILES.values():
        make(folder / file)
    paused = [one(folder, CONTINUED, f"2, then {then}", pause=PAUSE) for then in (2, 3, 1)]
    again = [one(folder, CONTINUED, "2, then 2")]
    together(2, [one(folder, name, "2") for name in FILES] + paused + again)
    together(3, [one(folder, name, "3") for name in FILES] + [one(folder, CONTINUED, "2, then 3")])
    for each in [one(folder, name, "1") for name in FILES] + [one(folder, CONTINUED, "2, then 1")]:
        work(**each)
    return folder


def events(run: Path, kind: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if line["event"] == kind]


def last_weights(run: Path) -> dict[str, torch.Tensor]:
    place = run / "checkpoint" / (run / "checkpoint" / "LATEST").read_text().strip()
    return load_file(place / "weights.safetensors")


@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.parametrize("name", FILES)
def test_trajectories_agree_over_two_hundred_updates(runs: Path, name: str, processes: int) -> None:
    alone, several = (runs / f"{FILES[name][1]} {count}" for count in (1, processes))
    assert events(alone, "evaluation")[-1]["step"] == STEPS
    for kind, figures in (("step", ("loss", "gradient_norm", "lr")), ("evaluation", ("loss",))):
        left, right = events(alone, kind), events(several, kind)
        assert [line["step"] for line in left] == [line["step"] for line in right]
        for figure in figures:
            same_trajectory(*(torch.tensor([line[figure] for line in lines]) for lines in (right, left)), figure)
    weights, other = last_weights(alone), last_weights(several)
    assert weights.keys() == other.keys()
    for key, tensor in weights.items():
        same_trajectory(other[key], tensor, key)


def test_as_many_processes_continue_to_the_same_bits(runs: Path) -> None:
    whole, resumed = (runs / f"{FILES[CONTINUED][1]} {out}" for out in ("2", "2, then 2"))
    weights, other = last_weights(whole), last_weights(resumed)
    assert [key for key in weights if not torch.equal(weights[key], other[key])] == []
    for kind in ("step", "evaluation"):
        left, right = events(whole, kind), events(resumed, kind)
        for line in (*left, *right):
            line.pop("seconds"), line.pop("tokens_per_second", None)
        assert left == right


@pytest.mark.parametrize("then", [1, 3])
def test_another_number_of_processes_continues_the_same_trajectory(runs: Path, then: int) -> None:
    weights, other = (last_weights(runs / f"{FILES[CONTINUED][1]} {out}") for out in ("1", f"2, then {then}"))
    for key, tensor in weights.items():
        same_trajectory(other[key], tensor, key)
    assert [line["step"] for line in events(runs / f"{FILES[CONTINUED][1]} 2, then {then}", "evaluation")] == [100, 200]
