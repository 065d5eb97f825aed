"""``recur check``: what is in a file, and what training on it would mean, before an hour is spent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recur.cli.flags import configure, with_config_flags
from recur.cli.output import emit, emit_json


@with_config_flags
def check(
    data: Path | None = None,
    /,
    *,
    config: Path | None = None,
    json: bool = False,
    **given: Any,
) -> None:
    """Look at a file before training on it: rows, lengths, vocabulary, classes, duplicates, memory and time.

    Takes the same options as `recur train`, and trains nothing.

    Parameters
    ----------
    data
        File or folder: text, CSV, TSV, JSONL, CoNLL columns, idx, or a folder of texts, pictures or videos by class.
    config
        TOML file with the same names as the options; options win over it.
    json
        Write one JSON document to stdout.
    """
    chosen = configure(config, data, given)
    from recur import data as rows

    report = rows.check(chosen)
    if json:
        emit_json(report)
    else:
        emit(str(report))
