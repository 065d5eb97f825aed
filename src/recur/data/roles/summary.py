"""Sentences about what is read, predicted and left out of a table, for the check, the training header and the card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recur.codecs import class_of
from recur.data.columns.kinds import Column, look
from recur.data.readers.table import Table
from recur.data.roles import exclusions

_MOST = 8  # names in a row
_NOUNS = {
    "number": "a number", "series": "a series", "vector": "numbers of a file", "class": "a label", "text": "a text",
    "tokens": "words", "images": "a picture", "frames": "a video", "audio": "a sound", "notes": "notes",
}  # fmt: skip


def reasons(table: Table, used: Sequence[str], codec: str | None) -> dict[str, str]:
    """Return why each column that is not used is left out.

    Parameters
    ----------
    table : Table
    used : sequence of str
        Columns that are read, are predicted, or mark sequences.
    codec : str or None
        What reads the input.
    """
    if table.kind == "text":
        return {}
    if table.kind == "tagged":
        return {name: "another column of the words" for name in table.columns if name not in used}
    columns = [look(table, name) for name in table.columns if name not in used]
    return {column.name: exclusions.reason(table, column) or _beside(column, codec) for column in columns}


def _beside(column: Column, codec: str | None) -> str:
    """Why a column that might be read is not."""
    noun = _NOUNS.get(column.holds, column.holds)
    read = {None: "nothing", "class": "a label", "words": "a text", "characters": "a text", "subwords": "a text"}
    kind = read.get(codec, codec)
    return f"another {noun.split()[-1]}" if noun == kind else f"{noun}, and {kind} is read".replace("s is", "s are")


def number_or_class(table: Table, target: Sequence[str], codec: str) -> list[str]:
    """Say whether a target of numbers is predicted as numbers or as classes, and how to change it."""
    choices = []
    for name in target:
        if name in table.columns and look(table, name).holds == "number":
            values = sorted({str(row[name]).strip() for row in table.sampled()}, key=_by_value)
            shown = ", ".join(values if len(values) <= 5 else [*values[:2], "…", values[-1]])
            if class_of(codec).labelled:
                choices.append(f"{name}: {shown} are classes; --target-codec numbers predicts a number")
            elif exclusions.are_whole(values):
                choices.append(f"{name}: a number ({shown}); --target-codec class predicts classes")
    return choices


def _by_value(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text


def lines(
    kind_of_table: bool, read: Sequence[str], predicted: Sequence[str], group: str | None, without: Mapping[str, str],
    notes: Sequence[str],
) -> list[str]:  # fmt: skip
    """Return what is read, predicted and left out, in words."""
    result = []
    if kind_of_table:
        sentence = f"reads {_few(read) or 'nothing'}; predicts {_few(predicted) or 'what comes next'}"
        sentence += f"; one sequence for each {group}" if group else ""
        result.append(sentence if without or notes else f"{sentence}; no column is left out")
    by_reason: dict[str, list[str]] = {}
    for name, why in without.items():
        by_reason.setdefault(why, []).append(name)
    result += [f"left out: {_few(names)} ({why})" for why, names in by_reason.items()]
    return result + [f"left out: {note}" for note in notes]


def _few(names: Sequence[str]) -> str:
    shown = names if len(names) <= _MOST else [*names[: _MOST - 2], f"… {len(names) - _MOST + 1} more", names[-1]]
    return ", ".join(shown)
