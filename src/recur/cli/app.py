"""The table of commands, and the entry point that turns an exception into a message and an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import shlex
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from cyclopts import App, CycloptsError, Group, Parameter

from recur._version import __version__
from recur.cli.output import note, report_stop
from recur.cli.problems import describe, describe_usage
from recur.cli.resume import COMMAND_LINE
from recur.errors import ConfigError, ReportedElsewhere
from recur.processes import launched


class Command(NamedTuple):
    """What the help says about a command: its usage, a one-line summary, and more if needed."""

    usage: str
    summary: str
    more: str = ""


COMMANDS = {
    "demo": Command("[NAME]", "Train a small network in a minute or two, and show what it learned."),
    "check": Command(
        "DATA",
        "Check a file before training on it.",
        "Counts rows, lengths, vocabulary and classes, finds duplicates across the parts, and estimates memory and "
        "time. Takes the options of `recur train`, but does not train.",
    ),
    "train": Command(
        "DATA",
        "Train a network on your file; the same command again resumes it.",
        "Mode and columns are inferred where possible and printed; options override them. Ctrl-C pauses.",
    ),
    "tune": Command(
        "DATA",
        "Search for good settings, and train the best; the same command again continues.",
        "Tries settings on the held-out rows with Optuna, several at a time with --processes. Takes the options of "
        "`recur train`.",
    ),
    "evaluate": Command("RUN DATA", "Evaluate a trained network on a file."),
    "predict": Command("RUN TEXT...", "Predict the target of new inputs."),
    "complete": Command("RUN TEXT", "Predict the next word of a sentence, with probabilities."),
    "generate": Command("RUN", "Continue a prompt; the text appears as it is generated."),
    "inspect": Command(
        "RUN TEXT",
        "Explain an answer of a network: words, gates, gradients.",
        "Prints to the terminal; --html and --png write files instead, --json writes to stdout.",
    ),
    "compare": Command("RUN RUN...", "Compare how the gradient changes with distance in several runs."),
    "serve": Command("RUN...", "Serve trained networks: a page that shows how they answer, and an HTTP API."),
    "export": Command("RUN", "Write a trained network as ONNX, C, Python or a web page, and check it by running it."),
    "push": Command(
        "RUN USER/NAME", "Upload a trained network to the Hugging Face hub; hf://USER/NAME is then a RUN too."
    ),
    "cells": Command("[NAME]", "List the recurrent cells and their equations."),
    "lecture": Command(
        "[FILE.html]",
        "Write a page that explains recurrent networks, with figures that run in it.",
        "Twelve chapters, in one file that loads nothing; no trained network is needed.",
    ),
}

OK, FAILED, MISUSED, BROKEN_PIPE = 0, 1, 2, 141


def build() -> App:
    """Return the parser; a command's module is imported only when that command is named."""
    app = App(
        name="recur",
        version=f"recur {__version__}",
        help="Recurrent neural networks from one equation: train, predict, explain and serve them.",
        help_epilogue="`recur COMMAND --help` lists its options. Start with `recur demo`, or `recur train FILE`.",
        help_format="plaintext",
        usage="Usage: recur COMMAND",
        group_parameters=Group("Options", sort_key=0),
        default_parameter=Parameter(negative_bool=(), negative_iterable=(), show_default=False),
        # Ctrl-C and errors are reported by `main`; without this the parser would load a console that is not used
        error_console=cast(Any, object()),
        suppress_keyboard_interrupt=False,
    )
    app["--help"].group = app["--version"].group = "Options"
    for place, (name, about) in enumerate(COMMANDS.items()):
        app.command(
            f"recur.cli.{name}:{name}",
            name=name,
            help=f"{about.summary}\n\n{about.more}".strip(),
            usage=f"Usage: recur {name} {about.usage} [OPTIONS]",
            help_epilogue="",
            sort_key=place,
        )
    return app


# looking for plug-ins of the schema reads every installed package's metadata; recur has none
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _collect_rarely() -> None:
    """Let the collector of this process run less often, and not once more over everything at its end.

    Importing torch makes hundreds of thousands of objects that live until the end; walking through them again and again
    takes a fifth of a short command.
    """
    gc.set_threshold(100_000, 20, 100)
    atexit.register(gc.freeze)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after ``recur``; those of this process when left out.

    Returns
    -------
    int
        0 done; 2 an error that the user can fix; 1 a bug in recur; 130 interrupted; 141 the reader of a pipe is gone.

    Raises
    ------
    Exception
        Any exception as it is, when the environment variable ``RECUR_DEBUG`` is 1.
    """
    if argv is None:
        _collect_rarely()
    words = list(sys.argv[1:] if argv is None else argv)
    token = COMMAND_LINE.set(tuple(words))
    try:
        result = build()(words, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
        return result if isinstance(result, int) else OK
    except CycloptsError as error:
        _say(*describe_usage(error, COMMANDS))
        return MISUSED
    except KeyboardInterrupt:
        # all words, --fresh too: a training that has begun ends with `Interrupted`, so this one has removed nothing
        again = f"start again with: recur {shlex.join(words)}" if words[:1] == ["train"] else None
        return report_stop("interrupted", again)
    except ReportedElsewhere as error:
        if error.told:
            note(f"error: {error.told}")
        return error.code
    except BrokenPipeError:
        # the interpreter flushes stdout once more at exit: redirect it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        if os.environ.get("RECUR_DEBUG") == "1":
            raise
        message, hint, expected = describe(error)
        _say(message, hint)
        return MISUSED if expected else FAILED
    finally:
        COMMAND_LINE.reset(token)


def _say(message: str, hint: str | None) -> None:
    """Print the problem, and how to fix it, to stderr."""
    sys.stdout.flush()
    try:
        here = launched.place()
    except ConfigError:
        # the problem that is printed here
        here = None
    of = f"rank {here.rank} of {here.size} processes: " if here and here.rank else ""
    note(f"error: {of}{message}")
    if hint:
        note(f"hint: {hint}")
