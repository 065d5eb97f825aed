"""The shared libraries: the core, and one a cell, found where they were installed or made at first use."""

from __future__ import annotations

import ctypes
import os
import sysconfig
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from recur.compiler import toolchain
from recur.compiler.cuts import NotCompiledError
from recur.equations.graph import Graph
from recur.errors import BackendError

_lock = threading.Lock()


class Core:
    """The core for this processor."""

    def __init__(self, path: Path, instructions: str) -> None:
        self.path = path
        self.instructions = instructions
        self.library = ctypes.CDLL(str(path))
        self.forward = self._function("recur_forward", ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
        self.backward = self._function("recur_backward", ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
        self.release = self._function("recur_release", None, ctypes.c_void_p)
        self.acquire = self._function("recur_acquire", ctypes.c_void_p, ctypes.c_int64)
        self.stream_open = self._function("recur_stream_open", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
        self.stream_step = self._function(
            "recur_stream_step", None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64
        )
        self.stream_get = self._function("recur_stream_get", None, ctypes.c_void_p, ctypes.c_void_p)
        self.stream_set = self._function("recur_stream_set", None, ctypes.c_void_p, ctypes.c_void_p)
        self.stream_close = self._function("recur_stream_close", None, ctypes.c_void_p)
        self.trim = self._function("recur_trim", None)
        self.abi = int(self._function("recur_abi", ctypes.c_int64)())
        self.interrupted = ctypes.cast(self.library.recur_python_interrupted, ctypes.c_void_p).value or 0
        self._message = self._function("recur_message", ctypes.c_char_p)

    def _function(self, name: str, result: Any, *arguments: Any) -> Any:
        function = getattr(self.library, name)
        function.restype, function.argtypes = result, list(arguments)
        return function

    @property
    def message(self) -> str:
        """What was wrong with this thread's last call."""
        return str(self._message().decode())


@cache
def folders() -> tuple[Path, ...]:
    """Where libraries may stand: where RECUR_LIBRARIES says, beside the headers, or among the installed packages."""
    asked = os.environ.get("RECUR_LIBRARIES")
    if asked:
        return (Path(asked),)
    own = toolchain.HEADERS / "lib"
    installed = Path(sysconfig.get_path("platlib")) / "recur" / "native" / "lib"
    return (own, installed) if own != installed else (own,)


def core() -> Core:
    """The core for this processor.

    Raises
    ------
    BackendError
        If it was not built.
    """
    return _core(toolchain.instruction_set())


@cache
def _core(instructions: str) -> Core:
    for folder in folders():
        path = folder / instructions / "core.so"
        if path.exists():
            # torch brings the OpenMP library whose threads the core shares, so it has to come first
            import torch  # noqa: F401

            return Core(path, instructions)
    raise BackendError(
        f"the native core was not built for {instructions}",
        hint="pip install --force-reinstall --no-deps . in the source folder, with a C++ compiler on the path",
    )


class Cell:
    """A compiled cell.

    Attributes
    ----------
    pointer : int
        Its description, for the core.
    sizes : list of str
        The sizes whose numbers a call gives.
    """

    def __init__(self, path: Path) -> None:
        self.library = ctypes.CDLL(str(path))
        get = self.library.recur_cell
        get.restype = ctypes.c_void_p
        self.pointer = int(get())
        head = _Head.from_address(self.pointer)
        self.abi = int(head.abi)
        self.sizes = [head.size_texts[n].decode() for n in range(head.size_count)]


class _Head(ctypes.Structure):
    _fields_ = (
        ("abi", ctypes.c_int32),
        ("vector_bytes", ctypes.c_int32),
        ("name", ctypes.c_char_p),
        ("size_count", ctypes.c_int32),
        ("size_texts", ctypes.POINTER(ctypes.c_char_p)),
    )


_cells: dict[tuple[str, str], Cell | BackendError] = {}


def cell(graph: Graph, name: str) -> Cell:
    """The compiled cell of a graph: installed, made before, or made now.

    Parameters
    ----------
    graph : Graph
        The step, with nothing in it that depends on parameters alone.
    name : str
        What the user calls it.

    Raises
    ------
    BackendError
        If it cannot be compiled; asked again, it gives the same answer at once.
    """
    instructions = toolchain.instruction_set()
    key = (graph.digest, instructions)
    found = _cells.get(key)
    if found is None:
        with _lock:
            found = _cells.get(key)
            if found is None:
                try:
                    found = _load(graph, name, instructions)
                    if found.abi != core().abi:
                        found = BackendError(
                            "the installed core and cells were built from other sources than these",
                            hint="install recur again: pip install --force-reinstall --no-deps .",
                        )
                except (BackendError, NotCompiledError) as error:
                    found = BackendError(error.message, error.hint)
                except OSError as error:
                    found = BackendError(f"the compiled cell {name} cannot be read or written: {error}", _ELSEWHERE)
                _cells[key] = found
    if isinstance(found, BackendError):
        raise found
    return found


_ELSEWHERE = "export RECUR_CACHE=/a/folder"


def _load(graph: Graph, name: str, instructions: str) -> Cell:
    path = _find(graph, name, instructions)
    try:
        return Cell(path)
    except OSError:
        if path.parent.parent != toolchain.cache_folder():
            raise
        # cut short, or from another machine: it is made again
        path.unlink()
        return Cell(_find(graph, name, instructions))


def _find(graph: Graph, name: str, instructions: str) -> Path:
    kind = toolchain.CELL_SET.get(instructions, instructions)
    file = toolchain.library_name(graph.digest)
    for folder in folders():
        if (folder / kind / file).exists():
            return folder / kind / file
    path = toolchain.cache_folder() / f"{toolchain.headers_digest()[:16]}-{kind}" / file
    if not path.exists():
        _make(graph, name, kind, path)
    return path


def _make(graph: Graph, name: str, kind: str, path: Path) -> None:
    from recur.compiler.cplusplus import source
    from recur.compiler.program import program

    text = source(program(graph), name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BackendError(f"compiled cells cannot be kept in {path.parent}: {error.strerror}", _ELSEWHERE) from None
    with _alone(path.with_suffix(".lock")):
        if path.exists():
            return
        started = time.perf_counter()
        written = path.with_suffix(".cpp")
        temporary = written.with_suffix(f".{os.getpid()}.cpp")
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, written)
        toolchain.compile_library(written, path, kind)
        took = time.perf_counter() - started
    warnings.warn(CompiledNotice(f"compiled the cell {name} in {took:.1f} s (kept in {path.parent})"), stacklevel=2)


class CompiledNotice(UserWarning):
    """A cell was compiled at its first use: a message, so that the seconds it took are explained."""


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time, where the system has file locks; elsewhere the work may be done twice."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
