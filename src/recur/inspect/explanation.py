"""``explain``: everything about one answer as plain data, from which all pictures are drawn.

Terminal, HTML, PNG and a live page read the same dictionary; its form is that of `explain`'s result, and its version
is in it. Numbers are rounded to what a picture can show; the functions of this room give the arrays themselves.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import torch

from recur.atomic import write_text
from recur.errors import ConfigError
from recur.inspect.answering import asked_step
from recur.inspect.ask import ask
from recur.inspect.bptt import ITEMISED, LayerLedger, Ledger, Part, distance_of_memory, follow
from recur.inspect.influence import METHODS, of_option
from recur.inspect.labels import unknown_places
from recur.inspect.next_item import NextWord
from recur.inspect.paths import Path
from recur.inspect.question import Question
from recur.inspect.record import Seen, walk
from recur.inspect.states import LayerStates, of_parts
from recur.inspect.units import find_units, over_text
from recur.inspect.unrolled import of_layer
from recur.inspect.written import OneWritten
from recur.markup import escaped, table
from recur.modes import Mode
from recur.views.picture import explained_figure, picture
from recur.views.report import report

Array = np.ndarray[Any, np.dtype[Any]]

FORMAT = 1
PARTS = ("influence", "flow", "states", "unrolled")
SHOWN_UNITS = 64  # of each layer, those that vary most
SHOWN_STEPS = 200  # the last ones
SHOWN_FINDINGS = 8
ITEMS = 40  # the last ones, in the table of a notebook
SPECTRUM = 128  # units up to which the Jacobian of every step is looked at


@dataclass(frozen=True)
class Explanation:
    """Why a network said what it said.

    Attributes
    ----------
    data : dict
        Plain data: ``model``, ``input``, ``question``, ``influence``, ``flow``, ``states``, ``surprise``,
        ``alignment``, ``unrolled``, ``units``; parts that were not asked for, or do not exist for this network, are
        None.
    """

    data: dict[str, Any]

    def json(self) -> str:
        """The data as one line of JSON."""
        return json.dumps(self.data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    def html(self) -> str:
        """The pictures as one HTML page, which loads nothing from anywhere."""
        return report([self.data])

    def figure(self) -> Any:
        """The pictures as a matplotlib figure.

        Raises
        ------
        ConfigError
            When matplotlib is not installed.
        """
        return explained_figure([self.data])

    def save(self, path: FilePath | str) -> FilePath:
        """Write the explanation as ``.html``, ``.png`` or ``.json``; return the path.

        Raises
        ------
        ConfigError
            When the name has another ending, or a picture needs matplotlib and it is not installed.
        """
        target = FilePath(path)
        kind = target.suffix.lower()
        if kind == ".png":
            picture([self.data], target)
        elif kind in {".html", ".json"}:
            write_text(target, self.html() if kind == ".html" else self.json())
        else:
            raise ConfigError(
                f"{target} has the ending {kind or 'of no kind'}, expected .html, .png or .json",
                hint=f"explanation.save({str(target.with_suffix('.html'))!r})",
            )
        return target

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def _repr_html_(self) -> str:
        """What a notebook shows: the answer, its candidates, and what each item contributes to it."""
        question, found = self.data["question"], self.data["influence"]
        options = [(one["label"], f"{one['probability']:.1%}") for one in question["options"] if one["probability"]]
        shown = f"<p>{escaped(question['says'])}</p>" + (table(options, ("answer", "probability")) if options else "")
        if not found or not found["methods"]:
            return shown
        scores = found["options"][0][found["against"][0]]["scores"][found["methods"][0]]
        items = zip(self.data["input"]["items"], scores, strict=False)
        rows = [(item, f"{score:+.2f}") for item, score in items if score is not None][-ITEMS:]
        return shown + table(rows, ("item", f"contribution, {found['unit']}"))

    def __repr__(self) -> str:
        return f"Explanation({self.data['question']['says']})"


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
        Measures of influence: swap, leave_one_out, integrated_gradients, gradient_input. Those that a network does not
        have are left out.
    window : int, optional
        Steps of truncated BPTT.
    corpus : iterable, optional
        Raw inputs in which units that follow something simple are searched for; they are shown over this input.

    Returns
    -------
    Explanation

    Raises
    ------
    RecurError
        When the input cannot be read, or the target not be said.

    Examples
    --------
    >>> found = explain(model, "the clouds are in the")  # doctest: +SKIP
    >>> found["question"]["says"]  # doctest: +SKIP
    'the next word is “sky”'
    """
    for part in parts:
        if part not in PARTS:
            raise ConfigError(f'there is no part "{part}"', hint=f"of {', '.join(PARTS)}")
    mode: Mode = model.mode
    question = ask(mode, value, target=target, at=at, top=top)
    data: dict[str, Any] = {
        "kind": "recur explanation",
        "format": FORMAT,
        "model": _about(model),
        "input": {
            "text": mode.input_codec.show(value, 400) if mode.input_codec is not None else "",
            "items": question.items,
            "removable": question.removable,
            "unknown": unknown_places(mode.input_codec, question.values),
            "timed": question.has_time,
            "grid": question.grid,
        },
        "question": {
            "says": question.says,
            "unit": question.unit,
            "place": question.place,
            "answer": question.answer or None,
            "options": [{"label": one.label, "probability": one.probability} for one in question.options],
        },
        "influence": _influence(question, options, methods) if "influence" in parts else None,
        "flow": None,
        "states": None,
        "surprise": None,
        "alignment": None,
        "unrolled": None,
        "units": None if corpus is None else _units(mode, value, corpus),
    }
    if set(parts) & {"flow", "unrolled"}:
        data |= _through_time(question, parts, window)
    elif "states" in parts:
        data |= _forward_only(question)
    if isinstance(question, OneWritten) and question.alignment is not None:
        weights = question.alignment
        data["alignment"] = {
            "rows": question.labels[: len(weights)], "columns": question.items, "weights": weights,
        }  # fmt: skip
    return Explanation(plain(data))


def _about(model: Any) -> dict[str, Any]:
    mode: Mode = model.mode
    return {
        "name": model.title,
        "sentence": model.sentence,
        "mode": mode.name,
        "cell": mode.cell,
        "parameters": sum(p.numel() for p in mode.parameters()),
    }


def _influence(question: Question, count: int | None, methods: Sequence[str]) -> dict[str, Any]:
    """The measures for every candidate."""
    wanted = range(len(question.options) if count is None else min(count, len(question.options)))
    found = [of_option(question, number, methods=methods) for number in wanted]
    return {
        "unit": question.unit,
        # of a network that does not predict what it reads nothing is swapped
        "methods": list(next(iter(found[0].values())).scores) if found else [],
        # against the other candidates first, where there are any: why this one
        "against": list(found[0])[::-1] if found else [],
        "options": [
            {
                "label": question.options[number].label,
                **{
                    against: {"output": one.output, "nothing": one.nothing, "gap": one.gap, "scores": one.scores}
                    for against, one in ways.items()
                },
            }
            for number, ways in zip(wanted, found, strict=True)
        ],
    }


def _through_time(question: Question, parts: Sequence[str], window: int | None) -> dict[str, Any]:
    """What is seen when the error of the chosen output is followed back."""
    mode, batch = question.mode, question.batch()
    predictions = int(batch.targets.shape[1]) if batch.targets.dim() > 1 and question.has_steps else 1
    weights = torch.from_numpy(question.weights(predictions))
    sizes = [s for m in mode.modules() for s in getattr(m, "hidden_sizes", ())]
    small = bool(sizes) and max(sizes) <= SPECTRUM
    found, passes = follow(
        mode,
        batch,
        window=window,
        itemised=ITEMISED if "flow" in parts else 0,
        jacobian=small and "flow" in parts,
        only=weights,
        run=None if mode.carries_state else question.run,
    )
    data = _forward(question, passes if "states" in parts else [], found.errors)
    if "flow" in parts and found.layers:
        data["flow"] = _flow(question, found, weights.numpy())
    if "unrolled" in parts and passes:
        data["unrolled"] = {
            "layers": [_unrolled(question, layer, passes, found, weights.numpy()) for layer in found.layers]
        }
    return data


def _forward_only(question: Question) -> dict[str, Any]:
    """What is seen on the way forward alone, without an error that is followed back."""
    passes, errors = walk(question.mode, question.batch())
    return _forward(question, passes, errors.cpu().numpy())


def _forward(question: Question, passes: Sequence[Seen], errors: Array) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if passes:
        data["states"] = {"layers": [_states(question, one) for one in of_parts(passes)]}
    if isinstance(question, NextWord):
        count = len(question.items)
        # an item's surprise is the error of the step before it; nothing stands before the first
        data["surprise"] = [None, *map(float, errors[: count - 1])]
    return data


def _units(mode: Mode, value: Any, corpus: Iterable[Any]) -> dict[str, Any]:
    """Units that follow something simple in a corpus, over this input."""
    labels, every = over_text(mode, find_units(mode, corpus), value)
    start = max(0, len(labels) - SHOWN_STEPS)
    # what is never so in this input, or always, shows nothing over it
    found = [one for one in every if len(one.wanted[start:]) and np.ptp(one.wanted[start:]) > 0][:SHOWN_FINDINGS]
    return {
        "labels": labels[start:],
        "findings": [
            {
                "layer": str(one.finding.place), "state": one.finding.state, "unit": one.finding.unit,
                "predicate": one.finding.predicate, "measure": one.finding.measure, "found": one.finding.found,
                "score": one.finding.score, "values": one.values[start:], "wanted": one.wanted[start:],
            }
            for one in found
        ],
    }  # fmt: skip


def labels_of(question: Question, part: str, steps: int) -> list[str]:
    """What is read at each step by a part of the network."""
    labels = question.labels_read(part)
    return (labels + [str(t + 1) for t in range(len(labels), steps)])[:steps]


def _flow(question: Question, found: Ledger, weights: Array) -> dict[str, Any]:
    """The gradient of the chosen output's error at every step, and of every single error."""
    layers = []
    for layer in found.layers:
        steps = len(layer.messages[next(iter(layer.messages))])
        labels = labels_of(question, layer.place.part, steps)
        message = layer.message_norm()[:, 0]
        matrix = found.itemised.get(layer.place, {})
        backwards = layer.place.direction == 1
        end = asked_step(question.mode, layer.place, found, weights, steps)
        layers.append(
            {
                "name": str(layer.place), "part": layer.place.part, "direction": layer.place.direction,
                "cell": layer.cell, "labels": labels,
                "norms": {**{n: v[:, 0] for n, v in layer.norms().items()}, "message": message},
                "shares": {n: _share(p) for n, p in layer.paths.items() if p.kind != "bias"},
                "boundaries": list(layer.boundaries),
                "spectrum": {n: v[:, 0] for n, v in layer.jacobian.items()},
                "itemised": matrix.get("message"),
                "asked": end + 1,
                "memory": distance_of_memory(message[end:][::-1] if backwards else message[: end + 1]),
                "sentence": sentence(message, labels, backwards=backwards, end=end),
            }
        )  # fmt: skip
    part = question.mode.answering_part
    # of a sequence as a whole there is one answer, at no step of its own
    answers = labels_of(question, part, 10**6) if question.has_steps else None
    return {
        "errors": [
            {
                "error": float(e), "step": int(t), "part": part,
                "label": "the answer" if answers is None else answers[int(t)] if int(t) < len(answers) else "",
            }
            for (_, t), e in zip(found.where, found.errors, strict=True)
        ],
        "followed": found.followed,
        "error": found.error,
        "layers": layers,
        "readout": _readout(question, found, part),
    }  # fmt: skip


def _share(path: Path) -> dict[str, Any]:
    """The shares of the steps in the gradient of a matrix, and the size of that gradient."""
    return {
        "kind": path.kind, "fraction": path.fraction, "norm": path.norm,
        "gradient": float(np.linalg.norm(path.gradient)),
    }  # fmt: skip


def _readout(question: Question, found: Ledger, part: str) -> dict[str, Any] | None:
    """The shares of W_hy over the steps of the part that answers; steps that are not read out have none."""
    path = found.readout.get("W_hy")
    if path is None:
        return None
    inside = [len(next(iter(layer.states.values()))) for layer in found.layers if layer.place.part == part]
    steps = max([*inside, *(found.read_at + 1)], default=0)
    fraction, norm = np.zeros(steps), np.zeros(steps)
    np.add.at(fraction, found.read_at, path.fraction)
    np.add.at(norm, found.read_at, path.norm)
    return {
        "name": "W_hy", "part": part, "labels": labels_of(question, part, steps),
        **_share(path), "fraction": fraction, "norm": norm,
    }  # fmt: skip


def sentence(norms: Array, labels: Sequence[str], *, backwards: bool = False, end: int | None = None) -> str:
    """How much of the gradient of the step that answers, ``end`` from 0, arrives at the first one, in one sentence.

    >>> sentence(np.array([0.001, 0.1, 1.0]), ["I", "like", "tea"])
    'step 1 (I) receives 0.1 % of the gradient of step 3: it vanishes'
    >>> sentence(np.array([0.2, 1.0, 0.0]), ["I", "like", "tea"], end=1)
    'step 1 (I) receives 20 % of the gradient of step 2: it weakens'
    """
    order = list(range(len(norms)))[::-1] if backwards else list(range(len(norms)))
    order = order if end is None else order[: order.index(end) + 1]
    known = [t for t in order if t < len(labels) and not labels[t].startswith("⟨")]
    if len(known) < 2:
        return "there is no way back: no step is read before the one that answers"
    if norms[known[-1]] == 0:
        return "there is no way back: no gradient arrives here"
    first, last = known[0], known[-1]
    ratio = float(norms[first] / norms[last])
    what = (
        "it vanishes" if ratio < 0.01
        else "it fades" if ratio < 0.1
        else "it weakens" if ratio < 0.5
        else "it explodes" if ratio > 10
        else "it grows" if ratio > 2
        else "it is carried all the way"
    )  # fmt: skip
    if ratio == 0:
        return f"step {first + 1} ({labels[first]}) receives nothing of the gradient of step {last + 1}"
    share = f"{100 * ratio:.2g}" if ratio < 1 else f"{100 * ratio:,.0f}"
    share = f"{100 * ratio:.1e}" if ratio < 1e-4 else share
    return f"step {first + 1} ({labels[first]}) receives {share} % of the gradient of step {last + 1}: {what}"


def _states(question: Question, layer: LayerStates) -> dict[str, Any]:
    name = next(iter(layer.states))
    steps = len(layer.states[name])
    start = max(0, steps - SHOWN_STEPS)
    chosen: dict[int, Array] = {}  # of states and gates of one size the same units, so that they can be compared

    def units(values: Array) -> Array:
        size = values.shape[1]
        if size not in chosen:
            chosen[size] = np.sort(np.argsort(-values.std(0), kind="stable")[:SHOWN_UNITS])
        return chosen[size]

    def shown(values: Array) -> Array:
        return values[start:, units(values)]

    return {
        "name": str(layer.place), "part": layer.place.part, "cell": layer.cell,
        "labels": labels_of(question, layer.place.part, steps)[start:],
        "states": {n: shown(v) for n, v in layer.states.items()},
        "shown": {n: units(v) for n, v in [*layer.states.items(), *((g.name, g.values) for g in layer.gates)]},
        "gates": [
            {
                "name": g.name, "kind": g.kind, "values": shown(g.values), "mean": g.values[start:].mean(1),
                "shut": float(g.shut.mean()), "open": float(g.open.mean()),
                "units": np.stack([g.shut, g.open], axis=1),
            }
            for g in layer.gates
        ],
        "trajectory": {"points": layer.trajectory[start:], "explained": list(layer.explained)},
        "eigenvalues": {n: np.stack([v.real, v.imag], axis=1) for n, v in layer.eigenvalues.items()},
    }  # fmt: skip


def _unrolled(
    question: Question, layer: LayerLedger, passes: Sequence[Part], found: Ledger, weights: Array
) -> dict[str, Any]:
    steps = len(layer.states[next(iter(layer.states))])
    mine = [part for part in passes if part.one.place == layer.place]
    end = asked_step(question.mode, layer.place, found, weights, steps)
    labels = labels_of(question, layer.place.part, steps)
    data = asdict(of_layer(question.mode, layer, mine, labels, found, end=end))
    data["name"] = str(layer.place)
    data["part"], data["direction"] = layer.place.part, layer.place.direction
    del data["place"]
    return data


def plain(value: Any, digits: int = 5) -> Any:
    """Plain data: arrays as lists, numbers rounded to so many digits that count, what is not finite as None."""
    if isinstance(value, dict):
        return {str(key): plain(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, digits) for item in value]
    if isinstance(value, np.ndarray):
        return _rounded(value, digits).tolist() if value.dtype.kind == "f" else value.tolist()
    if isinstance(value, np.generic):
        return plain(value.item(), digits)
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    return value


def _rounded(values: Array, digits: int) -> Array:
    """An array rounded to so many digits that count, as a float64 that is written short; not finite becomes None."""
    values = values.astype(np.float64)
    finite = np.isfinite(values)
    known = np.where(finite & (values != 0), values, 1.0)
    places = digits - 1 - np.floor(np.log10(np.abs(known)))
    # ten to a positive power is exact, so that a whole number divided by it is the nearest float to its decimals
    up, down = 10.0 ** np.maximum(places, 0), 10.0 ** np.maximum(-places, 0)
    found: Array = np.where(values == 0, 0.0, np.rint(known * up / down) / up * down)
    if finite.all():
        return found
    known_only = found.astype(object)
    known_only[~finite] = None
    return known_only
