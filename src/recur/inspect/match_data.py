"""A range and its matches as plain data, which the terminal, a report and a live page draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recur.inspect.match_properties import label_at, step_labels
from recur.inspect.matching import Match, Matching

BESIDE = 12  # steps before and after a range
LONGEST = 60  # steps of a match that are shown
SHOWN_UNITS = 40

_BESIDE = {
    "both": ", and off just before and just after it", "before": ", and off just before it",
    "after": ", and off just after it", "none": "",
}  # fmt: skip


def plain_matching(found: Matching, labels: Sequence[Any] | None = None) -> dict[str, Any]:
    """Plain data of a matching.

    Parameters
    ----------
    found : Matching
    labels : sequence, optional
        For each input of the corpus its label, or a list with a label for every step.

    Returns
    -------
    dict
        ``state``, ``threshold``, ``edges``, ``says`` (the hypothesis in words), ``result`` (what was found, in words);
        the text as ``labels``, ``first`` (the step, from 1, of the first of them), ``start`` and ``stop`` (the range
        among them); ``units`` with their ``values``; ``matches``, each with ``text`` and ``step`` from 1, its
        ``labels``, its range among them as ``start`` and ``stop``, ``counts`` of units that are on, and its ``label``;
        ``properties`` with ``share``, ``base`` and ``chance``.
    """
    first = max(0, found.start - BESIDE)
    last = min(len(found.labels), max(found.stop + BESIDE, first + LONGEST))
    return {
        "state": found.state, "threshold": found.threshold, "edges": found.edges, "says": _hypothesis(found),
        "result": _result(found), "over": found.over, "labels": found.labels[first:last], "first": first + 1,
        "start": found.start - first, "stop": found.stop - first,
        "units": [
            {"layer": str(one.place), "unit": one.unit, "sign": one.sign} for one in found.units[:SHOWN_UNITS]
        ],
        "values": np.asarray(found.values[first:last, :SHOWN_UNITS]).T,
        "count": len(found.units), "texts": found.texts, "steps": found.steps, "whole": found.whole,
        "total": found.total, "matches": [_match(one, labels) for one in found.matches],
        "measured": found.measured,
        "properties": [
            {"name": one.name, "share": one.share, "base": one.base, "chance": one.chance} for one in found.properties
        ],
    }  # fmt: skip


def _match(one: Match, labels: Sequence[Any] | None) -> dict[str, Any]:
    first, last = max(0, one.start - BESIDE), min(len(one.text.labels), min(one.stop, one.start + LONGEST) + BESIDE)
    label = label_at(labels, one.text)
    each = step_labels(label, one.text)
    return {
        "text": one.text.number + 1, "step": one.start + 1, "labels": one.text.labels[first:last],
        "start": one.start - first, "stop": min(one.stop - first, last - first), "steps": one.stop - one.start,
        "on": int(one.on.sum()), "exact": one.exact, "overlap": one.overlap, "counts": one.counts[first:last],
        "label": None if label is None or isinstance(label, list | tuple) else str(label),
        "step_labels": None if each is None else each[first:last],
    }  # fmt: skip


def _hypothesis(found: Matching) -> str:
    """The hypothesis in words."""
    units = f"{len(found.units)} unit{'s are' if len(found.units) > 1 else ' is'}"
    # a range at an end of the text has no step there
    free = [word for word, none in (("before", found.start == 0), ("after", found.stop == len(found.labels))) if none]
    edges = found.edges
    if edges == "both" and len(free) == 1:
        edges = "after" if free == ["before"] else "before"
    elif edges in free or len(free) == 2:
        edges = "none"
    steps = f"steps {found.start + 1} to {found.stop}" if found.stop - found.start > 1 else f"step {found.stop}"
    return (
        f"{units} on in {found.state} (above {found.threshold:g} or below -{found.threshold:g}) over {steps}"
        f"{_BESIDE[edges]}"
    )


def _result(found: Matching) -> str:
    """What was found, in words: how many ranges, and what they have in common."""
    where = (
        f"{found.texts:,} text{'s' * (found.texts != 1)} of {found.steps:,} steps"
        f"{'' if found.whole else ', the first of the corpus'}"
    )
    if not found.matches:
        return f"in {where}, more than half of these units are on together nowhere else"
    count = f"{found.total:,} range{'s match' if found.total > 1 else ' matches'} in {where}"
    if not found.measured:
        return count
    if not found.properties:
        return (
            f"{count}; none of the {found.measured} properties that were compared holds more often in those shown than "
            "in ranges drawn at random"
        )
    best = found.properties[0]
    return (
        f"{count}; “{best.name}” holds at {_percent(best.share)} of the steps of those shown, at {_percent(best.base)} "
        f"of all steps, and by chance (ranges drawn at random) at most at {_percent(best.chance)}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
