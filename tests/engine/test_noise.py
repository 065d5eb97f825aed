"""The random masks of a call, and the equation with them."""

from __future__ import annotations

import torch

from recur import equations
from recur.engine.noise import Noise, noisy


def test_masks_are_those_that_are_tensors() -> None:
    mask, expected = torch.ones(2, 3), torch.ones(4, 2, 3)
    noise = Noise({"h": mask}, {"h": 0.1, "c": expected})
    assert [one is other for one, other in zip(noise.tensors(), (mask, expected), strict=True)] == [True, True]
    assert Noise(zoneout={"h": 0.1}).tensors() == []


def test_a_call_has_noise_where_it_has_either_form() -> None:
    assert not Noise()
    assert Noise({"h": torch.ones(1)})
    assert Noise(zoneout={"h": 0.0})


def test_without_noise_the_graph_is_the_equations_own() -> None:
    equation = equations.get("lstm")
    assert noisy(equation, Noise()) is equation.graph


def test_with_noise_it_is_one_graph_for_each_set_of_states() -> None:
    equation, mask = equations.get("lstm"), torch.ones(1)
    dropped = noisy(equation, Noise({"h": mask}))
    assert dropped is not equation.graph
    assert noisy(equation, Noise({"h": mask * 2})) is dropped
    assert noisy(equation, Noise(zoneout={"c": mask, "h": mask})) is noisy(
        equation, Noise(zoneout={"h": 0.5, "c": 0.1})
    )
    assert noisy(equation, Noise(zoneout={"h": mask})) is not dropped
