"""Built libraries are taken only where this version would build the same, and only undamaged."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from functools import cache
from pathlib import Path

import pytest

from recur import equations
from recur.compiler import cplusplus, manifest, toolchain
from recur.compiler.variants import lifted
from recur.engine import run
from recur.engine.native import installed_libraries, library
from tests.engine.helpers import assert_native_is_eager, make
from tests.engine.new_cells import forget

DIGEST = lifted(equations.get("lstm").graph)[0].digest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the core and the LSTM, with their manifest, that is taken for the installed one."""
    instructions = toolchain.instruction_set()
    source = next(one for one in installed_libraries.folders() if (one / manifest.NAME).exists())
    made = manifest.read(source)
    for file in (f"{instructions}/core.so", made.library(DIGEST, instructions)):
        (tmp_path / "lib" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / file, tmp_path / "lib" / file)
    shutil.copy(source / manifest.NAME, tmp_path / "lib")
    monkeypatch.setenv("RECUR_CACHE", str(tmp_path / "cells"))
    monkeypatch.delenv("RECUR_LIBRARIES", raising=False)
    monkeypatch.setattr(installed_libraries, "folders", lambda: (tmp_path / "lib",))
    monkeypatch.setattr(library, "_core", cache(library._core.__wrapped__))
    forget()
    yield tmp_path / "lib"
    forget()


def core_of(folder: Path) -> Path:
    return folder / toolchain.instruction_set() / "core.so"


def lstm_of(folder: Path) -> Path:
    return folder / manifest.read(folder).library(DIGEST, toolchain.instruction_set())


def use() -> tuple[str, str, str]:
    """Run an LSTM: which backend ran it, why the native one did not, and what was said."""
    case = make("lstm", 3, 2, 2, 4)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        report = run(case.equation, case.x, None, case.parameters).report
    return report.ran, str(report.reasons.get("native", "")), " ".join(str(one.message) for one in said)


@pytest.mark.usefixtures("folder")
def test_what_this_version_built_is_loaded_without_a_word(tmp_path):
    assert use() == ("native", "", "")
    assert not (tmp_path / "cells").exists()


@pytest.mark.parametrize("part", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_core_that_is_cut_short_is_a_reason(folder, part):
    core = core_of(folder)
    size = int(core.stat().st_size * part)
    os.truncate(core, size)
    ran, reason, _ = use()
    assert ran == "stock"
    assert f"{core} is damaged ({size:,} bytes): its SHA-256 is not the one in manifest.json" in reason
    assert installed_libraries.rebuild() in reason


def test_a_core_of_other_sources_is_a_reason(folder, monkeypatch):
    monkeypatch.setattr(manifest, "core_digest", lambda: "f" * 64)
    ran, reason, _ = use()
    assert ran == "stock"
    assert f"the native core in {folder} was built from other sources than these" in reason


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.999])
def test_a_stock_cell_that_is_cut_short_is_compiled_again(folder, part):
    cell = lstm_of(folder)
    os.truncate(cell, int(cell.stat().st_size * part))
    ran, _, said = use()
    assert ran == "native"
    assert said.startswith("compiled the cell lstm in ")
    assert f"{cell} is damaged" in said
    assert_native_is_eager(make("lstm", 3, 2, 2, 4))


@pytest.mark.usefixtures("folder")
def test_a_stock_cell_of_another_text_is_compiled_again(monkeypatch):
    monkeypatch.setattr(manifest, "generator_digest", lambda: "f" * 64)
    write = cplusplus.source
    monkeypatch.setattr(cplusplus, "source", lambda made, name: f"// a newer version\n{write(made, name)}")
    ran, _, said = use()
    assert ran == "native"
    assert said.endswith(": the installed one was built from other sources")
    assert_native_is_eager(make("lstm", 3, 2, 2, 4))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("digest", ["f" * 64, ""])
def test_a_stock_cell_of_the_same_text_is_loaded_though_the_compilers_sources_differ(monkeypatch, digest):
    monkeypatch.setattr(manifest, "generator_digest", lambda: digest)
    assert use() == ("native", "", "")


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff", b"[" * 100_000])
def test_libraries_without_a_manifest_are_not_loaded(folder, content):
    path = folder / manifest.NAME
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    ran, reason, _ = use()
    assert ran == "stock"
    expected = f"have no {manifest.NAME}" if content is None else f"{path} cannot be read"
    assert expected in reason


def test_a_folder_of_libraries_that_others_can_write_to_is_a_reason(folder, monkeypatch):
    monkeypatch.setenv("RECUR_LIBRARIES", str(folder))
    folder.chmod(0o777)
    ran, reason, _ = use()
    assert ran == "stock"
    assert f"{folder}, which RECUR_LIBRARIES names, can be written to by others (chmod go-w {folder})" in reason
    folder.chmod(0o755)
    forget()
    library._core.cache_clear()
    assert use()[0] == "native"


def test_a_folder_of_libraries_that_is_not_there_is_a_reason_that_names_the_variable(tmp_path):
    code = (
        "import torch; from recur.nn import LSTM; layer = LSTM(2, 3); layer(torch.zeros(4, 1, 2)); "
        "print(layer.backend_report().reasons['native'])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "RECUR_LIBRARIES": "no where"},
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    assert f"in {tmp_path}/no where, which RECUR_LIBRARIES names" in said
    assert "python -m recur.compiler.build 'no where'" in said
