"""C++ toolchain: instruction sets, compiler, flags, and the folder of compiled cells."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from recur import atomic
from recur.errors import BackendError

HEADERS = Path(__file__).parent.parent / "native"
CELL_HEADERS = ("cell.h", "elementwise.h", "spread.h", "vec.h")

# best first; where only the core distinguishes a set, `CELL_SET` names the set of its cells
SETS: dict[str, tuple[str, ...]] = {
    "avx512bf16": ("-march=x86-64-v4", "-mavx512bf16", "-mprefer-vector-width=512"),
    "avx512": ("-march=x86-64-v4", "-mprefer-vector-width=512"),
    "avx2": ("-march=x86-64-v3",),
    "plain": (),
}
CELL_SET = {"avx512bf16": "avx512"}
_NEEDED = {
    "avx512": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx2", "fma", "bmi2"},
    "avx2": {"avx2", "fma", "bmi2", "movbe", "f16c"},
}
_NEEDED["avx512bf16"] = _NEEDED["avx512"] | {"avx512_bf16"}

_FLAGS = (
    "-std=c++17", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast", "-fPIC", "-shared",
    "-fvisibility=hidden", "-Wno-maybe-uninitialized", "-Wno-unknown-warning-option", "-Wno-psabi",
)  # fmt: skip

ELSEWHERE = "export RECUR_CACHE=/a/folder"
_NO_CXX = "unset CXX, or name a compiler: export CXX=g++"
_COMPILERS = ("c++", "g++", "clang++")
_ZIG = ("-m", "ziglang")
_VERSION_SECONDS = 60
_COMPILE_SECONDS = 600


def instruction_set() -> str:
    """The best instruction set of this processor, or the one that RECUR_INSTRUCTIONS names.

    Raises
    ------
    BackendError
        If the variable names a set that does not exist or that this processor lacks.
    """
    best = _best_set()
    requested = os.environ.get("RECUR_INSTRUCTIONS")
    if not requested:
        return best
    usable = list(SETS)[list(SETS).index(best) :]
    if requested not in usable:
        raise BackendError(
            f'RECUR_INSTRUCTIONS is "{requested}", expected one of {", ".join(usable)}', hint="unset RECUR_INSTRUCTIONS"
        )
    return requested


@cache
def _best_set() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "plain"
    flags: set[str] = set()
    for line in text.splitlines():
        if line.startswith("flags"):
            flags = set(line.partition(":")[2].split())
            break
    return next((name for name in SETS if name in _NEEDED and _NEEDED[name] <= flags), "plain")


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler.

    Attributes
    ----------
    words : tuple of str
        The start of a command line, for example ccache and the compiler.
    identity : str
        Its file and version: it differs between compilers and between versions.
    """

    words: tuple[str, ...]
    identity: str

    @property
    def name(self) -> str:
        """Its name in messages."""
        return "zig c++" if self._is_zig else Path(self.words[0]).name

    @property
    def _is_zig(self) -> bool:
        return self.words[1:3] == _ZIG

    def commands(self, words: Sequence[str], source: Path, library: Path) -> list[list[str]]:
        """The commands that compile a shared library, one after the other.

        Zig names processors in its own way. It is not asked to link C++, for which it would first compile its C++
        library, once for each processor: cells need the headers alone.
        """
        if not self._is_zig:
            return [[*self.words, *words, str(source), "-o", str(library)]]
        words = [word.replace("-march=x86-64-", "-march=x86_64_") for word in words if word != "-shared"]
        unlinked = str(library.with_suffix(".o"))
        cc = [*self.words[:-1], "cc"]
        return [
            [*self.words, *words, "-c", str(source), "-o", unlinked],
            [*cc, "-shared", unlinked, "-o", str(library)],
        ]


def zig(*command: str) -> tuple[str, ...] | None:
    """The words of a compiler of the package ziglang, such as ``zig("cc")``; None where it is not installed."""
    if importlib.util.find_spec("ziglang") is None:
        return None
    return (sys.executable, *_ZIG, *command)


def compiler() -> Compiler | None:
    """The C++ compiler: CXX, which may have arguments, or the first of c++, g++, clang++ on the path, or that of the
    package ziglang; None without one.

    Raises
    ------
    BackendError
        If CXX is set and cannot be used.
    """
    return _compiler(os.environ.get("CXX", ""), os.environ.get("PATH", ""))


@cache
def _compiler(requested: str, path: str) -> Compiler | None:
    if not requested.strip():
        path_found = next((path_found for name in _COMPILERS if (path_found := shutil.which(name, path=path))), None)
        if path_found is not None:
            return _described((os.path.abspath(path_found),), path)
        packaged = zig("c++")
        return None if packaged is None else _described(packaged, path)
    whole = shutil.which(requested, path=path)
    try:
        words = [whole] if whole else shlex.split(requested)
    except ValueError as error:
        raise BackendError(f"CXX is {json.dumps(requested)}, which is not a command: {error}", _NO_CXX) from None
    path_found = shutil.which(words[0], path=path) if words else None
    if path_found is None:
        raise BackendError(f"CXX is {json.dumps(requested)}, which is not a program", hint=_NO_CXX)
    return _described((os.path.abspath(path_found), *words[1:]), path)


def _described(words: tuple[str, ...], path: str) -> Compiler:
    """Identify a compiler by its version output and its files: a patched compiler may have the same version."""
    try:
        process = subprocess.run(
            [*words, "--version"], capture_output=True, stdin=subprocess.DEVNULL, timeout=_VERSION_SECONDS, check=False
        )
        failed = (
            f"ended with {process.returncode}"
            if process.returncode
            else ""
            if process.stdout.strip()
            else "said nothing"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        failed = f"failed: {error}"
    if failed:
        raise BackendError(
            f"{shlex.join(words)} is not a C++ compiler that can be used: with --version it {failed}",
            hint=_NO_CXX if os.environ.get("CXX", "").strip() else "sudo apt install g++",
        )
    files = []
    for word in words:
        program = None if word.startswith("-") else shutil.which(word, path=path)
        if program:
            real = os.path.realpath(program)
            state = os.stat(real)
            files.append([real, state.st_size, state.st_mtime_ns])
    system = [os.uname().sysname, os.uname().machine, _c_library()]
    return Compiler(words, json.dumps([words, files, process.stdout.decode(errors="replace"), system]))


def _c_library() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (OSError, ValueError):
        return ""


def cache_folder() -> Path:
    """The folder of compiled cells: RECUR_CACHE, or a folder in the user's cache.

    A relative XDG_CACHE_HOME is ignored, as its specification says.

    Raises
    ------
    BackendError
        If RECUR_CACHE is relative: what is loaded would depend on the working directory.
    """
    requested = os.environ.get("RECUR_CACHE")
    if requested:
        if not os.path.isabs(requested):
            raise BackendError(
                f"RECUR_CACHE is {json.dumps(requested)}, expected an absolute path",
                hint=f"export RECUR_CACHE={shlex.quote(os.path.abspath(os.path.expanduser(requested)))}",
            )
        return Path(requested)
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "recur"
    except RuntimeError:
        raise BackendError("there is no home folder to keep compiled cells in", hint=ELSEWHERE) from None


@cache
def headers_digest() -> str:
    """A hash of the headers that a cell is compiled against."""
    digest = hashlib.sha256()
    for name in CELL_HEADERS:
        digest.update((HEADERS / name).read_bytes())
    return digest.hexdigest()


def flags() -> list[str]:
    """Compiler flags of every library. A cell and a core that were built from different contracts refuse each other."""
    contract = hashlib.sha256((HEADERS / "cell.h").read_bytes()).hexdigest()
    return [*_FLAGS, f"-DRECUR_ABI=0x{contract[:7]}"]


def compile_library(source: Path, output: Path, instructions: str, extra: Sequence[str] = ()) -> None:
    """Compile one file to a shared library, which appears atomically.

    Parameters
    ----------
    source : Path
        The C++ file.
    output : Path
        The library; other processes may be writing the same one.
    instructions : str
        One of ``SETS``.
    extra : sequence of str
        Further flags.

    Raises
    ------
    BackendError
        If there is no compiler, or it fails.
    """
    program = compiler()
    if program is None:
        raise no_compiler()
    output.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=output.parent, prefix=f".{output.stem}.", suffix=".so")
    os.close(handle)
    commands = program.commands([*flags(), *SETS[instructions], *extra, f"-I{HEADERS}"], source, Path(unfinished))
    try:
        for command in commands:
            code, messages = _run(command, program.name, source.name)
            if not code:
                continue
            lines = messages.splitlines()
            # the linker's last line is less informative than the one before it
            telling = (line for word in ("No space left", "error") for line in lines if word in line)
            first = next(telling, messages.strip()[-300:])
            raise BackendError(f"{program.name} could not compile {source.name}: {first or f'it ended with {code}'}")
        if not os.path.getsize(unfinished):
            raise BackendError(f"{program.name} wrote nothing for {source.name}, expected a C++ compiler", _NO_CXX)
        os.chmod(unfinished, 0o755)  # other users may share the folder
        atomic.flush(Path(unfinished))
        os.replace(unfinished, output)
        atomic.flush_folder(output.parent)
    finally:
        Path(unfinished).unlink(missing_ok=True)
        Path(unfinished).with_suffix(".o").unlink(missing_ok=True)


def no_compiler() -> BackendError:
    """The error of a machine without a compiler."""
    return BackendError(
        "there is no C++ compiler (c++, g++ or clang++)",
        hint='pip install "recur-nn[compiler]", or sudo apt install g++',
    )


def _run(command: Sequence[str], name: str, what: str) -> tuple[int, str]:
    """Run a compiler; return its exit code and output. On a timeout its whole process group is stopped."""
    try:
        running = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise BackendError(f"{name} cannot be started: {error.strerror}", hint=_NO_CXX) from None
    with running:
        try:
            _, output = running.communicate(timeout=_COMPILE_SECONDS)
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise BackendError(f"{name} has not compiled {what} within {_COMPILE_SECONDS} s") from None
            raise
    return running.returncode, output


def library_name(digest: str) -> str:
    """The file name of a compiled cell."""
    return f"cell-{digest[:24]}.so"
