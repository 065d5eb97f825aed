"""The place of this process among those that a launcher (torchrun) started together, read from the environment.

Without torch, so that a command that only prints knows whether it is the one that does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from recur.errors import ConfigError

__all__ = ["Place", "leads", "place", "refuse_fewer_than_one", "share", "starts_processes"]

_LAST_PORT = 65535


@dataclass(frozen=True)
class Place:
    """The place of a process.

    Attributes
    ----------
    rank, size : int
        Its number, from 0, and how many processes there are on all machines.
    local_rank, local_size : int
        The same on this machine.
    restarts : int
        How often the launcher has started all of them again.
    """

    rank: int
    size: int
    local_rank: int
    local_size: int
    restarts: int = 0


def place(environment: Mapping[str, str] | None = None) -> Place | None:
    """Return the place of this process; None where it is the only one.

    Raises
    ------
    ConfigError
        When the variables of the launcher contradict each other.

    Examples
    --------
    >>> place({}) is None
    True
    >>> place({"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"}).rank
    1
    """
    given = os.environ if environment is None else environment
    if not {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"} <= set(given):
        return None
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RESTART_COUNT")
    usual = {"LOCAL_RANK": given["RANK"], "LOCAL_WORLD_SIZE": given["WORLD_SIZE"], "TORCHELASTIC_RESTART_COUNT": "0"}
    try:
        found = Place(*(int(given.get(name, usual.get(name, ""))) for name in names))
        port = int(given["MASTER_PORT"])
    except ValueError:
        found, port = Place(-1, 0, 0, 1), 0
    if not (0 <= found.rank < found.size and 0 <= found.local_rank < found.local_size and 0 < port <= _LAST_PORT):
        values = ", ".join(f"{name}={given[name]!r}" for name in (*names, "MASTER_PORT") if name in given)
        raise ConfigError(
            f"the environment does not name a process of a group: {values}",
            hint="start with torchrun or --processes, or unset these variables",
        )
    return found if found.size > 1 else None


def share() -> tuple[int, int]:
    """Return the number of this process, from 0, and that of all, of processes that need not speak to each other.

    RANK and WORLD_SIZE are enough, which a job array of a scheduler can set; without them, 0 and 1.

    Raises
    ------
    ConfigError
        When RANK and WORLD_SIZE are no such numbers.
    """
    rank, count = (os.environ.get(name, default) for name, default in (("RANK", "0"), ("WORLD_SIZE", "1")))
    with suppress(ValueError):
        if 0 <= int(rank) < int(count):
            return int(rank), int(count)
    raise ConfigError(
        f"RANK is {rank!r} and WORLD_SIZE {count!r}; expected a rank below the number of processes",
        hint="torchrun sets both; unset RANK WORLD_SIZE for one process",
    )


def starts_processes(processes: int | None) -> bool:
    """Return whether a command for so many processes has to start them; False where a launcher has done so.

    Raises
    ------
    ConfigError
        When the launcher started another number.
    """
    refuse_fewer_than_one(processes)
    here = place()
    if here is None or processes is None:
        return (processes or 1) > 1
    if processes != here.size:
        raise ConfigError(
            f"--processes {processes}, but the launcher started {here.size} processes",
            hint="leave out --processes, or start without torchrun",
        )
    return False


def refuse_fewer_than_one(processes: int | None) -> None:
    """Refuse a number of processes that trains nothing.

    Raises
    ------
    ConfigError
    """
    if processes is not None and processes < 1:
        raise ConfigError(f"--processes {processes}, expected at least 1", hint="--processes 2")


def leads() -> bool:
    """Return whether this process writes and prints: the only one, or the first of several."""
    found = place()
    return found is None or found.rank == 0
