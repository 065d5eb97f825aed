"""What several processes of one training run agree on: sums, pauses, time, checkpoints, and their weights."""

from __future__ import annotations

import hashlib
from typing import Any

import torch

from recur.errors import TrainingError
from recur.heads.head import Sums
from recur.modes import Mode
from recur.processes.group import Processes
from recur.processes.rows import joined, rows_of_state


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
