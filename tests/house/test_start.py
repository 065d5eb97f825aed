"""What starts fast: rooms and command lines that do not load torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def test_training_and_predicting_do_not_load_the_compiler_of_torch(tmp_path: Path) -> None:
    texts = [("good fine", "yes"), ("bad poor", "no")] * 10
    code = f"""
import sys
import recur
model = recur.fit({texts!r}, epochs=1, hidden_size=4, out={str(tmp_path / "run")!r}, progress=False)
recur.fit({[("ab", "ba"), ("cd", "dc")] * 10!r}, mode="many-to-many", attention="luong", epochs=1, hidden_size=4,
          progress=False)
recur.load({str(tmp_path / "run")!r}).predict("good")
assert "torch" in sys.modules
assert "torch._dynamo" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=120)
