"""The configuration as flags: one for each field of the schema, with the schema's own description as help."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from cyclopts import CoercionError, Group, Parameter, Token
from pydantic.fields import FieldInfo

from recur import config_file, equations
from recur.config import Config, DataConfig, ModelConfig, Section, TrainingConfig
from recur.errors import ConfigError

SECTIONS: dict[str, type[Section]] = {"Data": DataConfig, "Model": ModelConfig, "Training": TrainingConfig}


def with_config_flags(*sections: str) -> Callable[[Callable[..., int | None]], Callable[..., int | None]]:
    """Give a command a keyword for every field of the named sections, in place of its ``**given``.

    Parameters
    ----------
    *sections : str
        Keys of ``SECTIONS``; each becomes a group of the command's help.

    Returns
    -------
    callable
        A decorator. The command receives in ``given`` a value for every field, None where no flag was typed.
    """

    def decorate(command: Callable[..., int | None]) -> Callable[..., int | None]:
        signature = inspect.signature(command, eval_str=True)
        parameters = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        for place, section in enumerate(sections):
            group = Group(section, sort_key=place + 1)
            parameters += [_parameter(name, field, group) for name, field in SECTIONS[section].model_fields.items()]
        command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return command

    return decorate


def configure(file: Path | None, source: Path | None, given: Mapping[str, Any]) -> Config:
    """Return the configuration of a file, or the defaults, with the flags over it.

    Raises
    ------
    ConfigError
        For an unknown key, a wrong value or no data to work on; a flag is named as it was typed.
    """
    base = config_file.read(file) if file is not None else Config()
    options = {name: value for name, value in given.items() if value is not None}
    for name in ("hidden_size", "image_size"):
        if len(options.get(name, ())) == 1:
            options[name] = options[name][0]
    if source is not None and "source" in options:
        raise ConfigError(f"the data is named twice: {source} and --source {options['source']}", hint="name it once")
    if source is not None:
        options["source"] = source
    try:
        config = config_file.from_options(options, base)
    except ConfigError as error:
        raise ConfigError(_as_flags(error.message), error.hint) from None
    if config.data.source is None:
        raise ConfigError(
            "no data to work on", hint="name a file or folder first, or `source` below [data] in the file of --config"
        )
    equations.get(config.model.cell)
    return config


def _as_flags(message: str) -> str:
    """``these options: training.lr: must be ...`` in the words of a command line: ``--lr must be ...``."""
    message = message.removeprefix("these options: ").removeprefix("these options has ")
    return re.sub(r"(?m)^( *)\w+\.(\w+): ", lambda m: f"{m[1]}--{m[2].replace('_', '-')}: ", message)


def _parameter(name: str, field: FieldInfo, group: Group) -> inspect.Parameter:
    listed, inner = _unwrapped(field.annotation)
    words = (field.description or "").replace("`", "")
    if listed:
        words += "; give it again for the next one"
    default = field.get_default(call_default_factory=True)
    if default not in (None, [], False):
        words += " [default: yes]" if default is True else f" [default: {default}]"
    annotation: Any = list[inner] if listed else inner  # type: ignore[valid-type]
    about = Parameter(group=group, help=words, negative_bool="no-", converter=_whole if inner is int else None)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[annotation | None, about]
    )


def _whole(kind: Any, tokens: Sequence[Token]) -> Any:
    """Read whole numbers; the parser's own way would round 3.5 without a word."""
    numbers = []
    for token in tokens:
        try:
            numbers.append(int(token.value))
        except ValueError:
            raise CoercionError(token=token, target_type=int) from None
    return numbers if "list" in str(kind) else numbers[0]


def _unwrapped(annotation: Any) -> tuple[bool, Any]:
    """Return (whether a list is taken, the type of one value) for the annotation of a field.

    >>> _unwrapped(int | list[int] | None)
    (True, <class 'int'>)
    """
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [_unwrapped(part) for part in get_args(annotation) if part is not types.NoneType]
        return any(listed for listed, _ in parts), parts[0][1]
    if get_origin(annotation) is list:
        return True, get_args(annotation)[0]
    if get_origin(annotation) is Literal or isinstance(annotation, type):
        return False, annotation
    return False, str
