"""How large a network is, and how long training takes, before there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recur.config import Config
from recur.data import fit_codecs, load
from recur.data.counts import Epoch
from recur.model import fit
from recur.modes.task import build_for
from recur.nn.summary import parameter_count
from recur.training.check import check
from recur.training.estimate import estimate
from recur.training.memory import without_memory
from tests.data.pictured import captions, classes

TEXTS = {"text": [f"word{n} and word{n + 1}" for n in range(60)], "label": ["good", "bad"] * 30}
PAIRS = {"english": [f"the house {i}" for i in range(40)], "french": [f"la maison {i} ." for i in range(40)]}
FLOWERS = {"length": [1.5, 4.5] * 20, "width": [0.5, 0.25] * 20, "flower": ["setosa", "rose"] * 20}
TAGGED = {"words": [["the", "cat"], ["a", "dog"]] * 20, "tags": [["DET", "NOUN"]] * 40}
SERIES = {"load": [float(i * i % 17) for i in range(200)]}
WRITES = {"mode": "one-to-many", "input": ["label"], "target": ["text"]}

# what is learned, by its mode and options
TASKS: dict[str, tuple[Any, dict[str, Any]]] = {
    "many-to-one": (TEXTS, {}), "many-to-many": (PAIRS, {}), "many-to-many, attention": (PAIRS, {"attention": "luong"}),
    "one-to-one": (FLOWERS, {}), "one-to-many": (TEXTS, WRITES), "synced, tags": (TAGGED, {}),
    "synced, tags with a CRF": (TAGGED, {"crf": True}), "synced, numbers": (SERIES, {}),
    "synced, next word": (TEXTS["text"], {}), "synced, one matrix": (TEXTS["text"], {"tie_weights": True}),
    "forecast, direct": (SERIES, {"forecast": "direct", "horizon": 3}),
    "forecast, recursive": (SERIES, {"forecast": "recursive", "horizon": 3}),
}  # fmt: skip


@pytest.mark.parametrize("name", TASKS)
def test_the_parameters_are_those_of_the_trained_network(name: str) -> None:
    rows, options = TASKS[name]
    model = fit(rows, hidden_size=8, epochs=1, **options)
    assert model.roles.mode == name.partition(",")[0]
    found = check(Config.of(hidden_size=8, **options), rows).estimate
    assert found.parameters == parameter_count(model.mode)
    assert found.memory_bytes > 4 * 4 * found.parameters
    assert found.seconds_per_epoch > 0


@pytest.mark.parametrize(
    ("make", "options"),
    [(classes, {}), (classes, {"picture_pooling": "mean", "convolutions": [4, 8, 8]}),
     (captions, {"picture_pooling": "mean"})],
    ids=["classes", "means of places", "captions"],
)  # fmt: skip
def test_the_parameters_of_networks_that_read_pictures_are_counted(
    make: Any, options: dict[str, Any], tmp_path: Path
) -> None:
    settings = Config.of(source=str(make(tmp_path)), hidden_size=16, **options)
    dataset = load(settings)
    network = build_for(settings, dataset.roles, *fit_codecs(settings, dataset.roles, dataset.train, dataset.labelled))
    assert check(settings).estimate.parameters == parameter_count(network)


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("cell", ["elman", "gru", "lstm", "lstm_peephole", "lstm_projected", "minimal_gated_unit"])
@pytest.mark.parametrize("hidden_size", [24, [24, 16, 8]], ids=["one size", "several sizes"])
def test_the_parameters_of_stacked_cells_are_counted(cell: str, layers: int, hidden_size: int | list[int]) -> None:
    several = {"hidden_size": hidden_size} if isinstance(hidden_size, list) else {"num_layers": layers}
    settings = Config.of(**{"hidden_size": hidden_size, "cell": cell, **several})
    dataset = load(settings, TEXTS)
    codecs = fit_codecs(settings, dataset.roles, dataset.train, dataset.labelled)
    planned = estimate(
        without_memory(lambda: build_for(settings, dataset.roles, *codecs)), settings, dataset.roles, Epoch(48, 150, 2)
    )
    assert planned.parameters == parameter_count(build_for(settings, dataset.roles, *codecs))


def test_more_steps_take_more_time_and_memory() -> None:
    settings = Config.of(hidden_size=64)
    dataset = load(settings, TEXTS)
    codecs = fit_codecs(settings, dataset.roles, dataset.train, dataset.labelled)
    network = without_memory(lambda: build_for(settings, dataset.roles, *codecs))
    few, many = (
        estimate(network, settings, dataset.roles, Epoch(rows, 40 * rows, rows // 10)) for rows in (100, 100_000)
    )
    assert many.seconds_per_epoch > 50 * few.seconds_per_epoch
    longer = estimate(network, settings, dataset.roles, Epoch(100, 4000 * 100, 10))
    assert longer.memory_bytes > few.memory_bytes
