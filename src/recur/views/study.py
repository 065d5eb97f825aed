"""A study of settings drawn from plain data: its trials in a table, the importance of the options as bars and PNG."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from recur.atomic import write_bytes
from recur.errors import require
from recur.figures import duration, figure
from recur.views.terminal import bar

_MOST_ROWS = 10


def shown_value(value: Any) -> str:
    """Return the value of an option as a table shows it.

    >>> shown_value(0.0023456), shown_value(True), shown_value(128)
    ('0.00235', 'yes', '128')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def in_words(values: Mapping[str, Any]) -> str:
    """Return the values of a trial in one line."""
    return ", ".join(f"{name} {shown_value(value)}" for name, value in values.items())


def trial_line(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], study: Mapping[str, Any]) -> str:
    """Return the outcome of a trial in one line, with how many are done.

    Parameters
    ----------
    row : mapping
        The trial.
    rows : sequence of mapping
        All trials.
    study : mapping
        ``metric``, ``higher_is_better``, ``trials``.
    """
    done = sum(one["state"] in ("complete", "pruned", "failed") for one in rows)
    best = "  * best so far" if row["state"] == "complete" and row is _ranked(rows, study)[0] else ""
    took = "" if row["seconds"] is None else f" ({duration(row['seconds'])})"
    words = f"trial {row['number']}: {outcome(row, study)}{took}; {in_words(row['values'])}"
    return f"{words}  [{done}/{study['trials']}]{best}"


def outcome(row: Mapping[str, Any], study: Mapping[str, Any]) -> str:
    """Return what became of a trial, with its metric or the reason."""
    metric = study["metric"]
    if row["state"] == "complete":
        return f"{metric} {figure(metric, row['value'])}"
    if row["state"] == "pruned":
        return f"pruned after evaluation {row['evaluations']}, {metric} {figure(metric, row['last'])}"
    return f"{row['state']}: {row['reason']}" if row["reason"] else str(row["state"])


def table(rows: Sequence[Mapping[str, Any]], study: Mapping[str, Any]) -> Iterator[str]:
    """Lay out the best trials below the names of their options; the others are counted."""
    ranked = _ranked(rows, study)
    shown = ranked[:_MOST_ROWS]
    names = study["options"]
    cells = [["trial", study["metric"], *names]]
    cells += [
        [
            str(row["number"]),
            figure(study["metric"], row["value"]),
            *(shown_value(row["values"][name]) for name in names),
        ]
        for row in shown
    ]
    widths = [max(len(line[place]) for line in cells) for place in range(len(cells[0]))]
    for line in cells:
        yield "  ".join(f"{cell:>{size}}" for cell, size in zip(line, widths, strict=True))
    others = {"complete": len(ranked) - len(shown)}
    for row in rows:
        if row["state"] not in ("complete", "waiting"):
            others[row["state"]] = others.get(row["state"], 0) + 1
    words = [f"{count} more {state}" if state == "complete" else f"{count} {state}" for state, count in others.items()]
    if any(others.values()):
        yield f"and {', '.join(word for word, count in zip(words, others.values(), strict=True) if count)}"


def importance_lines(shares: Mapping[str, float], width: int) -> Iterator[str]:
    """Return a bar for each option: its share of the variance of the metric."""
    longest = max((len(name) for name in shares), default=0)
    room = max(8, width - longest - 10)
    for name, share in shares.items():
        yield f"{name:<{longest}}  {100 * share:5.1f} %  {bar(share, room)}".rstrip()


def importance_picture(shares: Mapping[str, float], study: Mapping[str, Any], path: Path) -> None:
    """Draw the importance of the options as a PNG.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.
    """
    names = list(shares)[::-1]
    picture = require("matplotlib.figure", "plot").Figure(
        figsize=(7.0, 1.3 + 0.42 * len(names)), layout="constrained", dpi=120
    )
    axes = picture.subplots()
    axes.barh(names, [100 * shares[name] for name in names], color="#1f6fb2")
    for place, name in enumerate(names):
        axes.annotate(
            f"{100 * shares[name]:.1f} %", (100 * shares[name], place), xytext=(4, 0), textcoords="offset points",
            va="center",
        )  # fmt: skip
    axes.set_xlim(0, max(10.0, 115 * max(shares.values())))
    axes.set_xlabel(f"share of the variance of {study['metric']} (%)")
    axes.set_title(f"Importance of each option, from {study['complete']} trials (fANOVA)")
    axes.spines[["top", "right"]].set_visible(False)
    content = io.BytesIO()
    picture.savefig(content, format="png")
    write_bytes(path, content.getvalue())


def _ranked(rows: Sequence[Mapping[str, Any]], study: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The trials that were trained to their end, the best first; of equal ones the earlier."""
    done = [row for row in rows if row["state"] == "complete"]
    return sorted(done, key=lambda row: (-1 if study["higher_is_better"] else 1) * row["value"])
