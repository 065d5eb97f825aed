"""The report of ``recur check``: what is in a file, and what training on it would take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from recur import data
from recur.config import Config, refuse_without_effect
from recur.data.counts import Lengths
from recur.figures import duration, size
from recur.modes.task import build_for
from recur.printable import printable
from recur.training.estimate import Estimate, estimate
from recur.training.memory import without_memory

_WIDTH = 32
_CLASSES = 12
_DAMAGED = 5


@dataclass(frozen=True)
class CheckReport:
    """What is in the rows of a task, and what training on them would take.

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
        Whether the steps of an input are read in both directions or forwards only.
    processes : str
        What each of several processes computes and sends; empty for one.
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
    processes: str = ""

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def check(config: Config, source: Any = None, *, processes: int | None = None) -> CheckReport:
    """Inspect the rows that a configuration names, without training or writing.

    Parameters
    ----------
    config : Config
    source : object, optional
        Rows given from Python.
    processes : int, optional
        How many would train together.

    Raises
    ------
    DataError, ConfigError
        As training would.
    """
    dataset = data.load(config, source)
    roles = dataset.roles
    refuse_without_effect(config, data.situation(config, dataset))
    codecs = input_codec, target_codec = data.fit_codecs(
        config, roles, dataset.train, dataset.labelled, on_disk=dataset.on_disk
    )
    counts = data.count_rows(config, dataset, *codecs)
    mode = without_memory(lambda: build_for(config, roles, *codecs))
    report = CheckReport(
        data.say(roles, len(target_codec.labels) or None, config.forecast.horizon),
        counts.rows,
        dataset.held_out,
        "nothing" if input_codec is None else input_codec.describe(),
        target_codec.describe(),
        counts.lengths,
        counts.unknown_rate,
        counts.classes,
        counts.repeated,
        counts.shared,
        counts.shared_with_test,
        counts.looked_at,
        estimate(mode, config, roles, counts.epoch),
        dataset.damaged,
        str(dataset.missing) if dataset.missing else "",
        columns=roles.description,
        time=dataset.notes,
        direction=_direction(roles, both=mode.abilities.reads_both_ways),
    )
    rows = -(-counts.epoch.rows // max(1, counts.epoch.updates))
    if processes is not None and processes > 1:
        report = replace(report, processes=_divided(rows, processes, report.estimate.parameters))
        if rows < processes:
            report.warnings.append(f"a batch has {rows} rows: {processes - rows} of {processes} processes have no work")
    report.warnings.extend(_warnings(report, own=roles.own_future))
    return report


def _divided(rows: int, processes: int, parameters: int) -> str:
    """What each of several processes computes and sends."""
    own = f"each of {processes} computes {-(-rows // processes)} of the {rows} rows of a batch"
    return f"{own} and sends {size(4 * parameters)} per update"


def _direction(roles: data.Roles, *, both: bool) -> str:
    """How the steps of an input are read, in words; nothing where it has no steps."""
    if not roles.input or not roles.reads_a_sequence:
        return ""
    return "in both directions" if both else "forwards only"


def _warnings(report: CheckReport, *, own: bool) -> list[str]:
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


def _lines(report: CheckReport) -> list[str]:
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
        f"network   {guess.parameters:,} parameters, about {size(guess.memory_bytes)} of memory to train",
        f"time      {_about(guess.seconds_per_epoch)} an epoch on this machine",
    ]
    if report.processes:
        lines.append(f"processes {report.processes}")
    return lines + [f"note: {warning}" for warning in report.warnings]


def _about(seconds: float) -> str:
    said = duration(seconds)
    return said if said.startswith("less") else f"about {said}"


def _bars(rows: Sequence[tuple[str, int]]) -> list[str]:
    rows = [(printable(name), count) for name, count in rows]
    longest = max((len(name) for name, _ in rows), default=0)
    most = max((count for _, count in rows), default=0) or 1
    return [f"  {name:>{longest}}  {count:>9,}  {'#' * round(_WIDTH * count / most)}".rstrip() for name, count in rows]
