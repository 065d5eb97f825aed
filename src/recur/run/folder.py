"""Writing a run folder: every change is an atomic replacement, named in run.json before and after it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recur import config_file
from recur._version import __version__
from recur.atomic import make_folder, remove_file, unfinished, write_bytes, write_text
from recur.bounded import fingerprint
from recur.config import Config
from recur.errors import RunError
from recur.figures import finite
from recur.run import layout
from recur.run.cells import stored_cell
from recur.run.layout import CELL, CODEC_FILES, CONFIG, INFO, INPUT_CODEC, LOCK, METRICS, TARGET_CODEC, WEIGHTS
from recur.run.opened import FORMAT, KIND, digest, read_info, read_metrics
from recur.run.weights import serialised

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.data import Roles
    from recur.modes import Mode


class RunFolder:
    """Writer of a run folder.

    Parameters
    ----------
    folder : Path
    fresh : bool
        Remove an existing run when the new one is created.
    """

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        self.path, self._fresh = folder, fresh
        self.info: dict[str, Any] = {}

    def create(
        self,
        config: Config,
        roles: Roles,
        input_codec: Codec | None,
        target_codec: Codec,
        facts: Mapping[str, Any],
        mode: Mode | None = None,
    ) -> None:
        """Write what is known before the first update.

        Parameters
        ----------
        mode : Mode, optional
            The network, for the sizes of a cell that is not of the library.
        facts : mapping
            Further entries of run.json: numbers of rows, the command, the baseline.
        """
        make_folder(self.path) if not self.path.is_dir() else layout.refuse_links(self.path)
        if self._fresh:
            # only now, when the new run has passed every check
            layout.remove(self.path)
        # of a process that was killed before it had a marker
        layout.remove_unfinished(self.path)
        # the marker comes first, so that a folder of a process killed here is recognised as a run
        self.info = {"kind": KIND, "format": FORMAT, "status": "starting"}
        self._write_info()
        # a process killed here, with other settings, may have left other codecs
        for name in (*CODEC_FILES, CELL):
            remove_file(self.path / name)
        if config.model.equation is not None:
            write_bytes(self.path / CELL, stored_cell(config.model.equation, mode))
        if input_codec is not None:
            input_codec.save(self.path, INPUT_CODEC)
        if target_codec is not input_codec:
            target_codec.save(self.path, TARGET_CODEC)
        paths = [self.path / name for name in (*CODEC_FILES, CELL) if (self.path / name).is_file()]
        self.info |= {
            "status": "training",
            "recur": __version__,
            "python": platform.python_version(),
            "torch": _version("torch"),
            "numpy": _version("numpy"),
            "roles": dataclasses.asdict(roles),
            "one_codec": target_codec is input_codec,
            **facts,
            "files": {path.name: [fingerprint(path)] for path in paths},
        }
        self.configure(config)

    def load(self) -> dict[str, Any]:
        """Read run.json into ``info`` and return it; a folder of format 1 gets the hashes of format 2."""
        self.info = read_info(self.path)
        if self.info["format"] == 1:
            metrics = self.path / METRICS
            if metrics.is_file() and isinstance(self.info.get("files"), dict):
                self.info["files"][METRICS] = [fingerprint(metrics)]
            self.info["format"] = FORMAT
        layout.remove_unfinished(self.path)
        return self.info

    def metrics(self) -> dict[str, Any]:
        """Return the metrics that were written last."""
        return read_metrics(self.path, self.info)

    def configure(self, config: Config) -> None:
        """Write the configuration to config.toml, for people, and to run.json, for comparison."""
        heading = f"A run of recur {__version__}. Train again with: recur train --config THIS_FILE --out FOLDER"
        write_text(self.path / CONFIG, config_file.to_toml(config, heading=heading))
        self.update(config=config.model_dump())

    def update(self, **facts: Any) -> None:
        """Add entries to run.json, or replace them."""
        self.info |= facts
        self._write_info()

    def publish(
        self, mode: Mode, metrics: Mapping[str, Any] | None = None, *, stored: str = "float32", **facts: Any
    ) -> None:
        """Replace the weights of the run by those of the network, and its metrics by these."""
        contents = {WEIGHTS: serialised(mode, stored)}
        if metrics is not None:
            contents[METRICS] = as_json(dict(metrics))
        self._replace(contents, facts)

    def write_metrics(self, metrics: Mapping[str, Any], **facts: Any) -> None:
        """Replace the metrics of the run, and add entries to run.json."""
        self._replace({METRICS: as_json(dict(metrics))}, facts)

    def write_json(self, name: str, value: Any) -> None:
        """Write a JSON file whose hash is not in run.json."""
        write_bytes(self.path / name, as_json(value))

    def _replace(self, contents: Mapping[str, bytes], facts: Mapping[str, Any]) -> None:
        """Replace files whose hashes are in run.json.

        The new hashes are added to run.json beside the old ones before the files change, so that the folder is always
        consistent. A new file is added to run.json once it is written: until then the folder is complete without it.
        """
        files = self.info.setdefault("files", {})
        marks = {name: _mark(content) for name, content in contents.items()}
        changing = {name: mark for name, mark in marks.items() if name in files and files[name] != [mark]}
        if changing:
            # all earlier hashes stay: a killed process may have left any of these files
            for name, mark in changing.items():
                files[name] = [mark, *(old for old in files[name] if old != mark)]
            self._write_info()
        for name, content in contents.items():
            write_bytes(self.path / name, content)
        files.update({name: [mark] for name, mark in marks.items()})
        self.update(**facts)

    def _write_info(self) -> None:
        # as it will be read: lists for tuples, and no NaN or infinity
        content = json.loads(as_json({name: value for name, value in self.info.items() if name != "sha256"}))
        self.write_json(INFO, {**content, "sha256": digest(content)})


def save(
    folder: Path | str,
    mode: Mode,
    config: Config,
    roles: Roles,
    *,
    input_codec: Codec | None,
    target_codec: Codec,
    metrics: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    weights: str = "float32",
) -> Path:
    """Write a trained network as a run folder, which ``open_run`` opens.

    Raises
    ------
    RunError
        When the folder contains files that are not part of a run, or the weights do not fit their format.
    """
    path = Path(folder)
    serialised(mode, weights)  # refused before anything is written
    claim(path)
    run = RunFolder(path)
    run.create(config, roles, input_codec, target_codec, facts or {}, mode)
    run.publish(mode, metrics, stored=weights, status="finished")
    return path


def claim(folder: Path, *, fresh: bool = False) -> bool:
    """Check that a run may be written into a folder.

    Parameters
    ----------
    fresh : bool
        Whether the existing run will be removed.

    Returns
    -------
    bool
        True if the folder is a run already.

    Raises
    ------
    RunError
        When the path is a file, or a folder with other files in it.
    WriteError
        When a link or a device is in the place of one of the run's files.
    """
    if folder.is_file():
        raise RunError(f"{folder} is a file, expected a folder to write the run into", hint="give another --out")
    if not folder.exists():
        return False
    layout.refuse_links(folder)
    if fresh:
        layout.refuse_foreign(folder)
    if (folder / INFO).is_file():
        read_info(folder)
        return True
    foreign = sorted(p.name for p in folder.iterdir() if p.name != LOCK and unfinished(p.name) != INFO)
    if foreign:
        raise RunError(
            f"{folder} has files but is not a run folder (it has {foreign[0]} and no run.json); "
            "nothing was written there",
            hint="give an empty or a new folder as --out",
        )
    return False


def as_json(value: Any) -> bytes:
    """Return readable JSON; a file name that is not UTF-8 (a lone surrogate) is escaped."""
    text = json.dumps(finite(value), indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace")


def _mark(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
