"""``export_python``: a trained network as one Python file, with a compiled library of it where it has a form in C."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import keyword
import os
import pprint
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from recur import atomic
from recur._version import __version__
from recur.atomic import refuse_irregular
from recur.engine.numpy_step import HELPERS
from recur.errors import BackendError, ConfigError, WriteError
from recur.export.c.exported import ALLOWED, write_c
from recur.export.c.forecast import about_forecast
from recur.export.c.network import Network, about
from recur.export.c.proof import c_compiler
from recur.export.c.rows import Rows, rows_of
from recur.export.ownership import refuse_foreign
from recur.export.python.description import Description, describe, describe_forecast
from recur.export.reference import EACH
from recur.export.scales import refuse_coarse
from recur.modes import Mode
from recur.modes.forecast import forecasts
from recur.modes.mode import require_input

MARK = "recur export --python"
"""In the first lines of every file: one that has it is replaced by the next export."""

_RUNTIME = Path(__file__).with_name("runtime.py")
_BEGINS = "# --- the end of every exported file begins here ---"
_FLAGS = ("-std=c99", "-O3", "-ffp-contract=fast", "-fPIC", "-shared")
_HEADER = '''"""{sentence}

Written by {mark}, recur {version}. It needs NumPy, and no more. With {library} beside it the
network is computed there; otherwise step by step in NumPy.

    import {module}

    network = {module}.Model()
    y = network.run(x)      # a whole sequence

x: {x}. y: {y}.
"""

import base64
import ctypes
import hashlib
import math
import platform
import warnings
from pathlib import Path
from typing import Any

import numpy as np
'''


@dataclass(frozen=True)
class ExportedPython:
    """A network as a Python file.

    Attributes
    ----------
    path : Path
        The file.
    library : Path or None
        The compiled library beside it.
    reason : str
        Why there is none.
    differences : dict of str to float
        The largest difference of ``numpy`` and ``library`` from the network, as a share of the largest value.
    rows : int
        Rows that were compared.
    held_out : bool
        Whether these were held out in training; else they were drawn at random.
    """

    path: Path
    library: Path | None
    reason: str
    differences: dict[str, float]
    rows: int
    held_out: bool


def export_python(
    mode: Mode, path: Path | str, *, sentence: str = "", inputs: Iterable[np.ndarray] | None = None,
    max_steps: int | None = None,
) -> ExportedPython:  # fmt: skip
    """Write a network as one Python file that needs NumPy alone, and compile it to a library beside the file.

    Parameters
    ----------
    mode : Mode
        The network, on the CPU.
    path : path
        The file, ``NAME.py``; the library is ``libNAME.so``: Python would import ``NAME.so`` in place of the file.
    sentence : str
        What is predicted from what.
    inputs : iterable of ndarray, optional
        Encoded inputs to compare on; without them they are drawn at random.
    max_steps : int, optional
        Of the library, the most steps of a sequence that is read in both directions, or whose tags are searched.

    Raises
    ------
    ConfigError
        For a network that has no form in NumPy, with the reason.
    BackendError
        When the file does not give the answers of the network, which is a bug in recur.
    WriteError
        When a file of this name was not written by an export.
    """
    path = Path(path)
    _check(path)
    refuse_coarse(mode)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic.explained(path), tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.stem}.") as folder:
        place = Path(folder)
        library, ram, reason = None, 0, ""
        with mode.answering():
            network, description = _described(mode, max_steps)
            rows = rows_of(require_input(mode.input_codec, mode.name), network, inputs)
            try:
                library, ram = _compiled(mode, place, rows, max_steps)
            except ConfigError as error:
                reason = error.message
        new = place / path.name
        target = library_of(path)
        shown = place / target.name
        if library is not None:
            os.replace(library, shown)
        description.facts |= {"ram": ram, "library": hashlib.sha256(shown.read_bytes()).hexdigest() if ram else ""}
        atomic.write_text(new, _text(description, path, sentence or mode.wording.sentence))
        differences = _prove(new, network, rows, native=bool(ram))
        if ram:
            os.replace(shown, target)
        else:
            target.unlink(missing_ok=True)
        os.replace(new, path)
        atomic.flush_folder(path.parent)
    return ExportedPython(path, target if ram else None, reason, differences, len(rows.steps), rows.held_out)


def _described(mode: Mode, most: int | None) -> tuple[Network, Description]:
    if forecasts(mode):
        if most:
            raise ConfigError("a forecast reads a value at a time", hint="leave out --max-steps")
        network = about_forecast(mode)
        return network, describe_forecast(mode, network)
    parts = mode.one_pass
    if parts is None:
        raise ConfigError(
            f"{mode.name} cannot be written in NumPy: its answer is generated step by step",
            hint="one-to-one, many-to-one and synced networks, language models and forecasts can be exported",
        )
    network = about(mode, parts, most)
    return network, describe(mode, parts, network)


def library_of(path: Path) -> Path:
    """The library of a file."""
    return path.with_name(f"lib{path.stem}.so")


def _check(path: Path) -> None:
    if path.suffix != ".py" or not path.stem.isidentifier() or keyword.iskeyword(path.stem):
        raise ConfigError(f'"{path.name}" is not a Python module that can be imported', hint="--python model.py")
    if path.stem == "numpy" or path.stem in sys.stdlib_module_names:
        raise ConfigError(
            f"Python has a module {path.stem}, which programs in the folder of {path} would no longer find",
            hint="--python model.py",
        )
    refuse_foreign(path, MARK.encode(), within=4000)
    library = library_of(path)
    if os.path.lexists(library):
        refuse_irregular(library)
        if not path.is_file() or b"model_run" not in library.read_bytes():
            raise WriteError(
                f"{library} is not written to: it was not written by an export", hint="choose another name"
            )


def _compiled(mode: Mode, place: Path, rows: Rows, most: int | None) -> tuple[Path, int]:
    """Write, prove and compile the network in C; return the library and the bytes of a state."""
    compiler = c_compiler()
    network, _ = write_c(mode, place, name="model", sentence="", rows=rows, most=most, compiler=compiler)
    library = place / "compiled"
    libraries = ["-lm"] if needs_math(network) else []
    command = [*compiler, *_FLAGS, "model.c", "-o", library.name, *libraries]
    made = subprocess.run(
        command, cwd=place, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False
    )
    if made.returncode:
        raise BackendError(f"{Path(compiler[0]).name} could not compile the library: {made.stderr.strip()[-300:]}")
    for name in ("model.c", "model.h", "model_test.c", "Makefile"):
        (place / name).unlink()
    return library, network.source.ram


def needs_math(network: Network) -> bool:
    """Whether a network in C calls the C library."""
    from recur.export.c.functions import needs_library

    return bool(needs_library(network.source.calls))


def _text(d: Description, path: Path, sentence: str) -> str:
    """The whole file."""
    words = {key: str(value).replace("\\", "/").replace('"""', "'''") for key, value in d.facts.items()}
    head = _HEADER.format(
        sentence=sentence.replace("\\", "/").replace('"""', "'''"), mark=MARK, version=__version__,
        library=library_of(path).name, module=path.stem, x=words["x"], y=words["y"],
    )  # fmt: skip
    runtime = _RUNTIME.read_text(encoding="utf-8").partition(_BEGINS)[2].lstrip()
    steps = "\n\n".join(code.replace("def STEP(", f"def {name}(", 1) for name, code in d.functions.items())
    table = ", ".join(f'"{name}": {name}' for name in d.functions)
    facts = pprint.pformat(d.facts, width=118, sort_dicts=False, compact=True)
    arrays = "".join(f"    {name!r}: ({each.shape!r}, {_encoded(each)!r}),\n" for name, each in d.arrays.items())
    body = f"{HELPERS}\n\n{steps}\n\nSTEPS = {{{table}}}\n" if d.functions else "\nSTEPS: dict[str, Any] = {}\n"
    return f"{head}\nFACTS: dict[str, Any] = {facts}\n\n{body}\n\n{runtime}\n\nARRAYS = {{\n{arrays}}}\n"


def _encoded(values: np.ndarray) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def _loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_recur_exported_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise BackendError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _prove(path: Path, network: Network, rows: Rows, *, native: bool) -> dict[str, float]:
    """Compare the file with the network, in NumPy and in the library."""
    module = _loaded(path)
    differences = {}
    for name, use in (("numpy", False), ("library", True)):
        if use and not native:
            continue
        share = _difference(module.Model(native=use), network, rows)
        if not share <= ALLOWED:
            raise BackendError(
                f"the Python file does not compute what the network does: {name} differs by {share:.1e}",
                hint="this is a bug in recur: please report it with the configuration of the run",
            )
        differences[name] = share
    return differences


def _difference(model: Any, network: Network, rows: Rows) -> float:
    """The largest difference of the answers, as a share of the largest value: whole sequences, and item by item."""
    first, answered, worst = 0, 0, 0.0
    largest = float(np.abs(rows.y).max(initial=0.0)) or 1.0
    for steps in rows.steps.tolist():
        x, first = rows.x[first : first + steps], first + steps
        count = steps if network.answers == EACH else 1
        expected, answered = rows.y[answered : answered + count], answered + count
        given = x if network.stateful else x[0]
        found = [np.reshape(model.run(given), (count, network.outputs))]
        if not network.whole and steps:
            model.reset()
            each = [model.step(one) for one in x]
            found.append(np.reshape(each if network.answers == EACH else each[-1:], (count, network.outputs)))
        for one in found:
            worst = max(worst, float(np.abs(one - expected).max(initial=0.0)))
    return worst / largest
