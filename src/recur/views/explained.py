"""An explanation on a terminal: coloured words, bars that need no colour, and the sentence on what to look for."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recur.printable import printable_data
from recur.views.colours import painted, signed
from recur.views.terminal import bar, bold, decorated, dim, shares, unicode

MOST_ITEMS = 16
_LEVELS = "▁▂▃▄▅▆▇█"
_HOW = {
    "leave_one_out": "change of {what} when the item is left out",
    "integrated_gradients": "integrated gradients from nothing to the input; they add up to the whole change",
    "gradient_input": "gradient x input",
}


def explained(data: Mapping[str, Any], columns: int, method: str = "leave_one_out") -> Iterator[str]:
    """Lay an explanation out.

    Parameters
    ----------
    data : mapping
        The ``data`` of what ``recur.inspect.explain`` gives.
    columns : int
        Width to stay within.
    method : str
        Which measure of influence.
    """
    data = printable_data(data)
    yield bold(_clipped(data["question"]["says"], columns))
    options = [(one["label"], one["probability"]) for one in data["question"]["options"]]
    if all(probability is not None for _, probability in options):
        yield from shares(options, columns)
    if data["influence"] and data["input"]["items"]:
        yield ""
        yield from _influence(data, columns, method)
    if data["flow"]:
        yield ""
        yield from _flow(data["flow"], columns)
    if data["states"]:
        yield from _gates(data["states"], columns)
    if data.get("units"):
        yield from _units(data["units"], columns)
    if data["surprise"] and len(data["surprise"]) > 2:
        yield ""
        pairs = [(item, v) for item, v in zip(data["input"]["items"], data["surprise"], strict=True) if v is not None]
        word, most = max(pairs, key=lambda pair: pair[1])
        said = f"most surprising: “{_shown(word)}”, {most:.1f} nats (probability {math.exp(-most):.2g})"
        yield _clipped(said, columns)


def _influence(data: Mapping[str, Any], columns: int, method: str) -> Iterator[str]:
    """Every item with a signed bar; of many, the strongest, in their order."""
    found = data["influence"]
    option, items, unit = found["options"][0], data["input"]["items"], found["unit"]
    against = found["against"][0]
    scores = option[against]["scores"][method]
    known = [(abs(v), t) for t, v in enumerate(scores) if v is not None]
    most = max((v for one in found["options"] for v in map(abs, _numbers(one[against]["scores"][method]))), default=0.0)
    odds = f"log-odds of {option['label']} against the others"
    what = odds if against == "candidates" else f"log p({option['label']})" if unit == "nats" else "the value"
    yield bold(_clipped(f"what speaks for “{option['label']}”", columns))
    for line in _wrapped(f"  {_HOW[method].format(what=what)}, in {unit}", columns):
        yield dim(line)
    if decorated():
        yield from _words(items, scores, most, columns)
    kept = {t for _, t in sorted(known, reverse=True)[:MOST_ITEMS]}
    longest = min(max((len(_shown(items[t])) for t in kept), default=1), max(8, columns // 3))
    for t in sorted(kept):
        value = scores[t]
        drawn = bar(abs(value) / (most or 1.0), max(4, columns - longest - 14))
        text = f"  {_clipped(_shown(items[t]), longest):<{longest}} {value:+8.2f}  "
        yield (text + drawn).rstrip()
    left = len(known) - len(kept)
    if left:
        yield dim(f"  … and {left} weaker item" + "s" * (left > 1))
    if known:
        strength, t = max(known)
        times = f", {_times(strength)} times" if unit == "nats" else ""
        way = "for" if scores[t] >= 0 else "against"
        yield from _wrapped(f"“{_shown(items[t])}” speaks most, {way} it: {scores[t]:+.2f} {unit}{times}", columns)
    if data["input"]["unknown"]:
        yield from _wrapped("a word with a question mark behind it is one that the network does not know", columns)


def _words(items: Sequence[str], scores: Sequence[float | None], most: float, columns: int) -> Iterator[str]:
    """The text itself, coloured, in lines."""
    line, used = "", 0
    for item, value in zip(items, scores, strict=True):
        word = f" {_shown(item)} "
        if used and used + len(word) > columns - 2:
            yield "  " + line
            line, used = "", 0
        line += dim(word) if value is None else painted(word, signed(value, most))
        used += len(word)
    if line:
        yield "  " + line


def _flow(flow: Mapping[str, Any], columns: int) -> Iterator[str]:
    """The gradient at every step as a row of small bars on a logarithmic scale."""
    yield bold("the way back")
    for line in _wrapped("  ||de/dstates|| of every step, logarithmic; left is the first step", columns):
        yield dim(line)
    longest = max(len(layer["name"]) for layer in flow["layers"])
    for layer in flow["layers"]:
        norms = layer["norms"]["message"][-max(8, columns - longest - 6) :]
        yield f"  {layer['name']:<{longest}}  {sparks(norms)}"
        yield from _wrapped(f"  {layer['sentence']}", columns)


def sparks(values: Sequence[float]) -> str:
    """A row of bars, a decade to two levels, against the largest.

    >>> sparks([1e-9, 0.1, 1.0]) in ("▁▆█", "148")
    True
    """
    known = [v for v in values if v > 0]
    if not known:
        return "".join("·" if unicode() else "." for _ in values)
    high = math.log10(max(known))
    low = max(high - 4, min(math.log10(min(known)), high - 1))
    found = []
    for v in values:
        share = 0.0 if v <= 0 else max(0.0, min(1.0, (math.log10(v) - low) / (high - low)))
        level = round(share * 7)
        found.append(_LEVELS[level] if unicode() else str(level + 1))
    return "".join(found)


def _gates(states: Mapping[str, Any], columns: int) -> Iterator[str]:
    """How saturated the gates are."""
    for layer in states["layers"]:
        gates = [gate for gate in layer["gates"] if gate["kind"] == "gate"]
        if not gates:
            continue
        yield ""
        head = _clipped(f"gates of {layer['name']}", columns)
        yield bold(head) + dim(_clipped("  (share of units and steps; mean over the items)", columns - len(head)))
        for gate in gates:
            line = f"  {gate['name']:<4} open {100 * gate['open']:3.0f} %  shut {100 * gate['shut']:3.0f} %  "
            means = gate["mean"][-max(8, columns - len(line)) :]
            yield line + "".join(_LEVELS[min(7, int(8 * v))] if unicode() else str(min(9, int(10 * v))) for v in means)


def _units(units: Mapping[str, Any], columns: int) -> Iterator[str]:
    """Found units, each over the text and beside what it follows."""
    yield ""
    head = _clipped("units that follow something", columns)
    yield bold(head) + dim(_clipped("  (measured on texts that they were not chosen on)", columns - len(head)))
    if not units["findings"]:
        yield _clipped("  none: no predicate is true, and false, often enough in these texts", columns)
    for one in units["findings"]:
        figure = f"{one['measure']} {one['score']:.2f}"
        yield _clipped(f"  {one['predicate']}: {one['layer']}, unit {one['unit']} of {one['state']}, {figure}", columns)
        if decorated():
            most = max((abs(v) for v in one["values"]), default=0.0)
            yield from _words(units["labels"], one["values"], most, columns)


def compared(data: Mapping[str, Any], columns: int) -> Iterator[str]:
    """The gradient over distance of several runs, on a terminal."""
    data = printable_data(data)
    yield bold(data["title"]) + dim(_clipped("  (relative to the last step)", max(0, columns - 24)))
    runs = data["runs"]
    names = [run["label"] for run in runs]
    longest = max(len(run["relative"]) for run in runs)
    places = [d for d in (0, 1, 2, 4, 8, 16, 32, 64, 128) if d < longest]
    if longest - 1 not in places:
        places.append(longest - 1)
    room = max(10, (columns - 12) // len(runs))
    yield f"  {'distance':>8}  " + "".join(f"{_clipped(name, room - 1):<{room}}" for name in names).rstrip()
    for d in places:
        cells = []
        for run in runs:
            value = run["relative"][d] if d < len(run["relative"]) else None
            share = 0.0 if not value else max(0.0, 1 + math.log10(value) / 6)
            cell = "" if value is None else f"{value:8.1e} {bar(share, max(1, room - 11))}"
            cells.append(f"{cell:<{room}}")
        yield f"  {d:>8}  " + "".join(cells).rstrip()
    yield dim("  (bars are logarithmic: full is 1, empty is a millionth)")
    for name, run in zip(names, runs, strict=True):
        yield from _wrapped(f"{name}: {run['sentence']}", columns)


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [v for v in values if v is not None]


def _shown(item: str) -> str:
    return {" ": "␣", "\n": "⏎"}.get(item, item) if unicode() else repr(item)[1:-1] if item.isspace() else item


def _times(strength: float) -> str:
    """exp(strength) as a person says it.

    >>> [_times(one) for one in (0.5, 3.0, 8.23, 30.0)]
    ['1.6', '20', '3,752', '1.1e+13']
    """
    factor = math.exp(min(strength, 700))
    return f"{factor:.1f}" if factor < 10 else f"{factor:,.0f}" if factor < 1e6 else f"{factor:.1e}"


def _wrapped(text: str, columns: int) -> list[str]:
    """A sentence in as many lines as it takes, all of them indented like the first."""
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(text, max(20, columns), subsequent_indent=indent)


def _clipped(text: str, columns: int) -> str:
    if len(text) <= columns:
        return text
    return text[: max(0, columns - 1)] + ("…" if columns > 0 else "")
