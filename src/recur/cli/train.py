"""``recur train``: a file becomes a trained network in a run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from recur.cli.flags import configure, with_config_flags
from recur.cli.output import INTERRUPTED, emit, emit_json, report_stop
from recur.cli.resume import COMMAND_LINE, resume_command
from recur.cli.whole_numbers import Whole
from recur.config import Config
from recur.processes.launched import leads, place, starts_processes


@with_config_flags
def train(
    data: Path | None = None,
    /,
    *,
    out: Path | None = None,
    config: Path | None = None,
    fresh: bool = False,
    processes: Whole | None = None,
    track: list[Literal["tensorboard", "mlflow", "wandb", "trackio"]] | None = None,
    json: bool = False,
    **flags: Any,
) -> int | None:
    """Train a network on your file. The same command again resumes it; Ctrl-C pauses.

    Mode and columns are inferred where possible and printed; options override them.

    Parameters
    ----------
    data
        File, folder, quoted pattern or URL: text, CSV, TSV, JSONL, Parquet, Arrow, CoNLL, idx, or files by class.
    out
        Run folder to write; default: runs/NAME-MODE.
    config
        TOML file with the names of the options as keys; options override it.
    fresh
        Start over and discard the training that is in the run folder.
    processes
        Train with this many processes of this machine; each computes some rows of every batch.
    track
        Send the points of the log to this tracker, which continues when the run resumes; may be repeated.
    json
        Write one JSON document to stdout at the end.
    """
    settings = configure(config, data, flags)
    if starts_processes(processes):
        from recur.processes.launcher import launch

        return launch(COMMAND_LINE.get(), processes or 1, settings.training.threads)
    here = place()
    # a launcher that starts everything again after a failure continues the run
    fresh = fresh and (here is None or here.restarts == 0)
    folder = out or default_folder(settings)
    from recur.training import Interrupted, Paused, learn

    resume = resume_command()
    try:
        learned = learn(settings, out=folder, fresh=fresh, command=resume, track=track or ())
    except Paused as pause:
        return report_stop(pause.message, pause.hint) if leads() else INTERRUPTED
    except Interrupted:
        return (
            INTERRUPTED
            if not leads()
            else report_stop(
                "interrupted in the middle of an update", f"resume from the last checkpoint with: {resume}"
            )
        )
    if not leads():
        return None
    if json:
        emit_json({"run": folder, "mode": learned.mode.name, **learned.metrics})
    else:
        emit(str(folder))
    return None


def default_folder(config: Config) -> Path:
    """Return ``runs/NAME-MODE`` for the data and the mode of a configuration, inferring the mode if need be."""
    from recur.data.sources.resolve import short_name

    source = config.data.source or ""
    mode: str | None = config.model.mode
    if mode is None:
        from recur import data as rows

        mode = rows.infer(rows.read(config.data.source, config.data), config).mode
    return Path("runs") / f"{short_name(source)}-{mode}"
