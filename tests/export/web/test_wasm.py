"""Steps as WebAssembly, run by Node.js: every state and gradient compared with the eager backend."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from recur import equations
from recur.compiler import javascript
from recur.engine import Noise
from recur.engine.noise import noisy
from recur.equations import Equation, equation, tanh
from recur.errors import BackendError
from recur.export.web import export_web, wasm
from recur.export.web.document import compiled_steps, standalone
from recur.export.web.exported import compared
from recur.modes import NextItem
from tests.compiler.test_javascript import RUN, case_of
from tests.export.web.networks import config, described, drawn, words
from tests.fuzz.random_equations import written
from tests.node import NODE, evaluated

compiled = pytest.mark.skipif(
    importlib.util.find_spec("ziglang") is None, reason="needs a compiler to WebAssembly: pip install ziglang"
)
NAMES = (
    "conv_lstm", "lstm", "gru", "gru_layernorm", "legendre_memory", "leaky_integrate_and_fire", "liquid", "mlstm_heads",
    "slstm", "short_attention",
)  # fmt: skip
RANDOM = 6


def agree(cells: Sequence[Equation], zoneout: float = 0.0) -> None:
    """Compare the cells with the eager backend, all in one process."""
    given, expected, made = [], [], []
    for number, cell in enumerate(cells):
        one, values = case_of(cell, number, wide=False, zoneout=zoneout)
        text = javascript.step(noisy(cell, Noise({}, dict.fromkeys(cell.states, zoneout) if zoneout else {})))
        module = wasm.module(text)
        assert module is not None, cell.name
        given.append({**one, "cell": number})
        expected.append(values)
        made.append(f"accelerated({text}, {module.javascript()})")
    script = f"{javascript.functions()}\n{compiled_steps()}\nconst cells = [{','.join(made)}];\n{RUN}"
    found = evaluated(f"{script}\nanswer = [answer, [...runners]];", given)
    assert found[1] == ["WebAssembly SIMD"]
    for cell, one, values in zip(cells, found[0], expected, strict=True):
        for name, value in values.items():
            actual = torch.tensor(one[name], dtype=value.dtype).reshape(value.shape)
            allowed = 1e-5 * max(1.0, float(value.abs().max()))
            assert float((actual - value).abs().max()) <= allowed, (cell.name, name)


@compiled
def test_cells_compute_what_the_eager_backend_does_with_every_gradient() -> None:
    agree([equations.get(name) for name in NAMES])
    agree([equations.get("gru")], zoneout=0.25)


@compiled
def test_random_equations_compute_what_the_eager_backend_does_with_every_gradient() -> None:
    agree([written(seed).equation() for seed in range(RANDOM)])


def test_numbers_and_counts_are_of_32_bits() -> None:
    @equation(x="X", h="H", W="H X", V="H H")
    def own(x: Any, h: Any, W: Any, V: Any) -> Any:
        return tanh(W @ x + V @ h * 1e-5 + 2.5) * h + 0.1

    text, (n, w, k) = wasm.c_text(javascript.step(own.graph))
    assert (set(n), set(w), k) == ({"X", "H"}, {"W", "V"}, ())
    assert "(float)1e-05" in text
    assert "(float)2.5" in text


@compiled
@pytest.mark.skipif(NODE is None, reason="needs Node.js")
def test_a_page_is_proved_in_both_ways_and_allows_webassembly(tmp_path: Path) -> None:
    mode = drawn(NextItem(words(), config(hidden_size=22, num_layers=2)))
    result = export_web(mode, tmp_path / "page.html", inputs=["w1 w2 w3 w4"])
    assert result.modules > 0
    assert result.difference is not None
    assert result.difference <= 1e-5
    assert "as WebAssembly and as JavaScript, on 1 held-out row:" in compared(result)
    assert re.search(r"script-src 'sha256-[^']+' 'wasm-unsafe-eval';", result.path.read_text(encoding="utf-8"))
    plain = export_web(mode, tmp_path / "page.html", inputs=["w1 w2 w3 w4"], wasm=False)
    assert plain.modules == 0
    assert "wasm-unsafe-eval" not in plain.path.read_text(encoding="utf-8")


@compiled
@pytest.mark.skipif(NODE is None, reason="needs Node.js")
def test_webassembly_that_computes_something_else_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wasm, "_FUNCTIONS", wasm._FUNCTIONS.replace("s0 + t0", "s0"))
    wasm.module.cache_clear()
    try:
        with pytest.raises(BackendError, match="does not compute what the network does") as refused:
            export_web(drawn(NextItem(words(), config(hidden_size=22))), tmp_path / "page.html")
    finally:
        wasm.module.cache_clear()
    assert "--no-wasm" in (refused.value.hint or "")
    assert not list(tmp_path.iterdir())


@compiled
def test_where_webassembly_is_refused_the_javascript_runs() -> None:
    network, facts = described(drawn(NextItem(words(), config())))
    network.modules = [wasm.module(step) for step in network.cells]
    refused = "WebAssembly.Module = class { constructor() { throw new Error('forbidden'); } };"
    runners = "answer = [[...Running.runners], Array.from(network.answers([1, 2])[1])];"
    found, other = (evaluated(f"{before}\n{standalone(network, facts)}\n{runners}") for before in ("", refused))
    assert (found[0], other[0]) == (["WebAssembly SIMD"], ["JavaScript"])
    assert found[1] == pytest.approx(other[1], rel=1e-5)


def test_without_a_compiler_the_steps_are_javascript_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wasm, "zig", lambda _: None)
    wasm.module.cache_clear()
    result = export_web(drawn(NextItem(words(), config())), tmp_path / "page.html")
    wasm.module.cache_clear()
    assert result.modules == 0
    assert "wasm-unsafe-eval" not in result.path.read_text(encoding="utf-8")
