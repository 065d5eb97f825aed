"""The files of the package, what they import, and the files that people wrote: what every rule of the house reads."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "src" / "recur"
MODULES = sorted(PACKAGE.rglob("*.py"))


def relative(path: Path) -> str:
    """The path of a file below src/recur."""
    return path.relative_to(PACKAGE).as_posix()


@functools.cache
def syntax(path: Path) -> ast.Module:
    """The syntax tree of a file, parsed once."""
    return ast.parse(path.read_text(encoding="utf-8"))


def room(path: Path) -> str:
    """The first folder, or the file itself, below src/recur."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def module(path: Path) -> str:
    """The name that a file is imported by."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def imported_names(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) for every import in a file, also those within functions and for types alone."""
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def written_files() -> list[Path]:
    """Every text file of the project that a person wrote."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout: the list of files is git's")
    return [path for path in map(ROOT.joinpath, listed.stdout.splitlines()) if path.is_file()]
