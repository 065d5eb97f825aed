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
