"""``Transport``: messages by torch.distributed, whose failures become sentences."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from recur.errors import ReportedElsewhere, TrainingError
from recur.figures import duration

_SAID, _REASON = "said", "reason"
_PATIENCE = 2.0  # seconds until a process that ends has written why


class Transport:
    """Messages between the processes of a group.

    Parameters
    ----------
    store : Store
        Of the launcher, which survives the death of a process.
    timeout : float
        Seconds that a message waits for the other processes.
    nccl : bool
        Whether gradients on a GPU are added by nccl; everything else is sent by gloo, from the CPU.
    """

    def __init__(self, store: Any, timeout: float, *, nccl: bool) -> None:
        self._store, self._timeout, self._nccl = store, timeout, nccl
        self.name = "nccl" if nccl else "gloo"

    def add(self, values: Tensor) -> None:
        """Add values on the CPU over all processes, in place."""
        with self._explained():
            dist.all_reduce(values)

    def add_gradients(self, flat: Tensor) -> None:
        """Add a long message over all processes, in place."""
        with self._explained():
            if flat.is_cpu or self._nccl:
                dist.all_reduce(flat)
                return
            # several processes of one GPU: nccl requires a GPU for each
            on_cpu = flat.cpu()
            dist.all_reduce(on_cpu)
            flat.copy_(on_cpu)

    def gather(self, value: Any) -> list[Any]:
        """Return the values of all processes."""
        found: list[Any] = [None] * dist.get_world_size()
        with self._explained():
            dist.all_gather_object(found, value)
        return found

    def from_first(self, value: Any) -> Any:
        """Return the value of the first process."""
        box = [value]
        with self._explained():
            dist.broadcast_object_list(box, src=0)
        return box[0]

    def send(self, tensor: Tensor) -> None:
        """Copy a tensor of the first process into those of all others."""
        with self._explained():
            on_cpu = tensor.cpu().contiguous()
            dist.broadcast(on_cpu, src=0)
            tensor.copy_(on_cpu)

    def leave(self, reason: str | None) -> None:
        """Leave the group; a reason tells the others that this process has said why it ends."""
        if reason is not None:
            _in_time(lambda: self._store.set(_REASON, reason))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the failure of a message into an error that says what happened, once among all processes.

        Raises
        ------
        TrainingError
            When a process has ended, or does not answer.
        ReportedElsewhere
            When another process has said so already.
        """
        started = time.monotonic()
        try:
            yield
        except RuntimeError as error:
            waited = time.monotonic() - started
            raise self._lost(error, waited) from error

    def _lost(self, error: RuntimeError, waited: float) -> Exception:
        hangs = waited >= 0.9 * self._timeout
        if not hangs and self._has_reason():
            return ReportedElsewhere()
        if (_in_time(lambda: self._store.add(_SAID, 1)) or 1) > 1:
            return ReportedElsewhere(1)
        if hangs:
            return TrainingError(
                f"a process of this training did not answer for {duration(self._timeout)}; all of them end",
                hint="the last checkpoint is whole: the same command continues from it; a larger --process-timeout "
                "waits longer for slow machines",
            )
        return TrainingError(
            f"a process of this training ended, or its machine cannot be reached ({_brief(error)})",
            hint="the last checkpoint is whole: the same command continues from it",
        )

    def _has_reason(self) -> bool:
        """Whether the process that ended has said why."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if _in_time(lambda: self._store.check([_REASON])):
                return True
            time.sleep(0.05)
        return False


def _brief(error: RuntimeError) -> str:
    """The first words of an error of the library, without its files and lines."""
    return " ".join(re.sub(r"\[[^\]]*\.(cc|cpp|h):\d+\]", "", str(error)).split())[:120]


def _in_time(ask: Callable[[], Any]) -> Any:
    """Return what the store answers; None if it fails or does not: without network it never returns."""
    answers: list[Any] = []

    def run() -> None:
        with suppress(RuntimeError):
            answers.append(ask())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    return answers[0] if answers else None


def start(rank: int, size: int, store: Any, timeout: float, *, nccl: bool) -> Transport:
    """Start the process group of torch.

    Raises
    ------
    TrainingError
        When the others do not join.
    """
    try:
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if nccl else "gloo",
            # torch states no types for its stores
            store=dist.PrefixStore("group", store),  # type: ignore[attr-defined]
            rank=rank, world_size=size, timeout=timedelta(seconds=timeout),
            device_id=torch.device("cuda", torch.cuda.current_device()) if nccl else None,
        )  # fmt: skip
    except RuntimeError as error:
        raise TrainingError(
            f"this is rank {rank} of {size} processes, and the others did not join it within {duration(timeout)} "
            f"({_brief(error)})",
            hint="start as many processes as WORLD_SIZE says, with torchrun or --processes; without RANK and "
            "WORLD_SIZE, one process trains alone",
        ) from error
    return Transport(store, timeout, nccl=nccl)


def stop() -> None:
    """Stop the process group of torch."""
    if dist.is_initialized():
        dist.destroy_process_group()
