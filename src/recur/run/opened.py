"""Reading a run folder: it is refused unless every file is regular, bounded and matches run.json."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from recur import config_file
from recur._version import __version__
from recur.bounded import MIB, fingerprint, read_json
from recur.config import Config, shown
from recur.errors import ConfigError, RecurError, RunError, did_you_mean
from recur.figures import any_figure
from recur.markup import table
from recur.run.cells import with_stored_cell
from recur.run.layout import CELL, CONFIG, INFO, INPUT_CODEC, MARKED, METRICS, TARGET_CODEC, WEIGHTS
from recur.run.weights import build_for

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.data import Roles
    from recur.modes import Mode

FORMAT = 2
"""Format 2 adds the hash of metrics.json and of run.json itself; folders of format 1 are opened without them."""
KIND = "recur run"
LARGEST_JSON = 16 * MIB
"""Bytes of run.json and of metrics.json; both have some thousands."""

_OF_THE_NETWORK = (
    "forecast.horizon", "forecast.strategy", "forecast.quantiles", "forecast.relative_to", "data.table.time_features",
)  # fmt: skip
_WHAT_IT_IS = "a run folder is what `recur train DATA --out RUN` writes"
_WHOLE = "copy the folder again, whole"


@dataclass(frozen=True)
class Run:
    """An opened run folder.

    Attributes
    ----------
    folder : Path
    config : Config
        The configuration of the run; paths as they were given then.
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

    def _repr_html_(self) -> str:
        """What a notebook shows: the task, and the figures on the held-out rows."""
        held_out = self.metrics.get("held_out", {})
        numbers = {name: value for name, value in held_out.items() if isinstance(value, (int, float))}
        rows = [(name, any_figure(name, value)) for name, value in numbers.items()]
        return table([("task", self.roles.sentence), ("cell", self.config.model.cell), *rows], caption=self.folder)

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
        return build_for(self.weights, self.config.model, self._build).eval()

    def _build(self) -> Mode:
        from recur.modes.task import build_for as build_mode

        try:
            return build_mode(self.config, self.roles, self.input_codec, self.target_codec)
        except RunError:
            raise
        except RecurError as error:
            raise RunError(f"{self.folder} cannot be opened: {error.message}", hint=error.hint) from error


def open_run(folder: Path | str) -> Run:
    """Open a run folder for use; the training data is not needed.

    Raises
    ------
    RunError
        When the folder is missing, not a run, incomplete, altered, or of a newer format.
    """
    path = Path(folder)
    info = read_info(path)
    files = marks_of(path, info)
    if WEIGHTS not in files:
        raise RunError(
            f"{path} has no weights yet: training stopped before its first evaluation",
            hint="run the same `recur train` command again to resume",
        )
    for name, marks in files.items():
        _check_file(path / name, marks)
    config = with_stored_cell(path, _config(path, info), listed=CELL in files)
    from recur import codecs

    roles = _roles(path, info)
    try:
        input_codec = codecs.load(path, INPUT_CODEC) if f"{INPUT_CODEC}.json" in files else None
        target_codec = input_codec if info.get("one_codec") is True else codecs.load(path, TARGET_CODEC)
    except MemoryError as error:
        raise RunError(f"{path} cannot be opened: its codecs exceed the memory", hint=_WHOLE) from error
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, LookupError, OSError) as error:
        reason = error.message if isinstance(error, RecurError) else f"{type(error).__name__}: {error}"
        advice = (error.hint if isinstance(error, RecurError) else None) or _WHOLE
        raise RunError(f"{path} cannot be opened: {_short(reason, 500)}", hint=advice) from error
    if target_codec is None:
        raise RunError(f"{path} cannot be opened: run.json names no target codec", hint=_WHOLE)
    for codec, kind in ((input_codec, roles.input_codec), (target_codec, roles.target_codec)):
        # the letters of words are read by a codec of their own
        if codec is not None and kind is not None and {"spelled": "words"}.get(codec.kind, codec.kind) != kind:
            raise RunError(
                f"{path} cannot be opened: run.json says {_short(kind, 40)}, and the codec is for {codec.kind}",
                hint=_WHOLE,
            )
    return Run(path, config, roles, input_codec, target_codec, read_metrics(path, info), info)


def read_info(folder: Path) -> dict[str, Any]:
    """Read run.json.

    Raises
    ------
    RunError
        When the folder is not a run, was written by a newer format, or run.json was altered.
    """
    if not folder.exists():
        siblings = [p.name for p in folder.parent.glob("*") if (p / INFO).is_file()] if folder.parent.is_dir() else []
        raise RunError(f"there is no run folder {folder}.{did_you_mean(folder.name, siblings)}", hint=_WHAT_IT_IS)
    if not folder.is_dir():
        raise RunError(f"{folder} is a file, expected a run folder", hint=_WHAT_IT_IS)
    path = folder / INFO
    if not path.exists():
        if (folder / WEIGHTS).exists() or (folder / CONFIG).exists():
            raise RunError(f"{folder} is incomplete: run.json is missing", hint=_WHOLE)
        raise RunError(f"{folder} is not a run folder: it has no run.json", hint=_WHAT_IT_IS)
    info = read_json(path, LARGEST_JSON, error=RunError)
    if not isinstance(info, dict) or info.get("kind") != KIND:
        raise RunError(f"{folder} is not a run folder: its run.json was written by another program", hint=_WHAT_IT_IS)
    value = info.get("format")
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= FORMAT:
        raise RunError(
            f"{folder} was written by recur {_short(info.get('recur', '?'))} in format {_short(value)}; "
            f"this is recur {__version__}, which reads up to format {FORMAT}",
            hint="pip install --upgrade recur",
        )
    if value >= 2 and info.get("sha256") != digest(info):
        raise RunError(
            f"{path} was altered after training: its content does not agree with the SHA-256 in it", hint=_WHOLE
        )
    return _renamed(info)


def _renamed(info: dict[str, Any]) -> dict[str, Any]:
    """Rename the mode of a forecast that an earlier version recorded as synced."""
    roles = info.get("roles")
    if isinstance(roles, dict) and roles.get("forecast") and roles.get("mode") == "synced":
        return info | {"roles": roles | {"mode": "forecast"}}
    return info


def digest(info: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the content of run.json without its own hash, independent of its formatting."""
    content = {name: value for name, value in info.items() if name != "sha256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def marks_of(folder: Path, info: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the size and hashes that each file may have, from run.json.

    Raises
    ------
    RunError
        When they do not have the form that recur writes.
    """
    files = info.get("files", {})
    if isinstance(files, dict) and all(
        name in MARKED and isinstance(marks, list) and marks and all(map(_is_mark, marks))
        for name, marks in files.items()
    ):
        return files
    raise RunError(f"{folder / INFO} is damaged: its table of files is not one that recur writes", hint=_WHOLE)


def read_metrics(folder: Path, info: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics, or an empty dictionary if none were written yet.

    A file that is not listed in run.json is not part of the run: a process killed between the two writes left it.
    """
    path = folder / METRICS
    listed = METRICS in info.get("files", {}) or (info.get("format") == 1 and path.is_file())
    metrics = read_json(path, LARGEST_JSON, error=RunError) if listed else {}
    if not isinstance(metrics, dict):
        raise RunError(f"{path} is damaged: expected a JSON object, got {type(metrics).__name__}", hint=_WHOLE)
    metric, held_out = metrics.get("figure"), metrics.get("held_out", {})
    if not isinstance(metric, str | None) or not isinstance(held_out, dict):
        raise RunError(f"{path} is damaged: it has no name of a metric, or no table of metrics", hint=_WHOLE)
    if held_out.get(metric, 0.0) is None:
        del held_out[metric]  # it was not a number
    if not isinstance(held_out.get(metric, 0.0), int | float):
        raise RunError(f'{path} is damaged: "{str(metric)[:60]}" of held_out should be a number', hint=_WHOLE)
    return metrics


def check_weights(folder: Path, info: Mapping[str, Any]) -> None:
    """Refuse to resume a run whose best weights have changed since they were written.

    Raises
    ------
    RunError
        When they are missing, cut short or altered.
    """
    marks = marks_of(folder, info).get(WEIGHTS)
    if marks:
        _check_file(folder / WEIGHTS, marks, "start over with --fresh, or copy the folder again, whole")


def _check_file(
    path: Path, marks: Sequence[Mapping[str, Any]], again: str = "copy the folder again, whole, or train again"
) -> None:
    if not path.exists():
        raise RunError(f"{path.parent} is incomplete: {path.name} is missing", hint=again)
    size, largest = path.stat().st_size, max(mark["bytes"] for mark in marks)
    if size > largest and path.is_file():
        raise RunError(f"{path} was altered after training: {size:,} bytes, expected {largest:,}", hint=again)
    value = fingerprint(path, largest, error=RunError)
    if all(value["bytes"] < mark["bytes"] for mark in marks):
        raise RunError(f"{path} is cut short: {value['bytes']:,} bytes, expected {marks[0]['bytes']:,}", hint=again)
    if value not in marks:
        raise RunError(f"{path} was altered after training: its SHA-256 is not the one in run.json", hint=again)


def _roles(folder: Path, info: Mapping[str, Any]) -> Roles:
    """Return the roles from run.json, with their types checked."""
    from recur.data import Roles

    value = info.get("roles")
    try:
        if not isinstance(value, dict):
            raise TypeError(f"roles should be an object, got {type(value).__name__}")
        return TypeAdapter(Roles).validate_json(json.dumps(value), strict=True, extra="forbid")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        reason = f"roles.{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
        raise RunError(f"{folder} cannot be opened: {reason}", hint=_WHOLE) from None
    except TypeError as error:
        raise RunError(f"{folder} cannot be opened: {error}", hint=_WHOLE) from error


def _config(folder: Path, info: Mapping[str, Any]) -> Config:
    """Return the configuration from config.toml; refuse one that no longer describes the weights."""
    if not isinstance(info.get("config"), dict):
        raise RunError(f"{folder} is incomplete: run.json has no configuration", hint=_WHOLE)
    try:
        config = config_file.read(folder / CONFIG, note=None)
        trained = config_file.from_mapping(info["config"], name=INFO)
    except ConfigError as error:
        raise RunError(f"{folder} cannot be opened: {error.message}", hint=error.hint) from error
    for name, (old, new) in config_file.changes(trained, config).items():
        if name.startswith("model.") or name in _OF_THE_NETWORK:
            raise RunError(
                f"{folder / CONFIG} was altered after training: {name} was {shown(old)!r} and is now {shown(new)!r}",
                hint=f"put {name} back; to train with the new value give a new --out",
            )
    return config


def _is_mark(mark: Any) -> bool:
    return (
        isinstance(mark, dict)
        and set(mark) == {"bytes", "sha256"}
        and isinstance(mark["sha256"], str)
        and isinstance(mark["bytes"], int)
        and 0 <= mark["bytes"] < 2**63
    )


def _short(value: Any, most: int = 40) -> str:
    text = str(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."
