"""How large a network will be, and how long it will take."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur import modes
from recur.config import Config
from recur.data import check, fit_codecs, load
from tests.data.pictured import captions, classes


def test_check_counts_the_parameters_of_the_network(tmp_path: Path) -> None:
    for source, mode, options in (
        (classes(tmp_path / "classes"), None, {}),
        (classes(tmp_path / "classes"), None, {"picture_pooling": "mean", "convolutions": [4, 8, 8]}),
        (captions(tmp_path), None, {"picture_pooling": "mean"}),
    ):
        settings = Config.of(source=str(source), mode=mode, hidden_size=16, **options)
        dataset = load(settings)
        network = modes.build(
            dataset.roles.mode, *fit_codecs(settings, dataset.roles, dataset.train, dataset.labelled), settings.model
        )
        counted = sum(p.numel() for p in network.parameters())
        assert check(settings).estimate.parameters == pytest.approx(counted, rel=0.1)


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("cell", ["elman", "gru", "lstm", "lstm_peephole", "lstm_projected", "minimal_gated_unit"])
@pytest.mark.parametrize("hidden_size", [24, [24, 16, 8]], ids=["one size", "several sizes"])
def test_the_parameters_of_stacked_cells_are_counted(cell: str, layers: int, hidden_size: int | list[int]) -> None:
    several = {"hidden_size": hidden_size} if isinstance(hidden_size, list) else {"num_layers": layers}
    settings = Config.of(**{"hidden_size": hidden_size, "cell": cell, **several})
    texts = [f"word{n} and word{n + 1}" for n in range(60)]
    rows = {"text": texts, "label": ["good", "bad"] * 30}
    dataset = load(settings, rows)
    network = modes.build(
        dataset.roles.mode, *fit_codecs(settings, dataset.roles, dataset.train, dataset.labelled), settings.model
    )
    counted = sum(p.numel() for p in network.parameters())
    assert check(settings, rows).estimate.parameters == pytest.approx(counted, rel=0.02)
