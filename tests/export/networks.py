"""Small networks and codecs that are exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur.codecs import ClassCodec, NumbersCodec, WordsCodec
from recur.config import Config, ModelConfig

pytest.importorskip("onnxruntime")
import onnx


def words(count: int = 12) -> WordsCodec:
    return WordsCodec().fit([" ".join(f"w{n}" for n in range(count))])


def series() -> NumbersCodec:
    random = np.random.default_rng(0)
    values = random.normal(5, 3, size=(50, 2))
    return NumbersCodec(sequence=True, columns=["a", "b"]).fit([values])


def classes() -> ClassCodec:
    return ClassCodec().fit(["yes", "no", "maybe"])


def config(**options: Any) -> ModelConfig:
    return Config.of(**{"hidden_size": 7, **options}).model


def names(path: Path) -> tuple[list[str], list[str]]:
    graph = onnx.load(path).graph
    return [each.name for each in graph.input], [each.name for each in graph.output]


def picture_rows(shape: tuple[int, ...]) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, shape, dtype=np.uint8) for _ in range(6)]
