"""The manifest: what libraries were built from is written down, and a change of any of it is noticed."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from recur.compiler import manifest, toolchain

PACKAGE = Path(manifest.__file__).parents[1]


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A copy of the package's sources, whose digests are asked for."""
    for room in ("compiler", "native", "equations"):
        shutil.copytree(PACKAGE / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "lib"))
    monkeypatch.setattr(manifest, "_PACKAGE", tmp_path)
    monkeypatch.setattr(manifest, "HEADERS", tmp_path / "native")
    monkeypatch.setattr(toolchain, "HEADERS", tmp_path / "native")
    yield tmp_path
    forget()


def forget() -> None:
    for one in (manifest.generator_digest, manifest.core_digest, toolchain.headers_digest):
        one.cache_clear()


def digests() -> tuple[str, str, str]:
    forget()
    return manifest.generator_digest(), manifest.core_digest(), manifest.recipe("text")


@pytest.mark.parametrize(
    ("file", "generator", "core", "recipe"),
    [
        ("compiler/program.py", True, False, False),
        ("compiler/toolchain.py", True, False, False),
        ("equations/graph.py", True, False, False),
        ("equations/sizes.py", True, False, False),
        ("equations/lstm.py", False, False, False),
        ("native/cell.h", True, True, True),
        ("native/elementwise.h", True, True, True),
        ("native/vec.h", True, True, True),
        ("native/core.cpp", False, True, False),
        ("native/backward.h", False, True, False),
    ],
)
def test_a_changed_source_changes_the_digests_of_what_is_built_from_it(sources, file, generator, core, recipe):
    before = digests()
    path = sources / file
    path.write_bytes(path.read_bytes().replace(b"\n", b"\n\n", 1))
    after = digests()
    assert [one != other for one, other in zip(before, after, strict=True)] == [generator, core, recipe]


@pytest.mark.usefixtures("sources")
def test_changed_flags_change_the_recipe_and_the_core(monkeypatch):
    before = digests()
    monkeypatch.setattr(toolchain, "_FLAGS", (*toolchain._FLAGS, "-O2"))
    after = digests()
    assert before[1] != after[1]
    assert before[2] != after[2]


def test_the_digest_of_the_generator_covers_every_module_that_it_imports():
    # errors hold words and no rules, and the files are written and loaded elsewhere than the text is decided
    covered = {f"recur.compiler.{path.stem}" for path in (PACKAGE / "compiler").glob("*.py")}
    covered |= {"recur.equations.graph", "recur.equations.sizes", "recur.errors"}
    waiting, seen = ["recur.compiler.cplusplus", "recur.compiler.program"], set()
    while waiting:
        name = waiting.pop()
        if name in seen or name == "recur.errors":
            continue
        seen.add(name)
        tree = ast.parse((PACKAGE.parent / f"{name.replace('.', '/')}.py").read_text())
        waiting += [one.module for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) and "recur" in one.module]
    assert len(seen) > 6
    assert seen <= covered


@pytest.mark.skipif(toolchain.compiler() is None, reason="there is no C++ compiler")
def test_the_digest_of_the_headers_covers_every_header_that_a_cell_includes(tmp_path):
    text = tmp_path / "cell.cpp"
    text.write_text('#include "cell.h"\n#include "elementwise.h"\n#include "spread.h"\n#include "vec.h"\n')
    command = [*toolchain.compiler().words, "-MM", f"-I{toolchain.HEADERS}", str(text)]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    included = {Path(word).name for word in said.replace("\\", " ").split() if word.endswith(".h")}
    assert included == set(toolchain.CELL_HEADERS)


def test_without_its_sources_the_generator_has_no_digest(sources):
    (sources / "equations" / "graph.py").unlink()
    forget()
    assert manifest.generator_digest() == ""


def test_a_build_lists_what_it_is_made_of_and_the_manifest_adds_the_hashes(tmp_path):
    (tmp_path / "lib" / "plain").mkdir(parents=True)
    (tmp_path / "lib" / "plain" / "core.so").write_bytes(b"abc")
    manifest.write_listing(tmp_path, {"f" * 64: {"name": "lstm", "recipe": "r"}})
    subprocess.run(
        [sys.executable, "-m", "recur.compiler.manifest", str(tmp_path / "lib"), str(tmp_path / manifest.LISTING)],
        check=True, timeout=60,
    )  # fmt: skip
    made = manifest.read(tmp_path / "lib")
    assert made.libraries == {"plain/core.so": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
    assert (made.core, made.generator) == (manifest.core_digest(), manifest.generator_digest())
    assert made.cells == {"f" * 64: {"name": "lstm", "recipe": "r"}}
    assert made.library("f" * 64, "plain") is None


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 50_000, b'{"core": "a"}', b" " * (2 << 20),
        json.dumps({"core": 1, "generator": "", "cells": {}, "libraries": {}}).encode(),
        json.dumps({"core": "", "generator": "", "cells": [], "libraries": {}}).encode(),
        json.dumps({"core": "", "generator": "", "cells": {"a": 1}, "libraries": {}}).encode(),
        json.dumps({"core": "", "generator": "", "cells": {"a": {"name": "x"}}, "libraries": {}}).encode(),
        json.dumps({"core": "", "generator": "", "cells": {}, "libraries": {"a": None}}).encode(),
        json.dumps({**asdict(manifest.Manifest("", "", {})), "more": 1}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_manifest_is_refused(tmp_path, content):
    (tmp_path / manifest.NAME).write_bytes(content)
    with pytest.raises((ValueError, OSError)):
        manifest.read(tmp_path)
