"""The evaluation report of a trained network: its metrics, baselines and optional analyses."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from recur import data as data_room
from recur.config import Config
from recur.continuation import last_word_scores
from recur.data import Example, Roles
from recur.data.examples import labels
from recur.data.readers.table import Table
from recur.data.times.series import changes_of
from recur.errors import ConfigError, DataError
from recur.evaluation import continuous_cache as caches
from recur.evaluation import translation
from recur.evaluation.confusion import confusion
from recur.evaluation.evaluate import evaluate
from recur.modes import Mode
from recur.nn.layer_precision import in_precision

Tell = Callable[[float], None]
_MAJORITY = "majority_class_accuracy"


@dataclass(frozen=True)
class Analyses:
    """What is evaluated in addition to a mode's own metrics.

    Attributes
    ----------
    last_word : bool
        Of language models, the last word of each line alone.
    confusion : bool
        Of classes and tags, the confusion matrix.
    cache : int, optional
        Of language models of one long text, the steps of a continuous cache (Grave 2017).
    cache_theta, cache_lambda : float, optional
        Its weights; chosen on the dev file where they are left out.
    decoding : mapping
        Options of decoding for the sequences whose BLEU is measured.
    precision : str, optional
        A second precision of the recurrent layers' products to measure in.
    """

    last_word: bool = False
    confusion: bool = False
    cache: int | None = None
    cache_theta: float | None = None
    cache_lambda: float | None = None
    decoding: Mapping[str, Any] = field(default_factory=dict)
    precision: str | None = None


def measure(
    mode: Mode, config: Config, roles: Roles, data: Any, analyses: Analyses, tell: Tell | None = None
) -> dict[str, Any]:
    """Measure a network on rows that are read as its training rows were.

    Parameters
    ----------
    mode, config, roles
        A trained network, and its configuration.
    data : path or rows
        With the same columns.
    analyses : Analyses
        What is measured.
    tell : callable, optional
        Called with the share of the work that is done.

    Returns
    -------
    dict
        Metric to value, and the number of rows; with a second precision ``by_precision``, the metrics in both.

    Raises
    ------
    DataError
        When the data cannot be read, has other columns, or has nothing to measure on.
    ConfigError
        When the network cannot be measured in a requested way.
    """
    if analyses.precision is not None:
        return _in_both(mode, config, roles, data, analyses, analyses.precision, tell)
    table = data_room.read_like(data, roles, config)
    if analyses.last_word:
        return _last_words(mode, table, roles, tell)
    examples, damaged = data_room.without_damaged(data_room.examples(table, roles, config), roles, config)
    examples, missing = data_room.answered(examples, roles, config)
    if missing and not len(examples):
        raise DataError(
            f"{table.name} has nothing to evaluate on: every target is missing", hint="give a file with targets"
        )
    if analyses.cache is not None:
        weights = {"theta": analyses.cache_theta, "share": analyses.cache_lambda}
        return caches.measure(mode, examples, config, roles, analyses.cache, **weights, tell=tell)
    caches.refuse_lone(cache_theta=analyses.cache_theta, cache_lambda=analyses.cache_lambda)
    if not len(examples):
        raise DataError(f"{table.name} has no rows to evaluate on", hint="give a file with rows")
    _refuse_unlearned(mode, examples, roles, table.name)
    metrics: dict[str, Any] = evaluate(mode, examples, config, stream=roles.stream, tell=tell)
    if math.isnan(metrics.get("loss", math.nan)):
        raise DataError(
            f"{table.name} has nothing to evaluate on: no sequence is long enough for one prediction",
            hint="give longer sequences",
        )
    if translation.can_measure(mode):
        metrics |= translation.measure_written(
            mode, examples, lower=config.data.text.lower, tell=tell, **analyses.decoding
        )
    elif analyses.decoding:
        raise ConfigError(
            f"{next(iter(analyses.decoding))} applies to generated texts, and none is evaluated here",
            hint='many-to-many with a text as target, and pip install "recur-nn[mt]"',
        )
    metrics["rows"] = len(examples)
    if changes := changes_of(table):
        metrics["notes"] = changes
    if damaged:
        metrics["damaged"] = len(damaged)
    if missing:
        metrics["missing_targets"] = missing.values
    if mode.target_codec.labelled and not mode.target_codec.per_step:
        counts = Counter(str(examples[index].target).strip() for index in range(len(examples)))
        metrics[_MAJORITY] = counts.most_common(1)[0][1] / len(examples)
    if analyses.confusion:
        metrics |= confusion(mode, examples, tell=tell)
    return metrics


def _in_both(
    mode: Mode, config: Config, roles: Roles, data: Any, analyses: Analyses, precision: str, tell: Tell | None
) -> dict[str, Any]:
    """The metrics in float32, and beside them those in another precision."""
    with in_precision(mode, precision):
        once = replace(analyses, precision=None, confusion=False)
        rounded = measure(mode, config, roles, data, once, None if tell is None else lambda share: tell(share / 2))
    own = None if tell is None else lambda share: tell(0.5 + share / 2)
    metrics = measure(mode, config, roles, data, replace(analyses, precision=None), own)
    # what depends on the rows alone is not repeated
    names = [name for name, value in rounded.items() if isinstance(value, float) and name != _MAJORITY]
    both = (("float32", metrics), (precision, rounded))
    metrics["by_precision"] = [{"precision": kind} | {name: one[name] for name in names} for kind, one in both]
    return metrics


def _refuse_unlearned(mode: Mode, examples: Sequence[Example], roles: Roles, name: str) -> None:
    """Refuse rows whose classes or tags the network does not know, all of them at once."""
    codecs = (mode.input_codec, mode.target_codec)

    def known(side: int, _: set[str]) -> set[str]:
        codec = codecs[side]
        return set() if codec is None else set(map(str, codec.labels))

    for unknown in labels.unlearned(examples, roles, known):
        raise labels.refused(unknown, name, hint=f"leave these rows out of {name}, or train with rows of this kind")


def _last_words(mode: Mode, table: Table, roles: Roles, tell: Tell | None) -> dict[str, Any]:
    if not mode.abilities.continues:
        raise ConfigError(
            f"this model does not continue a text: {roles.sentence}",
            hint="train on text without a target to get a language model",
        )
    column = roles.input[0]

    def lines() -> Iterator[str]:
        for index in range(len(table)):
            if tell is not None:
                tell(index / len(table))
            yield str(table[index][column])

    scores = last_word_scores(mode, lines())
    return {"accuracy": scores.accuracy, "perplexity": scores.perplexity, "rows": scores.count}
