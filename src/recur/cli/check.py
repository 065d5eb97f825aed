"""``recur check``: what a file contains, and the memory and time that training on it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recur.cli.flags import configure, with_config_flags
from recur.cli.output import emit, emit_json
from recur.cli.whole_numbers import Whole
from recur.processes.launched import refuse_fewer_than_one


@with_config_flags
def check(
    data: Path | None = None,
    /,
    *,
    config: Path | None = None,
    processes: Whole | None = None,
    json: bool = False,
    **flags: Any,
) -> None:
    """Check a file before training on it: rows, lengths, vocabulary, classes, duplicates, memory and time.

    Takes the same options as `recur train`, but does not train.

    Parameters
    ----------
    data
        File, folder, quoted pattern or URL: text, CSV, TSV, JSONL, Parquet, Arrow, CoNLL, idx, or files by class.
    config
        TOML file with the names of the options as keys; options override it.
    processes
        Say what each of this many processes would compute and send.
    json
        Write one JSON document to stdout.
    """
    settings = configure(config, data, flags)
    from recur.training.check import check as inspect_rows

    refuse_fewer_than_one(processes)
    report = inspect_rows(settings, processes=processes)
    if json:
        emit_json(report)
    else:
        emit(str(report))
