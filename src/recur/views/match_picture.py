"""A range and its matches, drawn with matplotlib: the units over the text, and the matches under each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from recur.views.colours import SIGNED
from recur.views.matched import joiner

MOST_NAMES = 30  # of units, on an axis
MOST_LETTERS = 90  # steps whose labels are written


def drawings(match: Mapping[str, Any], escape: Callable[[Any], str]) -> list[Callable[[Any], None]]:
    """What is drawn of a matching, each on axes of its own.

    Parameters
    ----------
    match : mapping
        What ``recur.inspect.plain_matching`` gives.
    escape : callable
        Labels as matplotlib shows them unchanged.
    """
    first = partial(_units, match=match, escape=escape)
    return [first, partial(_matches, match=match, escape=escape)] if match["matches"] else [first]


def _colours() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("signed", [[part / 255 for part in one] for one in SIGNED])


def _units(axes: Any, match: Mapping[str, Any], escape: Callable[[Any], str]) -> None:
    rows = [[one["sign"] * v for v in row] for one, row in zip(match["units"], match["values"], strict=True)]
    axes.imshow(rows, aspect="auto", cmap=_colours(), vmin=-1, vmax=1)
    for edge in (match["start"], match["stop"]):
        axes.axvline(edge - 0.5, color="black", linewidth=2)
    axes.set_title(escape(match["says"]), loc="left", fontsize=9)
    if len(rows) <= MOST_NAMES:
        names = [f"unit {one['unit']}{'+' if one['sign'] > 0 else '-'}" for one in match["units"]]
        axes.set_yticks(range(len(names)), names)
    if len(match["labels"]) <= MOST_LETTERS:
        turned = 0 if joiner(match["labels"]) == "" else 60
        axes.set_xticks(range(len(match["labels"])), [escape(one) for one in match["labels"]], rotation=turned)


def _matches(axes: Any, match: Mapping[str, Any], escape: Callable[[Any], str]) -> None:
    """Each match as a row of shares of the units that are on, beginning in one column."""
    before = max(one["start"] for one in match["matches"])
    wide = before + max(len(one["labels"]) - one["start"] for one in match["matches"])
    rows = []
    for number, one in enumerate(match["matches"]):
        lead = before - one["start"]
        shares = [count / match["count"] for count in one["counts"]]
        rows.append([float("nan")] * lead + shares + [float("nan")] * (wide - lead - len(shares)))
        if wide <= MOST_LETTERS and joiner(one["labels"]) == "":
            for step, label in enumerate(one["labels"]):
                inside = one["start"] <= step < one["stop"]
                axes.text(
                    lead + step, number, escape(label[:1]), ha="center", va="center", fontsize=7,
                    weight="bold" if inside else "normal",
                )  # fmt: skip
    axes.imshow(rows, aspect="auto", cmap="Oranges", vmin=0, vmax=1.4)
    axes.axvline(before - 0.5, color="black", linewidth=2)
    axes.set_yticks(range(len(rows)), [f"{one['text']}: {one['step']}" for one in match["matches"]], fontsize=7)
    axes.set_ylabel("text: step")
    axes.set_xticks([])
    axes.set_xlabel("the matches begin at the line; the darker, the more units are on")
    axes.set_title(escape(match["result"]), loc="left", fontsize=9, wrap=True)
