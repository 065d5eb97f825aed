"""Cell cache: cells that were compiled at their first use, kept for later processes.

A cached cell is three files: the library, its SHA-256 in a form that `sha256sum -c` reads, and its C++ text. Its name
is a hash of everything that it was compiled from, so any change gives another cell. A library is loaded only if its
SHA-256 is the one beside it; otherwise it is compiled again. All paths are relative to folders that were opened and
checked, and no link is followed, so that no other user can place a library there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shlex
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from recur import atomic
from recur.compiler import library_loading, manifest, toolchain
from recur.engine.native import cache_cleanup
from recur.engine.native.compile_effort import flags_for
from recur.errors import BackendError

_DAY = 86400.0
_WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
_OPEN = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


@dataclass(frozen=True)
class CacheFolder:
    """An open folder of the cache that only its user can write to."""

    path: Path
    handle: int

    def content(self, stem: str) -> bytes | None:
        """The library of a cell, if it is there and its SHA-256 is the one beside it."""
        try:
            expected = library_loading.read(f"{stem}.sha256", 1000, folder=self.handle, own=True)
            library = library_loading.read(f"{stem}.so", folder=self.handle, own=True)
        except OSError:
            return None
        if expected != checksum(stem, library):
            return None
        self._note_use(f"{stem}.so")
        return library

    def _note_use(self, name: str) -> None:
        """Update the time of use of a file once per day, so that it is not removed as an old one."""
        with suppress(OSError):
            state = os.stat(name, dir_fd=self.handle, follow_symlinks=False)
            if time.time() - state.st_mtime > _DAY:
                os.utime(name, dir_fd=self.handle, follow_symlinks=False)

    def any_compiler(self, recipe: str) -> str | None:
        """The stem of a cell of a recipe, from any compiler."""
        files = (os.path.splitext(name) for name in sorted(os.listdir(self.handle)))
        return next((stem for stem, end in files if end == ".so" and stem.startswith(f"{recipe}-")), None)

    @contextmanager
    def alone(self, stem: str) -> Iterator[None]:
        """Hold a lock on a cell, where the file system has locks; elsewhere the work may be done twice."""
        import fcntl

        name = f"{stem}.lock"
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        while True:
            lock = os.open(name, flags, 0o600, dir_fd=self.handle)
            try:
                if not stat.S_ISREG(os.fstat(lock).st_mode):
                    raise OSError(errno.EINVAL, "not a regular file", name)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                except OSError as error:
                    if error.errno not in _WITHOUT_LOCKS:
                        raise
                # its holder has removed it: a file of that name, if any, is a new lock
                if not self._is(name, lock):
                    continue
                try:
                    yield
                finally:
                    with suppress(OSError):
                        os.unlink(name, dir_fd=self.handle)
                return
            finally:
                os.close(lock)

    def _is(self, name: str, handle: int) -> bool:
        try:
            return os.path.samestat(os.stat(name, dir_fd=self.handle, follow_symlinks=False), os.fstat(handle))
        except FileNotFoundError:
            return False

    def make(self, stem: str, text: str, kind: str) -> bytes:
        """Compile a text; the library appears before its SHA-256, so that neither is used without the other."""
        extra = flags_for(text)
        work = Path(tempfile.mkdtemp(dir=self.path, prefix=f".{stem}."))
        try:
            (work / f"{stem}.cpp").write_text(text, encoding="utf-8")
            toolchain.compile_library(work / f"{stem}.cpp", work / f"{stem}.so", kind, extra)
            library = library_loading.read(work / f"{stem}.so", own=True)
            (work / f"{stem}.sha256").write_bytes(checksum(stem, library))
            atomic.flush(work / f"{stem}.sha256")
            for end in ("cpp", "so", "sha256"):
                os.replace(work / f"{stem}.{end}", f"{stem}.{end}", dst_dir_fd=self.handle)
            atomic.flush_folder(self.path)
            return library
        finally:
            shutil.rmtree(work, ignore_errors=True)


def content(text: str, name: str, kind: str, *, again: bool = False) -> tuple[bytes, str]:
    """The library of a text, from the cache or compiled now, and a notice for the user: empty for a cached one.

    Parameters
    ----------
    text : str
        The C++ text.
    name : str
        The user's name of the cell.
    kind : str
        The set of instructions.
    again : bool
        Compile it although it is in the cache.

    Raises
    ------
    BackendError
        If the cache cannot be trusted or used, or the cell cannot be compiled.
    """
    base = toolchain.cache_folder()
    compiler = toolchain.compiler()
    recipe = f"cell-{_hash(manifest.recipe(text), kind)[:24]}"
    try:
        with _opened(base, f"{toolchain.headers_digest()[:16]}-{kind}") as folder:
            stem = f"{recipe}-{_hash(compiler.identity)[:8]}" if compiler else folder.any_compiler(recipe)
            library = None if again or stem is None else folder.content(stem)
            if library is not None:
                return library, ""
            if compiler is None or stem is None:
                raise toolchain.no_compiler()
            started = time.perf_counter()
            with folder.alone(stem):
                library = None if again else folder.content(stem)
                if library is not None:
                    return library, ""
                library = folder.make(stem, text, kind)
                took = time.perf_counter() - started
            cache_cleanup.remove(base)
            return library, f"compiled the cell {name} in {took:.1f} s (kept in {folder.path})"
    except OSError as error:
        raise BackendError(
            f"compiled cells cannot be kept in {base}: {error.strerror or error}", toolchain.ELSEWHERE
        ) from None


def checksum(stem: str, library: bytes) -> bytes:
    """The content of the checksum file beside a library."""
    return f"{library_loading.sha256(library)}  {stem}.so\n".encode()


def _hash(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()


@contextmanager
def _opened(base: Path, generation: str) -> Iterator[CacheFolder]:
    """Open a folder of the cache, created if missing, and check who can write to it."""
    base.parent.mkdir(parents=True, exist_ok=True)
    above = os.stat(base.parent)
    if above.st_mode & stat.S_IWOTH and not above.st_mode & stat.S_ISVTX:
        raise BackendError(
            f"{base.parent}, which holds the folder of compiled cells, can be written to by everybody",
            hint=f"chmod o-w {shlex.quote(str(base.parent))}",
        )
    outer = _open(base)
    try:
        inner = _open(base / generation, generation, outer)
        try:
            yield CacheFolder(base / generation, inner)
        finally:
            os.close(inner)
    finally:
        os.close(outer)


def _open(path: Path, name: str | None = None, parent: int | None = None) -> int:
    where = name or str(path)
    try:
        try:
            handle = os.open(where, _OPEN, dir_fd=parent)
        except FileNotFoundError:
            with suppress(FileExistsError):
                os.mkdir(where, 0o700, dir_fd=parent)
            handle = os.open(where, _OPEN, dir_fd=parent)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOTDIR):
            raise
        if not path.is_symlink():
            raise
        raise BackendError(
            f"{path} is a link, expected a folder: compiled cells are not kept behind links",
            hint=f"export RECUR_CACHE={shlex.quote(os.path.realpath(path))}" if name is None else f"rm {path}",
        ) from None
    try:
        _check(path, os.fstat(handle))
    except BaseException:
        os.close(handle)
        raise
    return handle


def _check(path: Path, state: os.stat_result) -> None:
    if state.st_uid != os.geteuid():
        raise BackendError(
            f"{path} belongs to user {state.st_uid}, expected {os.geteuid()}: cells are kept in a folder of one's own",
            hint=toolchain.ELSEWHERE,
        )
    if state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise BackendError(
            f"{path} can be written to by others (mode {stat.S_IMODE(state.st_mode):03o}), expected 700",
            hint=f"chmod 700 {shlex.quote(str(path))}",
        )
