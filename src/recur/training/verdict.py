"""The verdict at the end of training: whether the network beats the simple guess, and if not, what to try."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from recur.config import Config
from recur.figures import figure
from recur.modes import Mode

# a difference of two shares below this many standard errors may be chance
_STANDARD_ERRORS = 2.0
# if the best evaluation was before this share of the training, longer training does not help
_EARLY = 0.5
# metrics whose largest value is 1
_SHARES = ("accuracy", "f1")
_PLAIN_CELLS = ("elman", "elman_relu")


@dataclass(frozen=True)
class Verdict:
    """A network's best held-out metric and that of the baseline.

    Attributes
    ----------
    outcome : str
        ``better``, ``worse``, or ``unclear``: equal, or a difference that few held-out rows do not show.
    sentence : str
        The same in words, with both metrics.
    advice : tuple of str
        What to try, unless it is better or nothing is left to gain.
    """

    outcome: Literal["better", "unclear", "worse"]
    sentence: str
    advice: tuple[str, ...]

    def __str__(self) -> str:
        return f"verdict: {self.sentence}" + (f"; try {', or '.join(self.advice)}" if self.advice else "")

    def record(self) -> dict[str, Any]:
        """JSON values for metrics.json and ``--json``."""
        return {"outcome": self.outcome, "sentence": self.sentence, "advice": list(self.advice)}

    @classmethod
    def of(cls, record: Any) -> Verdict | None:
        """Return the verdict that a run stores; None where it has none."""
        if not isinstance(record, Mapping) or record.get("outcome") not in ("better", "unclear", "worse"):
            return None
        return cls(record["outcome"], str(record.get("sentence")), tuple(map(str, record.get("advice") or ())))


def verdict(config: Config, mode: Mode, metrics: Mapping[str, Any], held_out: int) -> Verdict | None:
    """Judge a network that has been trained.

    Parameters
    ----------
    config : Config
    mode : Mode
    metrics : mapping
        The contents of metrics.json.
    held_out : int
        Rows held out, of which each has one answer; 0 where an answer has many parts.

    Returns
    -------
    Verdict or None
        None where there is no metric, or no simple guess to compare it with.
    """
    name, value = metrics["figure"], metrics["held_out"].get(metrics["figure"], math.nan)
    if not metrics["baseline"] or math.isnan(value):
        return None
    guess, simple = next(iter(metrics["baseline"].items()))
    gain = value - simple if metrics["higher_is_better"] else simple - value
    by_chance = _by_chance(simple, held_out) if name == "accuracy" and held_out else 0.0
    figures = f"{name} {figure(name, value)} against {figure(name, simple)} ({guess})"
    if gain == 0 and name in _SHARES and value == 1:
        return Verdict("unclear", f"equal to the simple guess, which is right everywhere: {figures}", ())
    if gain < 0:
        return Verdict("worse", f"worse than the simple guess: {figures}", _advice(config, mode, metrics))
    if gain <= by_chance:
        rows = f" on {held_out:,} rows" if by_chance else ""
        sentence = f"not clearly better than the simple guess: {figures}{rows}"
        return Verdict("unclear", sentence, _advice(config, mode, metrics))
    return Verdict("better", f"better than the simple guess: {figures}", ())


def _by_chance(share: float, rows: int) -> float:
    """How far a share of ``rows`` rows may deviate from the true one by chance."""
    return _STANDARD_ERRORS * math.sqrt(max(0.0, share * (1 - share)) / rows)


def _advice(config: Config, mode: Mode, metrics: Mapping[str, Any]) -> tuple[str, ...]:
    """What to try."""
    model = config.model
    early = metrics["best_step"] < _EARLY * metrics["steps"]
    advice = [] if early else [_longer(config, str(metrics["ended"]))]
    if mode.cell in _PLAIN_CELLS:
        advice.append("a cell with gates (--cell lstm)")
    if not early:
        advice.append("a larger network (" + " ".join(f"--hidden-size {2 * size}" for size in model.hidden_size) + ")")
    if _reads_one_way(mode):
        advice.append("both directions (--bidirectional)")
    if mode.read_from.pooling == "last":
        advice.append("pooling over all steps (--pooling mean)")
    if early:
        advice.append("more rows or --dropout 0.3 (the best metric came early)")
    return tuple(advice)


def _longer(config: Config, ended: str) -> str:
    """How to train for longer, by what ended the training; at a lower rate where it had stopped improving."""
    training = config.training
    if "evaluations in a row" in ended:
        return f"a lower learning rate (--lr {training.optimizer.lr / 3:.2g})"
    if training.max_minutes is not None and "minutes" in ended:
        return f"more time (--max-minutes {2 * training.max_minutes:g})"
    if training.max_steps is not None and "updates" in ended:
        return f"more updates (--max-steps {2 * training.max_steps})"
    return f"more epochs (--epochs {2 * training.epochs})"


def _reads_one_way(mode: Mode) -> bool:
    """Whether a network reads whole texts forwards only; a series is left out, its later values may be unknown."""
    if mode.input_codec is None or not mode.input_codec.discrete:
        return False
    return mode.abilities.may_read_both_ways and not mode.abilities.reads_both_ways
