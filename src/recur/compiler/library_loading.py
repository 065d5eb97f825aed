"""Secure loading of shared libraries: exactly the bytes whose SHA-256 was checked.

The file is opened once and read completely; the hashed bytes are loaded from memory (a sealed memfd on Linux) or from a
private copy. So no change of the file between the check and the load, or afterwards, reaches the process: a mapped file
that is truncated kills it with a bus error.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import itertools
import os
import stat
import tempfile
from pathlib import Path

LARGEST = 64 << 20  # bytes of a library; the core has less than one MiB, under the sanitizers about ten
_NOT_FOLLOWED = getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_numbers = itertools.count()


def read(path: str | Path, most: int = LARGEST, *, folder: int | None = None, own: bool = False) -> bytes:
    """Read a regular file of bounded size.

    Parameters
    ----------
    path : str or Path
        The file; a name in ``folder`` where that is given.
    most : int
        Largest size in bytes.
    folder : int, optional
        An open folder.
    own : bool
        Refuse links, and files of another user.

    Raises
    ------
    OSError
        If it is missing, is not a regular file, is too large or cannot be read.
    """
    handle = os.open(path, _READ | (_NOT_FOLLOWED if own else 0), dir_fd=folder)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        if own and status.st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, f"it belongs to user {status.st_uid}", str(path))
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return content


def sha256(content: bytes) -> str:
    """The SHA-256 of a file's content, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def load(content: bytes, name: str) -> ctypes.CDLL:
    """Load a library from its bytes.

    Parameters
    ----------
    content : bytes
        The library.
    name : str
        The name that tools show for the mapping.

    Raises
    ------
    OSError
        If the system cannot load it.
    """
    try:
        return _from_memory(content, name)
    except (OSError, AttributeError, ImportError):
        # there is no memfd or /proc, or a policy forbids code from memory; a faulty library fails again
        return _from_copy(content, name)


def _from_memory(content: bytes, name: str) -> ctypes.CDLL:
    import fcntl

    handle = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        _write(handle, content)
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(handle, fcntl.F_ADD_SEALS, seals)
        # the loader returns the library loaded before for a path that it has seen, and file descriptors are reused:
        # so each path is spelled differently, by the binary digits of a counter
        spelling = "".join("./" if digit == "0" else ".//" for digit in f"{next(_numbers):b}")
        return ctypes.CDLL(f"/proc/self/fd/{spelling}{handle}")
    finally:
        os.close(handle)


def _from_copy(content: bytes, name: str) -> ctypes.CDLL:
    with tempfile.TemporaryDirectory(prefix="recur-") as folder:
        path = Path(folder) / f"{next(_numbers)}-{name}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOT_FOLLOWED, 0o700)
        try:
            _write(handle, content)
        finally:
            os.close(handle)
        return ctypes.CDLL(str(path))


def _write(handle: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]
