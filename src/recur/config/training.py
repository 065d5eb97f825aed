"""The options of training: how long, how fast, and what is saved."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from recur.config import situation as when
from recur.config.base import COUNT, Section, Texts, option
from recur.config.search import among, between
from recur.errors import ConfigError

__all__ = ["BpttConfig", "OptimizerConfig", "RegularizationConfig", "ScheduleConfig", "TrainingConfig"]


class OptimizerConfig(Section):
    """One update of the weights."""

    name: Literal["adam", "adamw", "sgd", "asgd"] = option(
        "adamw",
        "optimizer of the weights; asgd is NT-ASGD (Merity 2018)",
        search=among("adam", "adamw"),
        name="optimizer",
    )
    lr: float = option(2e-3, "learning rate", search=between(1e-4, 3e-2, log=True, usual=True), gt=0)
    weight_decay: float = option(
        0.0, "weight decay: decoupled for adamw, L2 for the others", search=between(1e-6, 1e-1, log=True), ge=0
    )
    clip: float = option(
        1.0, "clip the gradient to this norm; 0 disables clipping", search=between(0.1, 10.0, log=True), ge=0
    )


class ScheduleConfig(Section):
    """The learning rate over time."""

    name: Literal["constant", "cosine", "linear", "plateau", "step"] = option(
        "cosine",
        "schedule of the learning rate over the updates",
        search=among("constant", "cosine", "linear", "plateau"),
        name="schedule",
    )
    warmup_steps: int = option(
        0, "updates over which the learning rate rises from 0", search=between(0, 1000), unit="updates", ge=0, le=COUNT
    )
    decay: float = option(
        0.5,
        "factor by which the schedules step and plateau multiply the learning rate",
        applies=when.DECAYS,
        gt=0,
        le=1,
    )
    decay_after: int = option(
        4,
        "for the schedule step: epochs at the full learning rate before it decays every epoch",
        unit="epochs",
        applies=when.STEPS,
        ge=0,
        le=COUNT,
    )


class BpttConfig(Section):
    """Truncated back-propagation through time, over a long text or series."""

    steps: int = option(
        64,
        "k2: steps of a window of truncated BPTT, over a long text or series",
        search=between(16, 256, log=True),
        unit="steps",
        name="bptt",
        applies=when.WINDOWS,
        ge=1,
        le=COUNT,
    )
    stride: int | None = option(
        None, "k1: steps between updates; default: k2", unit="steps", name="bptt_stride", applies=when.STREAM,
        ge=1, le=COUNT,
    )  # fmt: skip
    variable: bool = option(
        False,
        "draw the length of each window at random around bptt (Merity 2018)",
        name="bptt_variable",
        applies=when.STREAM,
    )

    @property
    def update_every(self) -> int:
        """k1: steps between updates, those of a whole window unless ``stride`` has another number."""
        return self.stride or self.steps

    @model_validator(mode="after")
    def _every_error_counts(self) -> Self:
        """Refuse windows between which errors would be lost."""
        if self.variable and self.update_every != self.steps:
            raise ConfigError(
                f"bptt_stride {self.stride} makes windows overlap, and bptt_variable draws their lengths",
                hint="leave out one of them",
            )
        if self.update_every > self.steps:
            raise ConfigError(
                f"bptt_stride {self.stride} is larger than bptt {self.steps}: the errors between two windows would be "
                "ignored",
                hint=f"--bptt {self.stride}",
            )
        return self


class RegularizationConfig(Section):
    """Terms that are added to the error of the targets."""

    label_smoothing: float = option(
        0.0, "share of probability that is spread over all classes", search=between(0.0, 0.3), ge=0, lt=1
    )
    activation: float = option(
        0.0, "penalty on large outputs of the last layer (Merity 2017 uses 2)",
        search=between(0.0, 4.0), name="activation_regularization",
        applies=when.NO_FORECAST, ge=0,
    )  # fmt: skip
    temporal_activation: float = option(
        0.0, "penalty on outputs that change from step to step (Merity 2017 uses 1)", search=between(0.0, 4.0),
        name="temporal_activation_regularization", applies=when.EVERY_STEP, ge=0,
    )  # fmt: skip


class TrainingConfig(Section):
    """How the network learns."""

    epochs: int = option(10, "passes over the training data", unit="passes", ge=1, le=COUNT)
    max_steps: int | None = option(None, "stop after this many updates", unit="updates", ge=1, le=COUNT)
    max_minutes: float | None = option(None, "stop after this many minutes of training", unit="minutes", gt=0)
    batch_size: int | None = option(
        None, "rows, or parallel streams, per update; default: 32, fewer for a small file",
        search=among(8, 16, 32, 64, 128), unit="rows",
        ge=1, le=COUNT,
    )  # fmt: skip
    bucket: bool = option(True, "group rows of similar lengths into batches", applies=when.BATCHES)
    teacher_forcing: float = option(
        1.0,
        "share of true symbols fed to the decoder at the end of training; it starts at 1 (Bengio 2015)",
        search=between(0.25, 1.0),
        applies=when.WRITES,
        ge=0,
        le=1,
    )
    patience: int | None = option(
        None,
        "early stopping: evaluations without improvement before training stops",
        unit="evaluations",
        ge=1,
        le=COUNT,
    )
    evaluate_every: int | None = option(
        None, "updates between evaluations; default: one epoch", unit="updates", ge=1, le=COUNT
    )
    save_every: int = option(500, "updates between checkpoints", unit="updates", ge=1, le=COUNT)
    prompts: Texts = option([], "prompts that are continued after every evaluation", applies=when.CONTINUED)
    record_gradients: bool = option(
        False, "log the size of the gradient by distance, for `recur compare`", applies=when.RECURRENCE
    )
    seed: int = option(0, "seed of all random numbers", ge=0, le=2**63 - 1)
    threads: int | None = option(None, "CPU threads; default: all", unit="threads", ge=1, le=1024)
    process_timeout: float = option(
        600.0, "seconds that each of several processes waits for the others before all of them end", unit="seconds",
        gt=0, le=COUNT,
    )  # fmt: skip
    device: str = option("auto", "where to compute: auto, cpu, cuda, mps")
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    bptt: BpttConfig = BpttConfig()
    regularization: RegularizationConfig = RegularizationConfig()
