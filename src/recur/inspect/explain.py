"""``explain``: everything about one answer as plain data, from which all pictures are drawn.

Terminal, HTML, PNG and a live page read the same dictionary; its form is that of `explain`'s result, and its version
is in it. Numbers are rounded to what a picture can show; the functions of this package return the arrays themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch

from recur.errors import ConfigError
from recur.inspect import through_time
from recur.inspect.ask import ask
from recur.inspect.bptt import ITEMISED, follow
from recur.inspect.explanation import Explanation
from recur.inspect.influence import METHODS, of_option
from recur.inspect.labels import unknown_places
from recur.inspect.match_data import plain_matching
from recur.inspect.matching import match as match_ranges
from recur.inspect.plain import rounded
from recur.inspect.question import Question
from recur.inspect.record import PassValues, forward_pass
from recur.inspect.states import of_parts, plain_states
from recur.inspect.units import plain_units
from recur.modes import Mode
from recur.nn.summary import parameter_count

FORMAT = 1
PARTS = ("influence", "flow", "states", "unrolled")
SPECTRUM = 128  # units of the largest layer whose Jacobian is computed at every step


def explain(
    model: Any,
    value: Any,
    *,
    target: str | None = None,
    at: int | str | None = None,
    top: int = 5,
    parts: Sequence[str] = PARTS,
    options: int | None = None,
    methods: Sequence[str] = METHODS,
    window: int | None = None,
    corpus: Iterable[Any] | None = None,
    labels: Sequence[Any] | None = None,
    match: tuple[int, int] | str | None = None,
    within: Iterable[Any] | None = None,
    within_labels: Sequence[Any] | None = None,
    **matching: Any,
) -> Explanation:
    """Explain one answer.

    Parameters
    ----------
    model : Model or Mode
    value : object
        One raw input.
    target : str, optional
        The word, class or tag to explain; by default the network's own answer.
    at : int or str, optional
        Which answer of a sequence of answers.
    top : int
        Candidates.
    parts : sequence of str
        Of influence, flow, states, unrolled. Influence by leave_one_out of one candidate, and states, are fast enough
        to follow typing.
    options : int, optional
        Of how many candidates the influence is computed; by default of all.
    methods : sequence of str
        Measures of influence: swap, leave_one_out, integrated_gradients, gradient_input. Those that do not apply to the
        network are skipped.
    window : int, optional
        Steps of truncated BPTT.
    corpus : iterable, optional
        Raw inputs in which to search for units that follow a simple property; these are shown over this input.
    labels : sequence, optional
        Of the corpus: for each input its label, or a list with a label for every step.
    match : (int, int) or str, optional
        A range of the input, whose state is searched for: first and last step, counted from 1, or a piece of the text.
    within : iterable, optional
        Raw inputs in which to search for ranges with that state; by default the input itself.
    within_labels : sequence, optional
        The labels of these.
    **matching
        As for `recur.inspect.match`: ``threshold``, ``edges``, ``layer``, and ``matches``, how many.

    Returns
    -------
    Explanation

    Raises
    ------
    RecurError
        When the input cannot be read, or the target is not an output of this network.

    Examples
    --------
    >>> found = explain(model, "the clouds are in the")  # doctest: +SKIP
    >>> found["question"]["says"]  # doctest: +SKIP
    'the next word is “sky”'
    """
    for part in parts:
        if part not in PARTS:
            raise ConfigError(f'there is no part "{part}"', hint=f"one of {', '.join(PARTS)}")
    question = ask(model, value, target=target, at=at, top=top)
    data: dict[str, Any] = {
        "kind": "recur explanation",
        "format": FORMAT,
        "model": _about(model),
        "input": _input(question, value),
        "question": _question(question),
        "influence": _influence(question, options, methods) if "influence" in parts else None,
        "flow": None,
        "states": None,
        "surprise": None,
        "alignment": question.alignment,
        "unrolled": None,
        "units": None if corpus is None else plain_units(model.mode, value, corpus, labels),
        "match": None if match is None else _matching(model, value, match, within, within_labels, **matching),
    }
    if set(parts) & {"flow", "unrolled"}:
        data |= _through_time(question, parts, window)
    elif "states" in parts:
        data |= _forward_only(question)
    return Explanation(rounded(data))


def _matching(
    model: Any, value: Any, over: tuple[int, int] | str, within: Iterable[Any] | None, labels: Sequence[Any] | None,
    *, matches: int = 20, **options: Any,
) -> dict[str, Any]:  # fmt: skip
    """The ranges with the state of a chosen one."""
    found = match_ranges(
        model, value, over, [value] if within is None else within, labels=labels, top=matches, **options
    )
    return plain_matching(found, labels)


def _about(model: Any) -> dict[str, Any]:
    """Facts about the network."""
    mode: Mode = model.mode
    return {
        "name": model.wording.title,
        "sentence": model.wording.sentence,
        "mode": mode.name,
        "cell": mode.cell,
        "pooling": mode.read_from.pooling,
        "parameters": parameter_count(mode),
    }


def _input(question: Question, value: Any) -> dict[str, Any]:
    """The input, item by item."""
    codec = question.mode.input_codec
    return {
        "text": "" if codec is None else codec.show(value, 400),
        "items": question.items,
        "removable": question.removable,
        "unknown": unknown_places(codec, question.values),
        "timed": question.has_time,
        "grid": question.grid,
    }


def _question(question: Question) -> dict[str, Any]:
    """The output that is explained, and what it is compared with."""
    return {
        "says": question.says,
        "unit": question.unit,
        "place": question.place,
        "answer": question.answer or None,
        "steps": question.answer_items,
        "options": [{"label": one.label, "probability": one.probability} for one in question.options],
    }


def _influence(question: Question, count: int | None, methods: Sequence[str]) -> dict[str, Any]:
    """The measures for every candidate."""
    numbers = range(len(question.options) if count is None else min(count, len(question.options)))
    influences = [of_option(question, number, methods=methods) for number in numbers]
    return {
        "unit": question.unit,
        # only a network that predicts what it reads has swaps
        "methods": list(next(iter(influences[0].values())).scores) if influences else [],
        # against the other candidates first, where there are any: why this one
        "against": list(influences[0])[::-1] if influences else [],
        "options": [
            {
                "label": question.options[number].label,
                **{
                    against: {"output": one.output, "nothing": one.nothing, "gap": one.gap, "scores": one.scores}
                    for against, one in ways.items()
                },
            }
            for number, ways in zip(numbers, influences, strict=True)
        ],
    }


def _through_time(question: Question, parts: Sequence[str], window: int | None) -> dict[str, Any]:
    """The backward pass of the error of the chosen output."""
    mode, batch = question.mode, question.batch()
    predictions = int(batch.targets.shape[1]) if batch.targets.dim() > 1 and question.has_steps else 1
    weights = question.weights(predictions)
    ledger, passes = follow(
        mode,
        batch,
        window=window,
        itemised=ITEMISED if "flow" in parts else 0,
        jacobian=SPECTRUM if "flow" in parts else 0,
        only=torch.from_numpy(weights),
        run=None if mode.abilities.carries_state else question.run,
    )
    data = _forward(question, passes if "states" in parts else [], ledger.errors)
    if "flow" in parts and ledger.layers:
        data["flow"] = through_time.flow(question, ledger, weights)
    if "unrolled" in parts and passes:
        data["unrolled"] = through_time.unrolled(question, ledger, passes, weights)
    return data


def _forward_only(question: Question) -> dict[str, Any]:
    """The forward pass alone."""
    passes, errors = forward_pass(question.mode, question.batch())
    return _forward(question, passes, errors.cpu().numpy())


def _forward(question: Question, passes: Sequence[PassValues], errors: np.ndarray) -> dict[str, Any]:
    """States of every layer, and how unexpected each item is."""
    layers = of_parts(passes)
    plain_layers = [plain_states(one, question.labels_of(one.place.part, one.steps)) for one in layers]
    return {"states": {"layers": plain_layers} if plain_layers else None, "surprise": question.surprise(errors)}
