"""Safe writing: files are replaced in one step, no link is followed, and only files with known names are removed.

After a crash, either the old file or the new one is there, never a part of it. A temporary file has a random name
and is created exclusively (``O_CREAT | O_EXCL``), so that nothing is written through an existing file or link. A
failure (a full disk, a link or a device in the place of the file) raises a `WriteError`.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from recur.errors import WriteError

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # opening a FIFO in the place of a file must not block
_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_UNFINISHED = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{16}\.part", re.DOTALL)
_LONGEST_NAME = 200  # bytes of a name in the name of its temporary file; systems allow 255 in all
_KINDS = (
    (stat.S_ISLNK, "a link"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
)  # fmt: skip


def write_text(path: Path, text: str) -> None:
    """Replace a text file: written beside, flushed to the disk, renamed."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file: written beside, flushed to the disk, renamed."""
    with replacing(path, size=len(content)) as part:
        part.write_bytes(content)


@contextmanager
def replacing(path: Path, *, size: int | None = None) -> Iterator[Path]:
    """Yield a temporary file beside ``path``; it replaces ``path`` only if the block succeeds.

    Parameters
    ----------
    path : Path
        A regular file, or a name that is free. Missing folders are created.
    size : int, optional
        Bytes that will be written, for the message of a full disk.

    Raises
    ------
    WriteError
        When ``path`` is a link, a folder or a device, or the system refuses to write.
    """
    with explained(path, size=size), new_folders(path.parent):
        refuse_irregular(path)
        part = create_beside(path)
        try:
            yield part
            flush(part)
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        flush_folder(path.parent)


def create_beside(path: Path) -> Path:
    """Create an empty file with a random name beside ``path``; its permissions follow the umask."""
    short = path.name.encode("utf-8", "surrogateescape")[:_LONGEST_NAME].decode("utf-8", "ignore")
    part = path.with_name(f".{short}.{secrets.token_hex(8)}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _BINARY, 0o666))
    return part


def unfinished(name: str) -> str | None:
    """Return the name of the file that a temporary file was meant for, or None for a name that recur did not write.

    >>> unfinished(".run.json.0123456789abcdef.part"), unfinished("run.json.part")
    ('run.json', None)
    """
    match = _UNFINISHED.fullmatch(name)
    return match["name"] if match else None


def create(path: Path) -> BinaryIO:
    """Create a file for writing, replacing a regular file of that name; refuse a link or a device.

    For large files that every process creates again. What is written is not flushed to the disk.

    Raises
    ------
    WriteError
    """
    with explained(path):
        refuse_irregular(path)
        remove_file(path)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _BINARY, 0o666), "wb")


def open_in_place(path: Path) -> int:
    """Open a file for reading and writing, created where it is missing; return its descriptor.

    For the few files that grow or are locked, and cannot be replaced. A file with a second name (a hard link) is
    refused: writing would change the file under the other name as well.

    Raises
    ------
    WriteError
        When it is not a regular file of one name, or the system refuses.
    """
    with explained(path):
        refuse_irregular(path)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK | _NO_WAIT | _BINARY, 0o666)
        status = os.fstat(handle)
        if stat.S_ISREG(status.st_mode) and status.st_nlink <= 1:
            return handle
        os.close(handle)
        names = f"it has {status.st_nlink} names (hard links)" if stat.S_ISREG(status.st_mode) else _is(status.st_mode)
        raise WriteError(
            f"{path} is not written to: {names}, expected a regular file of its own",
            hint=f"remove {path}, or put a copy in its place",
        )


def refuse_irregular(path: Path) -> None:
    """Refuse an existing path that is not a regular file; a link is not followed.

    Raises
    ------
    WriteError
    """
    mode = _mode(path)
    if mode is None or stat.S_ISREG(mode):
        return
    raise WriteError(
        f"{path} is not written to: {_is(mode)}{_leads_to(path)}, expected a regular file or a free name",
        hint="name a new file" if not stat.S_ISLNK(mode) else "remove the link, or name the file that it leads to",
    )


def refuse_linked_folder(folder: Path) -> None:
    """Refuse a path that exists and is not a real folder; a missing one is accepted.

    Raises
    ------
    WriteError
    """
    mode = _mode(folder)
    if mode is None or stat.S_ISDIR(mode):
        return
    raise WriteError(
        f"{folder} is not written to: {_is(mode)}{_leads_to(folder)}, expected a folder that recur created",
        hint=f"move {folder} away, or write to another folder",
    )


def make_folder(folder: Path) -> None:
    """Create a folder and its parents where they are missing; refuse a link in its place.

    Raises
    ------
    WriteError
    """
    with explained(folder):
        refuse_linked_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def new_folders(folder: Path) -> Iterator[None]:
    """Create a folder and its parents for the length of a block; remove the new ones if the block fails."""
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        with suppress(OSError):
            # the innermost first; a folder that is not empty stays, and so do its parents
            for each in new:
                each.rmdir()
        raise


def strangers(folder: Path, own: Callable[[str], bool]) -> list[str]:
    """List the names that `remove_folder` would not delete: files of other programs, or not regular files."""
    with os.scandir(folder) as entries:
        return sorted(e.name for e in entries if not (own(e.name) and e.is_file(follow_symlinks=False)))


def remove_folder(folder: Path, own: Callable[[str], bool]) -> bool:
    """Delete a folder if all of its entries are regular files that recur wrote.

    Parameters
    ----------
    own : callable
        Whether recur writes files with this name.

    Returns
    -------
    bool
        False, with nothing deleted, if it contains anything else or is a link.
    """
    mode = _mode(folder)
    if mode is None or not stat.S_ISDIR(mode) or strangers(folder, own):
        return False
    with explained(folder):
        if os.unlink not in os.supports_dir_fd:
            for path in folder.iterdir():
                path.unlink()
        else:
            # by its descriptor, so that a link that replaces the folder meanwhile is not followed
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK)
            try:
                for name in os.listdir(handle):
                    os.unlink(name, dir_fd=handle)
            finally:
                os.close(handle)
        folder.rmdir()
    return True


def remove_file(path: Path) -> bool:
    """Delete a regular file; False, with nothing deleted, for anything else."""
    mode = _mode(path)
    if mode is None or not stat.S_ISREG(mode):
        return False
    with explained(path):
        path.unlink(missing_ok=True)
    return True


@contextmanager
def explained(path: Path, *, size: int | None = None) -> Iterator[None]:
    """Turn an error of the system while ``path`` is written into a message with the numbers in it.

    Raises
    ------
    WriteError
    """
    try:
        yield
    except WriteError:
        raise
    except OSError as error:
        raise _refusal(path, error, size) from error


def flush(path: Path) -> None:
    """Flush a file to the disk, so that it survives a power failure."""
    handle = os.open(path, os.O_RDWR | _NO_LINK | _BINARY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_folder(folder: Path) -> None:
    """Flush a folder to the disk, so that renames within it survive a power failure, where the system can.

    Raises
    ------
    WriteError
    """
    if os.name != "posix":
        return
    with explained(folder):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError as error:
            # some network and user-space file systems cannot
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise
        finally:
            os.close(handle)


def _refusal(path: Path, error: OSError, size: int | None) -> WriteError:
    needs = "" if size is None else f", {size:,} bytes are needed"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = ""
        with suppress(OSError):
            free = f" ({shutil.disk_usage(path.parent).free:,} bytes are free{needs})"
        return WriteError(
            f"{path} cannot be written: the disk is full, or its quota is used up{free}",
            hint="free some space, or write to another disk",
        )
    if error.errno == errno.EFBIG:
        return WriteError(
            f"{path} cannot be written: the limit on the size of a file is exceeded{needs}",
            hint="`ulimit -f` shows the limit; raise it, or write to another disk",
        )
    if error.errno == errno.ELOOP:
        return WriteError(
            f"{path} is not written to: it is a link, expected a regular file or a free name", hint="remove the link"
        )
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return WriteError(
            f"{path} cannot be written: a file is in the place of a folder above it", hint="write to another folder"
        )
    reason = (error.strerror or str(error)).lower()
    return WriteError(f"{path} cannot be written: {reason}", hint="name a place that can be written to")


def _mode(path: Path) -> int | None:
    """Return the mode of a path without following a link, or None where it does not exist."""
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refusal(path, error, None) from error


def _is(mode: int) -> str:
    return f"it is {next((words for test, words in _KINDS if test(mode)), 'no regular file')}"


def _leads_to(path: Path) -> str:
    try:
        return f" to {os.readlink(path)}"
    except (OSError, AttributeError):
        return ""
