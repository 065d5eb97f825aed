"""Reader of the gradients over distance that ``record_gradients`` wrote into the journal of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from recur.bounded import MIB, open_regular, parse_json
from recur.errors import RunError

LARGEST_JOURNAL = 4096 * MIB
LONGEST_LINE = MIB  # bytes; a report has some thousand
REPORTS = 6


def recorded(folder: Path | str) -> list[dict[str, Any]]:
    """Return the reports that ``record_gradients`` wrote into a run's journal: at most six, spread over training.

    Parameters
    ----------
    folder : path
        The run folder.

    Returns
    -------
    list of dict
        ``step``, and of the layer nearest to the input ``distance`` (to the end of the sequence) and ``norm`` of the
        output state.

    Raises
    ------
    RunError
        When the journal is no regular file, is too large, or a line of it is damaged.
    """
    path = Path(folder) / "log.jsonl"
    if not path.exists():
        return []
    reports = []
    with open_regular(path, LARGEST_JOURNAL, error=RunError) as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
            # a process that was killed leaves half a line at the end; this program writes no longer one
            if not line.endswith(b"\n") and len(line) < LONGEST_LINE:
                break
            if b'"gradients"' in line or len(line) == LONGEST_LINE:
                reports += _report(line, f"{path}:{number}")
    places = (
        {round(place) for place in np.linspace(0, len(reports) - 1, min(REPORTS, len(reports)))} if reports else set()
    )
    return [reports[place] for place in sorted(places)]


def _report(line: bytes, place: str) -> list[dict[str, Any]]:
    """The gradient report of one line of a journal: a list of at most one."""
    record = parse_json(line, place, error=RunError)
    if not isinstance(record, dict) or record.get("event") != "gradients" or record.get("layers") == []:
        return []
    try:
        step, distance = int(record["step"]), [int(one) for one in record["distance"]]
        norms = next(iter(record["layers"][0]["norms"].values()))
        # what was not a number in training is null; other layers may reach further
        norm = [None if one is None else float(one) for one in norms]
        if len(norm) <= len(distance):
            return [{"step": step, "distance": distance, "norm": norm}]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, StopIteration, OverflowError):
        pass
    raise RunError(f"{place} is damaged: it is not a report of gradients", hint="remove the line, or train again")
