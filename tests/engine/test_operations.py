"""One operation of an equation on values: written out, at its edges, and for numbers as for tensors."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from recur import equations
from recur import equations as q
from recur.compiler import javascript, numpy_text
from recur.engine import bptt, prepare, run
from recur.engine.low_precision import round_to_bfloat16
from recur.engine.operations import compute, evaluate
from recur.equations import Equation, equation
from recur.equations.graph import topological
from tests.node import evaluated
from tests.tolerances import close

A, B = [-2.0, 0.0, 0.5], [1.0, 3.0, -0.5]


def row(*values: float) -> torch.Tensor:
    return torch.tensor([values], dtype=torch.float64)


@pytest.mark.parametrize(
    ("op", "given", "expected"),
    [
        ("add", (row(*A), row(*B)), [-1.0, 3.0, 0.0]), ("sub", (row(*A), 1.0), [-3.0, -1.0, -0.5]),
        ("mul", (row(*A), row(*B)), [-2.0, 0.0, -0.25]), ("div", (row(*A), 2.0), [-1.0, 0.0, 0.25]),
        ("neg", (row(*A),), [2.0, 0.0, -0.5]), ("abs", (row(*A),), [2.0, 0.0, 0.5]),
        ("relu", (row(*A),), [0.0, 0.0, 0.5]), ("sign", (row(*A),), [-1.0, 0.0, 1.0]),
        ("tanh", (row(*A),), [math.tanh(one) for one in A]), ("exp", (row(*A),), [math.exp(one) for one in A]),
        ("sin", (row(*A),), [math.sin(one) for one in A]), ("cos", (row(*A),), [math.cos(one) for one in A]),
        ("sigmoid", (row(*A),), [1 / (1 + math.exp(-one)) for one in A]),
        ("softplus", (row(*A),), [math.log1p(math.exp(one)) for one in A]),
        ("sqrt", (row(0.0, 4.0),), [0.0, 2.0]), ("log", (row(1.0, math.e),), [0.0, 1.0]),
        ("maximum", (row(*A), 0.0), [0.0, 0.0, 0.5]), ("minimum", (0.25, row(*A)), [-2.0, 0.0, 0.25]),
        ("greater", (row(*A), 0.0), [0.0, 0.0, 1.0]), ("sum", (row(*A),), [-1.5]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_operation_is_its_formula(op: str, given: tuple[Any, ...], expected: list[float]) -> None:
    found = compute(op, (), given)
    assert isinstance(found, torch.Tensor)
    close(found, row(*expected), op)


def test_softplus_keeps_its_last_digits_beyond_torchs_threshold() -> None:
    found = compute("softplus", (), (row(25.0),))
    assert isinstance(found, torch.Tensor)
    assert found.item() == 25.0 + math.log1p(math.exp(-25.0)) != 25.0


def test_products_are_of_rows_with_a_matrix_and_with_it_transposed() -> None:
    matrix = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype=torch.float64)
    close(compute("matvec", (), (matrix, row(1.0, 0.0, -1.0))), row(-2.0, -2.0))
    close(compute("matvec_transposed", (), (matrix, row(1.0, -1.0))), row(-3.0, -3.0, -3.0))


def test_bfloat16_rounds_the_factors_of_products_and_nothing_else() -> None:
    fine = 1 + 2**-12
    assert round_to_bfloat16(row(fine)).item() == 1.0
    matrix = torch.tensor([[fine]], dtype=torch.float64)
    assert compute("matvec", (), (matrix, row(fine)), "bfloat16").item() == 1.0
    assert compute("mul", (), (row(fine), row(fine)), "bfloat16").item() == fine * fine


def test_slices_and_what_is_put_together_are_by_columns() -> None:
    close(compute("slice", (1, 3), (row(*A),)), row(0.0, 0.5))
    two = torch.zeros(2, 1, dtype=torch.float64)
    found = compute("concat", (1, 2), (two, 7.0))
    assert found.tolist() == [[0.0, 7.0, 7.0], [0.0, 7.0, 7.0]]
    assert compute("expand", (3,), (two,)).shape == (2, 3)


def test_a_vector_of_a_product_that_has_no_value_is_an_error() -> None:
    with pytest.raises(TypeError, match="has no value"):
        compute("matvec", (), (torch.ones(2, 2), 1.0))


def test_a_graph_is_computed_node_by_node() -> None:
    equation = equations.get("elman")
    sizes = {"X": 2, "H": 3}
    torch.manual_seed(0)
    leaves = {name: torch.randn(equation.shape(name, **sizes), dtype=torch.float64) for name in equation.parameters}
    x, h = row(1.0, -1.0), row(0.5, 0.0, -0.5)
    given = {equation.input: x, "h": h, **leaves}
    graph = equation.graph
    leaf_nodes = {equation.input: graph.input, **graph.states, **graph.parameters}
    values: dict[int, Any] = {id(node): given[name] for name, node in leaf_nodes.items()}
    [output] = graph.outputs.values()
    evaluate([node for node in topological([output]) if id(node) not in values], values, sizes)
    close(values[id(output)], torch.tanh(x @ leaves["W_xh"].T + h @ leaves["W_hh"].T + leaves["b"]))


# every word at NaN, infinities, zeros of either sign and ties: every text computes what torch does
NAN, INF = math.nan, math.inf
VALUES = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 40.0]
SEEDS = [1.0, 0.0, INF, NAN]  # dE/dvalue
ELEMENTS: dict[str, Callable[..., Any]] = {
    "neg": lambda a: -a, "abs": abs, "relu": q.relu, "sigmoid": q.sigmoid, "tanh": q.tanh, "exp": q.exp, "log": q.log,
    "sqrt": q.sqrt, "sin": q.sin, "cos": q.cos, "atan": q.atan, "softplus": q.softplus, "erf": q.erf, "floor": q.floor,
    "square": lambda a: a**2, "root": lambda a: a**0.5, "power of 1.5": lambda a: a**1.5, "inverse": lambda a: a**-1,
    "power of 2.5": lambda a: a**2.5, "modulo": lambda a: a % 2.0, "stop_gradient": lambda a: q.stop_gradient(a) + a,
    "clip": lambda a: q.minimum(q.maximum(a, -1.0), 1.0), "hard": lambda a: q.minimum(q.relu(a * 0.2 + 0.5), 1.0),
    **{f"step, {name}": lambda a, name=name: q.step(a, surrogate=name)
       for name in ("fast_sigmoid", "sigmoid", "arctan", "triangle", "straight_through")},
}  # fmt: skip
PAIRS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b,
    "maximum": q.maximum, "minimum": q.minimum, "greater": lambda a, b: q.greater(a, b) + a,
    "straight_through": lambda a, b: q.straight_through(q.greater(a, b), a),
}  # fmt: skip
VECTORS: dict[str, Callable[..., Any]] = {
    "largest": lambda a: q.largest(a) + 0.0 * a, "total": lambda a: a * q.total(a), "softmax": q.softmax,
    "cumsum": q.cumsum, "one_hot_of_largest": lambda a: q.one_hot_of_largest(a) * a,
}  # fmt: skip


def table(words: dict[str, Callable[..., Any]], inputs: int) -> Equation:
    """A cell with inputs and a state of its own for each word, so that none reaches another's derivative."""
    names = [[f"{letter}{number}" for letter in "ab"[:inputs]] for number in range(len(words))]
    states = [f"h{number}" for number in range(len(words))]
    calls = [f"words[{word!r}]({', '.join(own)})" for word, own in zip(words, names, strict=True)]
    given = [name for own in names for name in own]
    space: dict[str, Any] = {"words": words}
    exec(f"def special({', '.join([*given, *states])}):\n    return {', '.join(calls)}", space)
    sizes = {name: "H input" if place else "H" for place, name in enumerate(given)} | dict.fromkeys(states, "H")
    return equation(**sizes)(space["special"])


CELLS = {"elements": table(ELEMENTS, 1), "pairs": table(PAIRS, 2), "vectors": table(VECTORS, 1)}
WORDS = {"elements": ELEMENTS, "pairs": PAIRS, "vectors": VECTORS}


def rows_of(kind: str, dtype: torch.dtype) -> list[Tensor]:
    """What the inputs of a word are given, each (B, H)."""
    if kind == "elements":
        return [torch.tensor([VALUES], dtype=dtype)]
    if kind == "pairs":
        return list(torch.tensor(list(itertools.product(VALUES, VALUES)), dtype=dtype).t().unsqueeze(1))
    return [torch.tensor(list(itertools.product(VALUES[:6], repeat=3)), dtype=dtype)]


def parameters(kind: str, dtype: torch.dtype) -> dict[str, Tensor]:
    cell = CELLS[kind]
    return {one: torch.from_numpy(cell.fixed_value(one, H=3)).to(dtype) for one in cell.fixed}


def found(kind: str, way: str, seed: float, dtype: torch.dtype) -> dict[str, Tensor]:
    """The value of each word and the derivative to each of its inputs."""
    cell, given = CELLS[kind], rows_of(kind, dtype)
    x = torch.cat(given * len(WORDS[kind]), -1).unsqueeze(0)
    if way == "bptt":
        result, tape = bptt.forward(prepare(cell, x, None, parameters(kind, dtype)))
        outputs, rest = torch.full_like(result.outputs, seed), torch.full_like(result.outputs[0], seed)
        # the output is the first state, whose derivative is given once
        finals = {name: rest * 0 if name == "h0" and math.isfinite(seed) else rest for name in cell.states}
        gradient = bptt.backward(tape, outputs, finals).x
    else:
        x.requires_grad_()
        result = run(cell, x, None, parameters(kind, dtype), backend=way)
        assert result.report.ran == way
        states = list(result.states.values())
        [gradient] = torch.autograd.grad(states, x, [torch.full_like(state, seed) for state in states])
    pieces = gradient[0].chunk(len(WORDS[kind]) * len(given), -1)
    values = {f"{word}": state.detach() for word, state in zip(WORDS[kind], result.states.values(), strict=True)}
    names = [f"d {word} {letter}" for word in WORDS[kind] for letter in "ab"[: len(given)]]
    return values | dict(zip(names, pieces, strict=True))


def compare(actual: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        found, finite = actual[name].to(value.dtype), value.isfinite()
        assert torch.equal(found.isnan(), value.isnan()), f"{name}: {found.tolist()}, expected {value.tolist()}"
        kept = value.isinf() | found.isinf()
        assert torch.equal(found[kept], value[kept]), f"{name}: {found.tolist()}, expected {value.tolist()}"
        close(found[finite], value[finite], name)


@pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")
@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("way", ["native", "bptt"])
def test_values_and_derivatives_are_those_of_torch(
    kind: str, dtype: torch.dtype, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECUR_FILL_NAN", "1")
    for seed in SEEDS:
        compare(found(kind, way, seed, dtype), found(kind, "eager", seed, dtype))


@pytest.mark.parametrize("kind", CELLS)
def test_values_and_derivatives_in_javascript_are_those_of_torch(kind: str) -> None:
    cell, given = CELLS[kind], rows_of(kind, torch.float64)
    rows = torch.cat(given * len(WORDS[kind]), -1).tolist()
    size = given[0].shape[-1]
    w = {name: value.flatten().tolist() for name, value in parameters(kind, torch.float64).items()}
    script = f"""{javascript.functions()}
const w = Object.fromEntries(Object.entries(given.w).map(([name, one]) => [name, Float64Array.from(one)]));
const cell = ({javascript.step(cell.graph)})({{ H: {size} }}, w, {{}}, Float64Array);
const names = Object.keys(cell.states);
answer = given.seeds.map((seed) => given.rows.map((row) => {{
  const f = new Float64Array(cell.frame), d = new Float64Array(cell.back);
  f.set(row, cell.x[0]);
  cell.forward(f);
  for (const name of names) d.fill(seed, cell.states[name].seed[0], cell.states[name].seed[0] + {size});
  cell.backward(f, d);
  const read = (array, [first, count]) => Array.from(array.subarray(first, first + count), String);
  return [names.map((name) => read(f, cell.states[name].after)), read(d, cell.dx)];
}}));"""
    answers = evaluated(script, {"rows": rows, "seeds": SEEDS, "w": w})
    for seed, answer in zip(SEEDS, answers, strict=True):
        expected = found(kind, "eager", seed, torch.float64)
        numbers = [[[*map(float, itertools.chain(*values))], [*map(float, dx)]] for values, dx in answer]
        values, dx = (torch.tensor([row[place] for row in numbers], dtype=torch.float64) for place in (0, 1))
        pieces = [*values.split(size, -1), *dx.split(size, -1)]
        compare(dict(zip(expected, pieces, strict=True)), expected)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy, at infinities
@pytest.mark.parametrize("kind", CELLS)
def test_values_in_numpy_are_those_of_torch(kind: str) -> None:
    cell, given = CELLS[kind], rows_of(kind, torch.float32)
    sizes = {"H": given[0].shape[-1]}
    text = numpy_text.step(cell.graph, sizes, name="step", names={}, noises={}, about="One step.")
    space: dict[str, Any] = {}
    exec(f"import math\nimport numpy as np\n{numpy_text.HELPERS}\n{text.code}", space)
    zeros = [np.zeros(sizes["H"], np.float32) for _ in cell.states]
    known = parameters(kind, torch.float32)
    arrays = {own: known[name].numpy() for own, name in text.parameters.items()}
    rows = [space["step"](row.numpy(), *zeros, **arrays) for row in torch.cat(given * len(WORDS[kind]), -1)]
    values = [torch.stack([torch.as_tensor(row[place]) for row in rows]) for place in range(len(cell.states))]
    expected = found(kind, "eager", 1.0, torch.float32)
    expected = {word: expected[word] for word in WORDS[kind]}
    compare(dict(zip(WORDS[kind], values, strict=True)), expected)
