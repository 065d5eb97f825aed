"""What an option is: a field with its description, unit, flag and the condition under which it has an effect."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self, cast

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from recur.config.search import Search
from recur.config.situation import Condition

__all__ = ["COUNT", "LAYERS", "SIZE", "About", "Option", "Section", "Sizes", "Texts", "option", "shown", "walk"]

# far above any real value, and a product of two fits into 64 bits
COUNT = 10**9
SIZE = 10**6
LAYERS = 1000


class Section(BaseModel):
    """A table of the configuration file; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, defer_build=True, allow_inf_nan=False)

    def replaced(self, **values: Any) -> Self:
        """Return a copy in which options below this section, by their flat names, have other values.

        Parameters
        ----------
        **values
            Taken as they are: they are not checked again.
        """
        changed: Any = self.model_copy()
        for name, value in values.items():
            *tables, key = _paths(type(self))[name]
            table = changed
            for each in tables:
                # no copy shares a table that is changed
                below = getattr(table, each).model_copy()
                table.__dict__[each] = below
                table = below
            table.__dict__[key] = value
        return cast(Self, changed)


@dataclass(frozen=True)
class OneOrMany:
    """A list that may be given as its only value: ``hidden_size = 128`` is ``[128]`` from here on.

    Attributes
    ----------
    item : str
        The JSON type of one value.
    """

    item: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_listed, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": self.item}, handler(schema)]}


def _listed(value: Any) -> Any:
    """Return the value in a list, where it is one number or one text."""
    if isinstance(value, tuple):
        return list(value)
    return [value] if isinstance(value, (int, float, str)) and not isinstance(value, bool) else value


Sizes = Annotated[list[int], OneOrMany("integer")]
"""One whole number, or several."""

Texts = Annotated[list[str], OneOrMany("string")]
"""One text, or several."""


@dataclass(frozen=True)
class About:
    """The unit, the condition and the name of an option, beside its type, default and bounds.

    Attributes
    ----------
    unit : str
        What its numbers count or measure: steps, milliseconds, ...; empty where they have none. The description
        names it too.
    applies : Condition or None
        Where it has an effect; None where it always may.
    name : str
        Its flag and keyword, where they are not the key of the field.
    search : Search or None
        The values that `recur tune` tries; None where they would change the task or its metric.
    """

    unit: str = ""
    applies: Condition | None = None
    name: str = ""
    search: Search | None = None

    def __call__(self, schema: dict[str, Any]) -> None:
        """Add the unit and the values of a search to the JSON schema of the field."""
        if self.unit:
            schema["unit"] = self.unit
        if self.search:
            schema["search"] = self.search.record()


def option(
    default: Any,
    description: str,
    *,
    unit: str = "",
    applies: Condition | None = None,
    name: str = "",
    search: Search | None = None,
    **bounds: Any,
) -> Any:
    """Return a field of a section.

    Parameters
    ----------
    default : object
        A list is copied for every configuration.
    description : str
        What it is, for the help of the command line, the configuration file and the documentation.
    unit : str
        What its numbers count or measure.
    applies : Condition, optional
        Where it has an effect; it is refused elsewhere.
    name : str
        The flag and keyword, where they are not the key.
    search : Search, optional
        The values that `recur tune` tries.
    **bounds
        ``ge``, ``gt``, ``le``, ``lt``.
    """
    about = About(unit, applies, name, search)
    if isinstance(default, list):
        return Field(default_factory=default.copy, description=description, json_schema_extra=about, **bounds)
    return Field(default, description=description, json_schema_extra=about, **bounds)


@dataclass(frozen=True)
class Option:
    """One option of a run.

    Attributes
    ----------
    name : str
        Its flag (with dashes for underscores) and its keyword in `recur.fit`.
    path : tuple of str
        The tables and the key of the configuration file: ``("training", "epochs")``.
    field : FieldInfo
        Type, default, bounds and description.
    about : About
        Unit and condition.
    """

    name: str
    path: tuple[str, ...]
    field: FieldInfo
    about: About

    @property
    def default(self) -> Any:
        """The default value."""
        return self.field.get_default(call_default_factory=True)

    @property
    def description(self) -> str:
        """What it is, in words."""
        return self.field.description or self.name

    def of(self, config: Section) -> Any:
        """Return the value in a configuration."""
        value: Any = config
        for key in self.path:
            value = getattr(value, key)
        return value


def shown(value: Any) -> Any:
    """Return a value as a person writes it: a list of one number is the number."""
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], (int, float)) else value


def about(field: FieldInfo) -> About:
    """Return the unit, the condition and the name of a field."""
    extra = field.json_schema_extra
    return extra if isinstance(extra, About) else About()


def inner(field: FieldInfo) -> type[Section] | None:
    """Return the section that a field holds, where it is a table and not an option."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def walk(section: type[Section], path: tuple[str, ...] = ()) -> Iterator[Option]:
    """Yield every option below a section; those of a table before those of the tables below it."""
    for key, field in section.model_fields.items():
        if inner(field) is None:
            described = about(field)
            yield Option(described.name or key, (*path, key), field, described)
    for key, field in section.model_fields.items():
        if below := inner(field):
            yield from walk(below, (*path, key))


@functools.cache
def _paths(section: type[Section]) -> Mapping[str, tuple[str, ...]]:
    """Return the path of every option below a section by its flat name."""
    return {one.name: one.path for one in walk(section)}
