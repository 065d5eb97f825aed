"""The training log: log.jsonl and samples.jsonl, truncated to the checkpoint when training resumes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

from recur.atomic import explained, open_in_place
from recur.errors import WriteError
from recur.figures import finite


class Journal:
    """A file of JSON lines, which can be cut back to a position.

    Parameters
    ----------
    path : Path or None
        None writes nothing, for training without a folder.
    position : int
        Bytes to keep of an existing file: its length at the checkpoint. Later lines are written again.
    """

    def __init__(self, path: Path | None, position: int = 0) -> None:
        self._path = path
        self._file: FileIO | None = None
        if path is not None:
            # unbuffered: a line that did not fit on the disk is not written once more when the file is closed
            self._file = os.fdopen(open_in_place(path), "r+b", buffering=0)
            end = self._file.seek(0, os.SEEK_END)
            self._file.truncate(min(position, end))
            self._file.seek(0, os.SEEK_END)

    @property
    def position(self) -> int:
        """Length in bytes."""
        return self._file.tell() if self._file else 0

    def write(self, record: Mapping[str, Any]) -> None:
        """Add one line, or none of it; numbers that JSON does not know become null.

        Raises
        ------
        WriteError
            When the disk is full.
        """
        if self._file is None or self._path is None:
            return
        line = json.dumps(finite(record), ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        start = self._file.tell()
        try:
            with explained(self._path, size=len(line)):
                while line:
                    line = line[self._file.write(line) :]
        except WriteError:
            with suppress(OSError):
                self._file.truncate(start)
            raise

    def sync(self) -> int:
        """Flush the lines to the disk, so that a power cut keeps them; return the position."""
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
