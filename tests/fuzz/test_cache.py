"""Mutated and shortened cache files and libraries: the answer is that of the equation, or a reason, never a crash.

RECUR_FUZZ is the number of cases (default 60); each is derived from its number alone, so that one can be repeated:
`RECUR_FUZZ_CASE=17 pytest tests/fuzz/test_cache.py`.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from recur.compiler import manifest, toolchain
from recur.engine import run
from recur.engine.native import installed_libraries, library
from tests.engine.helpers import make
from tests.engine.new_cells import first_use, forget, new_cell
from tests.tolerances import close

ROOT = Path(__file__).parents[2]
CASES = int(os.environ.get("RECUR_FUZZ") or 60)
NUMBER = 0.75
IN_A_PROCESS = 100  # cases of one process: those that a crash would hide are run again by their number

# a compiler that compiles each text once: most cases compile again what was damaged
REMEMBERING = """#!/bin/sh
[ "$1" = --version ] && echo 1 && exit
for word; do case "$word" in *.cpp) name=$(basename "$word" .cpp);; *.so) made=$word;; esac; done
[ -f "{memory}/$name.so" ] || c++ "$@" && [ -s "$made" ] && cp "$made" "{memory}/$name.so"
exec cp "{memory}/$name.so" "$made"
"""


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Cut, lengthen, fill or change a file."""
    changed = bytearray(content)
    kind = chance.choice(["cut", "cut", "bits", "bits", "zeros", "header", "longer", "empty", "swap"])
    at = chance.randrange(len(changed) or 1)
    if kind == "cut":
        del changed[at:]
    elif kind == "bits":
        for _ in range(chance.choice([1, 1, 8, 200])):
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    elif kind == "zeros":
        changed[at : at + 4096] = bytes(len(changed[at : at + 4096]))
    elif kind == "header":
        changed[chance.randrange(min(64, len(changed)))] ^= 0xFF
    elif kind == "longer":
        changed += chance.randbytes(chance.choice([1, 100, 5000]))
    elif kind == "empty":
        changed.clear()
    else:
        changed = changed[at:] + changed[:at]
    return bytes(changed)


def replaced(path: Path, chance: random.Random) -> None:
    """Put something in the place of a file, or change it."""
    kind = chance.choice(["mutate"] * 8 + ["remove", "folder", "link", "pipe"])
    if kind == "mutate":
        path.write_bytes(mutated(path.read_bytes(), chance))
        return
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(chance.choice(["/dev/zero", "/nonexistent", sys.executable]))
    elif kind == "pipe":
        os.mkfifo(path)


def attack(number: int, pristine: Path, work: Path) -> str:
    """Change one or two files of a copy, and run both cells: which backends ran."""
    chance = random.Random(number)
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(pristine, work)
    files = sorted(path for path in work.rglob("*") if path.is_file())
    if chance.random() < 0.1:
        (next((work / "cells").glob("*")) / "cell-x.lock").symlink_to("/dev/zero")
    for path in chance.sample(files, chance.choice([1, 1, 2])):
        replaced(path, chance)
    forget()
    library._core.cache_clear()
    ran = []
    for cell in (new_cell(NUMBER), "lstm"):
        case = make(cell, 3, 2, 2, 4)
        with torch.no_grad():
            expected = run(case.equation, case.x, None, case.parameters, backend="eager")
            found = run(case.equation, case.x, None, case.parameters)
        close(found.outputs, expected.outputs, f"case {number}")
        assert found.report.ran == "native" or found.report.reasons["native"], number
        ran.append(found.report.ran)
    return "/".join(ran)


def main(first: int, last: int, pristine: str, work: str) -> None:
    """Run cases; print the number of each before it, so that a crash has a name."""
    os.environ["RECUR_CACHE"] = f"{work}/cells"
    os.environ.pop("RECUR_LIBRARIES", None)  # as installed: loaded from memory
    installed_libraries.folders = lambda: (Path(work) / "lib",)
    for number in range(first, last):
        print(f"case {number}", flush=True)
        print(attack(number, Path(pristine), Path(work)), flush=True)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """A cache with one cell, and the libraries of a core and of an LSTM with their manifest."""
    from recur import equations
    from recur.compiler.variants import lifted

    folder = tmp_path_factory.mktemp("fuzz") / "pristine"
    compiler = folder.parent / "remembering"
    compiler.write_text(REMEMBERING.format(memory=folder.parent))
    compiler.chmod(0o755)
    instructions = toolchain.instruction_set()
    source = next(one for one in installed_libraries.folders() if (one / manifest.NAME).exists())
    made = manifest.read(source)
    digest = lifted(equations.get("lstm").graph)[0].digest
    for file in (f"{instructions}/core.so", made.library(digest, instructions), manifest.NAME):
        (folder / "lib" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / file, folder / "lib" / file)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RECUR_CACHE", str(folder / "cells"))
        patched.setenv("CXX", str(compiler))
        forget()
        first_use(new_cell(NUMBER))
        forget()
    return folder


@pytest.mark.skipif(toolchain.compiler() is None, reason="there is no C++ compiler")
def test_damaged_files_give_the_right_answer_or_a_reason_and_never_a_crash(pristine, tmp_path):
    one = os.environ.get("RECUR_FUZZ_CASE")
    cases = range(int(one), int(one) + 1) if one else range(CASES)
    seen: list[str] = []
    for first in range(cases.start, cases.stop, IN_A_PROCESS):
        last = min(first + IN_A_PROCESS, cases.stop)
        folders = f"{str(pristine)!r}, {str(tmp_path / 'work')!r}"
        code = f"from tests.fuzz.test_cache import main; main({first}, {last}, {folders})"
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True,
            timeout=60 + 5 * IN_A_PROCESS, env={**os.environ, "CXX": str(pristine.parent / "remembering")},
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout[-200:]}\n{done.stderr[-3000:]}"
        seen += done.stdout.splitlines()
    ran = [line for line in seen if not line.startswith("case")]
    assert len(ran) == len(cases)
    print({kind: ran.count(kind) for kind in sorted(set(ran))})
