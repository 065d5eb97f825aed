"""An explanation on the terminal: coloured words, bars, and a sentence on what to look for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recur.printable import printable_data
from recur.views.colours import PATHS, painted, signed
from recur.views.matched import matched
from recur.views.terminal import bar, bold, clipped, decorated, dim, shares, unicode, wrapped

MOST_ITEMS = 16
_LEVELS = "▁▂▃▄▅▆▇█"
_HOW = {
    "swap": "change of {what} when the item becomes unknown (replaced by what the network expects there)",
    "leave_one_out": "change of {what} when the item is left out",
    "integrated_gradients": "integrated gradients from zero vectors to the input; they add up to the total change",
    "gradient_input": "gradient x input",
}


def explained(data: Mapping[str, Any], columns: int, method: str | None = None) -> Iterator[str]:
    """Yield the lines of an explanation.

    Parameters
    ----------
    data : mapping
        The ``data`` of what ``recur.inspect.explain`` gives.
    columns : int
        Width to stay within.
    method : str, optional
        Which measure of influence; by default the first that there is.
    """
    data = printable_data(data)
    answer = data["question"].get("answer")
    if answer and answer not in data["question"]["says"]:
        yield from wrapped(f"answer: {answer}", columns)
    yield bold(clipped(data["question"]["says"], columns))
    options = [(one["label"], one["probability"]) for one in data["question"]["options"]]
    if all(probability is not None for _, probability in options):
        yield from shares(options, columns)
    if data["influence"] and data["input"]["items"]:
        yield ""
        yield from _influence(data, columns, method or data["influence"]["methods"][0])
    if data["flow"]:
        yield ""
        yield from _flow(data["flow"], columns)
    if data["states"]:
        yield from _gates(data["states"], columns)
    if data.get("units"):
        yield from _units(data["units"], columns)
    if data.get("match"):
        yield ""
        yield from matched(data["match"], columns)
    if data["surprise"] and len(data["surprise"]) > 2:
        yield ""
        pairs = [(item, v) for item, v in zip(data["input"]["items"], data["surprise"], strict=True) if v is not None]
        word, most = max(pairs, key=lambda pair: pair[1])
        text = f"most surprising: “{_printable(word)}”, {most:.1f} nats (probability {math.exp(-most):.2g})"
        yield clipped(text, columns)


def _influence(data: Mapping[str, Any], columns: int, method: str) -> Iterator[str]:
    """Every item with a signed bar; where there are many, the strongest, in order."""
    influence = data["influence"]
    option, items, unit = influence["options"][0], data["input"]["items"], influence["unit"]
    against = influence["against"][0]
    scores = option[against]["scores"][method]
    scored = [(abs(v), t) for t, v in enumerate(scores) if v is not None]
    most = max(
        (v for one in influence["options"] for v in map(abs, _numbers(one[against]["scores"][method]))), default=0.0
    )
    odds = f"log-odds of {option['label']} against the others"
    what = odds if against == "candidates" else f"log p({option['label']})" if unit == "nats" else "the value"
    yield bold(clipped(f"which inputs support “{option['label']}”", columns))
    for line in wrapped(f"  {_HOW[method].format(what=what)}, in {unit}", columns):
        yield dim(line)
    if decorated():
        yield from _words(items, scores, most, columns)
    strongest = {t for _, t in sorted(scored, reverse=True)[:MOST_ITEMS]}
    longest = min(max((len(_printable(items[t])) for t in strongest), default=1), max(8, columns // 3))
    for t in sorted(strongest):
        value = scores[t]
        bars = bar(abs(value) / (most or 1.0), max(4, columns - longest - 14))
        text = f"  {clipped(_printable(items[t]), longest):<{longest}} {value:+8.2f}  "
        yield (text + bars).rstrip()
    weaker = len(scored) - len(strongest)
    if weaker:
        yield dim(f"  … and {weaker} weaker item" + "s" * (weaker > 1))
    if scored:
        _, t = max(scored)
        yield from wrapped(_most(_printable(items[t]), scores[t], unit, against, method), columns)
    if data["input"]["unknown"]:
        yield from wrapped("a question mark follows a word that is not in the vocabulary", columns)


def _most(item: str, score: float, unit: str, against: str, method: str) -> str:
    """The meaning of the largest score, in words.

    >>> _most("clouds", 2.0, "nats", "candidates", "swap")
    '“clouds” contributes most: +2.00 nats: the odds are 7.4 times higher than if this item were unknown'
    """
    text = f"“{item}” contributes most: {score:+.2f} {unit}"
    if unit != "nats" or method not in ("swap", "leave_one_out"):
        return text
    what = "odds are" if against == "candidates" else "probability is"
    way = "higher" if score >= 0 else "lower"
    without = "if this item were unknown" if method == "swap" else "without this item"
    return f"{text}: the {what} {_times(abs(score))} times {way} than {without}"


def _words(items: Sequence[str], scores: Sequence[float | None], most: float, columns: int) -> Iterator[str]:
    """The text itself, coloured, in lines."""
    line, line_width = "", 0
    for item, value in zip(items, scores, strict=True):
        word = f" {_printable(item)} "
        if line_width and line_width + len(word) > columns - 2:
            yield "  " + line
            line, line_width = "", 0
        line += dim(word) if value is None else painted(word, signed(value, most))
        line_width += len(word)
    if line:
        yield "  " + line


def _flow(flow: Mapping[str, Any], columns: int) -> Iterator[str]:
    """The gradient at every step as a row of small bars on a logarithmic scale."""
    yield bold("gradient through time")
    for line in wrapped("  ||de/dstates|| of every step, logarithmic; left is the first step", columns):
        yield dim(line)
    longest = max(len(layer["name"]) for layer in flow["layers"])
    for layer in flow["layers"]:
        norms = layer["norms"]["message"][-max(8, columns - longest - 6) :]
        yield f"  {layer['name']:<{longest}}  {sparks(norms)}"
        yield from wrapped(f"  {layer['sentence']}", columns)
        if layer["lyapunov"]:
            yield from wrapped(f"  {layer['lyapunov']['sentence']}", columns)
    yield ""
    yield from _paths(flow, columns)


def paths_of(flow: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any], Sequence[str]]]:
    """The shares of all three paths: place, matrix, shares, and what is read at each step."""
    paths = []
    readout = flow.get("readout")
    if readout:
        where = "readout" if readout["part"] == "stack" else f"{readout['part']} readout"
        paths.append((where, readout["name"], readout, readout["labels"]))
    for layer in flow["layers"]:
        paths += [(layer["name"], name, share, layer["labels"]) for name, share in layer["shares"].items()]
    return paths


def _paths(flow: Mapping[str, Any], columns: int) -> Iterator[str]:
    """The share of each step in the gradient of each matrix, on the three paths."""
    yield bold("shares of the three paths")
    for line in wrapped("  each step's share in the gradient of each matrix; the shares add up to 100 %", columns):
        yield dim(line)
    rows = paths_of(flow)
    longest = max((len(f"{where} {name}") for where, name, _, _ in rows), default=0)
    for kind in PATHS:
        mine = [row for row in rows if row[2]["kind"] == kind]
        if not mine:
            continue
        yield clipped(f"  {kind}", columns)
        for where, name, share, labels in mine:
            fractions = share["fraction"]
            t = max(range(len(fractions)), key=lambda place: abs(fractions[place]), default=0)
            text = (
                f"step {t + 1} ({_printable(labels[t])}): {100 * fractions[t]:.0f} %" if any(share["norm"]) else "zero"
            )
            most = f"  {text}"
            room = columns - longest - len(most) - 6
            bars = heights([abs(one) for one in fractions][-room:]) if room > 4 else ""
            yield clipped(f"    {f'{where} {name}':<{longest}}  {bars}{most}", columns)


def heights(values: Sequence[float]) -> str:
    """A row of bars on a linear scale, relative to the largest value."""
    high = max(values, default=0.0) or 1.0
    levels = [round(7 * value / high) for value in values]
    return "".join(_LEVELS[level] if unicode() else str(level + 1) for level in levels)


def sparks(values: Sequence[float]) -> str:
    """A row of bars on a logarithmic scale, two levels per decade, relative to the largest value.

    >>> sparks([1e-9, 0.1, 1.0]) in ("▁▆█", "148")
    True
    """
    positive = [v for v in values if v > 0]
    if not positive:
        return "".join("·" if unicode() else "." for _ in values)
    high = math.log10(max(positive))
    low = max(high - 4, min(math.log10(min(positive)), high - 1))
    bars = []
    for v in values:
        share = 0.0 if v <= 0 else max(0.0, min(1.0, (math.log10(v) - low) / (high - low)))
        level = round(share * 7)
        bars.append(_LEVELS[level] if unicode() else str(level + 1))
    return "".join(bars)


def _gates(states: Mapping[str, Any], columns: int) -> Iterator[str]:
    """Saturation of the gates."""
    for layer in states["layers"]:
        gates = [gate for gate in layer["gates"] if gate["kind"] == "gate"]
        if not gates:
            continue
        yield ""
        head = clipped(f"gates of {layer['name']}", columns)
        yield bold(head) + dim(clipped("  (share of units and steps; mean over the items)", columns - len(head)))
        for gate in gates:
            line = f"  {gate['name']:<4} open {100 * gate['open']:3.0f} %  closed {100 * gate['shut']:3.0f} %  "
            means = gate["mean"][-max(4, columns - len(line)) :]
            yield line + "".join(_LEVELS[min(7, int(8 * v))] if unicode() else str(min(9, int(10 * v))) for v in means)


def _units(units: Mapping[str, Any], columns: int) -> Iterator[str]:
    """Units that follow a property of the text, over the text."""
    yield ""
    head = clipped("units that follow a simple property of the text", columns)
    yield bold(head) + dim(clipped("  (scores on held-out texts)", columns - len(head)))
    best = units["best"]
    if not best:
        yield clipped("  none: no property is true often enough in the texts", columns)
    elif not any(one["exceeds"] for one in best):
        yield from wrapped(f"  none of {len(best)} properties is followed by a unit more than chance gives", columns)
    for one in best:
        yield from wrapped(f"  {_finding(one)}", columns)
    for one in units["findings"] if decorated() else ():
        yield clipped(f"  unit {one['unit']} of {one['state']}, {one['predicate']}:", columns)
        most = max((abs(v) for v in one["values"]), default=0.0)
        yield from _words(units["labels"], one["values"], most, columns)


def _finding(one: Mapping[str, Any]) -> str:
    """The unit that follows a property best, and whether chance would do as well."""
    unit = f"{one['layer']}, unit {one['unit']} of {one['state']}"
    chance = f"by chance at most {one['chance']:.2f}"
    if not one["exceeds"]:
        chance = f"no more than chance, {one['chance']:.2f}"
    return f"{one['predicate']}: {unit}, {one['measure']} {one['score']:.2f} ({chance})"


def compared(data: Mapping[str, Any], columns: int) -> Iterator[str]:
    """The gradient over distance of several runs, on a terminal."""
    data = printable_data(data)
    yield bold(data["title"]) + dim(clipped("  (relative to the last step)", max(0, columns - 24)))
    runs = data["runs"]
    names = [run["label"] for run in runs]
    longest = max(len(run["relative"]) for run in runs)
    places = [d for d in (0, 1, 2, 4, 8, 16, 32, 64, 128) if d < longest]
    if longest - 1 not in places:
        places.append(longest - 1)
    room = max(10, (columns - 12) // len(runs))
    yield f"  {'distance':>8}  " + "".join(f"{clipped(name, room - 1):<{room}}" for name in names).rstrip()
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
        yield from wrapped(f"{name}: {run['sentence']}", columns)


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [v for v in values if v is not None]


def _printable(item: str) -> str:
    return {" ": "␣", "\n": "⏎"}.get(item, item) if unicode() else repr(item)[1:-1] if item.isspace() else item


def _times(strength: float) -> str:
    """exp(strength) as readable text.

    >>> [_times(one) for one in (0.5, 3.0, 8.23, 30.0)]
    ['1.6', '20', '3,752', '1.1e+13']
    """
    factor = math.exp(min(strength, 700))
    return f"{factor:.1f}" if factor < 10 else f"{factor:,.0f}" if factor < 1e6 else f"{factor:.1e}"
