"""Kept copies: files that were fetched, unpacked or converted once, for later processes.

::

    <cache>/rows/<24 hexadecimal digits>/NAME      the digits are a hash of what the copy was made from

A copy appears in one step when it is complete, so that a process that was stopped leaves no part of a file behind.
Copies that were not used for 30 days are removed when another one is made.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from recur.atomic import make_folder, remove_folder, replacing
from recur.errors import ConfigError

DAYS = 30
_DAY = 86400.0
_ENTRY = re.compile(r"[0-9a-f]{24}")


def cache_folder() -> Path:
    """Return the folder of kept copies: ``rows`` in RECUR_CACHE, or in the user's cache.

    Raises
    ------
    ConfigError
        If RECUR_CACHE is relative: what is read would depend on the working directory.
    """
    requested = os.environ.get("RECUR_CACHE")
    if requested:
        if not os.path.isabs(requested):
            raise ConfigError(
                f"RECUR_CACHE is {json.dumps(requested)}, expected an absolute path",
                hint=f"export RECUR_CACHE={shlex.quote(os.path.abspath(os.path.expanduser(requested)))}",
            )
        return Path(requested) / "rows"
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "recur" / "rows"
    except RuntimeError:
        raise ConfigError(
            "there is no home folder to keep copies of files in", hint="export RECUR_CACHE=FOLDER"
        ) from None


def kept(identity: str, name: str, make: Callable[[Path], None]) -> Path:
    """Return the copy of something, made now if it is not there.

    Parameters
    ----------
    identity : str
        What the copy is made from: it differs for every other content.
    name : str
        Name of the file.
    make : callable
        Writes the file.

    Raises
    ------
    WriteError
        When the copy cannot be written.
    """
    base = cache_folder()
    folder = base / hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    path = folder / name
    if path.is_file() and not path.is_symlink() and not folder.is_symlink():
        with suppress(OSError):
            os.utime(folder)
        return path
    make_folder(base)
    _remove_unused(base)
    make_folder(folder)
    with replacing(path) as part:
        make(part)
    return path


def file_identity(path: Path) -> str:
    """Return what identifies the content of a local file without reading it: its path, size and time of change."""
    status = path.stat()
    return f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"


def _remove_unused(base: Path) -> None:
    """Remove copies that were not used for a month."""
    oldest = time.time() - DAYS * _DAY
    with suppress(OSError):
        for folder in base.iterdir():
            if _ENTRY.fullmatch(folder.name) and folder.is_dir() and folder.stat().st_mtime < oldest:
                remove_folder(folder, lambda name: bool(name))
