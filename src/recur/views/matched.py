"""A range and its matches on the terminal: the units over the text, then the matches under each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recur.views.colours import painted, signed
from recur.views.terminal import bold, clipped, decorated, dim, unicode, wrapped

SHOWN_UNITS = 8
_LEVELS = "▁▂▃▄▅▆▇█"
_MARKED = (244, 168, 97)


def matched(data: Mapping[str, Any], columns: int) -> Iterator[str]:
    """Yield the lines of a matching.

    Parameters
    ----------
    data : mapping
        What ``recur.inspect.plain_matching`` gives, printable.
    columns : int
        Width to stay within.
    """
    joint = joiner(data["labels"])
    chosen = _text(data["labels"][data["start"] : data["stop"]], joint)
    yield bold(clipped(f"where the state is that of “{chosen}”", columns))
    yield from wrapped(f"  {data['says']}", columns)
    yield from _units(data, columns, joint)
    yield from wrapped(f"  {data['result']}", columns)
    if data["matches"]:
        yield ""
        yield dim(clipped("  text  step  units on", columns))
    for one in data["matches"]:
        yield _line(one, data["count"], columns, joint)
    for one in data["properties"][1:]:
        yield from wrapped(
            f"  also “{one['name']}”: {100 * one['share']:.0f} % of these steps, {100 * one['base']:.0f} % of all, "
            f"by chance at most {100 * one['chance']:.0f} %",
            columns,
        )


def joiner(labels: Sequence[str]) -> str:
    """What is between the labels of a text: nothing between characters, else a space."""
    return "" if all(len(label) <= 1 or label.startswith("⟨") for label in labels) else " "


def _units(data: Mapping[str, Any], columns: int, joint: str) -> Iterator[str]:
    """Units of the hypothesis as rows of bars, the size of each value, over the text."""
    names = [f"{one['layer']}, unit {one['unit']}{'+' if one['sign'] > 0 else '-'}" for one in data["units"]]
    longest = max(map(len, names), default=0)
    room = columns - longest - 6
    if room < 8 or joint:
        return  # words are wider than a bar
    labels = data["labels"][:room]
    start, stop = data["start"], min(data["stop"], room)
    text = [_visible(one) for one in labels]
    lead = " " * (longest + 4)
    yield lead + "".join(text[:start]) + bold("".join(text[start:stop])) + "".join(text[stop:])
    yield lead + " " * start + ("─" if unicode() else "-") * (stop - start)
    for name, one, row in list(zip(names, data["units"], data["values"], strict=True))[:SHOWN_UNITS]:
        # the sign by which a unit is on is drawn upwards
        values = [one["sign"] * v for v in row[:room]]
        bars = [min(7, int(8 * max(0.0, v))) for v in values]
        drawn = "".join(_LEVELS[level] if unicode() else str(level + 1) for level in bars)
        if decorated():
            drawn = "".join(painted(" ", signed(v, 1.0)) for v in values)
        yield f"  {name:<{longest}}  {drawn}"
    hidden = data["count"] - min(SHOWN_UNITS, len(names))
    if hidden > 0:
        yield dim(clipped(f"  … and {hidden} more unit" + "s" * (hidden > 1), columns))


def _line(one: Mapping[str, Any], count: int, columns: int, joint: str) -> str:
    """One match with what is before and after it, so that matches begin in one column."""
    lead = f"  {one['text']:>4}  {one['step']:>4}  {one['on']:>3} of {count:<3}  "
    label = one["label"] or ""
    if one["step_labels"]:
        label = " ".join(dict.fromkeys(each for each in one["step_labels"][one["start"] : one["stop"]] if each))
    label = f"  {clipped(label, max(0, columns // 5))}" if label else ""
    room = columns - len(lead) - len(label) - 2
    if room < 12:
        return clipped(lead + label, columns)
    labels, start, stop = one["labels"], one["start"], one["stop"]
    before = (_text(labels[:start], joint) + joint)[-(room // 3) :]
    marks = ("⟦", "⟧") if unicode() else ("[", "]")
    inner = clipped(_text(labels[start:stop], joint), room - room // 3)
    after = (joint + _text(labels[stop:], joint))[: max(0, room - room // 3 - len(inner))]
    shown = painted(inner, _MARKED) if decorated() else inner
    filling = " " * (room - room // 3 - len(inner) - len(after))
    return f"{lead}{before:>{room // 3}}{marks[0]}{shown}{marks[1]}{after}{filling}{label}".rstrip()


def _text(labels: Sequence[str], joint: str) -> str:
    return joint.join(map(_visible, labels))


def _visible(label: str) -> str:
    """A label as it is shown: a start sign as one character."""
    if label.startswith("⟨"):
        return "⟨" if unicode() else "<"
    return {" ": "␣", "\n": "⏎"}.get(label, label) if unicode() else {"\n": "/"}.get(label, label)
