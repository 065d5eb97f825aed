"""Names in a run folder: what recur writes there, what is refused in its place, and what may be removed."""

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
INPUT_CODEC, TARGET_CODEC = "input_codec", "target_codec"
CODEC_FILES = tuple(f"{name}{end}" for name in (INPUT_CODEC, TARGET_CODEC) for end in (".json", ".tokenizer.json"))
MARKED = (WEIGHTS, METRICS, *CODEC_FILES)
"""Files whose hashes run.json holds."""
FILES = (INFO, CONFIG, "README.md", "log.jsonl", "samples.jsonl", "autopsy.json", *MARKED)
LOCK, CACHE, CHECKPOINT = ".lock", "cache", "checkpoint"
CHECKPOINT_FILES = ("weights.safetensors", "resume.pt", "manifest.json")
LATEST = "LATEST"

# temporary names of earlier versions
_EARLIER = (f"{WEIGHTS}.new", *(f"{name}.part" for name in FILES))


def is_checkpoint(name: str) -> bool:
    """Whether a folder of this name in checkpoint/ is one of ours.

    >>> is_checkpoint("000012"), is_checkpoint("12"), is_checkpoint("mine")
    (True, False, False)
    """
    return re.fullmatch(r"[0-9]{6,9}", name, re.ASCII) is not None


def is_checkpoint_file(name: str) -> bool:
    """Whether a file of this name in a checkpoint is one of ours, finished or not."""
    return name in CHECKPOINT_FILES or unfinished(name) in CHECKPOINT_FILES or name == "manifest.json.part"


def refuse_links(folder: Path) -> None:
    """Refuse a folder in which a link, a pipe or a device is in the place of something that is written.

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
    """Delete temporary files of these names that a killed process left."""
    if folder.is_dir() and not folder.is_symlink():
        for path in folder.iterdir():
            if unfinished(path.name) in names:
                remove_file(path)


def refuse_foreign(folder: Path) -> None:
    """Refuse to start over where that would remove files of others in checkpoint/.

    Raises
    ------
    RunError
        With the name of the file or folder; nothing is removed.
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
    """Delete a run's own files, and no file of others.

    Raises
    ------
    RunError
        When checkpoint/ holds something else; then nothing is removed.
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
    # the marker goes last: a folder killed half-way is still known for a run
    for name in (*(name for name in FILES if name != INFO), *_EARLIER, INFO):
        remove_file(folder / name)
    remove_unfinished(folder)


def _is_pointer(path: Path) -> bool:
    return path.name in (LATEST, f"{LATEST}.part") or unfinished(path.name) == LATEST
