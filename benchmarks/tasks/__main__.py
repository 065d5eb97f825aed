"""``python -m benchmarks.tasks [NAME...]``: measure published tasks, all or some, and write the page of results."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import ROOT
from benchmarks.tasks import FOLDER, PAGE, RESULTS, results, runner
from benchmarks.tasks.task import Task, chosen, every
from recur.atomic import write_text
from recur.errors import RecurError
from recur.training import Paused

OUT = Path("build") / "tasks"
OK, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130


def main(
    arguments: Sequence[str] | None = None, *, tasks: Path = FOLDER, kept: Path = RESULTS, page: Path = PAGE
) -> int:
    """Run tasks.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line.
    tasks, kept, page : Path
        Folder of task files, folder of results, the page.

    Returns
    -------
    int
        0 done; 1 some task failed; 2 an error that the user can fix; 130 interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        known = every(tasks)
        wanted = chosen(options.names, known)
        if options.list:
            for task in wanted:
                print(f"{task.name:<24} {task.about.mode:<13} {task.about.minutes:>4g} min  {task.about.title}")
            return OK
        code = OK if options.page else _all(wanted, options, kept)
    except RecurError as error:
        _say(f"error: {error}")
        return MISUSED
    write_text(page, results.page(known, results.stored(kept)))
    return code


def _all(wanted: Sequence[Task], options: argparse.Namespace, kept: Path) -> int:
    """Measure one task after another; a failure does not stop the others."""
    failed = []
    for task in wanted:
        try:
            result = runner.measure(
                task, options.out, options.data, again=options.again, only_measure=options.measure, say=_say
            )
        except Paused as pause:
            _say(f"stopped: {pause.message}\nhint: {_resume_hint(options)}")
            return INTERRUPTED
        except KeyboardInterrupt:
            _say(f"stopped: {task.name} was interrupted\nhint: {_resume_hint(options)}")
            return INTERRUPTED
        except RecurError as error:
            _say(f"error: {task.name}: {error}")
            failed.append(task.name)
            continue
        results.store(kept / f"{task.name}.json", result)
        print(results.summary(task, result), flush=True)
    if failed:
        _say(f"not measured: {', '.join(failed)}")
    return FAILED if failed else OK


def _resume_hint(options: argparse.Namespace) -> str:
    again = "the same command resumes there"
    return f"{again}, without --again" if options.again else again


def _parser() -> argparse.ArgumentParser:
    named = os.environ.get("RECUR_DATA")
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tasks", description="Measure published tasks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which tasks (default: all)")
    parser.add_argument("--list", action="store_true", help="list the tasks")
    parser.add_argument("--page", action="store_true", help="only write docs/results.md from the stored results")
    parser.add_argument("--again", action="store_true", help="prepare, train and measure finished tasks again")
    parser.add_argument("--measure", action="store_true", help="measure and report again, with the same network")
    parser.add_argument("--out", type=Path, default=ROOT / OUT, help=f"prepared rows and runs (default {OUT})")
    parser.add_argument(
        "--data", type=Path, default=Path(named) if named else None, help="real data sets (default: RECUR_DATA)"
    )
    return parser


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
