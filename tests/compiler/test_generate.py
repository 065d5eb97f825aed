"""The text of every stock cell, and what the build is told."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from recur import equations
from recur.compiler import generate, manifest
from recur.compiler.generate import main, stock_graphs
from recur.compiler.toolchain import SETS, library_name


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the text of every stock cell."""
    folder = tmp_path_factory.mktemp("generated") / "source"
    assert main(str(folder)) == 0
    return folder


def settings(folder: Path) -> dict[str, list[str]]:
    """What ``build.cmake`` sets."""
    lines = (folder / "build.cmake").read_text().splitlines()
    found = [re.fullmatch(r"set\((\w+) ?(.*)\)", line) for line in lines]
    assert all(found)
    return {line[1]: line[2].split() for line in found if line}


def test_every_cell_comes_plain_and_with_its_variants() -> None:
    kinds: dict[str, list[str]] = {}
    for name, graph in stock_graphs():
        kinds.setdefault(name, []).append(graph.digest)
    assert list(kinds) == equations.stock()
    # plain, recurrent dropout, zoneout, both; without a recurrent product there is no recurrent dropout
    assert {name: len(found) for name, found in kinds.items()} == {
        name: 3 if name == "indrnn" else 4 for name in equations.stock()
    }
    assert all(len(set(found)) >= len(found) - (name == "indrnn") for name, found in kinds.items())
    assert kinds["elman"][0] == equations.get("elman").digest


def test_there_is_a_file_for_every_cell_and_all_are_listed(written: Path) -> None:
    files = {path.stem for path in written.glob("*.cpp")}
    assert files == set(settings(written)["RECUR_CELLS"])
    assert files == {library_name(graph.digest).removesuffix(".so") for _, graph in stock_graphs()}
    listed = json.loads((written / manifest.LISTING).read_text())["cells"]
    assert {library_name(digest).removesuffix(".so") for digest in listed} == files
    for digest, cell in listed.items():
        text = (written / library_name(digest).replace(".so", ".cpp")).read_text()
        assert text.startswith(f"// {cell['name']}: one time step")
        assert cell["recipe"] == manifest.recipe(text)


def test_the_build_is_told_the_sets_of_instructions_and_their_flags(written: Path) -> None:
    found = settings(written)
    assert found["RECUR_CORE_SETS"] == list(SETS)
    assert found["RECUR_CELL_SETS"] == ["avx512", "avx2", "plain"]
    assert found["RECUR_FLAGS_avx2"] == ["-march=x86-64-v3"]
    assert "-shared" not in found["RECUR_FLAGS"]
    assert any(flag.startswith("-DRECUR_ABI=") for flag in found["RECUR_FLAGS"])


def test_a_file_that_is_up_to_date_is_left_alone(written: Path) -> None:
    cells = sorted(written.glob("*.cpp"))
    for path in [*cells, written / "build.cmake"]:
        os.utime(path, ns=(1, 1))
    cells[0].write_text("old")
    assert main(str(written)) == 0
    assert cells[0].read_text() != "old"
    assert {path.stat().st_mtime_ns for path in [*cells[1:], written / "build.cmake"]} == {1}


@pytest.mark.parametrize(("processor", "sets"), [("AMD64", list(SETS)), ("aarch64", ["plain"])])
def test_another_processor_has_one_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processor: str, sets: list[str]
) -> None:
    monkeypatch.setattr(generate, "stock_graphs", lambda: iter([("elman", equations.get("elman").graph)]))
    main(str(tmp_path), processor)
    assert settings(tmp_path)["RECUR_CORE_SETS"] == sets


def test_the_cells_are_written_where_neither_numpy_nor_torch_is_installed(tmp_path: Path) -> None:
    # as in the isolated environment in which a package is built
    without = "import sys; sys.modules.update(numpy=None, torch=None)"
    code = f"{without}; import recur.compiler.generate as g; g.main({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    assert (tmp_path / "build.cmake").exists()
