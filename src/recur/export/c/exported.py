"""``export_c``: a trained network as a folder of C, compared with the network before it appears."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recur import atomic
from recur.errors import ConfigError, WriteError
from recur.export.c import rounded
from recur.export.c.files import MARK, Files
from recur.export.c.fixed_export import in_int16
from recur.export.c.forecast import write_forecast
from recur.export.c.network import Network, write_network
from recur.export.c.proof import c_compiler, prove
from recur.export.c.rounded import in_int8, what_rounding_costs
from recur.export.c.rows import Rows, rows_of
from recur.export.reference import rows_in_words
from recur.export.scales import refuse_coarse
from recur.modes import Mode
from recur.modes.forecast import forecasts
from recur.modes.mode import require_input

ALLOWED = 1e-5  # largest difference from the network, as a share of the largest value
README = "README.md"
LONGEST = 65_536  # steps of a whole sequence
LARGEST = 8_000_000  # numbers that a compiler reads in a minute
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}")


@dataclass(frozen=True)
class ExportedC:
    """A network as a folder of C.

    Attributes
    ----------
    folder : Path
        Its place.
    files : list of str
        Their names.
    ram, flash : int
        Bytes of one state, and of the constants.
    difference : float
        The largest difference from the network, as a share of the largest value.
    rows : int
        Rows that were compared.
    held_out : bool
        Whether these were held out in training; else they were drawn at random.
    compiler : str
        The compiler that built the test.
    cost : str
        In 8 or 16 bits, how far the answers are from those in float32, in words.
    bits : int
        Of weights: 32, 8 or 16.
    """

    folder: Path
    files: list[str]
    ram: int
    flash: int
    difference: float
    rows: int
    held_out: bool
    compiler: str
    cost: str = ""
    bits: int = 32


def export_c(
    mode: Mode, folder: Path | str, *, name: str = "model", single_header: bool = False, sentence: str = "",
    inputs: Iterable[np.ndarray] | None = None, max_steps: int | None = None, int8: bool = False,
    int16: bool = False,
) -> ExportedC:  # fmt: skip
    """Write a network as C99 that needs nothing: no library, no memory beyond a struct, no global state.

    ``NAME_step(&state, x, y)`` reads an item and answers, ``NAME_run(&state, x, steps, y)`` reads a sequence. Numbers
    are in their own units on both sides; symbols are ids, and their answers probabilities. The test of the folder is
    compiled and run, and the folder appears only if its answers are those of the network.

    Parameters
    ----------
    mode : Mode
        The network, on the CPU.
    folder : path
        A new folder, or one that an export has written.
    name : str
        The start of every name in C, and the names of the files.
    single_header : bool
        One header with everything, in place of header and source.
    sentence : str
        What is predicted from what, for the first lines of the files.
    inputs : iterable of ndarray, optional
        Encoded inputs to compare on; without them they are drawn at random.
    max_steps : int, optional
        The most steps of a sequence of a network that reads in both directions or searches tags; 256 if left out.
    int8 : bool
        Whether weights are whole numbers of 8 bits, with a scale for each row, in a quarter of the flash. Operands are
        rounded at every step, as in the engine's precision int8, with which the file is compared.
    int16 : bool
        Whether all numbers are whole numbers of 16 bits with a fixed point, for processors without float. The file is
        compared bit for bit with the same in NumPy, and that with the network.

    Returns
    -------
    ExportedC

    Raises
    ------
    ConfigError
        For a network that cannot be written in C, with the reason; and where there is no C compiler.
    BackendError
        When the compiled test does not give the answers of the network, which is a bug in recur.
    WriteError
        When the folder has files that no export has written.
    """
    folder = Path(folder)
    _check_name(name)
    if max_steps is not None and not 1 <= max_steps <= LONGEST:
        raise ConfigError(f"max_steps is {max_steps:,}, expected 1 to {LONGEST:,}", hint="--max-steps 256")
    _refuse_strangers(folder)
    compiler = c_compiler()
    if int8 and int16:
        raise ConfigError("--int8 and --int16 are two forms of the same numbers", hint="one of them")
    cost, allowed = "", ALLOWED
    with mode.answering():
        if int16:
            network, rows, cost = in_int16(mode, inputs, max_steps)
            allowed = 0.0
        else:
            network = _network(mode, max_steps, int8=int8)
            exact = network.reference
            if int8:
                network.reference, allowed = in_int8(mode), rounded.ALLOWED
            rows = rows_of(require_input(mode.input_codec, mode.name), network, inputs)
            cost = what_rounding_costs(rows, network, exact) if int8 else ""
        _refuse_large(network)
    files = Files(network, name, sentence or mode.wording.sentence, single=single_header)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with atomic.explained(folder):
        part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            texts = files.texts(rows, allowed)
            share = _write_and_prove(files, part, texts, compiler)
            result = ExportedC(
                folder, sorted([*texts, README]), network.source.ram, network.source.flash, share, len(rows.steps),
                rows.held_out, "zig cc" if "ziglang" in compiler else Path(compiler[0]).name, cost,
                8 if int8 else 16 if int16 else 32,
            )  # fmt: skip
            atomic.write_text(part / README, files.readme(compared(result)))
            _replace(folder, part)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return result


def _write_and_prove(files: Files, place: Path, texts: Mapping[str, str], compiler: Sequence[str]) -> float:
    for file, text in texts.items():
        atomic.write_text(place / file, text)
    return prove(place, files.name, single=files.single, library=bool(files.library), compiler=compiler)


def write_c(
    mode: Mode, place: Path, *, name: str, sentence: str, rows: Rows, most: int | None, compiler: Sequence[str]
) -> tuple[Network, float]:
    """Write the files of a network into a folder and prove them; return the network and the largest difference.

    Raises
    ------
    ConfigError
        For a network that cannot be written in C, with the reason.
    """
    network = _network(mode, most)
    _refuse_large(network)
    files = Files(network, name, sentence, single=False)
    return network, _write_and_prove(files, place, files.texts(rows, ALLOWED), compiler)


def compared(result: ExportedC) -> str:
    """Return in words how the folder was compared with the network."""
    what = {8: "the network in 8 bits", 16: "the same whole numbers in NumPy"}.get(result.bits, "the network")
    return (
        f"Compared with {what} on {rows_in_words(result.rows, result.held_out)}: the largest difference is "
        f"{result.difference:.1e} of the largest value" + (f". {result.cost}" if result.cost else "")
    )


def _network(mode: Mode, most: int | None, *, int8: bool = False) -> Network:
    refuse_coarse(mode)
    if forecasts(mode):
        if most:
            raise ConfigError("a forecast reads a value at a time", hint="leave out --max-steps")
        return write_forecast(mode, int8=int8)
    parts = mode.one_pass
    if parts is None:
        raise ConfigError(
            f"{mode.name} cannot be written in C: it generates its answer symbol by symbol from another sequence",
            hint="one-to-one, many-to-one and synced networks, language models and forecasts can be exported",
        )
    return write_network(mode, parts, most, int8=int8)


def _refuse_large(network: Network) -> None:
    count = sum(array.size for array in network.source.arrays.values())
    if count > LARGEST:
        raise ConfigError(
            f"this network has {count:,} numbers, and a C file of it at most {LARGEST:,}",
            hint="recur export RUN --onnx model.onnx",
        )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f'"{name}" cannot begin names in C, expected letters, digits and underscores', hint="--name model"
        )


def _is_own(path: Path) -> bool:
    """Whether an export wrote a file: it says so in its first lines."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return MARK.encode() in file.read(4000)


def _refuse_strangers(folder: Path) -> None:
    if folder.name in {"", ".."}:  # it could not be replaced
        raise ConfigError(f'"{folder}" is not the name of a folder', hint="--c a_folder")
    atomic.refuse_linked_folder(folder)
    if not folder.exists():
        return
    foreign = sorted(path.name for path in folder.iterdir() if not _is_own(path))
    if foreign:
        raise WriteError(
            f"{folder} is not written to: {foreign[0]} in it was not written by an export",
            hint="name a new folder",
        )


def _replace(folder: Path, part: Path) -> None:
    """Put the finished folder in its place, in one step for whoever looks."""
    os.chmod(part, 0o777 & ~_umask())
    if folder.exists():
        _refuse_strangers(folder)
        old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        os.replace(folder, old)
        try:
            os.replace(part, folder)
        except BaseException:
            os.replace(old, folder)
            raise
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.replace(part, folder)
    atomic.flush_folder(folder.parent)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
