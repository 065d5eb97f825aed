"""Names of a run folder: the files that recur writes, what is refused in their places, and what may be removed."""

from __future__ import annotations

import re
from pathlib import Path

from recur.atomic import (
    refuse_irregular,
    refuse_linked_folder,
    remove_file,
    remove_folder,
    strangers,
    unfinished,
)
from recur.errors import RunError

INFO = "run.json"
CONFIG = "config.toml"
WEIGHTS = "model.safetensors"
METRICS = "metrics.json"
CELL = "cell.json"
"""The equation of a cell that is not of the library."""
TRACKING = "tracking.json"
"""The names of the run in trackers, and what was sent to each."""
INPUT_CODEC, TARGET_CODEC = "input_codec", "target_codec"
CODEC_FILES = tuple(f"{name}{end}" for name in (INPUT_CODEC, TARGET_CODEC) for end in (".json", ".tokenizer.json"))
MARKED = (WEIGHTS, METRICS, CELL, *CODEC_FILES)
"""Files whose hashes are in run.json."""
FILES = (INFO, CONFIG, "README.md", "log.jsonl", "samples.jsonl", "autopsy.json", TRACKING, *MARKED)
LOCK, CACHE, CHECKPOINT = ".lock", "cache", "checkpoint"
CHECKPOINT_FILES = ("weights.safetensors", "resume.pt", "manifest.json")
LATEST = "LATEST"

# temporary names of earlier versions
_EARLIER = (f"{WEIGHTS}.new", *(f"{name}.part" for name in FILES))


def is_checkpoint(name: str) -> bool:
    """Return whether a folder with this name in checkpoint/ is a checkpoint of recur.

    >>> is_checkpoint("000012"), is_checkpoint("12"), is_checkpoint("mine")
    (True, False, False)
    """
    return re.fullmatch(r"[0-9]{6,9}", name, re.ASCII) is not None


def is_checkpoint_file(name: str) -> bool:
    """Return whether recur writes files with this name into a checkpoint, finished or not."""
    return name in CHECKPOINT_FILES or unfinished(name) in CHECKPOINT_FILES or name == "manifest.json.part"


def refuse_links(folder: Path) -> None:
    """Refuse a folder in which a link, a pipe or a device is in the place of a file that will be written.

    Raises
    ------
    WriteError
        Before anything is changed.
    """
    for name in (*FILES, LOCK):
        refuse_irregular(folder / name)
    for name in (CACHE, CHECKPOINT):
        refuse_linked_folder(folder / name)
    refuse_irregular(folder / CHECKPOINT / LATEST)


def remove_unfinished(folder: Path, names: tuple[str, ...] = FILES) -> None:
    """Delete the temporary files for these names that a killed process left behind."""
    if folder.is_dir() and not folder.is_symlink():
        for path in folder.iterdir():
            if unfinished(path.name) in names:
                remove_file(path)


def refuse_foreign(folder: Path) -> None:
    """Refuse to start over if that would remove files of other programs in checkpoint/.

    Raises
    ------
    RunError
        Names the file or folder; nothing is removed.
    """
    refuse_links(folder)
    checkpoint = folder / CHECKPOINT
    if not checkpoint.is_dir():
        return
    for path in sorted(checkpoint.iterdir()):
        foreign = None if _is_pointer(path) else path.name
        if is_checkpoint(path.name) and path.is_dir() and not path.is_symlink():
            inside = strangers(path, is_checkpoint_file)
            foreign = f"{path.name}/{inside[0]}" if inside else None
        if foreign is not None:
            raise RunError(
                f"{checkpoint / foreign} was not written by recur, and starting over would remove it; "
                "nothing was removed",
                hint=f"move {checkpoint / foreign} out of the run folder, or give another --out",
            )


def remove(folder: Path) -> None:
    """Delete the files of a run, and no others.

    Raises
    ------
    RunError
        When checkpoint/ contains anything else; then nothing is removed.
    """
    refuse_foreign(folder)
    checkpoint = folder / CHECKPOINT
    if checkpoint.is_dir():
        for path in sorted(checkpoint.iterdir()):
            if _is_pointer(path):
                remove_file(path)
            elif is_checkpoint(path.name):
                remove_folder(path, is_checkpoint_file)
        checkpoint.rmdir()
    # the marker goes last: if the process is killed half-way, the folder is still recognised as a run
    for name in (*(name for name in FILES if name != INFO), *_EARLIER, INFO):
        remove_file(folder / name)
    remove_unfinished(folder)


def _is_pointer(path: Path) -> bool:
    return path.name in (LATEST, f"{LATEST}.part") or unfinished(path.name) == LATEST
