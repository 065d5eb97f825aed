"""The whole configuration, its options by name, and the refusal of those that have no effect on a task."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Self, Unpack

from pydantic import model_validator

from recur.config.base import Option, Section, inner, shown, walk
from recur.config.data import DataConfig
from recur.config.forecast import ForecastConfig
from recur.config.keywords import Options
from recur.config.model import ModelConfig
from recur.config.situation import Situation
from recur.config.training import TrainingConfig
from recur.errors import ConfigError

__all__ = ["Config", "nested", "options", "refuse_without_effect", "section_at"]


class Config(Section):
    """A whole run: data, forecast, model, training.

    Attributes
    ----------
    data : DataConfig
        Where the rows come from, and below it how tables, texts, sounds, pictures and notes are read.
    forecast : ForecastConfig
        How far ahead numbers are predicted, and how.
    model : ModelConfig
        The network between the two codecs.
    training : TrainingConfig
        How the network learns.

    Raises
    ------
    pydantic.ValidationError
        For an unknown key or a value out of its range; `recur.fit` and the command line raise a ConfigError that names
        the option.

    Examples
    --------
    >>> config = Config.of(hidden_size=64, dropout=0.2)
    >>> config.model.hidden_size, config.model.dropout.rate, config.training.epochs
    ([64], 0.2, 10)
    >>> config.training.epochs = 3  # checked as in the constructor
    """

    data: DataConfig = DataConfig()
    forecast: ForecastConfig = ForecastConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()

    @model_validator(mode="after")
    def _forecasts_are_called_so(self) -> Self:
        """A forecast has a strategy and the mode of that name, which was synced in earlier versions."""
        if self.model.mode == "forecast" and self.forecast.strategy is None:
            self.__dict__["forecast"] = self.forecast.replaced(forecast="direct")
        if self.model.mode == "synced" and self.forecast.strategy is not None:
            self.__dict__["model"] = self.model.replaced(mode="forecast")
        return self

    @model_validator(mode="after")
    def _columns_of_the_cell_are_read(self) -> Self:
        """Where inputs are named, the columns of the cell's further inputs are among them."""
        fed = [column for columns in self.model.columns_of_inputs.values() for column in columns]
        more = [column for column in dict.fromkeys(fed) if self.data.input and column not in self.data.input]
        if more:
            self.__dict__["data"] = self.data.replaced(input=[*(self.data.input or []), *more])
        return self

    def with_cell(self, name: str, equation: Any) -> Self:
        """Return a copy with another cell.

        Parameters
        ----------
        name : str
        equation : Equation or None
            The equation of a cell that is not of the library.
        """
        return self.model_copy(update={"model": self.model.with_cell(name, equation)})

    @classmethod
    def of(cls, **values: Unpack[Options]) -> Self:
        """Return the configuration with options by their flat names, as `recur.fit` takes them."""
        return cls.model_validate(nested(values))


@functools.cache
def options() -> Mapping[str, Option]:
    """Every option of a run by its flat name, which is its flag and its keyword."""
    return {one.name: one for one in walk(Config)}


def section_at(path: tuple[str, ...]) -> type[Section] | None:
    """The schema of the table at a path, where there is one: ``("model", "dropout")``."""
    section: type[Section] | None = Config
    for part in path:
        field = None if section is None else section.model_fields.get(part)
        section = None if field is None else inner(field)
    return section


def nested(values: Mapping[str, Any], into: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return options by flat names as the tables of a configuration file.

    Parameters
    ----------
    values : mapping
        Name to value; every name is that of an option.
    into : dict, optional
        Tables to put them into.

    Raises
    ------
    KeyError
        For a name that no option has.

    Examples
    --------
    >>> nested({"dropout": 0.2, "cell": "gru"})
    {'model': {'dropout': {'rate': 0.2}, 'cell': 'gru'}}
    """
    document = {} if into is None else into
    for name, value in values.items():
        *tables, key = options()[name].path
        table = document
        for each in tables:
            table = table.setdefault(each, {})
        table[key] = value
    return document


def refuse_without_effect(config: Config, task: Situation) -> None:
    """Refuse options that would have no effect on a task, instead of ignoring them.

    Raises
    ------
    ConfigError
        Naming the option and where it has an effect.
    """
    for one in options().values():
        value, applies = one.of(config), one.about.applies
        if applies is not None and value != one.default and not applies.holds(task):
            raise ConfigError(
                f"{one.name} = {shown(value)} has no effect here ({task.sentence}): it acts {applies.words}",
                hint=f"leave out --{one.name.replace('_', '-')}",
            )
