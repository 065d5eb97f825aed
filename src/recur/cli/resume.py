"""The command that resumes an interrupted training."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextvars import ContextVar

from recur.processes.launched import place

COMMAND_LINE: ContextVar[tuple[str, ...]] = ContextVar("COMMAND_LINE", default=())
"""The words of the command line that is running."""


def resume_command(words: Sequence[str] | None = None) -> str | None:
    """Return the line to type after an interruption, or None where there is nothing to resume.

    Training resumes with the same command without ``--fresh``, which would start over.

    Parameters
    ----------
    words : sequence of str, optional
        What was typed after ``recur``; the running command when left out.

    >>> resume_command(["train", "my file.csv", "--fresh"])
    "recur train 'my file.csv'"
    """
    words = COMMAND_LINE.get() if words is None else words
    if not words or words[0] != "train":
        return None
    line = "recur " + shlex.join(word for word in words if word != "--fresh")
    here = place()
    if here is None or any(word.partition("=")[0] == "--processes" for word in words):
        return line
    machines = here.size // here.local_size
    nodes = f"--nnodes {machines} " if machines > 1 else ""
    return f"torchrun {nodes}--nproc-per-node {here.local_size} -m {line}"
