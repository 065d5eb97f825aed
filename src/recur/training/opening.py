"""Opening the folder of a run: checked, locked and compared with the settings, by the first process for all."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from recur.atomic import remove_file
from recur.config import Config
from recur.processes.group import Processes
from recur.run import RunFolder, claim
from recur.run.layout import CELL, CODEC_FILES, INFO, LOCK
from recur.training.lock import folder_lock
from recur.training.resuming import check_same_settings


def open_run(
    folder: Path | None, config: Config, *, fresh: bool, command: str | None, among: Processes, stack: ExitStack
) -> RunFolder | None:
    """Open the folder for this process.

    Parameters
    ----------
    folder : Path or None
        None for training without a folder.
    config : Config
    fresh : bool
        Start over if it holds a run.
    command : str or None
        What was typed.
    among : Processes
        Only the first one opens the folder itself, which need not be on the machines of the others. Those get a copy of
        its settings and codecs where it is resumed, in a temporary folder.
    stack : ExitStack
        Holds the lock until training ends.

    Returns
    -------
    RunFolder or None
        None too for a process other than the first, where a new run begins.

    Raises
    ------
    RunError
        When another process trains there, or it holds something else, or a run with other settings.
    """
    if folder is None:
        return None
    opened: list[RunFolder] = []

    def first() -> dict[str, bytes]:
        claim(folder, fresh=fresh)
        stack.callback(_remove_if_empty, folder)
        stack.enter_context(folder_lock(folder))
        resumes = claim(folder, fresh=fresh) and not fresh
        opened.append(RunFolder(folder, fresh=fresh))
        if not resumes:
            return {}
        check_same_settings(opened[0], config, command)
        names = [] if among.alone else [INFO, CELL, *CODEC_FILES]
        return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}

    files = among.lead(first)
    if among.leads:
        return opened[0]
    if not files:
        return None
    copy = RunFolder(Path(stack.enter_context(TemporaryDirectory(prefix="recur-"))))
    for name, content in files.items():
        (copy.path / name).write_bytes(content)
    copy.load()
    return copy


def _remove_if_empty(folder: Path) -> None:
    """Remove a folder that holds only the lock: training ended before it wrote anything."""
    lock = folder / LOCK
    if folder.is_dir() and [path.name for path in folder.iterdir()] == [LOCK] and lock.stat().st_size == 0:
        remove_file(lock)
        folder.rmdir()
