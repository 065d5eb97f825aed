"""The rival: the same network, batches and optimiser as a script of torch.nn would have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from recur.evaluation.feed import RowFeed
from recur.modes import Mode
from recur.training.setup import Task

IGNORED = -100
LAYERS: dict[str, type[nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "elman": nn.RNN}


@dataclass
class Pair:
    """One row as tensors: (T,) ids or (T, C) numbers, and a class () or ids (T,)."""

    input: Tensor
    target: Tensor


def copied(layer: nn.Module) -> nn.Module:
    """torch's recurrent layer with the weights of ours."""
    name = type(layer).__name__.lower().replace("rnn", "elman")
    rival = LAYERS[name](
        int(layer.input_size), int(layer.hidden_size), int(layer.num_layers), batch_first=True,
        bidirectional=bool(layer.bidirectional),
    )  # fmt: skip
    rival.load_state_dict(layer.state_dict())
    return rival


def linear(readout: nn.Module) -> nn.Linear:
    """A linear layer with the weights of ours."""
    rival = nn.Linear(readout.weight.shape[1], readout.weight.shape[0])
    rival.load_state_dict({"weight": readout.weight, "bias": readout.bias})
    return rival


class Embed(nn.Module):
    """Ids to vectors, scaled; numbers stay as they are."""

    def __init__(self, inputs: Any) -> None:
        super().__init__()
        self.embedding: nn.Embedding | None = None
        if inputs.embedding is not None:
            self.embedding = nn.Embedding(*inputs.embedding.weight.shape)
            self.embedding.load_state_dict(inputs.embedding.state_dict())
            self.scale = inputs.scale

    def forward(self, values: Tensor) -> Tensor:
        return values if self.embedding is None else self.embedding(values) * self.scale


def packed(layer: nn.Module, vectors: Tensor, lengths: Tensor) -> tuple[Tensor, Any]:
    """Run a layer over ragged rows: outputs (B, T, D*H) and the final state."""
    outputs, state = layer(pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False))
    return pad_packed_sequence(outputs, batch_first=True, total_length=vectors.shape[1])[0], state


def hidden(state: Any) -> Tensor:
    """h of a state."""
    return state[0] if isinstance(state, tuple) else state


class Classifier(nn.Module):
    """A sequence to a class, from the last state of each direction."""

    def __init__(self, mode: Any) -> None:
        super().__init__()
        self.embed, self.layer = Embed(mode.inputs), copied(mode.stack.layer)
        self.readout = linear(mode.output.readout)

    def forward(self, inputs: Tensor, lengths: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        vectors = pack_padded_sequence(self.embed(inputs), lengths, batch_first=True, enforce_sorted=False)
        _, state = self.layer(vectors)
        return self.readout(torch.cat(list(hidden(state)), dim=-1)), targets


class Tagger(nn.Module):
    """A sequence to a tag for each step."""

    def __init__(self, mode: Any) -> None:
        super().__init__()
        self.embed, self.layer = Embed(mode.inputs), copied(mode.stack.layer)
        self.readout = linear(mode.output.readout)

    def forward(self, inputs: Tensor, lengths: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        outputs, _ = packed(self.layer, self.embed(inputs), lengths)
        return self.readout(outputs).flatten(0, 1), targets.flatten()


class Translator(nn.Module):
    """An encoder, a bridge, and a decoder with Luong's attention that is told the true symbols."""

    def __init__(self, mode: Any) -> None:
        super().__init__()
        decoder = mode.decoder
        self.embed, self.encoder = Embed(mode.inputs), copied(mode.encoder.layer)
        self.embed_target, self.decoder = Embed(decoder.inputs), copied(decoder.stack.layer)
        self.bridge, self.key = (
            linear(decoder.bridge.linear),
            nn.Linear(*decoder.attention.key.weight.shape[::-1], False),
        )
        self.key.load_state_dict(decoder.attention.key.state_dict())
        self.combine, self.readout = linear(decoder.combine), linear(decoder.output.readout)
        self.beginning, self.scale = decoder.symbols.beginning, decoder.attention.scale

    def forward(self, inputs: Tensor, lengths: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        memory, state = packed(self.encoder, self.embed(inputs), lengths)
        size = self.decoder.hidden_size
        start = torch.tanh(self.bridge(torch.cat(list(hidden(state)), dim=-1)))
        first = tuple(part[None].contiguous() for part in start.split(size, dim=-1))
        before = torch.full((len(targets), 1), self.beginning)
        previous = torch.cat([before, targets[:, :-1].clamp(min=0)], dim=1)
        outputs, _ = self.decoder(self.embed_target(previous), first if len(first) == 2 else first[0])
        scores = outputs @ (self.key(memory) * self.scale).transpose(1, 2)
        padding = torch.arange(memory.shape[1]) >= lengths[:, None]
        weights = scores.masked_fill(padding[:, None], -torch.inf).softmax(-1)
        vectors = torch.tanh(self.combine(torch.cat([weights @ memory, outputs], dim=-1)))
        return self.readout(vectors).flatten(0, 1), targets.flatten()


class Novelist(nn.Module):
    """The next character of a long text, the state carried on."""

    def __init__(self, mode: Any) -> None:
        super().__init__()
        self.embed, self.layer = Embed(mode.inputs), copied(mode.stack.layer)
        self.readout = linear(mode.output.readout)

    def forward(self, inputs: Tensor, state: Any, targets: Tensor) -> tuple[Tensor, Tensor, Any]:
        outputs, state = self.layer(self.embed(inputs), state)
        return self.readout(outputs).flatten(0, 1), targets.flatten(), state


class Plain:
    """The rival's training: an epoch is all batches, an evaluation, and saving the network.

    Parameters
    ----------
    task : Task
        Ours, before training: its rows, the order of its batches and its initial weights.
    folder : Path
        Where the network is saved.
    """

    def __init__(self, task: Task, folder: Path) -> None:
        self.task, self.file = task, folder / "model.pt"
        self.network = _network(task.mode)
        training = task.config.training
        # as most scripts have it
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=training.optimizer.lr, weight_decay=training.optimizer.weight_decay
        )
        self.clip = training.optimizer.clip
        self.epochs = 0
        self.stream = task.train.carries
        self.rows = [] if self.stream else _pairs(task.train.encoded())
        self.held_out = [] if self.stream else _pairs(task.dev.encoded())

    def epoch(self) -> tuple[float, float]:
        """Train on every batch, evaluate, save; the mean training loss and the held-out one."""
        total = 0.0
        self.network.train()
        steps = self._stream(self.task.train) if self.stream else self._batches(self.task.train, self.rows)
        count = 0
        for loss, _ in steps:
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), self.clip)
            self.optimizer.step()
            total += loss.item()
            count += 1
        held_out = self.evaluate()
        torch.save({"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}, self.file)
        self.epochs += 1
        return total / count, held_out

    @torch.no_grad()
    def evaluate(self) -> float:
        """The mean error of the held-out rows."""
        self.network.eval()
        steps = self._stream(self.task.dev) if self.stream else self._batches(self.task.dev, self.held_out)
        total, count = 0.0, 0
        for loss, predictions in steps:
            total += loss.item() * predictions
            count += predictions
        return total / max(1, count)

    def _batches(self, feed: Any, rows: Sequence[Pair]) -> Iterator[tuple[Tensor, int]]:
        for places in orders(feed, self.epochs):
            chosen = [rows[place] for place in places]
            inputs = pad_sequence([row.input for row in chosen], batch_first=True)
            lengths = torch.tensor([len(row.input) for row in chosen])
            several = chosen[0].target.dim() > 0
            targets = [row.target for row in chosen]
            goal = pad_sequence(targets, batch_first=True, padding_value=IGNORED) if several else torch.stack(targets)
            logits, goal = self.network(inputs, lengths, goal)
            yield functional.cross_entropy(logits, goal, ignore_index=IGNORED), int((goal != IGNORED).sum())

    def _stream(self, feed: Any) -> Iterator[tuple[Tensor, int]]:
        state: Any = None
        for index in range(len(feed)):
            batch = feed.batch(self.epochs, index)
            logits, goal, state = self.network(batch.inputs, state, batch.targets)
            parts = [part.detach() for part in (state if isinstance(state, tuple) else (state,))]
            if batch.target_lengths is not None:
                # in an evaluation: what streams read before they are counted, and steps beyond their ends
                counted = torch.arange(batch.targets.shape[1]) < batch.target_lengths[:, None]
                logits, goal = logits[counted.flatten()], goal[counted.flatten()]
                parts = [part * (batch.input_lengths > 0)[:, None] for part in parts]
            state = tuple(parts) if len(parts) == 2 else parts[0]
            if len(goal):
                yield functional.cross_entropy(logits, goal), len(goal)


def orders(feed: Any, epoch: int) -> list[list[int]]:
    """The rows of every batch of an epoch."""
    if not isinstance(feed, RowFeed):
        raise TypeError("only rows have an order")
    return [places.tolist() for places in feed.order(epoch)]


def _pairs(rows: Any) -> list[Pair]:
    return [Pair(torch.from_numpy(row.input), torch.from_numpy(row.target)) for row in rows]


def _network(mode: Mode) -> nn.Module:
    build: dict[str, Callable[[Any], nn.Module]] = {
        "many-to-one": Classifier, "many-to-many": Translator,
        "synced": Novelist if mode.item_model is not None else Tagger,
    }  # fmt: skip
    return build[mode.name](mode)
