"""Shared libraries of the core and of cells: the installed ones, or a cell compiled at its first use."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from recur.compiler import library_loading, toolchain
from recur.compiler.partition import NotCompiledError
from recur.engine.native import installed_libraries
from recur.equations.graph import Graph
from recur.errors import BackendError

_lock = threading.Lock()


def _forked() -> None:
    """Make a forked process compute on one thread, torch too, as the workers of its DataLoader do.

    OpenMP's threads do not survive a fork, and a thread that waits for them waits without end. Nor does the thread
    that held the lock.
    """
    global _lock
    _lock = threading.Lock()
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class Core:
    """The core for this processor."""

    def __init__(self, path: Path, instructions: str, library: ctypes.CDLL) -> None:
        self.path = path
        self.instructions = instructions
        self.library = library
        self.forward = self._function("recur_forward", ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
        self.backward = self._function("recur_backward", ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
        self.release = self._function("recur_release", None, ctypes.c_void_p)
        self.acquire = self._function("recur_acquire", ctypes.c_void_p, ctypes.c_int64)
        # without giving the interpreter to another thread, which could change what is looked at
        self.tensor_addresses = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(("recur_tensor_addresses", library))
        self.stream_open = self._function("recur_stream_open", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
        self.stream_step = self._function(
            "recur_stream_step", ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64
        )
        self.stream_get = self._function("recur_stream_get", ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
        self.stream_set = self._function("recur_stream_set", ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
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


def core() -> Core:
    """The core for this processor.

    Raises
    ------
    BackendError
        If it was not built, or built from other sources, or is damaged.
    """
    found = _core(toolchain.instruction_set())
    if isinstance(found, BackendError):
        raise BackendError(found.message, found.hint)
    return found


@cache
def _core(instructions: str) -> Core | BackendError:
    try:
        path, library = installed_libraries.core(instructions)
        # torch brings the OpenMP library whose threads the core shares, so it has to come first
        import torch  # noqa: F401

        return Core(path, instructions, installed_libraries.load(path, library))
    except BackendError as error:
        return error
    except (OSError, AttributeError) as error:
        return BackendError(f"the native core cannot be loaded: {error}", installed_libraries.rebuild())


class CellLibrary:
    """A compiled cell.

    Attributes
    ----------
    pointer : int
        Its description, for the core.
    sizes : list of str
        The sizes whose numbers a call gives.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
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


_cells: dict[tuple[str, str], CellLibrary | BackendError] = {}


def cell(graph: Graph, name: str) -> CellLibrary:
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
                    found = BackendError(f"the compiled cell {name} cannot be loaded: {error}", toolchain.ELSEWHERE)
                _cells[key] = found
    if isinstance(found, BackendError):
        raise found
    return found


def _load(graph: Graph, name: str, instructions: str) -> CellLibrary:
    """Load a cell: the installed one, or one from the cache with what the user is told about it."""
    found, why = installed_libraries.cell(graph, instructions)
    if found is not None:
        return CellLibrary(installed_libraries.load(*found))
    # imported where it is needed: a process that only loads stock cells starts faster
    from recur.compiler.cplusplus import source
    from recur.compiler.program import program
    from recur.engine.native import cell_cache

    kind = toolchain.CELL_SET.get(instructions, instructions)
    text = source(program(graph), name)
    content, said = cell_cache.content(text, name, kind)
    try:
        made = CellLibrary(library_loading.load(content, name))
    except OSError:
        # kept by a machine whose libraries are others
        content, said = cell_cache.content(text, name, kind, again=True)
        made = CellLibrary(library_loading.load(content, name))
    if said:
        warnings.warn(CompiledNotice(f"{said}: {why}" if why else said), stacklevel=2)
    return made


class CompiledNotice(UserWarning):
    """A cell was compiled at its first use: a message, so that the seconds it took are explained."""
