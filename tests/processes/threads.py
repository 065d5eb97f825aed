"""A group of processes as threads: messages meet at a barrier, with nothing sent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import torch
from torch import Tensor

from recur.processes.group import Group, Processes

Result = TypeVar("Result")
LONGEST = 20.0  # seconds until a message that not all send is a failure


class Barrier:
    """What the threads of a group have in common."""

    def __init__(self, size: int) -> None:
        self.barrier = threading.Barrier(size)
        self.values: list[Any] = [None] * size


class ThreadTransport:
    """The messages of one thread."""

    name = "threads"

    def __init__(self, rank: int, common: Barrier) -> None:
        self._rank, self._common = rank, common

    def gather(self, value: Any) -> list[Any]:
        self._common.values[self._rank] = value
        self._common.barrier.wait(LONGEST)
        found = list(self._common.values)
        self._common.barrier.wait(LONGEST)
        return found

    def add(self, values: Tensor) -> None:
        values.copy_(torch.stack(self.gather(values.clone())).sum(0))

    add_gradients = add

    def from_first(self, value: Any) -> Any:
        return self.gather(value)[0]

    def send(self, tensor: Tensor) -> None:
        tensor.copy_(self.gather(tensor.clone())[0])


def in_threads(size: int, work: Callable[[Processes], Result], each: int | None = None) -> list[Result | Exception]:
    """Return what each process of a group returns, or the error that it raises; ``each`` processes are on a machine."""
    common = Barrier(size)

    def run(rank: int) -> Result | Exception:
        group = Group(ThreadTransport(rank, common), rank=rank, size=size, local_rank=rank % (each or size), threads=1)
        try:
            return work(group)
        except Exception as error:
            return error

    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(run, range(size)))
