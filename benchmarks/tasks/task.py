"""A task file, read and checked: the metric, published results, and the configuration of the training."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from recur import config_file
from recur.config import Config, ModeName, Section
from recur.errors import ConfigError, DataError, did_you_mean

EXPECTED_FUNCTION = 'expected "package.module:function"'


class About(Section):
    """The table ``[task]`` of a task file."""

    title: str = Field(description="what is done, in a few words")
    mode: ModeName = Field(description="the sequence mode")
    data: str = Field(description="one line: what the rows are, and how many")
    prepare: str | None = Field(None, description="package.module:function(data_folder, out) that writes the rows")
    needs_data: bool = Field(True, description="false when the task makes its own rows, without RECUR_DATA")
    figure: str = Field(description="name of a figure of `report`, of the test rows, or of the dev rows")
    target: float = Field(description="what the figure should reach")
    better: Literal["higher", "lower"] = Field(description="which way is better")
    published: str = Field(description="the published figure and its source")
    report: str | None = Field(None, description="package.module:function(run, data_folder, out) -> further figures")
    tried: str | None = Field(None, description="what was tried, when the target is missed")
    minutes: float = Field(gt=0, description="expected time on two cores")


@dataclass(frozen=True)
class Task:
    """A task by its name, which is the name of its file.

    Attributes
    ----------
    name : str
    about : About
        What is measured.
    settings : dict
        The tables ``[data] [model] [training]`` as they are written, with ``{data}`` and ``{out}`` in paths.
    """

    name: str
    about: About
    settings: dict[str, Any]

    @property
    def needs_data(self) -> bool:
        """Whether the task requires the folder of real data sets."""
        return self.about.needs_data

    def config(self, data_folder: Path, out: Path) -> Config:
        """The configuration with its paths filled in.

        Parameters
        ----------
        data_folder : Path
            What ``{data}`` stands for: the folder of real data sets.
        out : Path
            What ``{out}`` stands for: the folder that ``prepare`` wrote.
        """
        data = {key: _placed(value, data_folder, out) for key, value in self.settings.get("data", {}).items()}
        return config_file.from_mapping({**self.settings, "data": data}, name=f"{self.name}.toml")

    def function(self, key: Literal["prepare", "report"]) -> Callable[..., Any] | None:
        """The function that the task names, imported.

        Raises
        ------
        ConfigError
            When there is no such module or function.
        """
        named = getattr(self.about, key)
        if named is None:
            return None
        module, _, attribute = named.partition(":")
        if not attribute:
            raise ConfigError(f'{self.name}.toml: {key} is "{named}", {EXPECTED_FUNCTION}')
        try:
            found = getattr(importlib.import_module(module), attribute)
        except (ModuleNotFoundError, AttributeError) as error:
            raise ConfigError(f'{self.name}.toml: {key} "{named}" cannot be imported: {error}') from error
        if not callable(found):
            raise ConfigError(f'{self.name}.toml: {key} "{named}" is no function')
        return found  # type: ignore[no-any-return]


def read(file: Path) -> Task:
    """Read a task file and check all of it.

    Raises
    ------
    ConfigError
        When it is no TOML, lacks something, or has an unknown key.
    """
    text = file.read_text(encoding="utf-8")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file.name} is not valid TOML: {error}") from error
    about = values.pop("task", None)
    if not isinstance(about, dict):
        raise ConfigError(f"{file.name} has no table [task]", hint="it says title, mode, data, figure, target, ...")
    try:
        checked = About.model_validate(about)
    except ValidationError as error:
        said = "; ".join(_problem(problem) for problem in error.errors(include_url=False))
        raise ConfigError(f"{file.name}: [task] {said}") from None
    config_file.from_mapping(values, name=file.name, text=text)
    return Task(file.stem, checked, values)


def every(folder: Path) -> dict[str, Task]:
    """The tasks of a folder, by name."""
    return {file.stem: read(file) for file in sorted(folder.glob("*.toml"))}


def chosen(names: list[str], tasks: Mapping[str, Task]) -> list[Task]:
    """The tasks of these names, all of them without names.

    Raises
    ------
    ConfigError
        When there is none of that name.
    """
    for name in names:
        if name not in tasks:
            raise ConfigError(f'there is no task "{name}".{did_you_mean(name, tasks)}')
    return [tasks[name] for name in names or tasks]


def require_data(folder: Path | None) -> Path:
    """The folder of real data sets.

    Raises
    ------
    DataError
        When it is not named, or not there.
    """
    if folder is None or not folder.is_dir():
        found = "RECUR_DATA does not name" if folder is None else f"{folder} is not"
        raise DataError(f"{found} a folder of data sets", hint="RECUR_DATA=FOLDER python -m benchmarks.tasks NAME")
    return folder


def _placed(value: Any, data_folder: Path, out: Path) -> Any:
    if not isinstance(value, str):
        return value
    return value.replace("{data}", str(data_folder)).replace("{out}", str(out))


def _problem(problem: Any) -> str:
    key = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        return f"{key}: unknown key.{did_you_mean(key, About.model_fields)}"
    return f"{key}: {problem['msg']}"
