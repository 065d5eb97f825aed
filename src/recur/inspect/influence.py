"""How much each item of the input speaks for an output: three measures, signed, on an absolute scale.

    leave-one-out          f(x) - f(x without item t)                  no gradient needed; what really happens
    integrated gradients   x_t . integral_0^1 df(a x)/dx_t da          adds up to f(x) - f(0)   (completeness)
    gradient x input       x_t . df(x)/dx_t                            the first-order part alone

f is the log-probability of the output (in nats: 0.69 means twice as probable), or its value for numbers. x_t is the
vector of item t; "nothing" is the vector of zeros, which for numbers is the mean of the training values.

Sources: M. Sundararajan, A. Taly, Q. Yan (2017), Axiomatic attribution for deep networks, section 3; J. Li, W. Monroe,
D. Jurafsky (2016), Understanding neural networks through representation erasure; A. Shrikumar, P. Greenside,
A. Shcherbina, A. Kundaje (2016), Not just a black box, for gradient x input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recur.errors import ConfigError
from recur.inspect.question import OneStep, Option, Question, ask
from recur.modes.mode import pad

Array = np.ndarray[Any, np.dtype[Any]]

METHODS = ("leave_one_out", "integrated_gradients", "gradient_input")
POINTS = 64  # of the quadrature; what is missing to completeness is reported
ROWS = 64


@dataclass(frozen=True)
class Influence:
    """What each item does to one output.

    Attributes
    ----------
    items : list of str
    option : Option
        The output.
    says : str
        The output in words.
    unit : str
        Of all scores.
    output : float
        f(x).
    nothing : float
        f with the vectors of all items zero.
    scores : dict of str to ndarray
        (T,) by method: leave_one_out, integrated_gradients, gradient_input. Positive speaks for the output. Not a
        number where an item cannot be left out.
    gap : float
        f(x) - f(0) minus the sum of the integrated gradients: the error of the quadrature.
    """

    items: list[str]
    option: Option
    says: str
    unit: str
    output: float
    nothing: float
    scores: dict[str, Array]
    gap: float

    def order(self, method: str = "leave_one_out") -> list[int]:
        """Places of the items, the strongest (of either sign) first."""
        return [int(place) for place in np.argsort(-np.abs(np.nan_to_num(self.scores[method])), kind="stable")]


def influence(
    model: Any,
    value: Any,
    *,
    target: str | None = None,
    at: int | str | None = None,
    methods: Sequence[str] = METHODS,
    points: int = POINTS,
) -> Influence:
    """How much each item of an input speaks for an output.

    Parameters
    ----------
    model : Model or Mode
    value : object
        One raw input: a text, a sequence, a mapping's value.
    target : str, optional
        The word, class or tag; by default the network's own answer.
    at : int or str, optional
        Which answer of a sequence of answers: a number from 1, or the item.
    methods : sequence of str
        Of leave_one_out, integrated_gradients, gradient_input.
    points : int
        Of the integral.

    Returns
    -------
    Influence

    Example
    -------
    >>> found = influence(model, "I grew up in France . I speak fluent")  # doctest: +SKIP
    >>> found.items[found.order()[0]]  # doctest: +SKIP
    'France'
    """
    return of_option(ask(model, value, target=target, at=at), 0, methods=methods, points=points)


def of_option(
    question: Question, number: int = 0, *, methods: Sequence[str] = METHODS, points: int = POINTS
) -> Influence:
    """The influence on one of a question's options."""
    for method in methods:
        if method not in METHODS:
            raise ConfigError(f'there is no method "{method}"', hint=f"one of {', '.join(METHODS)}")
    option = question.options[number]
    scores: dict[str, Array] = {}
    with question.mode.answering():
        values, lengths = question.rows(1)
        output = float(question.score(values, lengths, option.target))
        with _bent(question.inputs, lambda vectors: vectors * 0):
            nothing = float(question.score(values, lengths, option.target))
        if "leave_one_out" in methods:
            scores["leave_one_out"] = _leave_one_out(question, option.target, output)
    gap = 0.0
    if "gradient_input" in methods:
        scores["gradient_input"] = _along(question, option.target, np.ones(1), np.ones(1))
    if "integrated_gradients" in methods:
        places, weights = np.polynomial.legendre.leggauss(points)
        whole = _along(question, option.target, (places + 1) / 2, weights / 2)
        scores["integrated_gradients"] = whole
        gap = output - nothing - float(whole.sum())
    return Influence(question.items, option, question.says, question.unit, output, nothing, scores, gap)


def _leave_one_out(question: Question, target: Any, output: float) -> Array:
    """f(x) - f(x without item t); items without time are put to zero instead."""
    found = np.full(len(question.items), np.nan)
    if question.values is None:
        return found
    if not question.has_time or not question.mode.input_codec or not question.mode.input_codec.discrete:
        return _zeroed_one_by_one(question, target, output)
    places = [place for place, removable in enumerate(question.removable) if removable]
    for start in range(0, len(places), ROWS):
        part = places[start : start + ROWS]
        values, lengths = pad([np.delete(question.values, place, axis=0) for place in part])
        if isinstance(question, OneStep):
            question.left_out = part
        moved = None if lengths is None else lengths.to(question.mode.device)
        found[part] = output - question.score(question.move(values), moved, target).cpu().numpy()
        if isinstance(question, OneStep):
            question.left_out = None
    return found


def _zeroed_one_by_one(question: Question, target: Any, output: float) -> Array:
    """Numbers keep their place in time, so an item is put to the mean of the training values; a class to nothing."""
    if question.values is None:
        return np.zeros(0)
    count = len(question.items)
    found = np.zeros(count)
    for start in range(0, count, ROWS):
        part = list(range(start, min(count, start + ROWS)))
        values, lengths = question.rows(len(part))
        mask = torch.ones(len(part), count, device=question.mode.device)
        mask[torch.arange(len(part)), torch.tensor(part)] = 0
        with _bent(question.inputs, lambda vectors, mask=mask: _masked(vectors, mask)):  # type: ignore[misc]
            found[part] = output - question.score(values, lengths, target).cpu().numpy()
    return found


def _masked(vectors: Tensor, mask: Tensor) -> Tensor:
    """(B, T, X) times (B, T), or (B, C) times (B, C); a single vector (B, X) times (B, 1)."""
    mask = mask.to(vectors.dtype)
    return vectors * (mask[:, :, None] if vectors.dim() == 3 else mask)


def _along(question: Question, target: Any, places: Array, weights: Array) -> Array:
    """x_t . sum_a w_a df(a x)/dx_t for every item."""
    total: Array = np.zeros(len(question.items))
    if question.inputs is None or question.values is None:
        return total
    mode = question.mode
    was_training = mode.training
    mode.eval()
    try:
        for start in range(0, len(places), ROWS):
            part = places[start : start + ROWS]
            values, lengths = question.rows(len(part))
            kept: list[Tensor] = []

            def bend(vectors: Tensor, part: Array = part, kept: list[Tensor] = kept) -> Tensor:
                factor = torch.as_tensor(part, dtype=vectors.dtype, device=vectors.device)
                whole = vectors.detach()
                scaled = (whole * factor.view(-1, *[1] * (whole.dim() - 1))).requires_grad_()
                kept.extend([whole, scaled])
                return scaled

            with torch.enable_grad(), _bent(question.inputs, bend):
                sum_of = question.score(values, lengths, target).sum()
                (gradient,) = torch.autograd.grad(sum_of, kept[1])
            weight = torch.as_tensor(weights[start : start + ROWS], dtype=gradient.dtype, device=gradient.device)
            product = (kept[0] * gradient) * weight.view(-1, *[1] * (gradient.dim() - 1))
            summed = product.sum(0)
            if question.has_time:
                summed = summed.sum(-1)[: len(question.items)]
            elif len(question.items) == 1:
                summed = summed.sum()[None]
            total += summed.cpu().double().numpy()
    finally:
        mode.train(was_training)
    return total


@contextmanager
def _bent(inputs: nn.Module | None, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Change the vectors of the items where they enter the network: the first time only, which is the input."""
    if inputs is None:
        yield
        return
    done: list[bool] = []

    def hook(module: nn.Module, given: Any, vectors: Tensor) -> Tensor:
        del module, given
        if done:
            return vectors
        done.append(True)
        return change(vectors)

    handle = inputs.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()
