"""How much each item of the input contributes to an output: four measures, signed, on an absolute scale.

    swap                   f(x) - f(x with item t unknown)         for networks that predict what they read (`swaps`)
    leave-one-out          f(x) - f(x without item t)                  needs no gradient
    integrated gradients   x_t . integral_0^1 df(a x)/dx_t da          adds up to f(x) - f(0)   (completeness)
    gradient x input       x_t . df(x)/dx_t                            the first-order part alone

f is the log-probability of the output (in nats: 0.69 means twice as probable), or its value for numbers; or, to ask why
this and not another, the log-odds against the other candidates, log p(y) - log sum of p(others). x_t is the
vector of item t; "nothing" is the vector of zeros, which for numbers is the mean of the training values.

Sources: M. Sundararajan, A. Taly, Q. Yan (2017), Axiomatic attribution for deep networks, section 3; J. Li, W. Monroe,
D. Jurafsky (2016), Understanding neural networks through representation erasure; A. Shrikumar, P. Greenside,
A. Shcherbina, A. Kundaje (2016), Not just a black box, for gradient x input; K. Yin, G. Neubig (2022), Interpreting
language models with contrastive explanations, for the comparison with the other candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import get_ident
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recur.cancellation import check_cancelled
from recur.errors import ConfigError
from recur.heads.prediction import Option
from recur.inspect.ask import ask
from recur.inspect.question import Question
from recur.network.batch import pad

AGAINST = ("everything", "candidates")
METHODS = ("swap", "leave_one_out", "integrated_gradients", "gradient_input")
POINTS = 64  # of the quadrature, whose error is reported
ROWS = 64


@dataclass(frozen=True)
class Influence:
    """The contribution of each item to one output.

    Attributes
    ----------
    items : list of str
    option : Option
        The output.
    says : str
        The output in words.
    unit : str
        The unit of all scores.
    against : str
        "everything" (f is a log-probability) or "candidates" (f is the log-odds against the other candidates).
    output : float
        f(x).
    nothing : float
        f with the vectors of all items zero.
    scores : dict of str to ndarray
        (T,) by method: swap where the network predicts what it reads, leave_one_out, integrated_gradients,
        gradient_input. Positive supports the output. Not a number where an item cannot be swapped or left out.
    gap : float
        f(x) - f(0) minus the sum of the integrated gradients: the error of the quadrature.
    """

    items: list[str]
    option: Option
    says: str
    unit: str
    against: str
    output: float
    nothing: float
    scores: dict[str, np.ndarray]
    gap: float

    def order(self, method: str | None = None) -> list[int]:
        """Places of the items, the strongest (of either sign) first; by the first method where none is named."""
        method = next(iter(self.scores)) if method is None else method
        return [int(place) for place in np.argsort(-np.abs(np.nan_to_num(self.scores[method])), kind="stable")]


def influence(
    model: Any,
    value: Any,
    *,
    target: str | None = None,
    at: int | str | None = None,
    against: str = "everything",
    methods: Sequence[str] = METHODS,
    points: int = POINTS,
) -> Influence:
    """Return how much each item of an input contributes to an output.

    Parameters
    ----------
    model : Model or Mode
    value : object
        One raw input: a text, a sequence, a mapping's value.
    target : str, optional
        The word, class or tag; by default the network's own answer.
    at : int or str, optional
        Which answer of a sequence of answers: a number from 1, or the item.
    against : str
        "everything": why it is probable; "candidates": why it rather than the next best. What makes all of them
        more probable, as "fluent" does with every language, cancels out.
    methods : sequence of str
        Of swap, leave_one_out, integrated_gradients, gradient_input; swap falls back on leave_one_out where the network
        does not predict what it reads.
    points : int
        Points at which the integral is evaluated.

    Returns
    -------
    Influence

    Examples
    --------
    >>> found = influence(model, "I grew up in France . I speak fluent", against="candidates")  # doctest: +SKIP
    >>> found.items[found.order()[0]]  # doctest: +SKIP
    'France'
    """
    if against not in AGAINST:
        raise ConfigError(f'there is no comparison with "{against}"', hint=f"one of {', '.join(AGAINST)}")
    results = of_option(ask(model, value, target=target, at=at), 0, methods=methods, points=points)
    if against not in results:
        raise ConfigError("there are no other candidates to compare with", hint='against="everything"')
    return results[against]


def of_option(
    question: Question, number: int = 0, *, methods: Sequence[str] = METHODS, points: int = POINTS
) -> dict[str, Influence]:
    """The influence on one of a question's options, against everything and (of symbols) against the others."""
    for method in methods:
        if method not in METHODS:
            raise ConfigError(f'there is no method "{method}"', hint=f"one of {', '.join(METHODS)}")
    ways = AGAINST if question.unit == "nats" and question.exclusive and len(question.options) > 1 else AGAINST[:1]
    measure = _Measure(question, number, len(ways))
    scores: dict[str, np.ndarray] = {}
    with question.mode.answering():
        output = _changed_outputs(question, measure, 1).cpu().numpy()[0]
        nothing = _changed_outputs(question, measure, 1, lambda vectors: vectors * 0).cpu().numpy()[0]
        swap_scores = question.swap_scores(measure.targets) if "swap" in methods else None
        if swap_scores is not None:
            scores["swap"] = output[:, None] - measure.combine(torch.from_numpy(swap_scores.T)).numpy().T
        if "leave_one_out" in methods or not (question.predicts_items or set(methods) - {"swap"}):
            scores["leave_one_out"] = _leave_one_out(question, measure, output)
    if "gradient_input" in methods:
        scores["gradient_input"] = _integral(question, measure, np.ones(1), np.ones(1))
    if "integrated_gradients" in methods:
        places, weights = np.polynomial.legendre.leggauss(points)
        scores["integrated_gradients"] = _integral(question, measure, (places + 1) / 2, weights / 2)
    results = {}
    for way, against in enumerate(ways):
        own = {method: values[way] for method, values in scores.items()}
        change = float(output[way] - nothing[way])
        gap = change - float(own["integrated_gradients"].sum()) if "integrated_gradients" in own else 0.0
        results[against] = Influence(
            question.items, question.options[number], question.says, question.unit, against, float(output[way]),
            float(nothing[way]), own, gap,
        )  # fmt: skip
    return results


class _Measure:
    """f (B, W): the output of an option, and its log-odds against the others."""

    def __init__(self, question: Question, number: int, ways: int) -> None:
        self.question, self.ways = question, ways
        first = question.options[number].target
        others = [one.target for place, one in enumerate(question.options) if place != number]
        self.targets = [first, *(others if ways > 1 else ())]

    def __call__(self, values: Tensor | None, lengths: Tensor | None) -> Tensor:
        return self.combine(self.question.scores(values, lengths, self.targets))

    def combine(self, scores: Tensor) -> Tensor:
        """f (B, W) from the outputs (B, K) of the option and the others."""
        if self.ways == 1:
            return scores
        return torch.stack([scores[:, 0], scores[:, 0] - scores[:, 1:].logsumexp(1)], dim=1)


def _leave_one_out(question: Question, measure: _Measure, output: np.ndarray) -> np.ndarray:
    """f(x) - f(x without item t), (W, T); items without time are set to zero instead."""
    count = len(question.items)
    scores = np.full((measure.ways, count), np.nan)
    if question.values is None:
        return scores
    discrete = question.mode.input_codec is not None and question.mode.input_codec.discrete
    without_items = question.has_time and discrete
    places = [t for t in range(count) if question.removable[t]] if without_items else list(range(count))
    for start in range(0, len(places), ROWS):
        check_cancelled()
        part = places[start : start + ROWS]
        if without_items:
            without = _without_items(question, measure, part)
        else:
            # numbers keep their place in time, so an item is set to the mean of the training values
            mask = torch.ones(len(part), count, device=question.mode.device)
            mask[torch.arange(len(part)), torch.tensor(part)] = 0
            without = _changed_outputs(question, measure, len(part), partial(_with_mask, question, mask))
        scores[:, part] = output[:, None] - without.cpu().numpy().T
    return scores


def _without_items(question: Question, measure: _Measure, part: list[int]) -> Tensor:
    """f (B, W) of the input without each of some items."""
    values, lengths = pad([np.delete(np.asarray(question.values), place, axis=0) for place in part])
    row_lengths = None if lengths is None else lengths.to(question.mode.device)
    return measure.combine(question.without(part).scores(question.move(values), row_lengths, measure.targets))


def _with_mask(question: Question, mask: Tensor, vectors: Tensor) -> Tensor:
    """Vectors or values of rows (B, ...), multiplied by a mask over their items (B, N)."""
    mask = mask.to(vectors.dtype)
    if question.grid is not None:
        down, across = _cells(question.grid, vectors)
        return vectors * mask.view(len(mask), *question.grid)[:, down[:, None], across[None, :], None]
    if question.has_time:
        return vectors * mask.view(*mask.shape, *[1] * (vectors.dim() - 2))
    return vectors * mask


def _cells(grid: tuple[int, int], pictures: Tensor) -> tuple[Tensor, Tensor]:
    """The row and the column of the part that each line and each column of pictures (..., H, W, C) is in."""
    height, width = pictures.shape[-3:-1]
    return torch.arange(height) * grid[0] // height, torch.arange(width) * grid[1] // width


def _by_item(question: Question, values: Tensor) -> Tensor:
    """The values of one row, summed by item (N,)."""
    count = len(question.items)
    if question.grid is not None:
        down, across = _cells(question.grid, values)
        place = (down[:, None] * question.grid[1] + across[None, :]).flatten().to(values.device)
        return values.new_zeros(count).index_add(0, place, values.sum(-1).flatten())
    if question.has_time:
        return values.flatten(1).sum(-1)[:count]
    return values.sum()[None] if count == 1 else values


def _integral(question: Question, measure: _Measure, places: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """x_t . sum_a w_a df(a x)/dx_t for every item, (W, T)."""
    total: np.ndarray = np.zeros((measure.ways, len(question.items)))
    if question.values is None:
        return total
    mode = question.mode
    was_training = mode.training
    mode.eval()
    try:
        for start in range(0, len(places), ROWS):
            check_cancelled()
            part = places[start : start + ROWS]
            tensors: list[Tensor] = []

            def scale(vectors: Tensor, part: np.ndarray = part, tensors: list[Tensor] = tensors) -> Tensor:
                factor = torch.as_tensor(part, dtype=vectors.dtype, device=vectors.device)
                whole = vectors.detach()
                scaled = (whole * factor.view(-1, *[1] * (whole.dim() - 1))).requires_grad_()
                tensors.extend([whole, scaled])
                return scaled

            with torch.enable_grad():
                sums = _changed_outputs(question, measure, len(part), scale).sum(0)
            for way in range(measure.ways):
                (gradient,) = torch.autograd.grad(sums[way], tensors[1], retain_graph=way + 1 < measure.ways)
                weight = torch.as_tensor(weights[start : start + ROWS], dtype=gradient.dtype, device=gradient.device)
                summed = (tensors[0] * gradient * weight.view(-1, *[1] * (gradient.dim() - 1))).sum(0)
                total[way] += _by_item(question, summed).cpu().double().numpy()
    finally:
        mode.train(was_training)
    return total


def _changed_outputs(
    question: Question, measure: _Measure, count: int, change: Callable[[Tensor], Tensor] | None = None
) -> Tensor:
    """f (B, W) of ``count`` rows whose items are changed: numbers themselves, symbols as their vectors x_t."""
    values, lengths = question.rows(count)
    if change is None or values is None:
        return measure(values, lengths)
    if values.is_floating_point():
        return measure(change(values), lengths)
    with _input_hook(question.mode.inputs, change):
        return measure(values, lengths)


@contextmanager
def _input_hook(inputs: nn.Module | None, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Change the vectors of the items where they enter the network: in the first call only, which reads the input.

    A hook belongs to the module, which several threads of a server share: it acts only in the thread that set it.
    """
    if inputs is None:
        yield
        return
    calls: list[bool] = []
    own = get_ident()

    def hook(module: nn.Module, inputs_of_module: Any, vectors: Tensor) -> Tensor:
        del module, inputs_of_module
        if calls or get_ident() != own:
            return vectors
        calls.append(True)
        return change(vectors)

    handle = inputs.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()
