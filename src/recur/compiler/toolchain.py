"""From C++ to a shared library: instruction sets, the compiler, and the cache of what it made."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from recur.errors import BackendError

HEADERS = Path(__file__).parent.parent / "native"

# best first; cells of a set that only the core distinguishes are those of the next set in `CELL_SET`
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


def instruction_set() -> str:
    """The best set of instructions that this processor has; RECUR_INSTRUCTIONS names another.

    Raises
    ------
    BackendError
        If the variable names a set that does not exist or that this processor lacks.
    """
    best = _best_set()
    asked = os.environ.get("RECUR_INSTRUCTIONS")
    if not asked:
        return best
    usable = list(SETS)[list(SETS).index(best) :]
    if asked not in usable:
        raise BackendError(
            f'RECUR_INSTRUCTIONS is "{asked}", expected one of {", ".join(usable)}', hint="unset RECUR_INSTRUCTIONS"
        )
    return asked


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


@cache
def compiler() -> str | None:
    """The C++ compiler: CXX, or the first of c++, g++, clang++ on the path; None where there is none."""
    asked = os.environ.get("CXX")
    candidates = [asked] if asked else ["c++", "g++", "clang++"]
    return next((found for name in candidates if (found := shutil.which(name))), None)


def cache_folder() -> Path:
    """Where compiled cells are kept: RECUR_CACHE, or a folder in the user's cache."""
    asked = os.environ.get("RECUR_CACHE")
    if asked:
        return Path(asked)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "recur"


@cache
def headers_digest() -> str:
    """A hash of everything that a compiled cell is compiled against."""
    digest = hashlib.sha256()
    for name in ("cell.h", "elementwise.h", "vec.h"):
        digest.update((HEADERS / name).read_bytes())
    return digest.hexdigest()


def flags() -> list[str]:
    """Compiler flags of every library. A cell and a core that were built from different contracts refuse each other."""
    contract = hashlib.sha256((HEADERS / "cell.h").read_bytes()).hexdigest()
    return [*_FLAGS, f"-DRECUR_ABI=0x{contract[:7]}"]


def compile_library(source: Path, output: Path, instructions: str, extra: Sequence[str] = ()) -> None:
    """Compile one file to a shared library that is complete as soon as it exists.

    Parameters
    ----------
    source : Path
        The C++ file.
    output : Path
        The library; others may be writing the same one.
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
        asked = os.environ.get("CXX")
        raise BackendError(
            f'CXX is "{asked}", which is not a program' if asked else "there is no C++ compiler (c++, g++ or clang++)",
            hint="unset CXX" if asked else "sudo apt install g++",
        )
    output.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=output.parent, prefix=f".{output.stem}.", suffix=".so")
    os.close(handle)
    command = [program, *flags(), *SETS[instructions], *extra, f"-I{HEADERS}", str(source), "-o", unfinished]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            first = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip()[-300:])
            raise BackendError(f"{Path(program).name} could not compile {source.name}: {first}")
        os.chmod(unfinished, 0o755)  # others may share the folder
        os.replace(unfinished, output)
    finally:
        Path(unfinished).unlink(missing_ok=True)


def library_name(digest: str) -> str:
    """The file name of a compiled cell."""
    return f"cell-{digest[:24]}.so"
