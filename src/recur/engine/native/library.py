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
    """Make a forked process compute on one thread, torch included, like the workers of its DataLoader.

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
        # PYFUNCTYPE keeps the GIL, so that no other thread can change the tensors meanwhile
        self.tensor_addresses = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(("recur_tensor_addresses", library))
        self.freeze = self._function("recur_freeze", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
        self.frozen_uses = self._function("recur_frozen_uses", ctypes.c_int64, ctypes.c_void_p)
        self.thaw = self._function("recur_thaw", None, ctypes.c_void_p)
        self.stream_open = self._function("recur_stream_open", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
        self.stream_get = self._function("recur_stream_get", ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
        self.stream_set = self._function("recur_stream_set", ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
        self.stream_close = self._function("recur_stream_close", None, ctypes.c_void_p)
        self.stack_open = self._function(
            "recur_stack_open", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64
        )
        self.stack_run = self._function(
            "recur_stack_run", ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64
        )
        self.stack_close = self._function("recur_stack_close", None, ctypes.c_void_p)
        # they make a Python object, so they keep the GIL
        self.python_step = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p)(("recur_python_step", library))
        self.python_forward = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p)(("recur_python_forward", library))
        self.trim = self._function("recur_trim", None)
        self.abi = int(self._function("recur_abi", ctypes.c_int64)())
        self.interrupted = ctypes.cast(self.library.recur_python_interrupted, ctypes.c_void_p).value or 0
        self._message = self._function("recur_message", ctypes.c_char_p)
        self.whole_kernel = str(self._function("recur_whole_kernel", ctypes.c_char_p)().decode())

    def _function(self, name: str, result: Any, *arguments: Any) -> Any:
        function = getattr(self.library, name)
        function.restype, function.argtypes = result, list(arguments)
        return function

    @property
    def message(self) -> str:
        """The error message of this thread's last call."""
        return str(self._message().decode())


def core() -> Core:
    """The core for this processor.

    Raises
    ------
    BackendError
        If it was not built, or built from other sources, or is damaged.
    """
    loaded = _core(toolchain.instruction_set())
    if isinstance(loaded, BackendError):
        raise BackendError(loaded.message, loaded.hint)
    return loaded


@cache
def _core(instructions: str) -> Core | BackendError:
    try:
        path, library = installed_libraries.core(instructions)
        # torch loads the OpenMP library whose threads the core shares, so it is imported first
        import torch  # noqa: F401

        return Core(path, instructions, installed_libraries.load(path, library))
    except BackendError as error:
        return error
    except (OSError, AttributeError) as error:
        return BackendError(f"the native core cannot be loaded: {error}", installed_libraries.rebuild())


class CellLibrary:
    """A compiled cell.

    Parameters
    ----------
    library : ctypes.CDLL
        What exports it.
    name : str
        The function that returns its description.

    Attributes
    ----------
    pointer : int
        Its description, for the core.
    sizes : list of str
        The sizes whose numbers a call passes.
    scanned : bool
        Whether one call of its kernel runs many steps.
    """

    def __init__(self, library: ctypes.CDLL, name: str = "recur_cell") -> None:
        self.library = library
        get = getattr(library, name)
        get.restype = ctypes.c_void_p
        self.pointer = int(get())
        head = _Head.from_address(self.pointer)
        self.abi = int(head.abi)
        self.scanned = bool(head.scanned)
        self.sizes = [head.size_texts[n].decode() for n in range(head.size_count)]


class _Head(ctypes.Structure):
    _fields_ = (
        ("abi", ctypes.c_int32),
        ("vector_bytes", ctypes.c_int32),
        ("scanned", ctypes.c_int32),
        ("name", ctypes.c_char_p),
        ("size_count", ctypes.c_int32),
        ("size_texts", ctypes.POINTER(ctypes.c_char_p)),
    )


_cells: dict[tuple[str, str], CellLibrary | BackendError] = {}


def cell(graph: Graph, name: str) -> CellLibrary:
    """The compiled cell of a graph: installed, cached, or compiled now.

    Parameters
    ----------
    graph : Graph
        The step, with nothing in it that depends on parameters alone.
    name : str
        The user's name of the cell.

    Raises
    ------
    BackendError
        If it cannot be compiled; the error is remembered, and raised at once the next time.
    """
    instructions = toolchain.instruction_set()
    key = (graph.digest, instructions)
    loaded = _cells.get(key)
    if loaded is None:
        with _lock:
            loaded = _cells.get(key)
            if loaded is None:
                try:
                    loaded = _load(graph, name, instructions)
                    if loaded.abi != core().abi:
                        loaded = BackendError(
                            "the installed core and cells were built from other sources than these",
                            hint="install recur again: pip install --force-reinstall --no-deps .",
                        )
                except (BackendError, NotCompiledError) as error:
                    loaded = BackendError(error.message, error.hint)
                except OSError as error:
                    loaded = BackendError(f"the compiled cell {name} cannot be loaded: {error}", toolchain.ELSEWHERE)
                _cells[key] = loaded
    if isinstance(loaded, BackendError):
        raise loaded
    return loaded


def _load(graph: Graph, name: str, instructions: str) -> CellLibrary:
    """Load a cell: the installed one, or one from the cache, with a notice if it was compiled."""
    installed, why = installed_libraries.cell(graph, instructions)
    if installed is not None:
        return CellLibrary(installed_libraries.load(*installed))
    # imported here: a process that only loads stock cells starts faster
    from recur.compiler.cplusplus import source
    from recur.compiler.program import program
    from recur.engine.native import cell_cache

    kind = toolchain.CELL_SET.get(instructions, instructions)
    text = source(program(graph), name)
    content, notice = cell_cache.content(text, name, kind)
    try:
        loaded = CellLibrary(library_loading.load(content, name))
    except OSError:
        # it was compiled on a machine with other system libraries
        content, notice = cell_cache.content(text, name, kind, again=True)
        loaded = CellLibrary(library_loading.load(content, name))
    if notice:
        warnings.warn(CompiledNotice(f"{notice}: {why}" if why else notice), stacklevel=2)
    return loaded


class CompiledNotice(UserWarning):
    """A cell was compiled at its first use: a notice that explains the seconds it took."""
