"""Hot reload: a run whose folder changed replaces the network that is served.

A new network is loaded beside the old one and serves the next request. Open sessions continue with the network that
they began with. A folder that is being replaced, or is damaged, is refused by its hashes, and the old network stays.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Mapping
from pathlib import Path

from recur.errors import RecurError
from recur.model import load
from recur.serve.service import ModelService
from recur.serve.state import State
from recur.serve.worker import Worker

Mark = tuple[tuple[str, int, int, int], ...]  # name, inode, size and time of each file of a run


class Reloader:
    """Looks at the folders of runs from time to time.

    Parameters
    ----------
    folders : mapping of str to Path
        Name -> run folder.
    seconds : float
        Between two looks.
    note : callable
        Told, in a sentence, what was loaded or refused.
    """

    def __init__(self, folders: Mapping[str, Path], seconds: float, note: Callable[[str], None]) -> None:
        self._folders, self._seconds, self._note = dict(folders), seconds, note
        self._known = {name: mark_of(folder) for name, folder in self._folders.items()}
        self._seen = dict(self._known)

    async def run(self, state: State) -> None:
        """Look until cancelled."""
        worker = Worker("recur-load")
        try:
            while True:
                await asyncio.sleep(self._seconds)
                for name in self._folders:
                    await self._look(name, state, worker)
        finally:
            worker.stop()
            worker.executor.shutdown(wait=False, cancel_futures=True)

    async def _look(self, name: str, state: State, worker: Worker) -> None:
        folder = self._folders[name]
        mark, before = mark_of(folder), self._seen[name]
        self._seen[name] = mark
        # a folder that changed since the last look is probably being written
        if mark == self._known[name] or mark != before or not mark:
            return
        self._known[name] = mark
        try:
            service = await worker(self._load, name, folder, state)
        except (RecurError, OSError, MemoryError) as error:
            reason = error.message if isinstance(error, RecurError) else str(error)
            self._note(f"{name} changed and is not loaded, the previous network stays: {reason}")
            return
        if mark_of(folder) != mark:
            self._known[name] = ()  # it changed while it was loaded: look again
            return
        state.services[name] = service
        self._note(f"{name} changed and was loaded again")
        # what lives as long as the server is excluded from garbage collection: now without the old network
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def _load(self, name: str, folder: Path, state: State) -> ModelService:
        return ModelService(name, load(folder), state.worker, state.limits)


def mark_of(folder: Path) -> Mark:
    """What tells that a run changed, without reading it: its files, except those that training writes all the time."""
    marks = []
    try:
        for path in sorted(folder.iterdir()):
            if path.suffix in (".json", ".toml", ".safetensors"):
                found = path.stat()
                marks.append((path.name, found.st_ino, found.st_size, found.st_mtime_ns))
    except OSError:  # it is being replaced
        return ()
    return tuple(marks)
