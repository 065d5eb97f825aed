"""The rules of the house, held by machine: who imports whom, what starts fast, what is never written."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "recur"
MODULES = sorted(PACKAGE.rglob("*.py"))

# nothing imports from a room to its right
ORDER = (
    "_version", "errors", "figures", "printable", "atomic", "bounded", "config", "config_file", "equations", "compiler",
    "engine", "nn",
    "codecs", "data", "modes", "run", "training", "export", "inspect", "predictions", "model", "views", "serve",
    "demos", "cli", "__main__",
)  # fmt: skip
WITHOUT_TORCH = (
    "errors", "figures", "printable", "atomic", "bounded", "config", "config_file", "equations", "compiler", "codecs",
    "data", "predictions", "views", "cli",
)  # fmt: skip
LONGEST = 500  # lines; a file is one idea, usually under 400


def room(path: Path) -> str:
    """The first folder, or the file itself, below src/recur."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, room) for every import of our own package in a file, also those within functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "recur" and len(parts) > 1 and parts[1] in ORDER:
                yield getattr(node, "lineno", 0), parts[1]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_imports_upwards(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        return  # the table of public names; it imports each when it is asked for
    assert room(path) in ORDER, f"{room(path)} is a new room: give it a place in ORDER"
    for line, other in imported_rooms(path):
        assert ORDER.index(other) <= ORDER.index(room(path)), f"{path}:{line} imports {other}, which is above it"


@pytest.mark.parametrize("name", WITHOUT_TORCH)
def test_rooms_that_a_command_line_touches_do_not_import_torch(name: str) -> None:
    modules = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in MODULES
        if room(path) == name
    ]
    code = f"import sys\nfor name in {modules!r}: __import__(name)\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["train", "x", "--hiden-size", "3"], ["trian"]])
def test_a_line_that_computes_nothing_does_not_load_torch(words: list[str]) -> None:
    code = f"import sys\nfrom recur.cli import main\nmain({words!r})\nassert 'torch' not in sys.modules"
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    print(f"recur {' '.join(words)}: {time.perf_counter() - started:.2f} s")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_file_is_one_idea(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def written_files() -> list[Path]:
    """Every text file of the project that a person wrote."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout: the list of files is git's")
    return [path for path in map(ROOT.joinpath, listed.stdout.splitlines()) if path.is_file()]


def test_no_file_names_a_place_of_one_machine_or_leaves_work_undone() -> None:
    places = re.compile(r"(?<![\w.$}/])/(?:work|tmp|home|root|Users|mnt)/\w|\b(?:TODO|FIXME|XXX)\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in written_files()
        if path != Path(__file__) and path.suffix in {".py", ".md", ".toml", ".txt", ".cpp", ".h", ""}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if places.search(line)
    ]
    assert not found, "\n".join(found)


def test_nothing_is_read_by_pickle() -> None:
    loads = re.compile(r"\bpickle\.(?:load|dump)|torch\.load\((?!.*weights_only=True)")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if loads.search(line)
    ]
    assert not found, found
