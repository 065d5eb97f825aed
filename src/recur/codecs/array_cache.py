"""An in-memory cache, bounded in bytes, for arrays that are expensive to compute."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path

import numpy as np

KEEP_BYTES = 256 * 2**20


class ArrayCache:
    """Arrays by key, the least recently used ones dropped above a limit in bytes.

    Each process has its own, so that nothing is shared that another process could damage.

    Parameters
    ----------
    most : int
        Bytes.
    """

    def __init__(self, most: int = KEEP_BYTES) -> None:
        self.most = most
        self.bytes = 0
        self._arrays: OrderedDict[Hashable, np.ndarray] = OrderedDict()

    def __len__(self) -> int:
        """Number of arrays."""
        return len(self._arrays)

    def get(self, key: Hashable) -> np.ndarray | None:
        """Return the array of a key, or None."""
        array = self._arrays.get(key)
        if array is not None:
            self._arrays.move_to_end(key)
        return array

    def get_or(self, key: Hashable, compute: Callable[[], np.ndarray]) -> np.ndarray:
        """Return the array of a key, computed where it is not in the cache."""
        cached = self.get(key)
        return cached if cached is not None else self.put(key, compute())

    def put(self, key: Hashable, array: np.ndarray) -> np.ndarray:
        """Keep an array if it is not too large, and return it as read-only."""
        array.flags.writeable = False
        before = self._arrays.pop(key, None)
        self.bytes -= 0 if before is None else before.nbytes
        if array.nbytes <= self.most:
            self.bytes += array.nbytes
            self._arrays[key] = array
            while self.bytes > self.most:
                self.bytes -= self._arrays.popitem(last=False)[1].nbytes
        return array


def file_key(path: Path) -> Hashable:
    """Return the key of a file: its path, its size and the time of its last change.

    Raises
    ------
    OSError
        When there is no such file.
    """
    facts = path.stat()
    return str(path.resolve()), facts.st_size, facts.st_mtime_ns
