"""The run folder: everything a trained network needs to be used again, and to explain itself, without pickle.

::

    RUN/
      README.md            the card: what it is, figures beside the baseline, how to use it
      config.toml          what it was told, commented; `recur train --config RUN/config.toml` reads it
      run.json             format, versions, roles of the columns, hashes of the files below
      model.safetensors    the best weights so far
      input_codec.json     raw values -> tensors      target_codec.json   tensors -> raw values
      metrics.json         the figures                log.jsonl, samples.jsonl   what happened on the way
      checkpoint/          the last state of training, from which the same command goes on

Files are replaced in one step (written beside, flushed to the disk, renamed), so that a run that is killed at any
moment leaves a folder that can be opened and continued.
"""

from __future__ import annotations

import dataclasses
import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recur import config_file
from recur._version import __version__
from recur.atomic import fingerprint, flush, flush_folder, unfinished, write_text
from recur.config import Config
from recur.errors import ConfigError, RecurError, RunError, did_you_mean
from recur.figures import plain

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.data import Roles
    from recur.modes import Mode

FORMAT = 1
KIND = "recur run"
WEIGHTS = "model.safetensors"
INPUT_CODEC, TARGET_CODEC = "input_codec", "target_codec"
OWN_FILES = (
    "README.md", "config.toml", "run.json", WEIGHTS, "metrics.json", "log.jsonl", "samples.jsonl", "autopsy.json",
    "checkpoint", "cache", ".lock",
)  # fmt: skip

_WHAT_IT_IS = "a run folder is what `recur train DATA --out RUN` writes"


@dataclass(frozen=True)
class Run:
    """An opened run folder.

    Attributes
    ----------
    folder : Path
    config : Config
        What the run was told; paths as they were given then.
    roles : Roles
        Mode, columns and codecs, as given or inferred.
    input_codec, target_codec : Codec
        The input codec is None where the network reads nothing.
    metrics : dict
        The figures on the held-out rows, the baseline's beside them.
    info : dict
        The content of run.json.
    """

    folder: Path
    config: Config
    roles: Roles
    input_codec: Codec | None
    target_codec: Codec
    metrics: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)

    @property
    def weights(self) -> Path:
        """The file of the best weights."""
        return self.folder / WEIGHTS

    def network(self) -> Mode:
        """Build the network with its best weights, on the CPU, ready to predict.

        Raises
        ------
        RunError
            When the weights do not fit the network that config.toml describes.
        """
        from recur import modes

        roles, config = self.roles, self.config
        mode = modes.build(
            roles.mode, self.input_codec, self.target_codec, config.model,
            stream=roles.stream, ahead=roles.ahead(config.data.horizon), forecast=roles.forecast,
        )  # fmt: skip
        load_weights(mode, self.weights)
        return mode.eval()


class RunFolder:
    """The writer's side of a run folder; every change is one atomic replacement."""

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
    ) -> None:
        """Write everything that is known before the first update.

        Parameters
        ----------
        facts : mapping
            What else run.json should hold: numbers of rows, the command, the baseline.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if self._fresh:
            # only now: whatever could be wrong with the new run has been found out
            _remove(self.path)
        # the marker comes first, so that a folder killed right here is known for one of ours
        self.info = {"kind": KIND, "format": FORMAT, "status": "starting"}
        self._write_info()
        if input_codec is not None:
            input_codec.save(self.path, INPUT_CODEC)
        if target_codec is not input_codec:
            target_codec.save(self.path, TARGET_CODEC)
        codec_files = sorted(
            p for name in (INPUT_CODEC, TARGET_CODEC) for p in self.path.glob(f"{name}*") if p.is_file()
        )
        for path in codec_files:
            flush(path)
        self.info |= {
            "status": "training",
            "recur": __version__,
            "python": platform.python_version(),
            "torch": _version("torch"),
            "numpy": _version("numpy"),
            "roles": dataclasses.asdict(roles),
            "one_codec": target_codec is input_codec,
            **facts,
            "files": {path.name: [fingerprint(path)] for path in codec_files},
        }
        self.configure(config)

    def load(self) -> dict[str, Any]:
        """Read run.json into ``info`` and return it."""
        self.info = read_info(self.path)
        return self.info

    def metrics(self) -> dict[str, Any]:
        """The figures written last."""
        path = self.path / "metrics.json"
        return dict(_read_json(path)) if path.is_file() else {}

    def configure(self, config: Config) -> None:
        """Write the configuration, for people (config.toml) and for comparison (run.json)."""
        heading = f"A run of recur {__version__}. Train again with: recur train --config THIS_FILE --out FOLDER"
        write_text(self.path / "config.toml", config_file.to_toml(config, heading=heading))
        self.update(config=config.model_dump())

    def update(self, **facts: Any) -> None:
        """Put facts into run.json."""
        self.info |= facts
        self._write_info()

    def publish(self, mode: Mode) -> None:
        """Make the network's present weights the run's weights.

        run.json names the new hash beside the old one before the file changes, so there is no moment at which
        the folder disagrees with itself.
        """
        new = self.path / f"{WEIGHTS}.new"
        save_weights(mode, new)
        mark = fingerprint(new)
        files = self.info.setdefault("files", {})
        before = files.get(WEIGHTS, [])[:1]
        # the first weights are named when they are there: until then a folder without them is whole
        if before:
            files[WEIGHTS] = [mark, *before]
            self._write_info()
        os.replace(new, self.path / WEIGHTS)
        flush_folder(self.path)
        files[WEIGHTS] = [mark]
        self._write_info()

    def write_json(self, name: str, value: Any) -> None:
        """Write a JSON file of the folder."""
        write_text(self.path / name, json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n")

    def _write_info(self) -> None:
        self.write_json("run.json", self.info)


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
) -> Path:
    """Write a trained network as a run folder, which ``open_run`` opens.

    Raises
    ------
    RunError
        When the folder has files that are not a run's.
    """
    path = Path(folder)
    claim(path)
    run = RunFolder(path)
    run.create(config, roles, input_codec, target_codec, facts or {})
    run.publish(mode)
    if metrics is not None:
        run.write_json("metrics.json", dict(metrics))
    run.update(status="finished")
    return path


def open_run(folder: Path | str) -> Run:
    """Open a run folder for use; the training data is not needed.

    Raises
    ------
    RunError
        When the folder is missing, not a run, incomplete, altered, or of a newer format.
    """
    path = Path(folder)
    info = read_info(path)
    files = info.get("files", {})
    if WEIGHTS not in files:
        raise RunError(
            f"{path} has no weights yet: training stopped before its first evaluation",
            hint="run the same `recur train` command again; it goes on from there",
        )
    for name, marks in files.items():
        _check_file(path / name, marks)
    config = _config(path, info)
    from recur import codecs
    from recur.data import Roles

    try:
        roles = Roles(**info["roles"])
        has_input = f"{INPUT_CODEC}.json" in files
        input_codec = codecs.load(path, INPUT_CODEC) if has_input else None
        target_codec = input_codec if info["one_codec"] else codecs.load(path, TARGET_CODEC)
    except (KeyError, TypeError, ValueError, OSError) as error:
        said = error.message if isinstance(error, RecurError) else f"{type(error).__name__}: {error}"
        raise RunError(f"{path} cannot be opened: {said}", hint="copy the folder again, whole") from error
    if target_codec is None:
        raise RunError(f"{path} cannot be opened: run.json names no target codec", hint="copy the folder again, whole")
    metrics = _read_json(path / "metrics.json") if (path / "metrics.json").is_file() else {}
    return Run(path, config, roles, input_codec, target_codec, metrics, info)


def claim(folder: Path) -> bool:
    """Make sure that a run may be written into a folder.

    Returns
    -------
    bool
        True when a run is there already.

    Raises
    ------
    RunError
        When the path is a file, or a folder with something else in it.
    """
    if folder.is_file():
        raise RunError(f"{folder} is a file, expected a folder to write the run into", hint="give another --out")
    if not folder.exists():
        return False
    if (folder / "run.json").is_file():
        read_info(folder)
        return True
    strangers = sorted(p.name for p in folder.iterdir() if p.name != ".lock" and unfinished(p.name) != "run.json")
    if strangers:
        raise RunError(
            f"{folder} has files but is not a run folder (it has {strangers[0]} and no run.json); "
            "nothing was written there",
            hint="give an empty or a new folder as --out",
        )
    return False


def read_info(folder: Path) -> dict[str, Any]:
    """Read run.json.

    Raises
    ------
    RunError
        When the folder is not a run or was written by a newer format.
    """
    if not folder.exists():
        siblings = (
            [p.name for p in folder.parent.glob("*") if (p / "run.json").is_file()] if folder.parent.is_dir() else []
        )
        raise RunError(f"there is no run folder {folder}.{did_you_mean(folder.name, siblings)}", hint=_WHAT_IT_IS)
    if not folder.is_dir():
        raise RunError(f"{folder} is a file, expected a run folder", hint=_WHAT_IT_IS)
    path = folder / "run.json"
    if not path.is_file():
        if (folder / WEIGHTS).exists() or (folder / "config.toml").exists():
            raise RunError(f"{folder} is incomplete: run.json is missing", hint="copy the folder again, whole")
        raise RunError(f"{folder} is not a run folder: it has no run.json", hint=_WHAT_IT_IS)
    info = _read_json(path)
    if not isinstance(info, dict) or info.get("kind") != KIND:
        raise RunError(f"{folder} is not a run folder: its run.json was written by something else", hint=_WHAT_IT_IS)
    found = info.get("format")
    if not isinstance(found, int) or found > FORMAT:
        raise RunError(
            f"{folder} was written by recur {info.get('recur', '?')} in format {found}; "
            f"this is recur {__version__}, which reads up to format {FORMAT}",
            hint="pip install --upgrade recur",
        )
    return info


def save_weights(mode: Mode, path: Path) -> None:
    """Write a network's parameters and buffers; shared ones (tied weights) once."""
    from safetensors.torch import save_model

    save_model(mode, str(path), metadata={"format": "pt", "recur": __version__})
    flush(path)


def load_weights(mode: Mode, path: Path) -> None:
    """Read parameters and buffers into a network of the same shape.

    Raises
    ------
    RunError
        When the file is damaged or belongs to another network.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_model

    try:
        load_model(mode, str(path), strict=True)
    except (SafetensorError, OSError) as error:
        raise RunError(f"{path} cannot be read: {error}", hint="copy the folder again, whole") from error
    except RuntimeError as error:
        first = str(error).strip().splitlines()[-1].strip()
        raise RunError(
            f"{path} does not fit the network that the configuration describes: {first}",
            hint="config.toml must be the one that was written with these weights",
        ) from error


def check_weights(run: RunFolder) -> None:
    """Refuse to go on with a run whose best weights are not those that it wrote.

    Raises
    ------
    RunError
        When they are missing, cut short or altered.
    """
    marks = run.info.get("files", {}).get(WEIGHTS)
    if marks:
        _check_file(run.path / WEIGHTS, marks, "start over with --fresh, or copy the folder again, whole")


def _check_file(
    path: Path, marks: Iterable[Mapping[str, Any]], again: str = "copy the folder again, whole, or train again"
) -> None:
    if not path.is_file():
        raise RunError(f"{path.parent} is incomplete: {path.name} is missing", hint=again)
    marks = list(marks)
    size = path.stat().st_size
    if all(size < mark["bytes"] for mark in marks):
        raise RunError(f"{path} is cut short: {size:,} bytes, expected {marks[0]['bytes']:,}", hint=again)
    if fingerprint(path) not in marks:
        raise RunError(f"{path} was altered after training: its SHA-256 is not the one in run.json", hint=again)


def _config(folder: Path, info: Mapping[str, Any]) -> Config:
    """The configuration of config.toml, refused where it no longer describes the weights."""
    try:
        config = config_file.read(folder / "config.toml")
        trained = config_file.from_mapping(info["config"], name="run.json")
    except ConfigError as error:
        raise RunError(f"{folder} cannot be opened: {error.message}", hint=error.hint) from error
    except KeyError as error:
        raise RunError(
            f"{folder} is incomplete: run.json has no {error}", hint="copy the folder again, whole"
        ) from error
    for name, (old, new) in config_file.changes(trained, config).items():
        if name.startswith("model.") or name in ("data.horizon", "data.forecast", "data.time_features"):
            raise RunError(
                f"{folder / 'config.toml'} was altered after training: {name} was {old!r} and is now {new!r}",
                hint=f"put {name} back; to train with the new value give a new --out",
            )
    return config


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read as JSON: {error}", hint="copy the folder again, whole") from error


def _remove(folder: Path) -> None:
    """Delete a run's own files, and nothing that somebody else put there."""
    import shutil

    own = set(OWN_FILES) | {f"{name}.part" for name in OWN_FILES} | {f"{WEIGHTS}.new"}
    # the marker goes last: a folder killed half-way is still known for a run
    for path in sorted(folder.iterdir(), key=lambda p: p.name == "run.json"):
        if path.name in (".lock", "cache"):
            continue
        if path.name in own or path.name.startswith((f"{INPUT_CODEC}.", f"{TARGET_CODEC}.")):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
