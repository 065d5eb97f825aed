"""The build for this processor: what is compiled how, and when it may be loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from recur import equations
from recur.compiler import build, generate, manifest
from recur.compiler.toolchain import library_name
from recur.errors import BackendError

Job = tuple[str, str, str, tuple[str, ...]]


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """What would be compiled, where no compiler is started: source, library, set and further flags."""
    found: list[Job] = []

    def compiled(source: Path, output: Path, instructions: str, extra: Sequence[str] = ()) -> None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(source.name.encode())
        found.append((source.name, str(output.relative_to(output.parents[1])), instructions, tuple(extra)))

    monkeypatch.setattr(build, "compile_library", compiled)
    monkeypatch.setattr(build, "instruction_set", lambda: "avx512bf16")
    monkeypatch.setattr(generate, "stock_graphs", lambda: iter([("elman", equations.get("elman").graph)]))
    return found


def test_the_core_and_the_cells_are_compiled_for_this_processor(tmp_path: Path, jobs: list[Job]) -> None:
    assert build.main([str(tmp_path)]) == 0
    cell = library_name(equations.get("elman").digest)
    assert sorted(jobs) == [
        (cell.replace(".so", ".cpp"), f"avx512/{cell}", "avx512", ()),
        ("core.cpp", "avx512bf16/core.so", "avx512bf16", ("-fopenmp",)),
    ]
    found = manifest.read(tmp_path)
    assert set(found.libraries) == {f"avx512/{cell}", "avx512bf16/core.so"}
    assert found.library(equations.get("elman").digest, "avx512bf16") == f"avx512/{cell}"


def test_every_access_is_watched_where_that_is_asked_for(tmp_path: Path, jobs: list[Job]) -> None:
    build.main([str(tmp_path), "--sanitize"])
    assert len(jobs) == 2
    for _, _, _, extra in jobs:
        assert "-fsanitize=address,undefined" in extra


@pytest.mark.usefixtures("jobs")
def test_a_build_that_fails_leaves_nothing_to_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build.main([str(tmp_path)])

    def refused(*_: object) -> None:
        raise BackendError("there is no C++ compiler")

    monkeypatch.setattr(build, "compile_library", refused)
    with pytest.raises(BackendError, match="no C"):
        build.main([str(tmp_path)])
    assert not (tmp_path / manifest.NAME).exists()
