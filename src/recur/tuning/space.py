"""The search space: which options are tried, over which values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from recur import config_file, equations
from recur.config import Config, Situation, options, shown
from recur.config.search import Search
from recur.equations.cell_files import with_cell
from recur.errors import ConfigError, EquationError, did_you_mean
from recur.views.study import shown_value

__all__ = ["Parameter", "Wanted", "configured", "parse", "ranged", "search_space"]

Wanted = Mapping[str, Search | None]
"""Options to search by name, each with its values; None for those of its description."""

_HOW = "--search lr=1e-4:1e-2 for a range, --search hidden_size=64,128,256 for choices"


@dataclass(frozen=True)
class Parameter:
    """One option of a search.

    Attributes
    ----------
    name : str
        The flat name of the option.
    unit : str
        What its numbers count; empty where they have no unit.
    search : Search
        The values that are tried.
    start : object
        The value of the configuration, which the first trial has; None where it is not among the values.
    """

    name: str
    unit: str
    search: Search
    start: Any

    def __str__(self) -> str:
        first = "" if self.start is None else f", first {shown_value(self.start)}"
        return f"{self.name}: {self.search}" + (f" {self.unit}" if self.unit else "") + first

    def record(self) -> dict[str, Any]:
        """JSON values."""
        return {"name": self.name, "unit": self.unit, "start": self.start, **self.search.record()}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Parameter:
        """Return the parameter of a record."""
        return cls(record["name"], record["unit"], Search.of(dict(record)), record["start"])


def parse(words: Iterable[str]) -> dict[str, Search | None]:
    """Read what follows ``--search``.

    Parameters
    ----------
    words : iterable of str
        ``hidden_size,lr``; ``lr=1e-4:1e-2``; ``hidden_size=64,128``.

    Raises
    ------
    ConfigError
        For a range that is none.

    Examples
    --------
    >>> parse(["hidden_size,dropout", "lr=1e-4:1e-2"])["lr"]
    Search(low=0.0001, high=0.01, log=True, choices=(), usual=False)
    """
    wanted: dict[str, Search | None] = {}
    for word in words:
        name, equals, values = word.partition("=")
        if not equals:
            wanted |= {_name(one): None for one in word.split(",") if one.strip()}
        elif ":" in values:
            low, _, high = values.partition(":")
            wanted[_name(name)] = _range(word, _value(low), _value(high))
        else:
            wanted[_name(name)] = Search(choices=tuple(_value(one) for one in values.split(",")))
    return wanted


def search_space(
    config: Config, task: Situation, wanted: Wanted | None, fixed: Collection[str], given: Collection[str]
) -> list[Parameter]:
    """Return the options that are tried.

    Parameters
    ----------
    config : Config
        What every trial has beside them.
    task : Situation
        Options without an effect on the task are left out.
    wanted : mapping, optional
        The options to search; default: the usual ones.
    fixed : collection of str
        Options that keep their value.
    given : collection of str
        Options that were given by the user: they keep their value where no option to search was named.

    Raises
    ------
    ConfigError
        For an option that does not exist, has no effect or no values to try, and for values out of its range.
    """
    for name in (*fixed, *(wanted or ())):
        if name not in options():
            raise ConfigError(f'unknown option "{name}".{did_you_mean(name, options())}')
    kept = set(fixed)
    if wanted is None:
        wanted = {name: None for name, one in options().items() if one.about.search and one.about.search.usual}
        kept |= set(given) | {name for name in wanted if options()[name].of(config) != options()[name].default}
        kept |= {name for name in wanted if not _acts(name, task)}
    elif both := sorted(kept & set(wanted)):
        raise ConfigError(f"{both[0]} is both searched and fixed", hint="name it once, in --search or in --fix")
    space = [_parameter(name, search, config, task) for name, search in wanted.items() if name not in kept]
    if not space:
        raise ConfigError("no option is left to search", hint="--search lr,hidden_size")
    return space


def configured(base: Config, values: Mapping[str, Any]) -> Config:
    """Return the configuration of a trial: ``base`` with the values that were drawn."""
    changed = config_file.from_options(values, base)
    return changed if "cell" in values else with_cell(changed, base.model.equation)


def _parameter(name: str, search: Search | None, config: Config, task: Situation) -> Parameter:
    one = options()[name]
    if one.about.search is None:
        known = [each for each, option in options().items() if option.about.search]
        raise ConfigError(
            f"{name} has no values for a search: it would change the task, its metric, or nothing that is learned",
            hint=f"search any of: {', '.join(known)}",
        )
    if not _acts(name, task):
        words = one.about.applies.words if one.about.applies else ""
        raise ConfigError(
            f"{name} has no effect here ({task.sentence}): it acts {words}", hint=f"leave {name} out of --search"
        )
    search = search or one.about.search
    if search.low is not None and search.high is not None and isinstance(one.about.search.low, float):
        # 0:1 is no range of whole numbers, where the option has decimals
        search = replace(search, low=float(search.low), high=float(search.high))
    for value in search.choices or (search.low, search.high):
        _check(name, value, config)
    start = shown(one.of(config))
    return Parameter(name, one.about.unit, search, start if start in search else None)


def _check(name: str, value: Any, config: Config) -> None:
    """Refuse a value that the option does not take.

    Raises
    ------
    ConfigError
    """
    try:
        configured(config, {name: value})
        if name == "cell":
            equations.get(str(value))
    except (ConfigError, EquationError) as error:
        raise ConfigError(f"--search {error.message.removeprefix('these options: ')}", error.hint or _HOW) from None


def _acts(name: str, task: Situation) -> bool:
    applies = options()[name].about.applies
    return applies is None or applies.holds(task)


def _name(text: str) -> str:
    return text.strip().removeprefix("--").replace("-", "_")


def _value(text: str) -> Any:
    text = text.strip()
    if text.lower() in ("yes", "true", "no", "false"):
        return text.lower() in ("yes", "true")
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _range(text: str, low: Any, high: Any) -> Search:
    numbers = [one for one in (low, high) if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) != 2 or not low < high:
        raise ConfigError(f"--search {text} is no range: expected two numbers, the smaller one first", hint=_HOW)
    return Search(low, high, log=low > 0 and high / low >= 10)


def ranged(values: Sequence[Any] | None) -> Search | None:
    """Return the values of an option given in Python: a pair in a tuple is a range, a list has choices.

    Raises
    ------
    ConfigError
    """
    if values is None:
        return None
    if isinstance(values, tuple) and len(values) == 2:
        return _range(f"{values[0]}:{values[1]}", *values)
    if isinstance(values, list) and values:
        return Search(choices=tuple(values))
    raise ConfigError(f"a search over {values!r}", hint="give (low, high) for a range, or a list of choices")
