"""Train the networks of the lecture: ``python -m recur.lecture.train`` writes ``networks.json`` (a few minutes, CPU).

Every network has its own seed, stated below. The rows are from `recur.lecture.tasks`; the weights are rounded to three
decimals, and what each network achieves is tested with the rounded weights, in JavaScript, as the page computes.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from recur import nn
from recur.lecture import tasks

WEIGHTS = Path(__file__).with_name("networks.json")
DECIMALS = 3
NONE = -100  # no target at this step
Encoded = tuple[Tensor, Tensor, Tensor]  # ids (B, T), targets (B, T), lengths (B,)


class Network(torch.nn.Module):
    """Recurrent layers over one-hot inputs, and a readout at every step."""

    def __init__(
        self, cell: str, inputs: int, hidden: int, outputs: int, *, layers: int = 1, bidirectional: bool = False,
        memory: float = 0.0, plain: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.inputs, self.cell = inputs, cell
        self.layers = nn.Recurrent(
            cell, inputs, hidden, num_layers=layers, bidirectional=bidirectional, batch_first=True
        )
        self.readout = torch.nn.Linear(hidden * (2 if bidirectional else 1), outputs, bias=not plain)
        with torch.no_grad():
            for name, value in self.layers.named_parameters():
                if name.startswith("b"):
                    value.zero_()
                    if memory and cell == "lstm":
                        value[hidden : 2 * hidden] = memory
                    value.requires_grad_(not plain)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """The values z of every step; x are ids or vectors."""
        vectors = one_hot(x, self.inputs).float() if x.dtype == torch.int64 else x
        z: Tensor = self.readout(self.layers(vectors, lengths=lengths)[0])
        return z

    def plain_weights(self) -> dict[str, Any]:
        """The weights as lists, by the names of the equation: one dictionary per layer and direction."""
        layers: dict[str, dict[str, Any]] = {}
        for name, value in self.layers.named_parameters():
            parameter, _, place = name.partition("_l")
            layers.setdefault(place, {})[parameter] = _rounded(value)
        bias = self.readout.bias
        return {
            "cell": self.cell, "inputs": self.inputs, "hidden": self.layers.hidden_size,
            "layers": [layers[place] for place in sorted(layers)], "directions": 2 if self.layers.bidirectional else 1,
            "W_hy": _rounded(self.readout.weight),
            "b_y": _rounded(bias) if bias is not None else [0.0] * self.readout.out_features,
        }  # fmt: skip


def _rounded(value: Tensor) -> list[float]:
    return [round(one, DECIMALS) + 0.0 for one in value.detach().flatten().tolist()]


def encode(rows: Iterable[tasks.Row], symbols: Sequence[str], outputs: Sequence[str]) -> Encoded:
    """Rows as padded ids."""
    rows = list(rows)
    lengths = torch.tensor([len(x) for x, _ in rows])
    ids = torch.zeros(len(rows), int(lengths.max()), dtype=torch.int64)
    targets = torch.full_like(ids, NONE)
    of, to = {s: i for i, s in enumerate(symbols)}, {s: i for i, s in enumerate(outputs)}
    for row, (x, y) in enumerate(rows):
        ids[row, : len(x)] = torch.tensor([of[one] for one in x])
        targets[row, : len(y)] = torch.tensor([to[one] if one else NONE for one in y])
    return ids, targets, lengths


def fit(
    network: Network, draw: Callable[[int], Encoded], steps: int, *, lr: float = 0.01, decay: float = 0.0,
    last: float = 1.0, others: float = 1.0,
) -> float:  # fmt: skip
    """Train on a fresh batch per step; ``others`` weights the errors of all steps but the last."""
    optimizer = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], lr=lr, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
    error = torch.zeros(())
    for step in range(steps):
        x, y, lengths = draw(step)
        z = network(x, lengths)
        errors = cross_entropy(z.flatten(0, 1), y.flatten(), ignore_index=NONE, reduction="none").view(y.shape)
        weight = torch.full_like(errors, others)
        weight[torch.arange(len(y)), lengths - 1] = last
        weight *= y != NONE
        error = (errors * weight).sum() / weight.sum()
        optimizer.zero_grad()
        torch.autograd.backward(error)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return float(error.detach())


def spelled() -> dict[str, Any]:
    """An Elman network with three units and no biases that spells "hello": one letter after the other. Seed 5."""
    torch.manual_seed(5)
    network = Network("elman", 4, 3, 4, plain=True)
    row = encode([(list("hell"), list("ello"))], tasks.SPELLED, tasks.SPELLED)
    fit(network, lambda _: row, 600, lr=0.02, decay=0.05)
    return {**network.plain_weights(), "symbols": tasks.SPELLED, "answers": tasks.SPELLED}


def quotes() -> dict[str, Any]:
    """An Elman network with six units that predicts words, of which some are in quotation marks. Seed 1."""
    torch.manual_seed(1)
    symbols = [*tasks.SAID, *tasks.QUOTES]
    network = Network("elman", len(symbols), 6, len(symbols))

    def draw(step: int) -> Encoded:
        source = random.Random(1000 + step)
        return encode([(x[:-1], x[1:]) for x in (tasks.quoted(source) for _ in range(48))], symbols, symbols)

    fit(network, draw, 400, lr=0.03)
    return {**network.plain_weights(), "symbols": symbols, "answers": symbols}


def last_word(cell: str) -> dict[str, Any]:
    """A network that predicts every next word of the near and the far sentences; its last word counts most. Seed 1."""
    torch.manual_seed(1)
    words = tasks.words()
    network = Network(cell, len(words), 20, len(words), memory=4.0)
    steps = 1500

    def draw(step: int) -> Encoded:
        return encode(tasks.near_and_far(1000 + step, 64), words, words)

    fit(network, draw, steps, lr=0.02, others=0.05)
    return {**network.plain_weights(), "symbols": words, "answers": words}


def one_to_one() -> dict[str, Any]:
    """Pixels -> digit: one step. Seed 1."""
    torch.manual_seed(1)
    digits = list(tasks.PIXELS)
    pixels = torch.tensor([[float(p) for p in tasks.PIXELS[d]] for d in digits])
    network = Network("elman", 15, 10, 10)

    def draw(step: int) -> Encoded:
        flips = torch.rand(40, 15, generator=torch.Generator().manual_seed(step)) < 0.04
        x = pixels.repeat(4, 1)
        return torch.where(flips, 1 - x, x)[:, None], torch.arange(10).repeat(4)[:, None], torch.ones(40).long()

    fit(network, draw, 500, lr=0.02)
    return {**network.plain_weights(), "answers": digits}


def one_to_many() -> dict[str, Any]:
    """A digit -> its name, letter by letter; each letter is the next input. Seed 1."""
    torch.manual_seed(1)
    letters = sorted(set("".join(tasks.NUMBERS))) + [tasks.END]
    symbols = [*tasks.PIXELS, *letters]
    rows = [([d, *name], [*name, tasks.END]) for d, name in zip(tasks.PIXELS, tasks.NUMBERS, strict=True)]
    batch = encode(rows, symbols, letters)
    network = Network("gru", len(symbols), 14, len(letters))
    fit(network, lambda _: batch, 400, lr=0.02)
    return {**network.plain_weights(), "symbols": symbols, "answers": letters}


def many_to_one() -> dict[str, Any]:
    """An opinion -> good or bad, read out after the last word. Seed 1."""
    torch.manual_seed(1)
    symbols = sorted({"the", "film", "story", "music", "is", "not", "but", *tasks.GOOD, *tasks.BAD})

    def draw(step: int) -> Encoded:
        source = random.Random(step)
        rows = [tasks.review(source) for _ in range(64)]
        return encode(((x, [""] * (len(x) - 1) + [y]) for x, y in rows), symbols, ("good", "bad"))

    network = Network("lstm", len(symbols), 8, 2, memory=1.0)
    fit(network, draw, 500, lr=0.02)
    return {**network.plain_weights(), "symbols": symbols, "answers": ["good", "bad"]}


def many_to_many() -> dict[str, Any]:
    """English number words -> French: one network reads the whole, its state starts the one that writes. Seed 1.

    One chain of steps: after the end of the English words, its own words are its inputs.
    """
    torch.manual_seed(1)
    numbers = range(1, 100)
    french = sorted({word for n in numbers for word in tasks.in_french(n)}) + [tasks.END]
    english = sorted({word for n in numbers for word in tasks.in_english(n)})
    symbols = [*(f"en:{one}" for one in english), *(f"fr:{one}" for one in french)]
    rows = []
    for n in numbers:
        if n in tasks.UNSEEN_NUMBERS:
            continue
        read, write = tasks.in_english(n), tasks.in_french(n)
        x = [*(f"en:{one}" for one in read), f"fr:{tasks.END}", *(f"fr:{one}" for one in write)]
        rows.append((x, [*[""] * len(read), *write, tasks.END]))
    batch = encode(rows, symbols, french)
    network = Network("gru", len(symbols), 24, len(french))
    fit(network, lambda _: batch, 600, lr=0.02, decay=0.05)
    return {**network.plain_weights(), "symbols": symbols, "answers": french}


def synced() -> dict[str, Any]:
    """Every word -> its part of speech, at once. Seed 1."""
    torch.manual_seed(1)
    symbols = ["the", "they", "we", "I", "fish", "can", "swim", "see", "dog"]
    answers = ["article", "noun", "pronoun", "verb"]

    def draw(step: int) -> Encoded:
        source = random.Random(step)
        return encode([tasks.tagged(source) for _ in range(48)], symbols, answers)

    network = Network("elman", len(symbols), 8, len(answers))
    fit(network, draw, 400, lr=0.02)
    return {**network.plain_weights(), "symbols": symbols, "answers": answers}


def meanings(*, bidirectional: bool) -> dict[str, Any]:
    """Every word -> animal, thing or neither; the last word of a sentence decides what its noun is. Seed 1."""
    torch.manual_seed(1)
    rows = list(tasks.meanings())
    symbols, answers = sorted({word for x, _ in rows for word in x}), ["animal", "thing", "word"]
    batch = encode(rows, symbols, answers)
    network = Network("elman", len(symbols), 6, len(answers), bidirectional=bidirectional)
    fit(network, lambda _: batch, 500, lr=0.02)
    return {**network.plain_weights(), "symbols": symbols, "answers": answers}


DEPTHS = {1: 16, 2: 9, 3: 7}  # units per layer, so that the numbers of weights are close


def deep(layers: int) -> dict[str, Any]:
    """Opinions letter by letter, read by 1 to 3 layers of minimal GRUs: their gates see the input alone. Seed 1."""
    torch.manual_seed(1)
    symbols, answers = sorted(set("notgoodbadfundull ")), ["good", "bad"]
    network = Network("min_gru", len(symbols), DEPTHS[layers], 2, layers=layers)

    def draw(step: int) -> Encoded:
        return encode([tasks.spelled_opinions(random.Random(32 * step + n)) for n in range(32)], symbols, answers)

    fit(network, draw, 1500, lr=0.02)
    weights = sum(one.numel() for one in network.parameters())
    return {**network.plain_weights(), "symbols": symbols, "answers": answers, "parameters": weights}


class Translator(torch.nn.Module):
    """An encoder, and a decoder that reads the encoder's states by attention."""

    def __init__(self, source: int, target: int, hidden: int) -> None:
        super().__init__()
        self.source, self.target = source, target
        self.encoder = nn.Recurrent("gru", source, hidden, batch_first=True)
        self.decoder = nn.Recurrent("gru", target, hidden, batch_first=True)
        self.attention = nn.LuongAttention(hidden, hidden)
        self.readout = torch.nn.Linear(2 * hidden, target)

    def forward(self, x: Tensor, lengths: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The values z of every step that writes, and the weights of attention, (B, T, S)."""
        states, last = self.encoder(one_hot(x, self.source).float(), lengths=lengths)
        own, _ = self.decoder(one_hot(y, self.target).float(), last)
        context, weights = self.attention(own, states, lengths)
        z: Tensor = self.readout(torch.cat([own, context], -1))
        return z, weights


def attention() -> dict[str, Any]:
    """English number words -> German, where the order of the words differs: the decoder attends. Seed 1."""
    torch.manual_seed(1)
    source = sorted({word for n in range(1, 100) for word in tasks.in_english(n)})
    target = sorted({word for n in range(1, 100) for word in tasks.in_german(n)}) + [tasks.END]
    numbers = [n for n in range(1, 100) if n not in tasks.UNSEEN_NUMBERS]
    x, _, lengths = encode([(tasks.in_english(n), []) for n in numbers], source, target)
    rows = [([tasks.END, *tasks.in_german(n)], [*tasks.in_german(n), tasks.END]) for n in numbers]
    begun, y, _ = encode(rows, target, target)
    network = Translator(len(source), len(target), 16)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.02, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, total_steps=700)
    for _ in range(700):
        z, _ = network(x, lengths, begun)
        error = cross_entropy(z.flatten(0, 1), y.flatten(), ignore_index=NONE)
        optimizer.zero_grad()
        torch.autograd.backward(error)
        optimizer.step()
        schedule.step()
    parts = {
        part: {
            "cell": "gru", "inputs": layer.input_size, "hidden": layer.hidden_size, "directions": 1,
            "layers": [{name.partition("_l")[0]: _rounded(value) for name, value in layer.named_parameters()}],
            "W_hy": [], "b_y": [], "symbols": symbols, "answers": [],
        }
        for part, layer, symbols in (("encoder", network.encoder, source), ("decoder", network.decoder, target))
    }  # fmt: skip
    return {
        "cell": "gru", **parts, "score": _rounded(network.attention.key.weight), "W": _rounded(network.readout.weight),
        "b": _rounded(network.readout.bias), "answers": target,
    }  # fmt: skip


NETWORKS: dict[str, Callable[[], dict[str, Any]]] = {
    "spelled": spelled,
    "quotes": quotes,
    "word elman": lambda: last_word("elman"),
    "word lstm": lambda: last_word("lstm"),
    "word gru": lambda: last_word("gru"),
    "one-to-one": one_to_one,
    "one-to-many": one_to_many,
    "many-to-one": many_to_one,
    "many-to-many": many_to_many,
    "synced": synced,
    "meanings one direction": lambda: meanings(bidirectional=False),
    "meanings two directions": lambda: meanings(bidirectional=True),
    **{f"deep {layers}": partial(deep, layers) for layers in DEPTHS},
    "attention": attention,
}


def main(chosen: Sequence[str] = ()) -> None:
    """Train the networks of these names, or all, and write them beside the others."""
    torch.set_num_threads(1)
    found = json.loads(WEIGHTS.read_text(encoding="utf-8")) if WEIGHTS.exists() else {}
    for name in chosen or NETWORKS:
        found[name] = NETWORKS[name]()
        print(f"{name}: trained")
        lines = (f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in found.items())
        WEIGHTS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
