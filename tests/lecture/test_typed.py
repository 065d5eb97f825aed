"""Equations that are typed into the page: read, computed and refused as the library does."""

from __future__ import annotations

import inspect
import linecache
from typing import Any
from xml.etree import ElementTree

import pytest

from recur import equations
from recur.compiler import javascript
from recur.equations import Equation, diagram
from recur.equations.naming import naming
from recur.errors import EquationError
from recur.lecture import cells
from tests.lecture.given import FIGURES, LEAKY
from tests.node import evaluated

READ = (
    "elman", "elman_relu", "gru", "gru_layernorm", "gru_reset_before", "indrnn", "lstm", "lstm_layernorm",
    "lstm_peephole", "lstm_projected", "minimal_gated_unit", "antisymmetric", "gated_linear_recurrence", "min_gru",
    "min_lstm", "moving_average", "quasi_recurrent", "simple_recurrent_unit", "slstm",
)  # fmt: skip
# what only the library reads: more inputs, blocks, convolutions, fixed parameters, matrices as states, words on them
BEYOND = [name for name in equations.names() if name not in READ]
HEADER = '@equation(x="X", h="H", W="H X", U="H H", b="H")\ndef mine(x, h, W, U, b):\n    '
WORDS = """
@equation(x="X", h="H", W="2H X", U="H H", a="H = 1", b="1")
def words(x, h, W, U, a, b):
    '''Every word that the page reads.'''
    p, q = split(W @ x, 2)  # a comment
    p += exp(-abs(p)) % 0.7 - cos(q) / (2 + sin(h) ** 2) ** 0.5
    q = maximum(minimum(p, q), atan(h)) * erf(q) + sqrt(softplus(p)) ** -1 - log(1 + relu(p)) + b
    r = layer_norm(q, a, b) + total(h) - mean(p) + floor(3 * q) - absolute(q)
    s = tanh(U.T @ h + concat(r)) - -(1 - 2.5e-1) * sigmoid(
        q
    )
    h = s
    return h
"""


def read(script: str, given: Any = None) -> Any:
    """Run a script in Node.js with what reads and computes typed equations."""
    figures = ("typed_graph", "typed", "cell_parts", "cell_places", "cell_routing", "cell_drawing", "interpreted")
    parts = [javascript.functions(), 'const NS = "http://www.w3.org/2000/svg";']
    parts += [(FIGURES / f"{n}.js").read_text(encoding="utf-8") for n in figures]
    return evaluated("\n".join([*parts, script]), given)


def library(text: str) -> Equation:
    """The equation of a text, as the library reads a file."""
    lines = "from recur.equations import *\nfrom recur.equations import equation\n" + text
    place = f"<typed {hash(text)}>"
    linecache.cache[place] = (len(lines), None, lines.splitlines(True), place)  # where the tracer looks for the source
    room: dict[str, Any] = {}
    exec(compile(lines, place, "exec"), room)
    found: Equation = next(one for one in room.values() if isinstance(one, Equation))
    return found


SAME = """
let s = 7;
const random = () => ((s = Math.imul(s ^ (s >>> 15), 2246822519) + 3266489917 >>> 0) / 4294967296) * 2 - 1;
const n = { X: 3, H: 4, P: 2 }, size = (terms) => terms.reduce(
  (sum, [factor, names]) => sum + factor * names.reduce((a, one) => a * n[one], 1), 0);
const part = (f, [first, count]) => Array.from(f.subarray(first, first + count));
const theirs = THEIRS;
answer = given.map(([name, text]) => {
  const cell = typedCell(text), weights = {};
  for (const [one, shape] of Object.entries(cell.shapes))
    weights[one] = Float64Array.from({ length: shape.reduce((a, each) => a * size(each), 1) }, random);
  const inputs = Array.from({ length: 3 }, () => Array.from({ length: n.X }, random)), seeds = {};
  const run = (make) => {
    const step = make(n, weights, {}, Float64Array), names = Object.keys(step.states);
    const frames = [], said = { h: [], d: [] };
    let before = names.map((one) => Array.from({ length: step.states[one].before[1] }, (_, u) => 0.1 * u - 0.2));
    for (const x of inputs) {
      const f = new Float64Array(step.frame);
      f.set(x, step.x[0]);
      names.forEach((one, m) => f.set(before[m], step.states[one].before[0]));
      step.forward(f);
      before = names.map((one) => part(f, step.states[one].after));
      said.h.push(before);
      frames.push(f);
    }
    const g = Object.fromEntries(Object.entries(weights).map(([one, v]) => [one, new Float64Array(v.length)]));
    let message = names.map((one) => Array.from(
      { length: step.states[one].seed[1] }, (_, u) => (seeds[`${one} ${u}`] ??= random())));
    for (const f of frames.reverse()) {
      const d = new Float64Array(step.back);
      names.forEach((one, m) => d.set(message[m], step.states[one].seed[0]));
      step.backward(f, d, g);
      message = names.map((one) => part(d, step.states[one].message));
      said.d.push(message, part(d, step.dx));
    }
    said.g = Object.fromEntries(Object.entries(g).map(([one, v]) => [one, Array.from(v)]));
    return said;
  };
  return [name, run(cell.make), run(theirs[name])];
});
"""


OUTCOMES = """
answer = given.map((text) => {
  try {
    typedCell(text);
    return "read";
  } catch (error) {
    return error instanceof Refused ? error.message : "crash";
  }
});
"""


def flat(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [one for key in sorted(value) for one in flat(value[key])]
    return [one for each in value for one in flat(each)] if isinstance(value, list) else [value]


def test_what_is_typed_computes_what_the_library_writes_of_it_with_every_gradient() -> None:
    cells = {name: equations.get(name) for name in READ}
    given = [(name, inspect.getsource(cell.function)) for name, cell in cells.items() if cell.function]
    given += [("leaky", LEAKY), ("words", WORDS)]
    cells |= {"leaky": library(LEAKY), "words": library(WORDS)}
    theirs = ", ".join(f"{name}: {javascript.step(cell.graph)}" for name, cell in cells.items())
    found = read(SAME.replace("THEIRS", f"{{ {theirs} }}"), given)
    assert len(found) == len(READ) + 2
    for name, mine, other in found:
        assert flat(mine) == pytest.approx(flat(other), rel=1e-9), name
        assert len(flat(mine)) > 20


def test_what_only_the_library_reads_is_refused_with_a_sentence() -> None:
    given = [inspect.getsource(cell.function) for cell in map(equations.get, BEYOND) if cell.function]
    found = read(
        OUTCOMES,
        given,
    )
    assert len(found) == len(BEYOND) >= 15
    assert [name for name, outcome in zip(BEYOND, found, strict=True) if outcome in {"read", "crash"}] == []


REFUSED = [
    "return tanh(W @ x + U @ x + b)",
    "return tanh(W @ x + U @ h + c)",
    "return tanh(W + U @ h)",
    "h = tanh(W @ x + U @ h + b)",
    "return 1.0",
    "return W @ x + h / 0 + U @ h + b",
    "return h ** 0 + W @ x + U @ h + b",
    "return h ** b + W @ x + U @ h",
    "return 2 ** h + W @ x + U @ h + b",
    "return W @ x + U @ h",
    "return W @ x + U @ h + b + 2.0 @ h",
    "return b @ h + W @ x + U @ h",
    "return tanh(x) + W @ x + U @ h + b",
    "return W @ x",
    "a, c = split(W @ x, 3)\n    return a",
    "a, c = split(W @ x + b, 0)\n    return U @ h",
    "a, c = h\n    return U @ h + W @ x + b",
    "b = W @ x + b + U @ h\n    return h",
    "return h.mean() + W @ x + U @ h + b",
    "return h[0] + W @ x + U @ h + b",
    "return h.T + W @ x + U @ h + b",
    "return maximum(1, 2) * h + W @ x + U @ h + b",
    "return tanh(2) * h + W @ x + U @ h + b",
    "return concat() + W @ x + U @ h + b",
    "return h, W @ x + U @ h + b, h, h, h",
    "return tanh(W @ x + U @ h + b), b",
    "if h: h = b\n    return W @ x + U @ h + b",
    "return W @ x + U @ h + 1e999 * b",
    "return Tanh(W @ x + U @ h + b)",
    "  a = U @ h\n    return a + W @ x + b",
    "a = U @ h\n   return a + W @ x + b",
]


IN_OTHER_WORDS = {  # what Python itself says of a file, and what names objects of the library
    "return tanh(W @ x + U @ h + c)", "return tanh(W + U @ h)", "return 1.0", "return h ** b + W @ x + U @ h",
    "return W @ x + U @ h + b + 2.0 @ h", "return h[0] + W @ x + U @ h + b", "return tanh(W @ x + U @ h + b), b",
    "if h: h = b\n    return W @ x + U @ h + b", "return W @ x + U @ h + 1e999 * b", "return Tanh(W @ x + U @ h + b)",
}  # fmt: skip


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    found = read(
        OUTCOMES,
        [HEADER + body + "\n" for body in REFUSED],
    )
    return dict(zip(REFUSED, found, strict=True))


@pytest.mark.parametrize("body", REFUSED)
def test_what_the_library_refuses_the_page_refuses(body: str, said: dict[str, str]) -> None:
    with pytest.raises((EquationError, IndentationError)) as refusal:
        library(HEADER + body + "\n")
    assert said[body] not in {"read", "crash"}
    if isinstance(refusal.value, IndentationError):
        assert "indent" in said[body]
        return
    assert (said[body] == refusal.value.message) == (body not in IN_OTHER_WORDS)


def test_no_text_is_read_wrongly_or_crashes_the_page() -> None:
    found = read(
        """const texts = [given[0], given[1], "", "@", "@equation(", "def", "return", "\\u0000"];
        texts.push("(".repeat(5000), "-".repeat(5000));
        for (const one of ["constructor", "__proto__", "toString"])
          texts.push(given[0].replaceAll("U", one), given[0].replaceAll("sigmoid", one), given[0].replaceAll("q", one));
        let s = 11;
        const random = (n) => (s = Math.imul(s ^ (s >>> 15), 2246822519) + 3266489917 >>> 0) % n;
        const pieces = ["(", ")", "@", "**", "-", ",", "=", "h", "W", "9e999", "split", ".T", "'", '"', "\\n", "["];
        pieces.push("return", "%", "é");
        for (let n = 0; n < 3000; ++n) {
          const text = given[n % 2], at = random(text.length), cut = random(6);
          texts.push(text.slice(0, at) + (n % 3 ? pieces[random(pieces.length)] : "") + text.slice(at + cut));
        }
        answer = { crashed: [], read: 0, refused: 0 };
        for (const text of texts) try {
          typedCell(text).make({ X: 2, H: 2 }, new Proxy({}, { get: () => new Float64Array(16) }), {}, Float64Array);
          ++answer.read;
        } catch (error) {
          if (error instanceof Refused) ++answer.refused; else answer.crashed.push([text, String(error.stack)]);
        }""",
        [WORDS, LEAKY],
    )
    assert found["crashed"] == []
    assert found["refused"] > 1000
    assert found["read"] > 100


DRAWN = """
answer = Object.fromEntries(Object.entries(given).map(([name, text]) => {
  const graph = readEquation(text);
  return [name, [cellDrawing(graph), cellDrawing(graph, true)]];
}));
"""


def test_what_is_typed_is_drawn_as_the_library_draws_it() -> None:
    names = ("elman", "gru", "indrnn", "lstm", "min_gru", "min_lstm")
    found = read(DRAWN, {name: cells.printed(equations.get(name)) for name in names})
    for name in names:
        cell = equations.get(name)
        for down, drawn in zip((False, True), found[name], strict=True):
            assert drawn == diagram.svg(cell.graph, naming(cell).names, style=False, down=down), (name, down)


def test_every_equation_that_the_page_reads_has_a_drawing_with_its_states() -> None:
    texts = {one: inspect.getsource(cell.function) for one in READ if (cell := equations.get(one)).function}
    texts |= {"leaky": LEAKY, "words": WORDS}
    found = read(DRAWN, texts)
    assert len(found) == len(texts)
    for name, both in found.items():
        states = equations.get(name).states if name in READ else ("h",)
        for drawn in both:
            root = ElementTree.fromstring(drawn)
            outputs = [one for one in root.iter("{http://www.w3.org/2000/svg}g") if one.get("class") == "output"]
            assert {one.get("data-name") for one in outputs} == set(states), name
            assert "NaN" not in drawn
            assert "undefined" not in drawn


def test_the_text_of_a_cell_that_the_page_prints_can_be_typed_into_it() -> None:
    texts = {name: cells.printed(equations.get(name)) for name in cells.CELLS}
    found = read("answer = Object.values(given).map((text) => Object.keys(typedCell(text).shapes));", texts)
    assert found == [list(equations.get(name).parameters) for name in cells.CELLS]
    for name, text in texts.items():
        assert library(text).text == equations.get(name).text
