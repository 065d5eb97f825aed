"""Learning-rate schedules as plain functions of the step, so that they resume exactly."""

from __future__ import annotations

import math

from recur.config import TrainingConfig


def rate(config: TrainingConfig, *, step: int, total: int, epoch: int, lowered: float = 1.0) -> float:
    r"""Return the learning rate of the update number ``step`` (from 0).

    ::

        constant   lr
        linear     lr (1 - s)                    s = share of the way, 0..1
        cosine     lr (1 + cos(pi s)) / 2        Loshchilov & Hutter 2017, without restarts
        step       lr decay^max(0, epoch - decay_after + 1)      Zaremba 2014
        plateau    lr decay^n                    n = evaluations without gain so far

    During ``warmup_steps`` the rate is multiplied by (step + 1) / warmup_steps.

    Parameters
    ----------
    step, total : int
        Updates done, and planned. The plan counts updates, never minutes, so a rerun sees the same rates.
    epoch : int
        Passes done.
    lowered : float
        The product of the factors of schedule plateau.

    Examples
    --------
    >>> from recur.config import Config
    >>> rate(Config.of(lr=1.0, schedule="linear").training, step=25, total=100, epoch=0)
    0.75
    """
    warmup = min(1.0, (step + 1) / config.schedule.warmup_steps) if config.schedule.warmup_steps else 1.0
    rest = max(1, total - config.schedule.warmup_steps)
    share = min(1.0, max(0.0, (step - config.schedule.warmup_steps) / rest))
    factor = {
        "constant": 1.0,
        "linear": 1.0 - share,
        "cosine": (1.0 + math.cos(math.pi * share)) / 2,
        "step": config.schedule.decay ** max(0, epoch - config.schedule.decay_after + 1),
        "plateau": lowered,
    }[config.schedule.name]
    return config.optimizer.lr * warmup * factor


def teacher_forcing(config: TrainingConfig, *, step: int, total: int) -> float:
    """Return the share of true symbols fed to the decoder: from 1 to the final share, linearly (Bengio 2015)."""
    return 1.0 - (1.0 - config.teacher_forcing) * min(1.0, step / max(1, total))


def planned_steps(config: TrainingConfig, steps_per_epoch: int) -> int:
    """Return the updates of the whole plan."""
    steps = config.epochs * steps_per_epoch
    return min(steps, config.max_steps) if config.max_steps else steps
