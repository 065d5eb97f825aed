"""Rows, codecs and small networks that the tests of modes share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import torch

from recur import codecs, continuation, modes
from recur.codecs import Codec
from recur.config import Config, ForecastConfig, ModelConfig
from recur.modes import Mode
from recur.network import Batch
from tests.tolerances import close

TEXTS = ["the cat sat", "a dog", "the dog ran to a cat", "cat"]
TAGS = [["D", "N", "V"], ["D", "N"], ["D", "N", "V", "P", "D", "N"], ["N"]]
SERIES = [[1.0, 2.0, 4.0], [2.0, 1.0], [3.0, 5.0, 4.0, 2.0, 1.0, 2.0], [4.0]]
LABELS = ["yes", "no", "no", "yes"]
NUMBERS = [(1.0, 20.0), (2.0, 10.0), (3.0, 50.0), (4.0, 10.0)]

SEQUENCES: dict[str, list[Any]] = {
    "words": TEXTS, "characters": TEXTS, "subwords": TEXTS, "tags": TAGS, "series": SERIES,
}  # fmt: skip
SINGLES: dict[str, list[Any]] = {"class": LABELS, "numbers": NUMBERS}
VALUES = {**SEQUENCES, **SINGLES}


class Row(NamedTuple):
    """A raw row, as the data room gives it."""

    input: Any
    target: Any


def codec(kind: str, values: Sequence[Any] | None = None) -> Codec:
    """A fitted codec; a series is numbers with time, and subwords have the smallest vocabulary with some merges."""
    values = VALUES[kind] if values is None else values
    if kind == "series":
        return codecs.make("numbers", sequence=True).fit(values)
    return codecs.make(kind, Config.of(max_vocab=270 if kind == "subwords" else None).data).fit(values)


@cache
def _fitted(kind: str, side: str) -> Codec:
    """The codec of the shared values, fitted once for a side."""
    del side
    return codec(kind)


def small(**options: Any) -> ModelConfig:
    """A network of a few units."""
    return Config.of(**{"hidden_size": 8, "embedding_size": 5, "embedding_range": 1.0, **options}).model


def ahead(horizon: int, how: str = "direct", **options: Any) -> ForecastConfig:
    """A forecast of some steps."""
    return Config.of(horizon=horizon, forecast=how, **options).forecast


def build(
    name: str, input_kind: str | None, target_kind: str | None, *, stream: bool = False, seed: int = 0, **options: Any
) -> Mode:
    """A mode over the shared values, with the same weights for the same seed."""
    torch.manual_seed(seed)
    # two codecs also where they are of one kind: the same one twice would ask for the next item
    first = None if input_kind is None else _fitted(input_kind, "input")
    second = None if target_kind is None else _fitted(target_kind, "target")
    return modes.build(name, first, second, small(**options), stream=stream)


def rows(input_kind: str | None, target_kind: str | None) -> list[Row]:
    """The shared values side by side."""
    inputs = [None] * len(TEXTS) if input_kind is None else VALUES[input_kind]
    targets = [None] * len(TEXTS) if target_kind is None else VALUES[target_kind]
    return [Row(one, other) for one, other in zip(inputs, targets, strict=True)]


def batch_of(mode: Mode, examples: Sequence[Row]) -> Batch:
    """Encoded and padded."""
    return mode.collate([mode.encode(example) for example in examples])


def train(mode: Mode, examples: Sequence[Row], steps: int = 12, lr: float = 0.02) -> list[float]:
    """Take Adam steps on one batch; return the loss before each of them."""
    batch = batch_of(mode, examples)
    optimizer = torch.optim.Adam(mode.parameters(), lr=lr)
    mode.train()
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = mode(batch).mean
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    mode.eval()
    return losses


def falls(mode: Mode, examples: Sequence[Row]) -> None:
    """Assert that training lowers the loss, and that no parameter is left without a gradient."""
    losses = train(mode, examples)
    assert losses[-1] < losses[0]
    without = [name for name, parameter in mode.named_parameters() if parameter.grad is None]
    assert not without


def same(actual: float, expected: float, what: str = "") -> None:
    """Assert that two figures, computed in single precision, agree."""
    close(torch.tensor(actual), torch.tensor(expected), what)


def same_values(actual: Any, expected: Any) -> None:
    """Assert that two raw answers agree; numbers to the tolerance of their dtype."""
    if isinstance(actual, float) or (isinstance(actual, list) and actual and not isinstance(actual[0], str)):
        close(torch.tensor(actual), torch.tensor(expected))
    else:
        assert actual == expected


def padding_changes_nothing(mode: Mode, examples: Sequence[Row], **decoding: Any) -> None:
    """Assert that rows in one batch give what each gives alone: sums, figures, predictions and their scores."""
    mode.eval()
    together = mode.loss(batch_of(mode, examples))
    parts = [mode.loss(batch_of(mode, [example])) for example in examples]
    added: dict[str, tuple[float, float]] = {}
    for part in parts:
        for name, (numerator, denominator) in part.sums.items():
            before = added.get(name, (0.0, 0.0))
            added[name] = (before[0] + numerator, before[1] + denominator)
    for name, (numerator, denominator) in together.sums.items():
        same(numerator, added[name][0], name)
        assert denominator == added[name][1]
    for name, figure in mode.summary(together.sums).items():
        if figure == figure:  # nothing was predicted: not a number, on both sides
            same(figure, mode.summary(added)[name], name)
    answers = continuation.predict(mode, [example.input for example in examples], **decoding)
    for example, answer in zip(examples, answers, strict=True):
        [alone] = continuation.predict(mode, [example.input], **decoding)
        same_values(answer.value, alone.value)
        for (value, probability), (own, expected) in zip(answer.scores, alone.scores, strict=True):
            assert value == own
            same(probability, expected)
        assert (answer.alignment is None) == (alone.alignment is None)
        if answer.alignment is not None and alone.alignment is not None:
            close(torch.tensor(answer.alignment), torch.tensor(alone.alignment), "alignment")


def poison(batch: Batch) -> Batch:
    """The same batch with other values at its padded steps."""

    def filled(values: torch.Tensor | None, lengths: torch.Tensor | None) -> torch.Tensor | None:
        if values is None or lengths is None:
            return values
        padded = torch.arange(values.shape[1]) >= lengths[:, None]
        return torch.where(padded.view(*padded.shape, *[1] * (values.dim() - 2)), torch.ones_like(values), values)

    targets = filled(batch.targets, batch.target_lengths)
    assert targets is not None
    return Batch(filled(batch.inputs, batch.input_lengths), batch.input_lengths, targets, batch.target_lengths)
