"""The gradient of one answer through time as plain data: at every step, in every matrix, and in every copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from recur.inspect.answer_steps import answer_step
from recur.inspect.ledgers import LayerLedger, Ledger, Part, distance_of_memory
from recur.inspect.paths import Path
from recur.inspect.question import Question
from recur.inspect.unrolled import of_layer
from recur.views.grades import grade


def flow(question: Question, ledger: Ledger, weights: np.ndarray) -> dict[str, Any]:
    """The gradient of the chosen output's error at every step, and of every single error."""
    part = question.mode.read_from.part
    steps = ledger.where[:, 1]
    answers = question.labels_of(part, int(steps.max(initial=-1)) + 1)
    return {
        "errors": [
            # the answer to a whole sequence belongs to no single step
            {"error": float(e), "step": t, "part": part, "label": answers[t] if question.has_steps else "the answer"}
            for t, e in zip(steps.tolist(), ledger.errors, strict=True)
        ],
        "followed": ledger.followed,
        "error": ledger.error,
        "layers": [_layer(question, layer, ledger, weights) for layer in ledger.layers],
        "readout": _readout(question, ledger, part),
    }


def _layer(question: Question, layer: LayerLedger, ledger: Ledger, weights: np.ndarray) -> dict[str, Any]:
    """The gradient at every step of one direction of one layer."""
    labels = question.labels_of(layer.place.part, layer.steps)
    message = layer.message_norm()[:, 0]
    backwards = layer.place.direction == 1
    end = answer_step(question.mode, layer.place, ledger, weights, layer.steps)
    return {
        "name": str(layer.place), "part": layer.place.part, "direction": layer.place.direction,
        "cell": layer.cell, "labels": labels,
        "norms": {**{n: v[:, 0] for n, v in layer.norms().items()}, "message": message},
        "shares": {n: _share(p) for n, p in layer.paths.items() if p.kind != "bias"},
        "boundaries": list(layer.boundaries),
        "spectrum": {n: v[:, 0] for n, v in layer.jacobian.items()},
        "lyapunov": _lyapunov(layer),
        "itemised": ledger.itemised.get(layer.place, {}).get("message"),
        "asked": end + 1,
        "memory": distance_of_memory(message[end:][::-1] if backwards else message[: end + 1]),
        "sentence": sentence(message, labels, backwards=backwards, end=end),
    }  # fmt: skip


def _lyapunov(layer: LayerLedger) -> dict[str, Any] | None:
    """The Lyapunov exponent of the states' path; None where there is none, or the layer is large."""
    found = layer.lyapunov
    return (
        None
        if found is None or not found.steps
        else {"exponent": found.exponent, "steps": found.steps, "sentence": found.sentence}
    )


def _share(path: Path) -> dict[str, Any]:
    """The shares of the steps in the gradient of a matrix, and the size of that gradient."""
    return {
        "kind": path.kind, "fraction": path.fraction, "norm": path.norm,
        "gradient": float(np.linalg.norm(path.gradient)),
    }  # fmt: skip


def _readout(question: Question, ledger: Ledger, part: str) -> dict[str, Any] | None:
    """The shares of W_hy over the steps of the part that answers; steps that are not read out have none."""
    path = ledger.readout.get("W_hy")
    if path is None:
        return None
    inside = [layer.steps for layer in ledger.layers if layer.place.part == part]
    steps = max([*inside, *(ledger.read_at + 1)], default=0)
    fraction, norm = np.zeros(steps), np.zeros(steps)
    np.add.at(fraction, ledger.read_at, path.fraction)
    np.add.at(norm, ledger.read_at, path.norm)
    return {
        "name": "W_hy", "part": part, "labels": question.labels_of(part, steps),
        **_share(path), "fraction": fraction, "norm": norm,
    }  # fmt: skip


def sentence(norms: np.ndarray, labels: Sequence[str], *, backwards: bool = False, end: int | None = None) -> str:
    """How much of the gradient of the step that answers, ``end`` from 0, arrives at the first one, in one sentence.

    >>> sentence(np.array([0.001, 0.1, 1.0]), ["I", "like", "tea"])
    'step 1 (I) receives 0.1 % of the gradient of step 3: it vanishes'
    >>> sentence(np.array([0.2, 1.0, 0.0]), ["I", "like", "tea"], end=1)
    'step 1 (I) receives 20 % of the gradient of step 2: it weakens'
    """
    order = list(range(len(norms)))[::-1] if backwards else list(range(len(norms)))
    order = order if end is None else order[: order.index(end) + 1]
    labelled = [t for t in order if t < len(labels) and not labels[t].startswith("⟨")]
    if len(labelled) < 2:
        return "no gradient flows back: no step is read before the one that answers"
    if norms[labelled[-1]] == 0:
        return "no gradient reaches this layer"
    first, last = labelled[0], labelled[-1]
    ratio = float(norms[first] / norms[last])
    if ratio == 0:
        return f"step {first + 1} ({labels[first]}) receives nothing of the gradient of step {last + 1}"
    share = f"{100 * ratio:.2g}" if ratio < 1 else f"{100 * ratio:,.0f}"
    share = f"{100 * ratio:.1e}" if ratio < 1e-4 else share
    words = grade(float(share.replace(",", "")) / 100)
    return f"step {first + 1} ({labels[first]}) receives {share} % of the gradient of step {last + 1}: it {words}"


def unrolled(question: Question, ledger: Ledger, passes: Sequence[Part], weights: np.ndarray) -> dict[str, Any]:
    """The copies of every layer, the one that answers among those that are shown."""
    layers, drawings = [], {}
    for layer in ledger.layers:
        place = layer.place
        mine = [part for part in passes if part.one.place == place]
        end = answer_step(question.mode, place, ledger, weights, layer.steps)
        labels = question.labels_of(place.part, layer.steps)
        data = asdict(of_layer(question.mode, layer, mine, labels, ledger, end=end))
        del data["place"]
        drawings[data["cell"]] = data.pop("drawing")
        layers.append({**data, "name": str(place), "part": place.part, "direction": place.direction})
    return {"layers": layers, "drawings": drawings}
