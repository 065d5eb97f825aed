"""What is in a file and what training on it would take: the report of ``recur check``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recur.codecs import Codec
from recur.config import Config, refuse_without_effect
from recur.data.estimate import Estimate, direction, estimate
from recur.data.examples.batching import Layout, batch_size
from recur.data.examples.contents import Contents
from recur.data.examples.examples import Example, GroupExamples, StreamExamples
from recur.data.examples.fit import fit_codecs, located
from recur.data.examples.split import fingerprint
from recur.data.load import load
from recur.data.roles.roles import say
from recur.data.situation import situation
from recur.figures import duration, size
from recur.printable import printable

MOST_ROWS = 50_000
_BARS = 8
_WIDTH = 32
_CLASSES = 12
_DAMAGED = 5


@dataclass(frozen=True)
class Lengths:
    """How long the sequences of one side are, in steps.

    Attributes
    ----------
    least, median, most : int
    empty : int
        Sequences without a step.
    histogram : list of (from, to, count)
        Equal spans of lengths, both ends included.
    """

    least: int
    median: int
    most: int
    empty: int
    histogram: list[tuple[int, int, int]]


@dataclass(frozen=True)
class Report:
    """What was found.

    Attributes
    ----------
    sentence : str
        Columns, mode and codecs in words.
    rows : dict
        Examples of train, dev and test; pieces of text where it is one long stream.
    held_out : str
        Where the dev examples come from.
    input, target : str
        The codecs, in words.
    lengths : dict
        By side.
    unknown_rate : float or None
        Share of held-out symbols that the vocabulary lacks.
    classes : dict
        Label to number of training rows, most frequent first.
    repeated : int
        Training rows whose input is also in an earlier training row.
    shared : int
        Held-out rows whose input is also in the training rows.
    shared_with_test : int
        Test rows whose input is also in the training rows.
    looked_at : int
        Training rows that were looked at, where there are more than fifty thousand.
    estimate : Estimate
    damaged : list of str
        Rows left out because their file cannot be read.
    missing : str
        How many targets are missing, in words.
    warnings : list of str
        What should be looked at before training.
    columns : list of str
        What is read, predicted and left out, and why.
    time : list of str
        How the time of rows is read: the step, what is sorted, filled and left out, the series.
    direction : str
        Whether the steps of an input are read one way or both ways.
    """

    sentence: str
    rows: dict[str, int]
    held_out: str
    input: str
    target: str
    lengths: dict[str, Lengths]
    unknown_rate: float | None
    classes: dict[str, int]
    repeated: int
    shared: int
    shared_with_test: int
    looked_at: int
    estimate: Estimate
    damaged: list[str] = field(default_factory=list)
    missing: str = ""
    warnings: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    time: list[str] = field(default_factory=list)
    direction: str = ""

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def check(config: Config, source: Any = None) -> Report:
    """Inspect the rows that a configuration names, without training or writing.

    Parameters
    ----------
    config : Config
    source : object, optional
        Rows given from Python.

    Raises
    ------
    DataError, ConfigError
        As training would.
    """
    dataset = load(config, source)
    roles = dataset.roles
    refuse_without_effect(config, situation(config, roles))
    input_codec, target_codec = fit_codecs(config, roles, dataset.train, dataset.labelled)
    train, dev = _part(dataset.train), _part(dataset.dev)
    lengths: dict[str, Lengths] = {}
    if input_codec is not None and input_codec.sequence:
        lengths["input"] = _lengths(_steps(input_codec, train, 0, roles.input))
    if target_codec.sequence and target_codec is not input_codec:
        lengths["target"] = _lengths(_steps(target_codec, train, 1, roles.target))
    test = _part(dataset.test or [])
    for part in (dev, test):
        for side, codec in enumerate((input_codec, target_codec)):
            if codec is not None and not roles.stream and len(part):
                _steps(codec, part, side, (roles.input, roles.target)[side])
    rows, steps, updates = _work(config, dataset.train, train, lengths)
    repeated = shared = in_test = 0
    if not roles.stream and not isinstance(train, GroupExamples):
        contents = Contents(roles.input_codec, config.data)
        repeated, shared = _doubles(train, dev, contents)
        in_test = _doubles(train, test, contents)[1]
    classes = _classes(train) if roles.labels_rows else {}
    labels = len(target_codec.labels) or None
    report = Report(
        say(roles, labels, config.forecast.horizon),
        {name: len(part) for name, part in _named(dataset).items()},
        dataset.held_out,
        "nothing" if input_codec is None else input_codec.describe(),
        target_codec.describe(),
        lengths,
        None if input_codec is None else _unknown(input_codec, dev),
        classes,
        repeated,
        shared,
        in_test,
        len(train),
        estimate(config, roles, input_codec, target_codec, rows=rows, steps=steps, updates=updates),
        dataset.damaged,
        str(dataset.missing) if dataset.missing else "",
        columns=roles.said,
        time=dataset.notes,
        direction=direction(config.model, roles),
    )
    report.warnings.extend(_warnings(report, own=roles.own_future))
    return report


def _named(dataset: Any) -> dict[str, Sequence[Example]]:
    parts = {"train": dataset.train, "dev": dataset.dev}
    return parts if dataset.test is None else {**parts, "test": dataset.test}


def _part(examples: Sequence[Example]) -> Sequence[Example]:
    """All examples, or fifty thousand spread over them."""
    if len(examples) <= MOST_ROWS or isinstance(examples, StreamExamples):
        return examples
    return [examples[int(index)] for index in np.linspace(0, len(examples) - 1, MOST_ROWS)]


def _steps(codec: Codec, examples: Sequence[Example], side: int, columns: list[str]) -> np.ndarray:
    """Steps of every value; one that cannot be read is an error with its row."""

    def measure(values: Any) -> list[int]:
        encode = codec.encode_target if side else codec.encode
        return [len(np.atleast_1d(encode(value))) for value in values]

    found = located((examples[index] for index in range(len(examples))), side, measure, columns)
    return np.array(found, dtype=np.int64)


def _lengths(steps: np.ndarray) -> Lengths:
    least, most = int(steps.min()), int(steps.max())
    bars = min(_BARS, most - least + 1)
    edges = np.linspace(least, most + 1, bars + 1).astype(int)
    counts, _ = np.histogram(steps, bins=edges)
    spans = [(int(a), int(b) - 1, int(n)) for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)]
    return Lengths(least, int(np.median(steps)), most, int((steps == 0).sum()), spans)


def _work(
    config: Config, all_rows: Sequence[Example], rows: Sequence[Example], lengths: dict[str, Lengths]
) -> tuple[int, int, int]:
    """Rows (or windows of streams), time steps and updates of one epoch."""
    training = config.training
    total = 0.0
    for side in lengths.values():
        middle = sum((low + high) / 2 * count for low, high, count in side.histogram)
        total = max(total, middle * len(all_rows) / max(1, len(rows)))
    if isinstance(all_rows, StreamExamples):
        layout = Layout.of(
            int(total), training.batch_size, training.bptt.steps, training.bptt.stride or training.bptt.steps
        )
        return layout.streams * len(layout), int(total), len(layout)
    rows_of_all = len(all_rows)
    return rows_of_all, int(max(total, rows_of_all)), -(-rows_of_all // batch_size(training.batch_size, rows_of_all))


def _doubles(train: Sequence[Example], dev: Sequence[Example], contents: Contents) -> tuple[int, int]:
    """Rows whose input is that of an earlier row, and held-out rows whose input is in the training rows."""
    seen = {fingerprint(contents.of(train[index].input)) for index in range(len(train))}
    shared = sum(fingerprint(contents.of(dev[index].input)) in seen for index in range(len(dev)))
    return len(train) - len(seen), shared


def _classes(train: Sequence[Example]) -> dict[str, int]:
    counts = Counter(str(train[index].target).strip() for index in range(len(train)))
    return dict(counts.most_common())


def _unknown(codec: Codec, dev: Sequence[Example]) -> float | None:
    """The share of unknown symbols in held-out texts; None of other values, and where there are none."""
    unknown = total = 0.0
    for index in range(len(dev)):
        steps = codec.unknown_steps(dev[index].input)
        if steps is None:
            return None
        unknown += float(steps.sum())
        total += len(steps)
    return unknown / total if total else None


def _warnings(report: Report, *, own: bool) -> list[str]:
    found = []
    for side, lengths in report.lengths.items():
        if lengths.empty and not own:
            found.append(f"{lengths.empty:,} rows have an empty {side}")
    if report.shared and not own:
        found.append(f"{report.shared:,} held-out rows have an input that is also in the training rows")
    if report.shared_with_test and not own:
        found.append(f"{report.shared_with_test:,} test rows have an input that is also in the training rows")
    if report.unknown_rate is not None and report.unknown_rate > 0.1:
        found.append(
            f"{100 * report.unknown_rate:.0f} % of the held-out symbols are unknown: try --input-codec subwords"
        )
    counts = list(report.classes.values())
    if len(counts) > 1 and counts[0] > 0.9 * sum(counts):
        found.append(f"{100 * counts[0] / sum(counts):.0f} % of the rows are of one class: accuracy will say little")
    rare = sum(count < 5 for count in counts)
    if rare:
        found.append(f"{rare} classes have fewer than five rows")
    return found


def _lines(report: Report) -> list[str]:
    lines = [report.sentence, *report.columns, ""]
    parts = ", ".join(f"{name} {count:,}" for name, count in report.rows.items())
    lines += [f"rows      {parts}", f"held out  {report.held_out}"]
    for note in report.time:
        what, _, said = note.partition(": ")
        # a word that is longer than its column would push the others aside
        lines.append(f"{what:<9} {said}" if len(what) < 10 else note)
    if report.looked_at < report.rows["train"]:
        lines.append(f"looked at {report.looked_at:,} of the training rows")
    if report.damaged:
        count = len(report.damaged)
        lines.append(f"damaged   {count:,} row{'s are' if count > 1 else ' is'} left out:")
        lines += [f"          {each}" for each in report.damaged[:_DAMAGED]]
        if len(report.damaged) > _DAMAGED:
            lines.append(f"          and {len(report.damaged) - _DAMAGED:,} more")
    if report.missing:
        lines.append(f"missing   {report.missing}")
    lines.append(f"input     {report.input}")
    if report.target != report.input:
        lines.append(f"target    {report.target}")
    if report.unknown_rate is not None:
        lines.append(f"unknown   {100 * report.unknown_rate:.1f} % of the held-out symbols")
    if report.direction:
        lines.append(f"reads     {report.direction}")
    lines.append(f"repeated  {report.repeated:,} training rows have the input of an earlier one")
    for side, lengths in report.lengths.items():
        empty = f", {lengths.empty:,} empty" if lengths.empty else ""
        lines += [
            "",
            f"{side} length: median {lengths.median:,}, from {lengths.least:,} to {lengths.most:,} steps{empty}",
        ]
        rows = [(f"{low:,}" if low == high else f"{low:,} - {high:,}", count) for low, high, count in lengths.histogram]
        lines += _bars(rows)
    if report.classes:
        shown = list(report.classes.items())[:_CLASSES]
        lines += ["", f"classes: {len(report.classes)}", *_bars(shown)]
        if len(report.classes) > _CLASSES:
            lines.append(f"  and {len(report.classes) - _CLASSES} more")
    guess = report.estimate
    lines += [
        "",
        f"network   about {guess.parameters:,} parameters, {size(guess.memory_bytes)} of memory to train",
        f"time      {_about(guess.seconds_per_epoch)} an epoch on this machine",
    ]
    return lines + [f"note: {warning}" for warning in report.warnings]


def _about(seconds: float) -> str:
    said = duration(seconds)
    return said if said.startswith("less") else f"about {said}"


def _bars(rows: Sequence[tuple[str, int]]) -> list[str]:
    rows = [(printable(name), count) for name, count in rows]
    longest = max((len(name) for name, _ in rows), default=0)
    most = max((count for _, count in rows), default=0) or 1
    return [f"  {name:>{longest}}  {count:>9,}  {'#' * round(_WIDTH * count / most)}".rstrip() for name, count in rows]
