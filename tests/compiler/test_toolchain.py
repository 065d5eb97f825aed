"""The compiled text is real C++, and every set of instructions gives the same numbers."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from recur import equations
from recur.compiler import toolchain
from recur.compiler.cplusplus import size_texts, source
from recur.compiler.generate import main as generate
from recur.compiler.manifest import LISTING
from recur.compiler.program import program
from recur.engine.native.library import CellLibrary
from recur.errors import BackendError
from tests.engine.helpers import everything, make
from tests.tolerances import close, near

SETS = list(toolchain.SETS)
usable = SETS[SETS.index(toolchain._best_set()) :]


@pytest.mark.skipif(toolchain.compiler() is None, reason="there is no C++ compiler")
def test_the_text_of_a_stock_cell_compiles_to_a_library_that_describes_it(tmp_path):
    made = program(equations.get("gru_layernorm").graph)
    text = tmp_path / "cell.cpp"
    text.write_text(source(made, "gru_layernorm"))
    toolchain.compile_library(text, tmp_path / "lib" / "cell.so", "plain", ["-Wall", "-Wextra", "-Werror"])
    assert [path.name for path in (tmp_path / "lib").iterdir()] == ["cell.so"]
    cell = CellLibrary(ctypes.CDLL(str(tmp_path / "lib" / "cell.so")))
    assert cell.sizes == size_texts(made)
    name = ctypes.cast(cell.pointer + 16, ctypes.POINTER(ctypes.c_char_p))[0]
    assert name == b"gru_layernorm"


def test_the_build_lists_every_cell_once_and_writes_only_what_has_changed(tmp_path):
    assert generate(str(tmp_path)) == 0
    written = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    listed = (tmp_path / "build.cmake").read_text().splitlines()
    (cells,) = [line for line in listed if line.startswith("set(RECUR_CELLS ")]
    named = cells.removesuffix(")").split()[1:]
    assert sorted(f"{name}.cpp" for name in named) == sorted(set(written) - {"build.cmake", LISTING})
    assert len(set(named)) == len(named)
    assert generate(str(tmp_path)) == 0
    again = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert {**written, LISTING: 0} == {**again, LISTING: 0}


def test_other_processors_get_plain_cells_only(tmp_path):
    generate(str(tmp_path), "aarch64")
    text = (tmp_path / "build.cmake").read_text()
    assert "set(RECUR_CORE_SETS plain)" in text
    assert "avx" not in text


def test_an_instruction_set_that_does_not_exist_is_refused_with_those_that_do(monkeypatch):
    monkeypatch.setenv("RECUR_INSTRUCTIONS", "avx3")
    with pytest.raises(BackendError, match=f'RECUR_INSTRUCTIONS is "avx3", expected one of {", ".join(usable)}'):
        toolchain.instruction_set()
    monkeypatch.setenv("RECUR_INSTRUCTIONS", "plain")
    assert toolchain.instruction_set() == "plain"
    monkeypatch.setenv("RECUR_INSTRUCTIONS", "")
    assert toolchain.instruction_set() == usable[0]


def test_a_set_that_this_processor_lacks_is_refused(monkeypatch):
    monkeypatch.setattr(toolchain, "_best_set", lambda: "avx2")
    monkeypatch.setenv("RECUR_INSTRUCTIONS", "avx512")
    with pytest.raises(BackendError, match='RECUR_INSTRUCTIONS is "avx512", expected one of avx2, plain'):
        toolchain.instruction_set()


def test_a_set_that_does_not_exist_is_a_reason_in_the_report(monkeypatch):
    monkeypatch.setenv("RECUR_INSTRUCTIONS", "avx3")
    case = make("lstm", 3, 2, 2, 2)
    from recur.engine import run

    report = run(case.equation, case.x, None, case.parameters).report
    assert report.ran == "stock"
    assert 'RECUR_INSTRUCTIONS is "avx3"' in report.reasons["native"]
    assert "unset RECUR_INSTRUCTIONS" in report.reasons["native"]


@pytest.fixture
def program_at(tmp_path, monkeypatch):
    """Write a shell script and name it in CXX, with arguments."""

    def written(body: str, arguments: str = "") -> Path:
        path = tmp_path / "compiler"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        monkeypatch.setenv("CXX", f"{path}{arguments}")
        return path

    return written


def test_a_compiler_with_arguments_is_called_with_them(program_at):
    path = program_at("echo $1 of $0", " g++ -m64")
    found = toolchain.compiler()
    assert found.words == (str(path), "g++", "-m64")
    assert f"g++ of {path}" in found.identity


def test_a_compiler_in_a_folder_with_spaces_is_one_program(tmp_path, monkeypatch):
    (tmp_path / "my tools").mkdir()
    path = tmp_path / "my tools" / "g++"
    path.write_text("#!/bin/sh\necho version 1\n")
    path.chmod(0o755)
    monkeypatch.setenv("CXX", str(path))
    assert toolchain.compiler().words == (str(path),)


def test_a_compiler_behind_another_name_or_of_another_version_is_another_compiler(program_at, tmp_path):
    path = program_at("echo version 1")
    first = toolchain.compiler().identity
    toolchain._compiler.cache_clear()
    assert toolchain.compiler().identity == first
    path.write_text("#!/bin/sh\necho version 2\n")
    toolchain._compiler.cache_clear()
    second = toolchain.compiler().identity
    assert second != first
    path.rename(tmp_path / "other")
    path.symlink_to(tmp_path / "other")
    toolchain._compiler.cache_clear()
    assert toolchain.compiler().identity != second


@pytest.mark.parametrize(
    ("body", "asked", "expected"),
    [
        ("exit 3", None, "is not a C++ compiler that can be used: with --version it ended with 3"),
        ("exit 0", None, "is not a C++ compiler that can be used: with --version it said nothing"),
        ("", "/nonexistent/g++ -O2", 'CXX is "/nonexistent/g++ -O2", which is not a program'),
        ("", "g++ 'half", 'CXX is "g++ \'half", which is not a command: No closing quotation'),
    ],
)
def test_what_is_not_a_compiler_is_refused_with_a_sentence(program_at, monkeypatch, body, asked, expected):
    program_at(body)
    if asked is not None:
        monkeypatch.setenv("CXX", asked)
    with pytest.raises(BackendError) as refused:
        toolchain.compiler()
    assert expected in refused.value.message
    assert refused.value.hint == "unset CXX, or name a compiler: export CXX=g++"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "echo 'x: error: No space left on device' >&2; exit 1",
            "compiler could not compile cell.cpp: x: error: No",
        ),
        (
            "echo 'x: error: y' >&2; echo 'ld: No space left on device' >&2; exit 1",
            "compiler could not compile cell.cpp: ld: No space left on device",
        ),
        ("exit 4", "compiler could not compile cell.cpp: it ended with 4"),
        ("exit 0", "compiler wrote nothing for cell.cpp, expected a C++ compiler"),
        ("sleep 60", "compiler has not compiled cell.cpp within 1 s"),
    ],
)
def test_a_compilation_that_fails_leaves_nothing_behind(program_at, monkeypatch, tmp_path, body, expected):
    program_at(f"[ $1 = --version ] && echo 1 && exit; {body}")
    monkeypatch.setattr(toolchain, "_COMPILE_SECONDS", 1)
    (tmp_path / "cell.cpp").write_text("")
    with pytest.raises(BackendError) as refused:
        toolchain.compile_library(tmp_path / "cell.cpp", tmp_path / "lib" / "cell.so", "plain")
    assert refused.value.message.startswith(expected)
    assert list((tmp_path / "lib").iterdir()) == []


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"RECUR_CACHE": "/a/b"}, "/a/b"),
        ({"RECUR_CACHE": "", "XDG_CACHE_HOME": "/x"}, "/x/recur"),
        ({"RECUR_CACHE": "", "XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/recur"),
        ({"RECUR_CACHE": "", "XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/recur"),
    ],
)
def test_the_cache_is_an_absolute_folder(monkeypatch, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(toolchain.cache_folder()) == expected


def test_a_relative_cache_is_refused_with_what_to_type(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECUR_CACHE", "my cells")
    with pytest.raises(BackendError, match='RECUR_CACHE is "my cells", expected an absolute path') as refused:
        toolchain.cache_folder()
    assert refused.value.hint == f"export RECUR_CACHE='{tmp_path}/my cells'"


ELSEWHERE = """
    import sys
    import torch
    from tests.compiler.test_toolchain import results

    torch.save(results(), sys.argv[1])
"""


def results() -> dict[str, torch.Tensor]:
    """Outputs and gradients of some cells, at both precisions and with half factors."""
    found = {}
    for name in ("lstm", "gru", "gru_reset_before", "lstm_layernorm", "indrnn"):
        for dtype, precision in ((torch.float64, "float32"), (torch.float32, "float32"), (torch.float32, "bfloat16")):
            case = make(name, 3, 9, 7, 37, ragged=True, resets=True, noise=True, dtype=dtype)
            case.parameters = {p: (value.detach() * 0.3).requires_grad_() for p, value in case.parameters.items()}
            for what, value in everything(case, "native", precision=precision).items():
                found[json.dumps([name, str(dtype), precision, what])] = value
    return found


@pytest.mark.parametrize("instructions", usable[1:])
def test_every_set_of_instructions_gives_the_numbers_of_the_best(instructions, tmp_path):
    subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", textwrap.dedent(ELSEWHERE), str(tmp_path / "found")],
        check=True, cwd=Path(__file__).parents[2], timeout=120,
        env={**os.environ, "RECUR_INSTRUCTIONS": instructions, "RECUR_FILL_NAN": "1"},
    )  # fmt: skip
    found = torch.load(tmp_path / "found", weights_only=True)
    expected = results()
    assert list(found) == list(expected)
    for key, value in expected.items():
        _, dtype, precision, _ = json.loads(key)
        if dtype == "torch.float64":
            close(found[key], value, key)
        else:
            near(found[key], value, key, torch.bfloat16 if precision == "bfloat16" else torch.float32)
