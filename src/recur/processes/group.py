"""``Processes``: what one process needs of the others: sums, agreement, and the results of the first one.

Two messages per update: float64 numbers with the sums of the metrics and what is agreed upon, and one float32 message
with the gradients of all weights, one after another. They are added in the order that the library fixes for a number of
processes, so that the same number gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from recur.errors import ReportedElsewhere
from recur.nn.shared_rows import RowShare
from recur.processes.rows import share_of

Result = TypeVar("Result")


class Processes:
    """The only process: every sum is its own, and it agrees with itself.

    Attributes
    ----------
    rank, size : int
        Its number, from 0, and how many there are.
    local_rank : int
        Its number on this machine.
    """

    rank, size, local_rank = 0, 1, 0

    @property
    def leads(self) -> bool:
        """Whether this process writes and prints."""
        return self.rank == 0

    @property
    def alone(self) -> bool:
        """Whether there are no others."""
        return self.size == 1

    def describe(self) -> str:
        """The number of processes in words; empty for one."""
        return ""

    def share(self, total: int) -> RowShare | None:
        """Return which of the rows of a batch this process computes; None for all of them."""
        del total
        return None

    def add(self, values: Tensor) -> Tensor:
        """Return float64 values, on the CPU, added over all processes."""
        return values

    def add_gradients(self, parameters: Sequence[nn.Parameter], value: Tensor) -> Tensor:
        """Replace the gradients by their sums over all processes; return the sum of a value ()."""
        del parameters
        return value

    def gather(self, value: Result) -> list[Result]:
        """Return the values of all processes, in the order of their ranks."""
        return [value]

    def lead(self, work: Callable[[], Result]) -> Result:
        """Return the result of the first process, which alone does the work; its error ends all of them."""
        return work()

    def send_weights(self, module: nn.Module) -> None:
        """Copy parameters and buffers of the first process to all others."""

    @contextmanager
    def together(self) -> Iterator[None]:
        """Go on after the block only if no process failed in it; the first that did reports its error."""
        yield

    def any(self, mine: bool) -> bool:
        """Whether it is true of any process."""
        return mine


class _Told(NamedTuple):
    """What a process said when it failed.

    ``machine`` is the rank of the first process there.
    """

    rank: int
    machine: int
    text: str


ALONE = Processes()
"""A training run of one process."""


class Group(Processes):
    """Several processes.

    Parameters
    ----------
    transport : Transport
        Sends and adds.
    rank, size, local_rank : int
    threads : int
        CPU threads of each process.
    """

    def __init__(self, transport: Any, *, rank: int, size: int, local_rank: int, threads: int) -> None:
        self._transport = transport
        self.rank, self.size, self.local_rank, self._threads = rank, size, local_rank, threads
        self._flat = torch.empty(0)

    def describe(self) -> str:
        threads = f"{self._threads} thread" + "s" * (self._threads > 1)
        return f"{self.size} processes x {threads}, {self._transport.name}"

    def share(self, total: int) -> RowShare | None:
        return share_of(total, self.rank, self.size, self.add)

    def add(self, values: Tensor) -> Tensor:
        summed = values.clone()
        self._transport.add(summed)
        return summed

    @torch.no_grad()
    def add_gradients(self, parameters: Sequence[nn.Parameter], value: Tensor) -> Tensor:
        sizes = [parameter.numel() for parameter in parameters]
        flat = self._message(parameters, sum(sizes) + len(sizes) + 1)
        *places, reached, summed = torch.split(flat, [*sizes, len(sizes), 1])
        # a weight that no row of any process reaches has no gradient, as with one process
        reached.copy_(torch.tensor([float(parameter.grad is not None) for parameter in parameters]))
        summed.copy_(value.detach())
        for parameter, part in zip(parameters, places, strict=True):
            part.zero_() if parameter.grad is None else part.copy_(parameter.grad.reshape(-1))
        self._transport.add_gradients(flat)
        for parameter, part, count in zip(parameters, places, reached.tolist(), strict=True):
            parameter.grad = part.view_as(parameter) if count else None
        whole: Tensor = summed[0].clone()
        return whole

    def _message(self, parameters: Sequence[nn.Parameter], size: int) -> Tensor:
        """Memory for the gradients of all parameters, the same for every update."""
        if self._flat.numel() != size or self._flat.device != parameters[0].device:
            self._flat = torch.empty(size, dtype=torch.float32, device=parameters[0].device)
        return self._flat

    def gather(self, value: Result) -> list[Result]:
        found: list[Result] = self._transport.gather(value)
        return found

    def lead(self, work: Callable[[], Result]) -> Result:
        result: Any = None
        error: BaseException | None = None
        if self.leads:
            try:
                result = work()
            except Exception as caught:
                error = caught
        failed, result = self._transport.from_first((None if error is None else self._told(error), result))
        if error is not None:
            raise error
        if failed is not None:
            raise self._repeated(failed)
        done: Result = result
        return done

    def send_weights(self, module: nn.Module) -> None:
        tensors = [*module.parameters(), *module.buffers()]
        for tensor in tensors:
            self._transport.send(tensor.data)

    @contextmanager
    def together(self) -> Iterator[None]:
        error: Exception | None = None
        try:
            yield
        except Exception as caught:
            error = caught
        failed = self.gather(None if error is None else self._told(error))
        first = next((told for told in failed if told is not None), None)
        if first is None:
            return
        if error is not None and first.rank == self.rank:
            raise error
        raise self._repeated(first)

    def _told(self, error: BaseException) -> _Told:
        return _Told(self.rank, self.rank - self.local_rank, f"rank {self.rank} of {self.size} processes: {error}")

    def _repeated(self, told: _Told) -> ReportedElsewhere:
        """The error of another process; the first one of another machine repeats its message there."""
        own = self.rank - self.local_rank
        return ReportedElsewhere(told=told.text if own != told.machine and self.local_rank == 0 else None)

    def any(self, mine: bool) -> bool:
        return bool(self.add(torch.tensor([float(mine)], dtype=torch.float64)).item())
