"""The step of one layer as JavaScript, for pages in which the network runs."""

from __future__ import annotations

from collections.abc import Mapping

from recur.compiler import javascript
from recur.engine.noise import expected, noisy
from recur.equations import Equation
from recur.equations.graph import Graph, topological
from recur.equations.naming import Gate, gates

__all__ = ["arithmetic", "javascript_step", "kinds", "noises", "shown_gates"]

arithmetic = javascript.functions


def noises(equation: Equation, zoneout: Mapping[str, float]) -> dict[str, float]:
    """The numbers ``k`` of a step in evaluation: what is read in place of each noise."""
    noise = expected(equation, zoneout)
    return {name: float(noise.of(name)) for name in noisy(equation, noise).noises}


def javascript_step(equation: Equation, zoneout: Mapping[str, float]) -> str:
    """Write the step of a layer, as it is in evaluation, with its gates by name; see `recur.compiler.javascript.step`.

    Raises
    ------
    NotCompiledError
        If an operation of the equation has no form in JavaScript.
    """
    return javascript.step(_graph(equation, zoneout), {gate.name: gate.node for gate in shown_gates(equation, zoneout)})


def shown_gates(equation: Equation, zoneout: Mapping[str, float]) -> list[Gate]:
    """The gates that the step has in evaluation, with their names and kinds."""
    inside = {id(node) for node in _graph(equation, zoneout).order}
    return [gate for gate in gates(equation) if id(gate.node) in inside]


def kinds(equation: Equation, zoneout: Mapping[str, float]) -> dict[str, str]:
    """The path that each matrix is on: "hidden to hidden" where what it multiplies depends on a state."""
    on: dict[str, str] = {}
    for node in _graph(equation, zoneout).order:
        if node.op in {"matvec", "matvec_transposed"}:
            ops = {one.op for one in topological([node.args[1]])}
            name = str(node.args[0].attribute)
            on[name] = "hidden to hidden" if "state" in ops or on.get(name) == "hidden to hidden" else "input to hidden"
    return on


def _graph(equation: Equation, zoneout: Mapping[str, float]) -> Graph:
    return noisy(equation, expected(equation, zoneout))
