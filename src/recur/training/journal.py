"""The training log: log.jsonl and samples.jsonl, truncated to the checkpoint when training resumes."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from recur.atomic import explained, open_in_place


class Journal:
    """A file of JSON lines that knows how long it is.

    Parameters
    ----------
    path : Path or None
        None keeps nothing, for training without a folder.
    position : int
        Bytes to keep of what is there already: what the checkpoint had seen. The rest is written again.
    """

    def __init__(self, path: Path | None, position: int = 0) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        if path is not None:
            self._file = os.fdopen(open_in_place(path), "r+b")
            end = self._file.seek(0, os.SEEK_END)
            self._file.truncate(min(position, end))
            self._file.seek(0, os.SEEK_END)

    @property
    def position(self) -> int:
        """Length in bytes, on the disk."""
        return self._file.tell() if self._file else 0

    def write(self, record: Mapping[str, Any]) -> None:
        """Add one line; numbers that JSON does not know become null."""
        if self._file and self._path:
            with explained(self._path):
                self._file.write(json.dumps(_plain(record), ensure_ascii=False).encode("utf-8", "backslashreplace"))
                self._file.write(b"\n")
                self._file.flush()

    def sync(self) -> int:
        """Make the lines outlive a power cut; return the position."""
        if self._file and self._path:
            with explained(self._path):
                os.fsync(self._file.fileno())
        return self.position

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()
            self._file = None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
