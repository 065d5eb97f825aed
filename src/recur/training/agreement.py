"""What several processes of one training run agree on: sums, pauses, time, checkpoints, and their weights."""

from __future__ import annotations

import hashlib
from typing import Any

import torch

from recur.config import Config, options, shown
from recur.equations.document import document_of
from recur.errors import ConfigError, DataError, TrainingError
from recur.heads.head import Sums
from recur.modes import Mode
from recur.processes.group import Processes
from recur.processes.rows import joined, rows_of_state
from recur.training.setup import Task

_OF_ONE_MACHINE = {
    "data.source", "data.dev", "data.test", "training.threads", "training.device", "training.process_timeout",
    "training.prompts",
}  # fmt: skip
"""Settings that processes may have of their own; of files the rows are compared."""


class Agreement:
    """What was agreed with the last update.

    Parameters
    ----------
    among : Processes

    Attributes
    ----------
    pause : bool
        A pause was requested of any process.
    late : bool
        The first process last saved long ago.
    seconds : float
        Of the update, on the clock of the first process.
    """

    def __init__(self, among: Processes) -> None:
        self.pause = self.late = False
        self.seconds = 0.0
        self._among = among
        self._names: list[str] = []

    def update(self, sums: Sums, *, pause: bool, seconds: float, late: bool) -> Sums:
        """Return the sums of all processes, and agree on the rest, in one message."""
        lead = float(self._among.leads)
        while True:
            unknown = any(name not in self._names for name in sums)
            values = [float(unknown), float(pause), lead * seconds, lead * late]
            for name in self._names:
                values += sums.get(name, (0.0, 0.0))
            news, asked, self.seconds, saved, *pairs = self._among.add(
                torch.tensor(values, dtype=torch.float64)
            ).tolist()
            if not news:
                break
            # a head may count what another batch does not have
            self._names = sorted({*self._names, *(name for names in self._among.gather(list(sums)) for name in names)})
        self.pause, self.late = self.pause or asked > 0, saved > 0
        return {name: (pairs[2 * i], pairs[2 * i + 1]) for i, name in enumerate(self._names)}


def whole_state(state: Any, streams: int, among: Processes) -> Any:
    """Return the carried state of all streams, from the states that the processes carry."""
    if among.alone or state is None:
        return state
    return joined(among.gather(state), streams)


def part_of_state(state: Any, among: Processes) -> Any:
    """Return the part of a carried state that this process carries on, whatever the number of processes was before."""
    return state if among.alone or state is None else rows_of_state(state, among.rank, among.size)


def check_same_settings(config: Config, among: Processes) -> None:
    """Refuse processes that were started with different settings: each would compute rows of another training.

    Raises
    ------
    ConfigError
        Of each process that differs from the first, naming the settings.
    """
    if among.alone:
        return
    own = {
        name: shown(one.of(config))
        for name, one in ((".".join(each.path), each) for each in options().values())
        if name not in _OF_ONE_MACHINE
    }
    equation = config.model.equation
    own["the equation of the cell"] = None if equation is None else repr(document_of(equation, []))
    first = among.gather(own)[0]
    differing = [name for name, value in own.items() if value != first[name]]
    with among.together():
        if differing:
            values = "; ".join(
                f"{name} is {own[name]!r}, there {first[name]!r}" if "equation" not in name else f"{name} is another"
                for name in differing
            )
            raise ConfigError(
                f"started with other settings than the first process: {values}",
                hint="start all processes with the same command",
            )


def check_same_rows(task: Task, among: Processes) -> None:
    """Refuse processes that read different rows: a batch would be made of both.

    Raises
    ------
    DataError
        Of each process that differs from the first.
    """
    if among.alone:
        return
    shapes = [list(parameter.shape) for parameter in task.mode.parameters()]
    first, *_ = among.gather((task.marks, shapes))
    with among.together():
        if (task.marks, shapes) != first:
            own, there = (_counts(marks) for marks in (task.marks, first[0]))
            counts = f"{own} rows here, {there} there" if own != there else f"{own} rows, but not the same ones"
            raise DataError(
                f"the data is not that of the first process: {counts} (training, held out, test)",
                hint="give all machines the same file",
            )


def _counts(marks: dict[str, Any]) -> str:
    return " + ".join(f"{part['rows']:,}" for part in marks.values())


def check_agreement(mode: Mode, among: Processes) -> None:
    """Refuse to save where the weights or the random generators of the processes differ.

    Raises
    ------
    TrainingError
    """
    if among.alone:
        return
    marks = among.gather(_mark(mode))
    differing = [rank for rank, mark in enumerate(marks) if mark != marks[0]]
    if differing:
        raise TrainingError(
            f"the processes no longer have the same weights and random numbers: {', '.join(map(str, differing))} of "
            f"{among.size} differ from the first; nothing was saved",
            hint="resume from the last checkpoint with one process, and report this as a bug",
        )


def _mark(mode: Mode) -> str:
    mark = hashlib.sha256(torch.get_rng_state().numpy().tobytes())
    for parameter in mode.parameters():
        mark.update(parameter.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return mark.hexdigest()
