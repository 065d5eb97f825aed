"""The step of one layer as NumPy text, with its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recur.compiler import numpy_text
from recur.engine.noise import expected, noisy
from recur.equations import Equation
from recur.equations.naming import naming

HELPERS = numpy_text.HELPERS
"""The functions that the text calls."""


@dataclass(frozen=True)
class LayerStep:
    """The step of a layer in NumPy.

    Attributes
    ----------
    code : str
        The function; its states are arguments and results in the order of ``states``.
    states : tuple of str
        The states.
    arrays : dict of str to ndarray
        Its parameters, by the name of the argument.
    """

    code: str
    states: tuple[str, ...]
    arrays: dict[str, np.ndarray]


@torch.no_grad()
def numpy_step(
    equation: Equation, parameters: Mapping[str, Tensor], sizes: Mapping[str, int], *, name: str,
    zoneout: Mapping[str, float],
) -> LayerStep:  # fmt: skip
    """Write the step of a layer, as it is in evaluation.

    Parameters
    ----------
    equation : Equation
        The cell.
    parameters : mapping of str to Tensor
        Its parameters.
    sizes : mapping of str to int
        A number for each of its size symbols.
    name : str
        Of the function.
    zoneout : mapping of str to float
        The probability that a unit keeps its old value, by state.
    """
    noise = expected(equation, zoneout)
    graph = noisy(equation, noise)
    noises = {key: float(noise.of(key)) for key in graph.noises}
    written = numpy_text.step(
        graph, sizes, name=name, names=naming(equation).names, noises=noises, about=f"One step of {equation.name}."
    )
    values = {own: parameters[one].detach().cpu().float().numpy() for own, one in written.parameters.items()}
    return LayerStep(written.code, written.states, values)
