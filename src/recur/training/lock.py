"""The lock of a run folder, so that two trainings never write into the same one."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recur.atomic import explained, make_folder, open_in_place
from recur.errors import RunError
from recur.run.layout import LOCK


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of the folder; the system releases it whenever the process ends.

    Raises
    ------
    RunError
        When another process trains there.
    """
    if not folder.is_dir():
        make_folder(folder)
    path = folder / LOCK
    handle = open_in_place(path)
    try:
        holder = os.read(handle, 200).decode("utf-8", "replace")
        if not _take(handle):
            raise RunError(
                f"{folder} is in use: {holder or 'another process'} trains there, expected a folder without a training",
                hint="wait for it, stop it, or give another --out",
            )
        if holder and not re.match(r"process \d+ on ", holder):
            raise RunError(
                f"{path} is not a lock of recur: it begins with {holder[:40]!r}; nothing was written there",
                hint="move it away, or give another --out",
            )
        with explained(path):
            os.ftruncate(handle, 0)
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, f"process {os.getpid()} on {socket.gethostname()}".encode())
        try:
            yield
        finally:
            # empty, not deleted: deleting would let a third process lock a new file of the same name;
            # a name that stays in it holds no one up, because the system releases the lock
            with suppress(OSError):
                os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            # a byte far behind the text, because Windows forbids reading a locked range
            os.lseek(handle, 1 << 20, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
