"""Compiling at the first use: what is said, what is kept, who waits for whom, and what happens without a compiler."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
import threading
import warnings
from pathlib import Path

import pytest
import torch

from recur.compiler import toolchain
from recur.engine import run
from recur.engine.native import library
from recur.errors import BackendError
from recur.nn import Recurrent
from tests.engine.helpers import assert_native_is_eager, make
from tests.engine.new_cells import first_use, forget, new_cell
from tests.tolerances import close

pytestmark = pytest.mark.usefixtures("kept")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """An empty folder for compiled cells."""
    monkeypatch.setenv("RECUR_CACHE", str(tmp_path / "cells"))
    return tmp_path / "cells"


@pytest.fixture
def no_compiler(monkeypatch):
    monkeypatch.setenv("CXX", "/nonexistent")


def test_the_first_use_says_how_long_it_took_and_where_the_cell_is_kept(kept):
    (notice,) = first_use(new_cell(0.111), "auto")
    assert re.fullmatch(rf"compiled the cell leaky in \d+\.\d s \(kept in {re.escape(str(kept))}/.*\)", notice)
    assert first_use(new_cell(0.111)) == []  # an equal equation is the same cell
    assert len(list(kept.rglob("*.so"))) == 1


def test_the_next_process_loads_what_was_kept_and_says_nothing(monkeypatch):
    first_use(new_cell(0.112))
    forget()
    monkeypatch.setattr(toolchain, "compile_library", None)
    assert first_use(new_cell(0.112)) == []
    assert_native_is_eager(make(new_cell(0.112), 3, 2, 2, 4))


def test_the_cells_of_the_library_are_never_compiled_at_use(kept):
    forget()
    for name in ("lstm", "gru_layernorm"):
        case = make(name, 3, 2, 2, 4, noise=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert run(case.equation, case.x, None, case.parameters, noise=case.noise).report.ran == "native"
    assert not kept.exists()


def test_several_threads_that_use_a_new_cell_at_once_compile_it_once():
    cell = new_cell(0.114)
    case = make(cell, 3, 2, 2, 4)
    outputs = []

    def work():
        outputs.append(run(cell, case.x, None, case.parameters, backend="native").outputs.detach())

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert len([one for one in said if one.category is library.CompiledNotice]) == 1
    assert len(outputs) == 4
    assert all(torch.equal(one, outputs[0]) for one in outputs)


AT_ONCE = """
    import torch
    from recur.nn import Recurrent
    from tests.engine.new_cells import new_cell

    layer = Recurrent(new_cell(0.115), 3, 4, engine="native")
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(0.1)
    print(float(layer(torch.ones(5, 2, 3))[0].sum()))
"""


def test_several_processes_that_use_a_new_cell_at_once_compile_it_once(kept):
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(AT_ONCE)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[3],
        )
        for _ in range(3)
    ]  # fmt: skip
    said = [worker.communicate(timeout=60) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0], said
    assert len({out for out, _ in said}) == 1
    assert sum("compiled the cell" in err for _, err in said) == 1
    assert sorted(path.suffix for path in kept.rglob("cell-*")) == [".cpp", ".sha256", ".so"]
    assert not list(kept.rglob(".*"))


@pytest.mark.usefixtures("no_compiler")
def test_without_a_compiler_a_new_cell_runs_as_an_equation_and_the_report_says_what_to_do(kept):
    layer = Recurrent(new_cell(0.116), 3, 4)
    layer(torch.randn(5, 2, 3))
    report = layer.backend_report()
    assert report.ran == "eager"
    assert report.reasons["native"] == (
        'CXX is "/nonexistent", which is not a program (unset CXX, or name a compiler: export CXX=g++)'
    )
    layer.engine = "native"
    with pytest.raises(BackendError, match=r'native backend cannot run this layer: CXX is "/nonexistent"'):
        layer(torch.randn(5, 2, 3))
    assert not list(kept.rglob("*.so"))


def test_without_a_compiler_on_the_path_the_hint_is_to_install_one(monkeypatch):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(toolchain, "zig", lambda _: None)
    toolchain._compiler.cache_clear()
    layer = Recurrent(new_cell(0.117), 3, 4)
    layer(torch.randn(5, 2, 3))
    reason = layer.backend_report().reasons["native"]
    assert reason.startswith("there is no C++ compiler (c++, g++ or clang++) (pip install")
    assert Recurrent("lstm", 3, 4, engine="native")(torch.randn(5, 2, 3))[0].shape == (5, 2, 4)


def test_a_compiler_that_fails_is_a_reason_with_its_first_error(kept, tmp_path, monkeypatch):
    broken = tmp_path / "broken"
    script = "[ $1 = --version ] && echo 1 && exit; echo 'in file x' >&2; echo 'x:1: error: no such thing' >&2; exit 1"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CXX", str(broken))
    layer = Recurrent(new_cell(0.118), 3, 4)
    layer(torch.randn(5, 2, 3))
    reason = layer.backend_report().reasons["native"]
    assert re.fullmatch(r"broken could not compile cell-[\w-]+\.cpp: x:1: error: no such thing", reason)
    assert not list(kept.rglob("cell-*"))
    assert not list(kept.rglob(".*"))


def test_a_folder_that_cannot_be_made_is_a_reason_with_a_hint(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RECUR_CACHE", str(tmp_path / "file"))
    layer = Recurrent(new_cell(0.119), 3, 4)
    layer(torch.randn(5, 2, 3))
    report = layer.backend_report()
    assert report.ran == "eager"
    assert "compiled cells cannot be kept in" in report.reasons["native"]
    assert "export RECUR_CACHE=/a/folder" in report.reasons["native"]


def test_a_cell_that_the_core_would_refuse_is_a_reason(monkeypatch):
    monkeypatch.setattr(toolchain, "flags", lambda: [*toolchain._FLAGS, "-DRECUR_ABI=0x123"])
    cell = new_cell(0.122)
    case = make(cell, 3, 2, 2, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert run(cell, case.x, None, case.parameters).report.ran == "eager"


@pytest.mark.skipif(toolchain.zig("c++") is None, reason='needs pip install "recur-nn[compiler]"')
def test_without_a_compiler_on_the_path_a_new_cell_is_compiled_by_the_package(monkeypatch, kept):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", "")
    toolchain._compiler.cache_clear()
    layer, x = Recurrent(new_cell(0.129), 3, 4), torch.randn(5, 2, 3)
    y = layer(x)[0]
    assert layer.backend_report().ran == "native"
    assert list(kept.rglob("*.so"))
    layer.engine = "eager"
    close(layer(x)[0], y)
