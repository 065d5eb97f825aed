"""Checkpoints: the last two training states on disk, replaced atomically.

::

    checkpoint/
      LATEST              the name of the folder below that is the current checkpoint
      000012/
        weights.safetensors     the weights as the optimizer sees them
        resume.pt               optimizer, averages, random state, position in the data, carried state
        manifest.json           sizes and hashes of both
      000011/                   the previous one, in case the last one is damaged

Files and folders are flushed to the disk before ``LATEST`` names them. ``resume.pt`` is read with
``weights_only=True``: tensors, numbers and text, no code.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from recur.atomic import (
    explained,
    flush_folder,
    make_folder,
    refuse_linked_folder,
    remove_folder,
    replacing,
    write_bytes,
    write_text,
)
from recur.bounded import fingerprint, read_json, read_text
from recur.errors import RunError
from recur.modes import Mode
from recur.run import load_weights, serialised
from recur.run.layout import LATEST, is_checkpoint, is_checkpoint_file, remove_unfinished

_WEIGHTS, _RESUME, _MANIFEST = "weights.safetensors", "resume.pt", "manifest.json"
_SHORT = 65536  # bytes of a manifest or a pointer, at most


@dataclass
class Checkpoints:
    """The checkpoint folder of a run.

    Parameters
    ----------
    folder : Path
    say : callable
        Receives a message when a checkpoint other than the last one is used.

    Attributes
    ----------
    problems : list of str
        Why checkpoints could not be read, after `read`.
    """

    folder: Path
    say: Callable[[str], None] = lambda _: None
    problems: list[str] = field(default_factory=list)
    _whole: str | None = None

    def write(self, mode: Mode, resume: dict[str, Any]) -> None:
        """Save; if the process is killed at any point, the last complete checkpoint remains."""
        make_folder(self.folder)
        serial = 1 + max((int(name) for name in self._names()), default=0)
        place = self.folder / f"{serial:06d}"
        with explained(place):
            place.mkdir()
        write_bytes(place / _WEIGHTS, serialised(mode))
        _write_tensors(place / _RESUME, resume)
        marks = {name: fingerprint(place / name) for name in (_WEIGHTS, _RESUME)}
        write_text(place / _MANIFEST, json.dumps(marks, indent=2) + "\n")
        flush_folder(self.folder)
        write_text(self.folder / LATEST, place.name + "\n")
        self._remove_all_but(place.name, self._whole)
        self._whole = place.name

    def read(self, mode: Mode) -> dict[str, Any] | None:
        """Load the weights of the last whole checkpoint into the network and return the rest.

        Returns
        -------
        dict or None
            None where no checkpoint can be read; `problems` says why, and is empty where there is none.
        """
        refuse_linked_folder(self.folder)
        self.problems = []
        if not self.folder.is_dir():
            return None
        remove_unfinished(self.folder, (LATEST,))
        names = sorted(self._names(), reverse=True)
        latest = self._latest(bool(names))
        for name in ([latest] if latest in names else []) + [name for name in names if name != latest]:
            try:
                resume = self._load(mode, self.folder / name)
            except RunError as error:
                self.problems.append(error.message)
                continue
            if self.problems:
                self.say(f"{'; '.join(self.problems)}. Training continues from the checkpoint {self.folder / name}")
            self._whole = name
            return resume
        return None

    def _load(self, mode: Mode, place: Path) -> dict[str, Any]:
        """Read one checkpoint; the network is changed only when all of it is whole."""
        marks = read_json(place / _MANIFEST, _SHORT, error=RunError)
        if not isinstance(marks, dict) or set(marks) != {_WEIGHTS, _RESUME}:
            raise RunError(
                f"{place / _MANIFEST} does not name the files of a checkpoint, expected {_WEIGHTS} and {_RESUME}"
            )
        for name, mark in marks.items():
            if fingerprint(place / name, error=RunError) != mark:
                raise RunError(f"{place / name} was altered or truncated: its SHA-256 is not the one in its manifest")
        try:
            resume = torch.load(place / _RESUME, map_location="cpu", weights_only=True)
        except (RuntimeError, OSError, EOFError, ValueError, KeyError, MemoryError, pickle.UnpicklingError) as error:
            raise RunError(f"{place / _RESUME} cannot be read: {' '.join(str(error).split())[:200]}") from error
        if not isinstance(resume, dict):
            raise RunError(f"{place / _RESUME} is not the state of a training run")
        load_weights(mode, place / _WEIGHTS)
        return resume

    def _latest(self, expected: bool) -> str | None:
        """The checkpoint that LATEST names; adds a problem where it names none."""
        pointer = self.folder / LATEST
        try:
            name = read_text(pointer, _SHORT, error=RunError).strip()
        except RunError as error:
            if expected or pointer.exists():
                self.problems.append(error.message)
            return None
        if not is_checkpoint(name) or not (self.folder / name).is_dir():
            self.problems.append(f"{pointer} names {name[:40]!r}, which is no checkpoint there")
            return None
        return name

    def _names(self) -> list[str]:
        """Names of checkpoints; links are ignored."""
        return [
            path.name
            for path in self.folder.iterdir()
            if is_checkpoint(path.name) and path.is_dir() and not path.is_symlink()
        ]

    def _remove_all_but(self, *names: str | None) -> None:
        """Delete older and unfinished checkpoints; a folder with other files is kept."""
        for name in self._names():
            if name not in names:
                remove_folder(self.folder / name, is_checkpoint_file)


def _write_tensors(path: Path, values: dict[str, Any]) -> None:
    with replacing(path) as part, part.open("wb") as file:
        try:
            torch.save(values, file)
        except RuntimeError as error:
            # torch's writer raises its own error in place of that of the file
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise
