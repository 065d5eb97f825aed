"""Installed libraries: the core and the stock cells, used only if this version would build the same.

The manifest beside them tells what they were built from. An editable install, or an interrupted upgrade, may have other
sources now; then the core is refused, and a stock cell is compiled again into the cache.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import stat
import sysconfig
from functools import cache
from pathlib import Path

from recur.compiler import library_loading, manifest, toolchain
from recur.compiler.manifest import Manifest
from recur.equations.graph import Graph
from recur.errors import BackendError

_REINSTALL = "pip install --force-reinstall --no-deps . in the source folder, with a C++ compiler on the path"


@cache
def folders() -> tuple[Path, ...]:
    """The folders that may hold libraries: RECUR_LIBRARIES, or beside the headers, or the installed package."""
    requested = os.environ.get("RECUR_LIBRARIES")
    if requested:
        # a relative path is resolved against the working directory at its first use
        return (Path(requested).absolute(),)
    own = toolchain.HEADERS / "lib"
    installed = Path(sysconfig.get_path("platlib")) / "recur" / "native" / "lib"
    return (own, installed) if own != installed else (own,)


def rebuild() -> str:
    """The command that rebuilds libraries that are missing, outdated or damaged."""
    requested = os.environ.get("RECUR_LIBRARIES")
    return f"python -m recur.compiler.build {shlex.quote(requested)}" if requested else _REINSTALL


def core(instructions: str) -> tuple[Path, bytes]:
    """The core for a set of instructions: its path and its checked content.

    Raises
    ------
    BackendError
        If it was not built, or built from other sources, or is damaged.
    """
    file = f"{instructions}/core.so"
    for folder in folders():
        if not (folder / file).exists():
            continue
        built = _manifest(folder)
        if isinstance(built, BackendError):
            raise built
        try:
            digest = manifest.core_digest()
        except OSError as error:
            raise BackendError(f"the sources of the native core cannot be read: {error}", rebuild()) from None
        if built.core != digest:
            raise BackendError(f"the native core in {folder} was built from other sources than these", rebuild())
        content = _checked(folder, file, built)
        if isinstance(content, BackendError):
            raise content
        return folder / file, content
    requested = os.environ.get("RECUR_LIBRARIES")
    where = f" in {folders()[0]}, which RECUR_LIBRARIES names" if requested else ""
    raise BackendError(f"the native core was not built for {instructions}{where}", hint=rebuild())


def cell(graph: Graph, instructions: str) -> tuple[tuple[Path, bytes] | None, str]:
    """The built cell of a graph, with its path, if this version would build the same; or the reason against it."""
    why = ""
    for folder in folders():
        built = _manifest(folder)
        if isinstance(built, BackendError):
            continue
        file = built.library(graph.digest, instructions)
        if file is None:
            continue
        if not _current(built, graph):
            why = "the installed one was built from other sources"
            continue
        content = _checked(folder, file, built)
        if isinstance(content, bytes):
            return (folder / file, content), ""
        why = content.message
    return None, why


def load(path: Path, content: bytes) -> ctypes.CDLL:
    """Load a library from its checked content.

    One that RECUR_LIBRARIES names is loaded from its file, which debuggers, profilers and sanitizers can read: the
    variable is for work on the core itself.
    """
    return ctypes.CDLL(str(path)) if os.environ.get("RECUR_LIBRARIES") else library_loading.load(content, path.name)


def _current(built: Manifest, graph: Graph) -> bool:
    """Whether this version generates the text that a cell was built from; compared only if the sources differ."""
    digest = manifest.generator_digest()
    if digest and built.generator == digest:
        return True
    # imported where it is needed: a process that only loads cells starts faster
    from recur.compiler.cplusplus import source
    from recur.compiler.program import program

    listed = built.cells[graph.digest]
    return listed["recipe"] == manifest.recipe(source(program(graph), listed["name"]))


def _checked(folder: Path, file: str, built: Manifest) -> bytes | BackendError:
    try:
        content = library_loading.read(folder / file)
    except OSError as error:
        return BackendError(f"{folder / file} cannot be read: {error.strerror or error}", rebuild())
    if library_loading.sha256(content) != built.libraries.get(file):
        return BackendError(
            f"{folder / file} is damaged ({len(content):,} bytes): its SHA-256 is not the one in {manifest.NAME}",
            rebuild(),
        )
    return content


@cache
def _manifest(folder: Path) -> Manifest | BackendError:
    try:
        if os.environ.get("RECUR_LIBRARIES") and (error := _unsafe(folder)):
            return error
        return manifest.read(folder)
    except FileNotFoundError:
        return BackendError(f"the libraries in {folder} have no {manifest.NAME}: another version built them", rebuild())
    except (OSError, ValueError) as error:
        return BackendError(f"{folder / manifest.NAME} cannot be read: {error}", rebuild())


def _unsafe(folder: Path) -> BackendError | None:
    state = folder.stat()
    if state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return BackendError(
            f"{folder}, which RECUR_LIBRARIES names, can be written to by others",
            f"chmod go-w {shlex.quote(str(folder))}",
        )
    if state.st_uid not in (0, os.geteuid()):
        return BackendError(
            f"{folder}, which RECUR_LIBRARIES names, belongs to user {state.st_uid}, expected {os.geteuid()} or 0",
            "unset RECUR_LIBRARIES",
        )
    return None
