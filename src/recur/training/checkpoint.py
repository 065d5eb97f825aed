"""The last state of training on the disk: written beside the old one, then pointed to in one step.

::

    checkpoint/
      LATEST              the name of the folder below that counts
      000012/
        weights.safetensors     the weights as the optimizer sees them
        resume.pt               optimizer, averages, random state, position in the data, carried state
        manifest.json           sizes and hashes of both

``resume.pt`` is read with ``weights_only=True``: tensors, numbers and text, no code.
"""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from recur.atomic import fingerprint, flush_folder, write_text
from recur.errors import RunError
from recur.modes import Mode
from recur.run import load_weights, save_weights

_AGAIN = "start over with --fresh"


@dataclass
class Checkpoints:
    """The checkpoint folder of a run."""

    folder: Path

    def write(self, mode: Mode, resume: dict[str, Any]) -> None:
        """Save; whenever this is killed, the last complete checkpoint counts."""
        self.folder.mkdir(exist_ok=True)
        serial = int(self._latest() or 0) + 1
        place = self.folder / f"{serial:06d}"
        if place.exists():
            shutil.rmtree(place)  # from a run that was killed before it pointed here
        place.mkdir()
        save_weights(mode, place / "weights.safetensors")
        with (place / "resume.pt").open("wb") as file:
            torch.save(resume, file)
            file.flush()
        marks = {name: fingerprint(place / name) for name in ("weights.safetensors", "resume.pt")}
        write_text(place / "manifest.json", json.dumps(marks, indent=2) + "\n")
        flush_folder(self.folder)
        write_text(self.folder / "LATEST", place.name + "\n")
        for old in self.folder.iterdir():
            if old.is_dir() and old != place:
                shutil.rmtree(old)

    def read(self, mode: Mode) -> dict[str, Any] | None:
        """Load the weights into the network and return the rest, or None when nothing was saved yet.

        Raises
        ------
        RunError
            When the files are damaged or were altered.
        """
        name = self._latest()
        if name is None:
            return None
        place = self.folder / name
        try:
            marks = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
            intact = all(fingerprint(place / name) == mark for name, mark in marks.items())
        except (OSError, ValueError) as error:
            raise RunError(f"the checkpoint {place} is incomplete: {error}", hint=_AGAIN) from error
        if not intact:
            raise RunError(f"the checkpoint {place} was altered: a hash does not agree with its manifest", hint=_AGAIN)
        load_weights(mode, place / "weights.safetensors")
        try:
            resume = torch.load(place / "resume.pt", map_location="cpu", weights_only=True)
        except (RuntimeError, OSError, EOFError, pickle.UnpicklingError) as error:
            raise RunError(f"{place / 'resume.pt'} cannot be read: {error}", hint=_AGAIN) from error
        return dict(resume)

    def _latest(self) -> str | None:
        pointer = self.folder / "LATEST"
        if not pointer.is_file():
            return None
        name = pointer.read_text(encoding="utf-8").strip()
        if not name.isdigit():
            raise RunError(f"{pointer} holds {name[:40]!r}, expected the name of a checkpoint", hint=_AGAIN)
        return name
