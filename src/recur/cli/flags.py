"""The configuration as flags: one for each field of the schema, with the schema's own description as help."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from cyclopts import Group, Parameter

from recur import config_file, equations
from recur.cli.output import note
from recur.cli.whole_numbers import read_whole
from recur.config import Config, Option, options, shown
from recur.equations.cell_files import with_cell
from recur.errors import ConfigError


def with_config_flags(command: Callable[..., int | None]) -> Callable[..., int | None]:
    """Give a command a keyword for every option of the configuration, in place of its ``**flags``.

    Parameters
    ----------
    command : callable
        It receives in ``flags`` a value for every option, None where no flag was typed. Each table of the
        configuration is a group of its help.
    """
    signature = inspect.signature(command, eval_str=True)
    parameters = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    tables = list(dict.fromkeys(one.path[:-1] for one in options().values()))
    groups = {table: Group(_title(table), sort_key=place + 1) for place, table in enumerate(tables)}
    parameters += [_parameter(one, groups[one.path[:-1]]) for one in options().values()]
    # inspect.signature reads this attribute, which typeshed gives no function
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _title(table: tuple[str, ...]) -> str:
    """The heading of a table of the configuration in the help: ``Data: text``."""
    first, *rest = table
    return ": ".join([first.capitalize(), *rest])


def configure(file: Path | None, source: Path | None, flags: Mapping[str, Any]) -> Config:
    """Return the configuration of a file, or the defaults, with the flags over it.

    Raises
    ------
    ConfigError
        For an unknown key, a wrong value or no data to work on; a flag is named as it was typed.
    """
    base = config_file.read(file, note=note) if file is not None else Config()
    values = {name: value for name, value in flags.items() if value is not None}
    if source is not None and "source" in values:
        raise ConfigError(f"the data is named twice: {source} and --source {values['source']}", hint="name it once")
    if source is not None:
        values["source"] = source
    try:
        config = config_file.from_options(values, base)
    except ConfigError as error:
        raise ConfigError(_as_flags(error.message), error.hint) from None
    if config.data.source is None:
        raise ConfigError(
            "no data to work on", hint="name a file or folder first, or `source` below [data] in the file of --config"
        )
    config = with_cell(config, values.get("cell"))
    if config.model.equation is None:
        equations.get(config.model.cell)
    return config


def _as_flags(message: str) -> str:
    """``these options: lr: must be ...`` in the words of a command line: ``--lr: must be ...``."""
    message = message.removeprefix("these options: ").removeprefix("these options have ")
    return re.sub(r"(?m)^( *)(\w+): ", lambda m: f"{m[1]}--{m[2].replace('_', '-')}: ", message)


def _parameter(one: Option, group: Group) -> inspect.Parameter:
    listed, inner = _unwrapped(one.field.annotation)
    words = one.description.replace("`", "")
    if listed:
        words += "; may be repeated"
    default = shown(one.default)
    if default not in (None, [], False):
        words += " [default: yes]" if default is True else f" [default: {default}]"
    # a type that is built while the program runs
    annotation: Any = list[inner] if listed else inner  # type: ignore[valid-type]
    about = Parameter(group=group, help=words, negative_bool="no-", converter=read_whole if inner is int else None)
    return inspect.Parameter(
        one.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[annotation | None, about]
    )


def _unwrapped(annotation: Any) -> tuple[bool, Any]:
    """Return (whether a list is taken, the type of one value) for the annotation of a field.

    >>> _unwrapped(int | list[int] | None)
    (True, <class 'int'>)
    """
    if get_origin(annotation) is Annotated:
        return _unwrapped(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [_unwrapped(part) for part in get_args(annotation) if part is not types.NoneType]
        return any(listed for listed, _ in parts), parts[0][1]
    if get_origin(annotation) is list:
        return True, get_args(annotation)[0]
    if get_origin(annotation) is Literal or isinstance(annotation, type):
        return False, annotation
    return False, str
