"""The proof of an exported C file: its test is compiled by the compiler of this machine, and run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from recur.engine.c_step import zig
from recur.errors import BackendError, ConfigError

SECONDS = 300  # for each of compiler and test
_NAMES = ("cc", "gcc", "clang")
_STRICT = ("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror")


def c_compiler() -> tuple[str, ...]:
    """Return the words of a C compiler: CC, cc, gcc, clang, or zig as the package ziglang has it.

    Raises
    ------
    ConfigError
        When there is none.
    """
    requested = os.environ.get("CC", "").strip()
    if requested:
        words = shlex.split(requested)
        if shutil.which(words[0]) is None:
            raise ConfigError(f'CC is "{requested}", which is not a program', hint="unset CC, or export CC=gcc")
        if os.path.dirname(words[0]):  # it is started from another folder
            words[0] = os.path.abspath(words[0])
        return tuple(words)
    for name in _NAMES:
        program = shutil.which(name)
        if program is not None:
            return (program,)
    packaged = zig("cc")
    if packaged is not None:
        return packaged
    raise ConfigError(
        "there is no C compiler (cc, gcc or clang), and an export is proved by running it",
        hint='pip install "recur-nn[compiler]", or sudo apt install gcc',
    )


def prove(folder: Path, name: str, *, single: bool, library: bool, compiler: Sequence[str]) -> float:
    """Compile and run the test in a folder; return the largest difference as a share of the largest value.

    Raises
    ------
    BackendError
        When the compiler refuses the file, or the answers differ.
    """
    folder = folder.absolute()  # the program is started from within it
    program = folder / f"{name}_proof"
    sources = [f"{name}_test.c"] if single else [f"{name}_test.c", f"{name}.c"]
    flags = ["-O2", *_STRICT, *sources, "-o", program.name, *(["-lm"] if library else [])]
    try:
        code, text = _run([*compiler, *flags], folder)
        if code:
            first = next((line for line in text.splitlines() if "error" in line), text.strip()[-300:])
            raise _bug(f"{Path(compiler[0]).name} could not compile {name}.c: {first}")
        code, text = _run([str(program)], folder)
    finally:
        program.unlink(missing_ok=True)
    share = re.search(r"difference is ([-+.\w]+) of", text)
    if code or share is None:
        raise _bug(f"the C file of this network does not compute what the network does: {text.strip()[-300:]}")
    return float(share[1])


def _bug(message: str) -> BackendError:
    return BackendError(message, hint="this is a bug in recur: please report it with the configuration of the run")


def _run(command: Sequence[str], folder: Path) -> tuple[int, str]:
    try:
        ended = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise BackendError(f"{Path(command[0]).name} has not finished within {SECONDS} s") from None
    except OSError as error:
        raise BackendError(f"{Path(command[0]).name} cannot be started: {error.strerror}") from None
    return ended.returncode, ended.stdout + ended.stderr
