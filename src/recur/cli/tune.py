"""``recur tune``: a search for good settings, and the best of them trained."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from recur.cli.flags import configure, with_config_flags
from recur.cli.output import emit, emit_json, note, report_stop
from recur.cli.resume import COMMAND_LINE
from recur.cli.whole_numbers import Whole
from recur.views.study import importance_lines, table
from recur.views.terminal import width


@with_config_flags
def tune(
    data: Path | None = None,
    /,
    *,
    out: Path | None = None,
    config: Path | None = None,
    trials: Annotated[Whole, Parameter(show_default=True)] = 20,
    processes: Annotated[Whole, Parameter(show_default=True)] = 1,
    search: list[str] | None = None,
    fix: list[str] | None = None,
    database: str | None = None,
    pruner: Annotated[Literal["median", "hyperband", "none"], Parameter(show_default=True)] = "median",
    repeats: Annotated[Whole, Parameter(show_default=True)] = 3,
    json: bool = False,
    **flags: Any,
) -> int | None:
    """Search for good settings on the held-out rows. The same command continues; Ctrl-C pauses.

    Options that you give keep their value. Of the others, hidden-size, num-layers, dropout and lr are searched.

    Parameters
    ----------
    data
        File, folder, quoted pattern or URL, as in `recur train`.
    out
        Folder of the study; default: studies/NAME.
    config
        TOML file with the names of the options as keys; options override it.
    trials
        Settings to try, in all; a larger number continues a study.
    processes
        Processes of this machine that try settings, one each.
    search
        Options to search: hidden_size,lr; with a range, lr=1e-4:1e-2, or choices, cell=lstm,gru; may be repeated.
    fix
        Options that keep their value: dropout,num_layers; may be repeated.
    database
        Journal file, or URL of a database, that several machines reach; default: STUDY/journal.log.
    pruner
        When a trial is ended early: below the median of the others, by hyperband, or never.
    repeats
        New seeds with which the first and the best settings are compared at the end.
    json
        Write one JSON document to stdout at the end.
    """
    settings = configure(config, data, flags)
    from recur.training.pause import Interrupted, Paused
    from recur.tuning import Search
    from recur.tuning import search as find
    from recur.tuning.space import parse

    folder = out or default_folder(settings.data.source or "")
    given = [name for name, value in flags.items() if value is not None]
    fixed = [name for words in fix or [] for name in parse([words])]
    wanted = parse(search) if search else None
    asked = Search(trials, processes, wanted, fixed, given, database, pruner, repeats)
    again = again_command(database)
    try:
        tuned = find(settings, asked, folder, say=note, command=again)
    except (Paused, Interrupted, KeyboardInterrupt):
        return report_stop(f"the study in {folder} is saved", f"continue with: {again}")
    if json:
        emit_json(tuned.record())
        return None
    for line in table(tuned.trials, tuned.facts):
        emit(line)
    if tuned.importance:
        emit(f"\nimportance: share of the variance of {tuned.facts['metric']} (fANOVA)")
        for line in importance_lines(tuned.importance, width()):
            emit(line, styled=True)
    emit(f"\nverdict: {tuned.comparison['sentence']}")
    if tuned.run is not None:
        emit(f"{tuned.run}  {folder / 'best.toml'}")
    return None


def default_folder(source: str) -> Path:
    """Return ``studies/NAME`` for the data of a configuration."""
    from recur.data.sources.resolve import short_name

    return Path("studies") / short_name(source)


def again_command(database: str | None) -> str:
    """Return what was typed, without the password of the database."""
    from recur.tuning.storage import shown_place

    words = COMMAND_LINE.get()
    if database is not None:
        words = tuple(word.replace(database, shown_place(database)) for word in words)
    return "recur " + shlex.join(words)
