"""What starts fast: rooms and command lines that do not load torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.house.tree import MODULES, module, room

WITHOUT_TORCH = (
    "errors", "figures", "printable", "markup", "atomic", "bounded", "config", "config_file", "equations", "compiler",
    "codecs", "data", "predictions", "views", "cli",
)  # fmt: skip


@pytest.mark.parametrize("name", WITHOUT_TORCH)
def test_rooms_that_a_command_line_touches_do_not_import_torch(name: str) -> None:
    modules = [module(path) for path in MODULES if room(path) == name]
    code = f"import sys\nfor name in {modules!r}: __import__(name)\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["train", "x", "--hiden-size", "3"], ["trian"]])
def test_a_line_that_computes_nothing_does_not_load_torch(words: list[str]) -> None:
    code = f"import sys\nfrom recur.cli import main\nmain({words!r})\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
