"""``export_web``: a trained network as one page, compared with the network before it appears."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from recur import atomic
from recur._version import __version__
from recur.errors import BackendError, ConfigError, WriteError
from recur.export.ownership import refuse_foreign
from recur.export.reference import rows_in_words
from recur.export.scales import refuse_coarse
from recur.export.web.document import MARK, page, standalone
from recur.export.web.facts import examples_of, facts_of
from recur.export.web.network import PageNetwork, describe
from recur.export.web.node import node, prove
from recur.export.web.rows import ROWS, rows_of
from recur.export.web.wasm import module
from recur.export.web.weights import round_weights
from recur.modes import Mode

ALLOWED = 1e-5  # largest difference from the network, as a share of the largest value
COMPILED = 'if (!Running.runners.has("WebAssembly SIMD")) throw new Error("its WebAssembly is refused");\n'
LARGEST = 20_000_000  # numbers that a browser reads in a few seconds


@dataclass(frozen=True)
class ExportedPage:
    """A network as a page.

    Attributes
    ----------
    path : Path
        Its place.
    size : int
        Bytes of the file.
    bits : int
        Of a weight: 16, to which the weights are rounded, or 32.
    difference : float or None
        The largest difference from the network with the same weights, as a share of the largest value; None where
        Node.js is not installed and nothing was run.
    rows : int
        Rows that were compared.
    held_out : bool
        Whether these were held out in training; else they were drawn at random.
    examples : int
        Inputs of ``inputs`` that are in the page, as examples to begin with.
    modules : int
        Bytes of the steps of its cells in WebAssembly; 0 where they are JavaScript alone.
    """

    path: Path
    size: int
    bits: int
    difference: float | None
    rows: int
    held_out: bool
    examples: int = 0
    modules: int = 0


def export_web(
    mode: Mode, path: Path | str, *, float32: bool = False, name: str = "", sentence: str = "",
    metrics: Mapping[str, Any] | None = None, inputs: Iterable[Any] | None = None, examples: bool = True,
    wasm: bool = True,
) -> ExportedPage:  # fmt: skip
    """Write a network as one offline page in which it runs: no request, no server, no library.

    The steps of its cells, forward and backward, are written from their equations, so that any cell runs. Where the
    package ziglang is installed the forward steps are compiled to WebAssembly SIMD too, which browsers run where they
    accept it. Where Node.js is installed the page's own script is run before the page appears, with and without
    WebAssembly, and its answers are compared with those of the network.

    Parameters
    ----------
    mode : Mode
        The network, on the CPU.
    path : path
        A file that ends in ``.html``: a new one, or one that an export has written.
    float32 : bool
        Keep the weights as they are, in a page twice the size; by default they are rounded to 16 bits.
    name, sentence : str
        Title, and what is predicted from what.
    metrics : mapping, optional
        The metrics of the run, which the page shows.
    inputs : iterable, optional
        Raw inputs to compare on; without them numbers and ids are drawn at random.
    examples : bool
        Offer some short ones of ``inputs`` in the page, which then contains them.
    wasm : bool
        Compile the steps to WebAssembly where that can be done; else they are JavaScript alone.

    Returns
    -------
    ExportedPage

    Raises
    ------
    ConfigError
        For a network that cannot run in a page, with the reason.
    BackendError
        When the page does not give the answers of the network, which is a bug in recur.
    WriteError
        When the file is there and no export has written it.
    """
    path = Path(path)
    _check_path(path)
    refuse_coarse(mode)
    own = mode if float32 else copy.deepcopy(mode)
    if not float32:
        round_weights(own)
    with own.answering():
        network = describe(own)
        _refuse_large(network)
        if wasm:
            network.modules = [module(step) for step in network.cells]
        facts = facts_of(own, name or path.stem, sentence or mode.wording.sentence, metrics or {})
        values = list(islice(inputs or (), ROWS))
        rows, held_out = rows_of(own, network, values)
        facts["examples"] = examples_of(own, values) if examples else []
    program = node()
    difference = None if program is None else _compare(program, network, facts, rows)
    bits = 32 if float32 else 16
    text = page(network, facts, version=__version__, footer=_footer(bits, difference))
    with atomic.explained(path):
        atomic.write_text(path, text)
    return ExportedPage(
        path, len(text.encode()), bits, difference, len(rows), held_out, len(facts["examples"]),
        sum(len(one.code) for one in network.modules if one is not None),
    )  # fmt: skip


def compared(result: ExportedPage) -> str:
    """Return in words how the page was compared with the network."""
    if result.difference is None:
        return "not run: Node.js is not installed, so its answers were not compared with those of the network"
    ways = ", as WebAssembly and as JavaScript," if result.modules else ""
    return (
        f"run in Node.js{ways} on {rows_in_words(result.rows, result.held_out)}: the largest difference from the "
        f"network is {result.difference:.1e} of the largest value"
    )


def _footer(bits: int, difference: float | None) -> str:
    weights = (
        "Its weights are rounded to 16 bits, and its answers are those of the network with the same weights"
        if bits == 16
        else "Its weights have 32 bits, and its answers are those of the network"
    )
    proof = "" if difference is None else f" (largest difference {difference:.1e} of the largest value)"
    return f"The network runs in this page, which sends nothing to anybody. {weights}{proof}."


def _compare(program: str, network: PageNetwork, facts: dict[str, Any], rows: list[dict[str, Any]]) -> float:
    difference = prove(program, standalone(replace(network, modules=[]), facts), rows)
    _refuse_different(difference, "")
    if any(network.modules):
        compiled = prove(program, standalone(network, facts) + COMPILED, rows)
        _refuse_different(compiled, "; export it with JavaScript alone: --no-wasm (in Python wasm=False)")
        difference = max(difference, compiled)
    return difference


def _refuse_different(difference: float, more: str) -> None:
    if not difference <= ALLOWED:
        raise BackendError(
            f"the page of this network does not compute what the network does: the difference is {difference:.1e} of "
            f"the largest value, allowed is {ALLOWED:g}",
            hint=f"this is a bug in recur: please report it with the configuration of the run{more}",
        )


def _refuse_large(network: PageNetwork) -> None:
    count = sum(place["count"] for place in network.weights.places)
    if count > LARGEST:
        raise ConfigError(
            f"this network has {count:,} numbers, and a page of it at most {LARGEST:,}",
            hint="recur export RUN --onnx model.onnx",
        )


def _check_path(path: Path) -> None:
    if path.suffix.lower() not in {".html", ".htm"}:
        raise ConfigError(f"{path} does not end in .html", hint=f"--web {path.stem or 'page'}.html")
    if path.is_dir():
        raise WriteError(f"{path} is a folder", hint="name a file")
    refuse_foreign(path, MARK.encode())
