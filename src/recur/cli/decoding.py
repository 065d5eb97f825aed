"""The flags of every command that writes sequences, and the options that they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Group, Parameter

from recur.errors import ConfigError

_GROUP = Group("Decoding", sort_key=1)


@Parameter(name="*", group=_GROUP)
@dataclass(frozen=True)
class DecodingFlags:
    """How a sequence is written.

    Attributes
    ----------
    length
        Most symbols: characters, words or subwords, as the network was trained; of a series, how many values ahead.
    temperature
        Draw the answer: 1 as the network thinks, below 1 safer, above 1 bolder; 0 always takes the likeliest.
    top_k
        Draw from this many of the likeliest only.
    top_p
        Draw from the likeliest that together have this probability only.
    seed
        The same seed writes the same.
    repetition_penalty
        Above 1: what is written already is less likely to be written again.
    no_repeat_ngram
        No sequence of this many symbols is repeated.
    prefix
        How every answer begins.
    stop
        End before this text; give it again for the next one.
    """

    length: int | None = None
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    seed: int | None = None
    repetition_penalty: float | None = None
    no_repeat_ngram: int | None = None
    prefix: str | None = None
    stop: Annotated[list[str] | None, Parameter(negative="")] = None

    def options(self, **more: Any) -> dict[str, Any]:
        """The options that were given, for `predict` and `generate`."""
        given = {**vars(self), **more}
        return {name: tuple(v) if isinstance(v, list) else v for name, v in given.items() if v is not None}


def between(name: str, value: float | None, low: float, high: float) -> None:
    """Refuse the number of an option that is out of its bounds, or is not a number.

    Raises
    ------
    ConfigError
    """
    if value is None or low <= value <= high:
        return
    # a whole number of thousands of digits cannot be written
    got = str(value) if isinstance(value, float) or abs(value) < 10**30 else "a number of more than 30 digits"
    raise ConfigError(f"{name} must be from {low:,} to {high:,}, got {got}", hint=f"{name} {max(low, 1)}")
