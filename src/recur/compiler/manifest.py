"""Manifest of built libraries: the digests of their sources, and the SHA-256 of each file.

python -m recur.compiler.manifest LIBRARIES LISTING

An upgrade, or a changed source under an editable install, may leave libraries of another version in place. So the
build records digests of the core's sources and of everything that determines the text of a stock cell, and the loader
compares them with the current sources.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from recur import atomic, bounded
from recur.compiler import library_loading
from recur.compiler.toolchain import CELL_SET, HEADERS, SETS, flags, headers_digest, library_name

NAME = "manifest.json"
LISTING = "cells.json"
_PACKAGE = HEADERS.parent
_LARGEST = 1 << 20  # bytes of a manifest; one has about 25 KB


@dataclass(frozen=True)
class Manifest:
    """The sources and files of a folder of libraries.

    Attributes
    ----------
    core, generator : str
        Digests of the sources; see ``core_digest`` and ``generator_digest``.
    cells : dict of str to dict
        By digest of the graph: the cell's ``name`` in the text, and its ``recipe``.
    libraries : dict of str to str
        SHA-256 of each file, by its path in the folder.
    """

    core: str
    generator: str
    cells: dict[str, dict[str, str]]
    libraries: dict[str, str] = field(default_factory=dict)

    def library(self, digest: str, instructions: str) -> str | None:
        """The path in the folder of a graph's cell, if there is one."""
        file = f"{CELL_SET.get(instructions, instructions)}/{library_name(digest)}"
        return file if digest in self.cells and file in self.libraries else None


def recipe(text: str) -> str:
    """A hash of what a cell is compiled from: its text, the headers, and the flags of every set of instructions."""
    what = [text, headers_digest(), flags(), SETS]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


@cache
def generator_digest() -> str:
    """A hash of everything that determines the recipe of a graph; empty where the sources are not installed.

    Equal digests imply equal texts, and comparing them takes a millisecond less than generating one text.
    """
    sources = [*_PACKAGE.glob("compiler/*.py"), *(_PACKAGE / "equations" / f"{name}.py" for name in ("graph", "sizes"))]
    try:
        return _digest(sources, headers_digest())
    except OSError:
        return ""


@cache
def core_digest() -> str:
    """A hash of the core's sources and the flags they are compiled with.

    Raises
    ------
    OSError
        If the sources are not installed.
    """
    return _digest([HEADERS / "core.cpp", *HEADERS.glob("*.h")], json.dumps([flags(), SETS]))


def _digest(paths: Iterable[Path], more: str) -> str:
    digest = hashlib.sha256(more.encode())
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def write_listing(folder: Path, cells: Mapping[str, Mapping[str, str]]) -> None:
    """Write what will be built; ``write`` adds the hashes of the libraries afterwards."""
    listing = Manifest(core_digest(), generator_digest(), {digest: dict(cell) for digest, cell in cells.items()})
    atomic.write_text(folder / LISTING, json.dumps(asdict(listing)))


def write(libraries: Path, listing: Path) -> None:
    """Write the manifest of a folder of libraries, once they are all there."""
    listing_content: dict[str, Any] = json.loads(listing.read_text(encoding="utf-8"))
    listing_content["libraries"] = {
        str(path.relative_to(libraries).as_posix()): bounded.fingerprint(path)["sha256"]
        for path in sorted(libraries.glob("*/*.so"))
    }
    atomic.write_text(libraries / NAME, json.dumps(listing_content, indent=1) + "\n")


def read(folder: Path) -> Manifest:
    """Read the manifest of a folder of libraries.

    Raises
    ------
    OSError
        If there is none, or it cannot be read.
    ValueError
        If it is not a manifest.
    """
    content = library_loading.read(folder / NAME, _LARGEST)
    try:
        manifest = Manifest(**json.loads(content))
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    tables = (manifest.libraries, manifest.cells)
    texts = (
        manifest.core,
        manifest.generator,
        *(manifest.libraries.values() if isinstance(manifest.libraries, dict) else ()),
    )
    if not all(isinstance(one, dict) for one in tables) or not all(isinstance(one, str) for one in texts):
        raise ValueError("a value has another type")
    if not all(isinstance(one, dict) and {"name", "recipe"} <= one.keys() for one in manifest.cells.values()):
        raise ValueError("a cell has no recipe")
    return manifest


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the manifest: the last step of a build."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="python -m recur.compiler.manifest", description="write the manifest of built libraries"
    )
    parser.add_argument("libraries", type=Path, help="the folder that holds one folder per set of instructions")
    parser.add_argument("listing", type=Path, help=f"the {LISTING} that recur.compiler.generate wrote")
    options = parser.parse_args(arguments)
    write(options.libraries, options.listing)
    return 0


if __name__ == "__main__":
    sys.exit(main())
