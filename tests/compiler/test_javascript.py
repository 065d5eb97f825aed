"""Steps in JavaScript, run by Node.js: every state and every gradient through time, compared with the eager backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from recur import equations
from recur.compiler import javascript
from recur.compiler.partition import NotCompiledError
from recur.engine import Noise, bptt
from recur.engine.dispatch import prepare
from recur.engine.noise import noisy
from recur.equations import Equation, concat, equation, sigmoid, split, tanh
from recur.equations.graph import Graph
from recur.equations.naming import gates
from tests.engine.helpers import make
from tests.fuzz.random_equations import written
from tests.node import evaluated
from tests.tolerances import close

SIZES = (4, 3, 5)  # T, X, H
RANDOM = 60

RUN = """
answer = given.map((one) => {
  const A = one.wide ? Float64Array : Float32Array, w = {}, g = {};
  for (const [name, values] of Object.entries(one.w)) {
    w[name] = A.from(values);
    g[name] = new A(values.length);
  }
  const cell = cells[one.cell](one.sizes, w, one.k, A), names = Object.keys(cell.states);
  const read = (array, [first, count]) => Array.from(array.subarray(first, first + count));
  const frames = one.x.map((x, t) => {
    const f = new A(cell.frame);
    f.set(x, cell.x[0]);
    return f;
  });
  frames.forEach((f, t) => {
    for (const name of names) {
      const before = t ? read(frames[t - 1], cell.states[name].after) : one.states[name];
      f.set(before, cell.states[name].before[0]);
    }
    cell.forward(f);
  });
  let message = one.finals;
  const back = frames.map(() => new A(cell.back));
  for (let t = frames.length - 1; t >= 0; --t) {
    const d = back[t];
    names.forEach((name, n) => {
      const seed = A.from(message[name]);
      if (n === 0) seed.forEach((v, u) => { seed[u] = v + one.outputs[t][u]; });
      d.set(seed, cell.states[name].seed[0]);
    });
    cell.backward(frames[t], d, g);
    message = Object.fromEntries(names.map((name) => [name, read(d, cell.states[name].message)]));
  }
  const every = {};
  for (const name of names) {
    every["every " + name] = frames.map((f) => read(f, cell.states[name].after));
    every["total " + name] = back.map((d) => read(d, cell.states[name].seed));
    every["dE/d first " + name] = message[name];
  }
  for (const name of Object.keys(g)) every["dE/d " + name] = Array.from(g[name]);
  for (const [name, place] of Object.entries(cell.values)) {
    every["value " + name] = frames.map((f) => read(f, place.value));
    if (place.derivative) every["derivative " + name] = back.map((d) => read(d, place.derivative));
  }
  every["dE/dx"] = back.map((d) => read(d, cell.dx));
  return every;
});
"""


def case_of(cell: Equation, seed: int, *, wide: bool, zoneout: float = 0.0) -> tuple[dict[str, Any], dict[str, Any]]:
    """What Node.js is given, and what it must return."""
    T, X, H = SIZES
    dtype = torch.float64 if wide else torch.float32
    case = make(cell, T, 1, X, H, P=2, seed=seed, dtype=dtype)
    noise = Noise({}, dict.fromkeys(cell.states, zoneout)) if zoneout else None
    call = prepare(cell, case.x.detach(), {n: s.detach() for n, s in case.states.items()},
                   {n: p.detach() for n, p in case.parameters.items()}, noise=noise)  # fmt: skip
    result, tape = bptt.forward(call)
    random = torch.Generator().manual_seed(seed + 1)
    outputs = torch.randn(result.outputs.shape, generator=random, dtype=dtype)
    finals = {n: torch.randn(s.shape, generator=random, dtype=dtype) for n, s in result.states.items()}
    found = bptt.backward(tape, outputs, finals)
    given = {
        "wide": wide, "sizes": call.sizes, "k": {n: float(call.noise.of(n)) for n in noisy(cell, call.noise).noises},
        "w": {n: p.flatten().tolist() for n, p in call.parameters.items()}, "x": case.x[:, 0].tolist(),
        "states": {n: s[0].tolist() for n, s in call.states.items()}, "outputs": outputs[:, 0].tolist(),
        "finals": {n: s[0].tolist() for n, s in finals.items()},
    }  # fmt: skip
    expected = {f"every {n}": s[:, 0] for n, s in (result.all_states or {}).items()}
    expected |= {f"total {n}": s[:, 0] for n, s in found.totals.items()}
    expected |= {f"dE/d first {n}": s[0] for n, s in found.states.items()}
    expected |= {f"dE/d {n}": p.flatten() for n, p in found.parameters.items()}
    return given, expected | {"dE/dx": found.x[:, 0]}


def agree(cells: Sequence[Equation], *, wide: bool, zoneout: float = 0.0) -> None:
    """Compare cells with the eager backend, all in one process."""
    noise = Noise({}, {})
    texts, given, expected = [], [], []
    for number, cell in enumerate(cells):
        if zoneout:
            noise = Noise({}, dict.fromkeys(cell.states, zoneout))
        texts.append(javascript.step(noisy(cell, noise)))
        one, values = case_of(cell, number, wide=wide, zoneout=zoneout)
        given.append({**one, "cell": number})
        expected.append(values)
    script = f"{javascript.functions()}\nconst cells = [{','.join(texts)}];\n{RUN}"
    for cell, found, values in zip(cells, evaluated(script, given), expected, strict=True):
        for name, value in values.items():
            actual = torch.tensor(found[name], dtype=value.dtype).reshape(value.shape)
            if wide:
                close(actual, value, f"{cell.name} {name}")
            else:
                allowed = 1e-5 * max(1.0, float(value.abs().max()))
                assert float((actual - value).abs().max()) <= allowed, (cell.name, name)


@pytest.mark.parametrize("wide", [False, True], ids=["float32", "float64"])
def test_every_cell_computes_what_the_eager_backend_does_with_every_gradient(wide: bool) -> None:
    agree([equations.get(name) for name in equations.names()], wide=wide)


def test_random_equations_compute_what_the_eager_backend_does_with_every_gradient() -> None:
    agree([written(seed).equation() for seed in range(RANDOM)], wide=True)


def test_the_expectation_of_zoneout_is_part_of_the_step() -> None:
    agree([equations.get("lstm"), equations.get("gru")], wide=True, zoneout=0.25)


def test_a_cell_with_several_inputs_and_new_words_computes_what_the_eager_backend_does() -> None:
    @equation(x="X", dt="1 input", h="H", W="2H X+H", b="2H")
    def own(x: Any, dt: Any, h: Any, W: Any, b: Any) -> Any:
        z, n = split(W @ concat(x, h) + b, 2)
        return sigmoid(z) * h + dt * tanh(n)

    agree([own], wide=False)


def test_values_are_read_by_name_with_their_derivatives() -> None:
    cell = equations.get("lstm")
    text = javascript.step(cell.graph, {gate.name: gate.node for gate in gates(cell)})
    given, expected = case_of(cell, 0, wide=True)
    script = f"{javascript.functions()}\nconst cells = [{text}];\n{RUN}"
    [found] = evaluated(script, [{**given, "cell": 0}])
    i, f, g, o = (torch.tensor(found[f"value {name}"], dtype=torch.float64) for name in "ifgo")
    c = torch.tensor(found["every c"], dtype=torch.float64)
    before = torch.cat([torch.tensor([given["states"]["c"]], dtype=torch.float64), c[:-1]])
    close(f * before + i * g, c, "c = f * c + i * g")
    close(o * torch.tanh(c), torch.tensor(found["every h"], dtype=torch.float64), "h = o * tanh(c)")
    totals = expected["total h"]
    close(torch.tensor(found["derivative o"], dtype=torch.float64), totals * torch.tanh(c), "dE/do = dE/dh * tanh(c)")


def test_element_wise_operations_of_one_size_are_one_loop() -> None:
    text = javascript.step(equations.get("lstm").graph)
    forward = text[text.index("forward(f)") : text.index("backward(f")]
    assert forward.count("for (let i") == 2  # the sum of the products, and all gates with both states


def test_an_operation_without_a_form_is_refused_by_name() -> None:
    graph = equations.get("elman").graph
    strange = graph.builder.make("sorted", (graph.states["h"],), graph.states["h"].shape)
    with pytest.raises(NotCompiledError, match="sorted has no form in JavaScript"):
        javascript.step(Graph(graph.input, graph.states, graph.parameters, {"h": strange}, graph.builder))
