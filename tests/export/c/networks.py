"""Small networks that are written in C, and their compiled programs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recur.codecs import ClassCodec, NumbersCodec, WordsCodec
from recur.config import Config, ModelConfig
from recur.errors import ConfigError
from recur.export.c.proof import c_compiler
from recur.modes import Mode
from recur.modes.forecast import Forecast

try:
    COMPILER = c_compiler()
except ConfigError:
    pytest.skip("no C compiler", allow_module_level=True)
STRICT = ("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror")


def config(**options: Any) -> ModelConfig:
    return Config.of(**{"hidden_size": 7, "bidirectional": False, "engine": "eager", **options}).model


def series(sequence: bool = True) -> NumbersCodec:
    values = np.random.default_rng(0).normal(5, 3, size=(50, 2))
    return NumbersCodec(sequence=sequence, columns=["a", "b"]).fit([values] if sequence else list(values))


def forecast(how: str, relative_to: str, quantiles: list[float]) -> Mode:
    """A forecast of one of two columns, or of both in another order."""
    values = np.random.default_rng(1).normal(-3, 9, (50, 2))
    names = ["b", "a"] if how == "recursive" else ["b"]
    target = NumbersCodec(sequence=True, columns=names).fit([values[:, : len(names)]])
    target.season = 4
    asked = Config.of(horizon=6, forecast=how, relative_to=relative_to, quantiles=quantiles).forecast
    return drawn(Forecast(series(), target, config(num_layers=2, residual=True), asked))


FORECASTS = [
    (how, relative_to, quantiles)
    for how in ("direct", "recursive")
    for relative_to in ("none", "last", "season")
    for quantiles in ([], [0.1, 0.5, 0.9])
    # what can be trained
    if how == "direct" or not (quantiles or relative_to == "season")
]


def words(count: int = 12) -> WordsCodec:
    return WordsCodec().fit([" ".join(f"w{n}" for n in range(count))])


def classes() -> ClassCodec:
    return ClassCodec().fit(["yes", "no", "*/ maybe ??/"])


def drawn(mode: Mode, seed: int = 0) -> Mode:
    """The network with weights large enough for its gates to matter."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in mode.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=random) * 1.4 - 0.7)
    return mode


def build(folder: Path, *flags: str, program: tuple[str, ...] = COMPILER, files: tuple[str, ...] = ()) -> Path:
    """Compile the test of a folder, or other files in it; return the program."""
    sources = files or ("model_test.c", "model.c")
    target = folder / "a_program"
    made = subprocess.run(
        [*program, *flags, "-I.", *sources, "-o", target.name, "-lm"], cwd=folder, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return target


def run(program: Path, *words: str) -> str:
    """Run a program; return what it printed."""
    ended = subprocess.run([*words, str(program)], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
