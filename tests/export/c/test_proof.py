"""The compiler that proves an export: which one, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur.compiler.toolchain import zig
from recur.errors import BackendError, ConfigError
from recur.export import export_c
from recur.export.c import proof
from recur.export.c.proof import c_compiler, prove
from recur.modes.synced import Synced
from tests.export.c.networks import config, drawn, series


def test_cc_names_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "sh -x")
    assert c_compiler() == ("sh", "-x")
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(ConfigError, match=r'CC is "no-such-compiler", which is not a program'):
        c_compiler()


def test_a_compiler_of_this_folder_is_found_from_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cc").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "cc").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CC", "./cc -x")
    assert c_compiler() == (str(tmp_path / "cc"), "-x")


def test_without_a_compiler_an_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(proof, "zig", lambda _: None)
    with pytest.raises(ConfigError, match="there is no C compiler") as refused:
        c_compiler()
    assert "recur-nn[compiler]" in str(refused.value.hint)
    monkeypatch.setattr(proof, "zig", lambda name: ("python", "-m", "ziglang", name))
    assert c_compiler()[1:] == ("-m", "ziglang", "cc")


def test_a_compiler_that_fails_is_said_with_its_first_error(tmp_path: Path) -> None:
    script = tmp_path / "compiler"
    script.write_text("#!/bin/sh\necho 'model.c:1: error: nothing works' >&2\nexit 1\n")
    script.chmod(0o755)
    with pytest.raises(BackendError, match="compiler could not compile model.c: .*nothing works"):
        prove(tmp_path, "model", single=False, library=False, compiler=(str(script),))


@pytest.mark.skipif(zig("cc") is None, reason='needs pip install "recur-nn[compiler]"')
def test_without_a_compiler_on_the_path_an_export_is_proved_by_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "")
    monkeypatch.setenv("PATH", "")
    result = export_c(drawn(Synced(series(), series(), config())), tmp_path / "c")
    assert result.compiler == "zig cc"
