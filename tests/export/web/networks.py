"""Small networks for pages, and the script of a page with what it computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from recur.codecs import ClassCodec, ImagesCodec, NumbersCodec, WordsCodec
from recur.config import Config, ModelConfig
from recur.export.web.document import standalone
from recur.export.web.facts import facts_of
from recur.export.web.network import PageNetwork, describe
from recur.modes import Mode
from tests.node import evaluated


def config(**options: Any) -> ModelConfig:
    return Config.of(**{"hidden_size": 7, "bidirectional": False, "engine": "eager", **options}).model


def series(sequence: bool = True) -> NumbersCodec:
    values = np.random.default_rng(0).normal(5, 3, size=(50, 2))
    return NumbersCodec(sequence=sequence, columns=["a", "b"]).fit([values] if sequence else list(values))


def words() -> WordsCodec:
    return WordsCodec().fit([" ".join(f"w{n}" for n in range(12))])


def classes() -> ClassCodec:
    return ClassCodec().fit(["yes", "no", "</script> maybe"])


def pictures(steps: str) -> ImagesCodec:
    random = np.random.default_rng(0)
    return ImagesCodec(steps=steps).fit([random.integers(0, 255, (12, 10), dtype=np.uint8) for _ in range(5)])


def drawn(mode: Mode, seed: int = 0) -> Mode:
    """The network with weights large enough for its gates to matter."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in mode.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=random) * 1.4 - 0.7)
    return mode


def described(mode: Mode) -> tuple[PageNetwork, dict[str, Any]]:
    """The network as data, and its facts."""
    with mode.answering():
        return describe(mode), facts_of(mode, "a run", "y from x", {})


def ask(mode: Mode, script: str, given: Any = None) -> Any:
    """What a script assigns to ``answer`` beside the ``network`` of a page, which is ``local`` with its readers."""
    network, facts = described(mode)
    # what is asynchronous is awaited before the answer is printed
    return evaluated(f"{standalone(network, facts)}\n{script}", given)


def asked(mode: Mode, expression: str, given: Any = None) -> Any:
    """What the promise of an expression comes to."""
    return ask(mode, f"{expression}.then((found) => {{ answer = found; }});", given)
