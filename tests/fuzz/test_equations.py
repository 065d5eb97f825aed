"""Random equations: what is compiled of them agrees with the eager backend, every state and every gradient, in float64.

RECUR_FUZZ is the number of equations whose programs are interpreted; a fifth as many are compiled to C++ and run.
"""

from __future__ import annotations

import os

import pytest
import torch

from recur.compiler.partition import NotCompiledError
from recur.compiler.program import program
from recur.compiler.variants import lifted
from recur.engine import Noise, eager
from recur.engine.backend_interface import BackendReport
from recur.engine.dispatch import prepare
from recur.engine.native.compiled_cell import CompiledCell, parameters_of
from recur.engine.noise import noisy
from recur.equations import Equation, equation, mean, scale_rows, tanh
from tests.engine.helpers import Case, assert_native_is_eager, make, threads
from tests.fuzz.compiled import compile_together
from tests.fuzz.interpreter import Interpreter
from tests.fuzz.random_equations import written
from tests.tolerances import close

pytestmark = pytest.mark.filterwarnings("error::recur.engine.native.library.CompiledNotice")

COUNT = int(os.environ.get("RECUR_FUZZ", "600"))
BATCH = 50
# (T, B, X, H, P): P smaller, larger and as large, and everything 1
SIZES = [(3, 2, 3, 4, 2), (2, 3, 2, 3, 5), (1, 1, 1, 1, 1), (4, 1, 2, 2, 2), (2, 2, 5, 1, 3)]


def interpreted(equation: Equation, seed: int) -> None:
    """Compare the program of an equation, interpreted, with the eager backend and autograd."""
    T, B, X, H, P = SIZES[seed % len(SIZES)]
    case = make(equation, T, B, X, H, P=P, seed=seed)
    call = prepare(equation, case.x, case.states, case.parameters, all_states=True)
    whole = equation.graph
    graph, once = lifted(whole)
    cell = program(graph)
    result = eager.run(call, BackendReport("eager"))
    weights = {name: torch.randn_like(one) for name, one in result.all_states.items()}
    finals = {name: torch.randn_like(one) for name, one in result.states.items()}
    outputs = [*result.all_states.values(), *result.states.values()]
    leaves = case.leaves
    # what depends on parameters alone is a parameter of the program
    given = parameters_of(CompiledCell(None, None, graph, once, (), (), (), (), (), (), ()), call)
    run = Interpreter(cell, call.sizes, {name: one.detach() for name, one in given.items()})
    with torch.no_grad():
        found = run.run(case.x.detach(), {n: s.detach() for n, s in case.states.items()}, weights, finals)
    # and from there on autograd goes back to the parameters themselves
    pairs = [(given[name], found[f"dE/d {name}"]) for name in (*cell.matrices, *cell.vectors)]
    pairs = [(value, gradient) for value, gradient in pairs if value.requires_grad]
    names = [name for name in leaves if name in equation.parameters]
    through = torch.autograd.grad(
        [v for v, _ in pairs], [leaves[n] for n in names], [g for _, g in pairs], allow_unused=True
    )
    found |= {f"dE/d {name}": gradient for name, gradient in zip(names, through, strict=True)}
    differentiable = [
        (o, w) for o, w in zip(outputs, [*weights.values(), *finals.values()], strict=True) if o.requires_grad
    ]
    expected = torch.autograd.grad(
        [o for o, _ in differentiable], list(leaves.values()), [w for _, w in differentiable], allow_unused=True
    )
    for name, one in result.all_states.items():
        close(found[f"forward {name}"], one.detach(), f"every {name}, forward")
        close(found[f"training {name}"], one.detach(), f"every {name}, for training")
    for (name, leaf), gradient in zip(leaves.items(), expected, strict=True):
        one = found[f"dE/d {name}"]
        close(torch.zeros_like(leaf) if one is None else one,
              torch.zeros_like(leaf) if gradient is None else gradient, f"dE/d {name}")  # fmt: skip


@pytest.mark.parametrize("first", range(0, COUNT, BATCH))
def test_the_program_of_a_random_equation_computes_the_equation_and_its_gradient(first):
    refused = 0
    for seed in range(first, min(first + BATCH, COUNT)):
        wrote = written(seed)
        try:
            interpreted(wrote.equation(), seed)
        except NotCompiledError:
            refused += 1
        except Exception as error:
            pytest.fail(f"equation {seed}:\n{wrote.text}\n{type(error).__name__}: {error}")
    assert refused <= BATCH // 10


# where rows end and begin, threads, and which way; the awkward sizes are in SIZES
WAYS = [
    {"ragged": False, "resets": False, "reverse": False, "threads": 1},
    {"ragged": True, "resets": False, "reverse": True, "threads": 1},
    {"ragged": True, "resets": True, "reverse": False, "threads": 2},
    {"ragged": False, "resets": True, "reverse": True, "threads": 1},
    # large enough for two threads to share the units
    {"ragged": True, "resets": False, "reverse": False, "threads": 2, "sizes": (3, 5, 20, 70, 41)},
]
TOGETHER = 20


def cases(equation: Equation, seed: int) -> list[tuple[Case, dict[str, object]]]:
    """What an equation is run on: a case for each way, every fourth equation with the masks of dropout and zoneout."""
    found = []
    for number, way in enumerate(WAYS):
        T, B, X, H, P = way.get("sizes", SIZES[(seed + number) % len(SIZES)])
        case = make(
            equation, T, B, X, H, P=P, ragged=way["ragged"], resets=way["resets"], noise=seed % 4 == 0, seed=seed
        )  # fmt: skip
        if "sizes" in way:
            # else sums of many terms saturate, and a difference in rounding grows from step to step
            case.parameters = {
                name: (p.detach() / p.shape[-1] ** 0.5).requires_grad_() for name, p in case.parameters.items()
            }
        found.append((case, way))
    return found


@pytest.mark.parametrize("first", range(0, COUNT // 5, TOGETHER))
def test_the_cell_of_a_random_equation_gives_what_the_eager_backend_gives(first, tmp_path, monkeypatch):
    monkeypatch.setenv("RECUR_FILL_NAN", "1")
    # other equations than those that are only interpreted
    seeds = range(10**6 + first, 10**6 + min(first + TOGETHER, COUNT // 5))
    cell, graphs = {}, {}
    for seed in seeds:
        wrote = written(seed)
        equation = wrote.equation()
        some = cases(equation, seed)
        graph, _ = lifted(noisy(equation, some[0][0].noise or Noise()))
        try:
            program(graph)
        except NotCompiledError:
            continue
        cell[seed] = wrote.text, some
        graphs[graph.digest] = graph
    assert len(cell) >= len(seeds) * 9 // 10
    compile_together(list(graphs.values()), tmp_path)
    for seed, (text, some) in cell.items():
        for number, (case, way) in enumerate(some):
            options = {"memory_budget": "sqrt"} if (seed + number) % 3 == 0 else {}
            try:
                with threads(way["threads"]):
                    assert_native_is_eager(case, str(way), reverse=way["reverse"], **options)
            except Exception as error:
                pytest.fail(f"equation {seed} {way} {options}:\n{text}\n{type(error).__name__}: {error}")


def test_an_input_that_is_read_only_as_the_factors_of_the_rows_of_a_matrix_is_there(tmp_path, monkeypatch):
    @equation(x="X", h="H", C="X H", W="H X")
    def rows_faded_by_the_input(x, h, C, W):
        return tanh(W @ x + 0.5 * h + mean(C)), tanh(0.9 * scale_rows(C, x))

    monkeypatch.setenv("RECUR_FILL_NAN", "1")
    compile_together([lifted(rows_faded_by_the_input.graph)[0]], tmp_path)
    assert_native_is_eager(make(rows_faded_by_the_input, 3, 2, 5, 4, ragged=True))
