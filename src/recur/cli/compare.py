"""``recur compare``: the gradient over distance of several runs on one axis."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from recur.cli.decoding import check_range
from recur.cli.inputs import trained_on
from recur.cli.output import draw, emit, emit_json, refuse_folders
from recur.cli.whole_numbers import Whole
from recur.errors import DataError
from recur.views.terminal import width


def compare(
    runs: list[Path] | None = None,
    /,
    *,
    data: Path | None = None,
    rows: Annotated[Whole, Parameter(show_default=True)] = 64,
    html: Path | None = None,
    png: Path | None = None,
    json: bool = False,
) -> None:
    """Compare how the gradient changes with distance in several runs.

    Parameters
    ----------
    runs
        Run folders that `recur train` wrote, or hf://USER/NAME.
    data
        File whose rows are used; default: the hold-out file of each run, or its training file.
    rows
        Number of rows to use.
    html
        Write one HTML file that works offline.
    png
        Write a PNG picture; requires recur-nn[plot].
    json
        Write one JSON document to stdout.
    """
    if not runs:
        raise DataError("no runs to compare", "recur compare RUN RUN")
    refuse_folders(html, png)
    check_range("--rows", rows, 1, 1_000_000)
    import recur
    from recur import data as data_room
    from recur.inspect import compared, flow, recorded

    names = [run.name for run in runs]
    curves, sources = [], set()
    for run, name in zip(runs, names, strict=True):
        model = recur.load(run)
        source = data or trained_on(model, run)
        table = data_room.read_like(source, model.roles, model.config)
        examples = data_room.examples(table, model.roles, model.config)
        sources.add(Path(source).name)
        label = name if names.count(name) == 1 else str(run)
        curves.append((label, model, flow(model.mode, examples, rows=rows), recorded(model.folder or run)))
    result = compared(curves, source=f"the first {rows} rows of {', '.join(sorted(sources))}")
    from recur.views import picture, report

    wrote_files = draw(
        html=html,
        png=png,
        page=lambda: report.comparison(result),
        picture=lambda file: picture.comparison(result, file),
    )
    if json:
        emit_json(result)
    elif not wrote_files:
        from recur.views.explained import compared as lines

        for line in lines(result, width()):
            emit(line, styled=True)
