"""A mode and feeds that are small enough to see through: a carried sum, a linear map, dropout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recur.codecs import Codec, NumbersCodec
from recur.config import Config, ModelConfig
from recur.data import Example, Roles
from recur.evaluation.baselines import Baseline
from recur.heads import Prediction
from recur.heads.head import Head
from recur.modes import Loss, Mode, Sample
from recur.modes.abilities import Abilities
from recur.network import Batch, Encoded
from recur.run import RunFolder
from recur.training import randomness
from recur.training.session import Training
from recur.training.setup import Task
from recur.training.store import Disk, Memory

SIZE = 4


class FakeMode(Mode):
    """y = V (s_t), s_t = tanh(W x_t + s_{t-1}), with dropout: random numbers and a state in every update."""

    name = "synced"
    metric = "rmse"
    higher_is_better = False

    def __init__(self, input_codec: Codec | None, target_codec: Codec, config: ModelConfig) -> None:
        super().__init__(input_codec, target_codec, config)
        self.layer = nn.Linear(SIZE, SIZE)
        self.drop = nn.Dropout(0.3)
        self.readout = nn.Linear(SIZE, 1)

    @property
    def abilities(self) -> Abilities:
        return Abilities("steps", carries_state=True)

    @property
    def head(self) -> Head:
        raise NotImplementedError("it is its own readout")

    def encode_input(self, value: Any) -> np.ndarray:
        return np.asarray(value, dtype=np.float32)

    def encode(self, example: Any) -> Encoded:
        return Encoded(self.encode_input(example.input), np.asarray(example.target, dtype=np.float32))

    def loss(
        self, batch: Batch, state: Any | None = None, *, label_smoothing: float = 0.0, teacher_forcing: float = 1.0
    ) -> Loss:
        del label_smoothing, teacher_forcing
        assert batch.inputs is not None
        state = torch.zeros(len(batch), SIZE, device=self.device) if state is None else state
        outputs = []
        for x in self.drop(self.layer(batch.inputs)).unbind(1):
            state = torch.tanh(x + state)
            outputs.append(self.readout(state))
        squares = (torch.stack(outputs, 1) - batch.targets) ** 2
        count = float(squares.numel())
        return Loss(squares.mean(), {"loss": (float(squares.detach().sum()), count)}, state)

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        loss = sums["loss"][0] / sums["loss"][1]
        return {"loss": loss, "rmse": loss**0.5}

    def predict(self, inputs: Sequence[Any], *, top: int = 1, **decoding: Any) -> list[Prediction]:
        del top, decoding
        return [Prediction(0.0, [], "0") for _ in inputs]

    def samples(self, examples: Sequence[Any], *, count: int = 3, prompts: Sequence[str] = ()) -> list[Sample]:
        del examples, prompts
        # draws random numbers, which must not disturb training
        return [Sample("x", "y", f"{float(torch.rand(())):.3f}")] * count


class FakeFeed:
    """Windows of a stream that follow from (epoch, index) alone."""

    def __init__(self, batches: int, *, carries: bool = True, poison: int | None = None) -> None:
        self._batches, self._carries, self._poison = batches, carries, poison

    @property
    def carries(self) -> bool:
        return self._carries

    def __len__(self) -> int:
        return self._batches

    def batch(self, epoch: int, index: int) -> Batch:
        generator = torch.Generator().manual_seed(1000 * epoch + index)
        inputs: Tensor = torch.randn(3, 5, SIZE, generator=generator)
        targets = inputs.cumsum(1).sum(-1, keepdim=True).tanh()
        if self._poison is not None and self._poison == epoch * self._batches + index:
            inputs[1, 2, 0] = torch.inf
        return Batch(inputs, None, targets)

    def where(self, epoch: int, index: int) -> list[str]:
        return [f"fake:{epoch}:{index}:{row}" for row in range(3)]


def fake_task(config: Config, *, batches: int = 7, carries: bool = True, poison: int | None = None) -> Task:
    """A task that needs no data."""
    codec = NumbersCodec(sequence=True, columns=["y"]).fit([[[0.0], [1.0]]])
    randomness.seed(config.training.seed)
    mode = FakeMode(codec, codec, config.model)
    roles = Roles("synced", ["y"], [], "numbers", "numbers", None, False, "y -> synced: numbers")
    feed = FakeFeed(batches, carries=carries, poison=poison)
    return Task(
        config, roles, codec, codec, mode, feed, FakeFeed(2), None, [Example([0.0], [0.0], "fake:1")],
        "21 rows", Baseline("rmse", {"persistence": 0.5}),
    )  # fmt: skip


def settings(**training: Any) -> Config:
    """A short training."""
    values = {"epochs": 3, "lr": 0.01, "save_every": 3, "batch_size": 3, "bptt": 5, **training}
    return Config.of(**values)


def begin(config: Config, folder: Path | None, progress: Any, **options: Any) -> Training:
    """A training of the fake task, gone on with where the folder has a checkpoint."""
    task = fake_task(config, **options)
    if folder is None:
        training = Training(task, Memory(), progress, None)
    else:
        run = RunFolder(folder)
        if (folder / "run.json").exists():
            run.load()
            run.configure(config)
        else:
            run.create(config, task.roles, task.input_codec, task.target_codec, {})
        training = Training(task, Disk(run), progress, None)
    training.resume()
    return training
