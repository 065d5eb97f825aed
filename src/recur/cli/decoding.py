"""The flags of every command that generates sequences, and the options that they set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Group, Parameter

from recur.cli.whole_numbers import Whole
from recur.errors import ConfigError

_GROUP = Group("Decoding", sort_key=1)


@Parameter(name="*", group=_GROUP)
@dataclass(frozen=True)
class DecodingFlags:
    """How a sequence is generated.

    Attributes
    ----------
    length
        Largest number of symbols to generate: characters, words or subwords; for a series, values ahead.
    temperature
        Sample at this temperature: below 1 is less random, above 1 more; 0 takes the most probable symbol.
    top_k
        Sample only from this many of the most probable symbols.
    top_p
        Sample only from the most probable symbols that together have this probability.
    seed
        Seed of the sampling; the same seed gives the same answer.
    repetition_penalty
        Above 1: symbols that were already generated become less probable.
    no_repeat_ngram
        Never repeat a sequence of this many symbols.
    prefix
        Prefix that every answer starts with.
    stop
        Stop sequence: end the answer before this text; may be repeated.
    """

    length: Whole | None = None
    temperature: float | None = None
    top_k: Whole | None = None
    top_p: float | None = None
    seed: Whole | None = None
    repetition_penalty: float | None = None
    no_repeat_ngram: Whole | None = None
    prefix: str | None = None
    stop: Annotated[list[str] | None, Parameter(negative="")] = None

    def options(self, **more: Any) -> dict[str, Any]:
        """The options that were given, for `predict` and `generate`."""
        options = {**vars(self), **more}
        return {name: tuple(v) if isinstance(v, list) else v for name, v in options.items() if v is not None}


def check_range(name: str, value: float | None, low: float, high: float) -> None:
    """Refuse the number of an option that is out of its bounds, or is not a number.

    Raises
    ------
    ConfigError
    """
    if value is None or low <= value <= high:
        return
    # a whole number of thousands of digits cannot be written
    number = str(value) if isinstance(value, float) or abs(value) < 10**30 else "a number of more than 30 digits"
    raise ConfigError(f"{name} must be from {low:,} to {high:,}, got {number}", hint=f"{name} {max(low, 1)}")
