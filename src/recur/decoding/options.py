"""``Decoding``: the options of decoding, with their bounds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from recur.decoding.constraints import Rules, Stop
from recur.decoding.sampling import Chooser, greedy, sampler
from recur.errors import ConfigError, did_you_mean

_BOUNDS = {
    "beam": (1, 10_000), "length": (0, 10_000_000), "temperature": (0, 1_000_000), "top_k": (1, 2**31 - 1),
    "length_penalty": (0, 1000), "repetition_penalty": (1, 1000), "no_repeat_ngram": (0, 1_000_000),
    "seed": (0, 2**63 - 1),
}  # fmt: skip
"""Lower and upper bound of each number: beyond any sensible value, and within what a tensor can hold."""


@dataclass(frozen=True)
class Decoding:
    """How to decode.

    Attributes
    ----------
    beam : int
        Width of the beam; 1 is greedy (or sampling, with a temperature).
    length : int, optional
        Largest number of symbols to produce, a prefix included; None for the default of the mode.
    temperature : float
        0 is greedy; 1 samples from the model's own distribution; lower values sharpen it.
    top_k, top_p : int, float, optional
        Sample only from the k likeliest symbols, or from the smallest set whose probability reaches p; with a
        temperature only.
    seed : int, optional
        Seed of the sampling; the same seed gives the same symbols on every device.
    length_penalty : float
        Strength of the length normalisation of the beam; 0 compares plain probabilities.
    unknown : bool
        Whether the symbol for unknown words may be produced.
    prefix : object, optional
        How every answer begins: a value of the target (a text, a list of tags, rows of numbers).
    stop : text or tuple of texts
        Where an answer ends: before the first of these. Of tags, one tag each.
    repetition_penalty : float
        theta: the probability of symbols that were generated is raised to this power; 1 has no effect, 1.2 is usual
        (Keskar et al. 2019).
    no_repeat_ngram : int
        No sequence of this many symbols is repeated; 0 allows all repetitions.
    """

    beam: int = 1
    length: int | None = None
    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    seed: int | None = None
    length_penalty: float = 0.6
    unknown: bool = False
    prefix: Any = None
    stop: str | tuple[str, ...] = ()
    repetition_penalty: float = 1.0
    no_repeat_ngram: int = 0

    def __post_init__(self) -> None:
        stops = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop)
        object.__setattr__(self, "stop", stops)
        if "" in stops:
            raise ConfigError("stop is an empty text, which every answer starts with", hint="leave out stop")
        for name, (low, high) in _BOUNDS.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                # a number with thousands of digits cannot be printed
                got = f"{value}" if abs(value) < 1e30 or isinstance(value, float) else "a number of more than 30 digits"
                bound = f"at least {low}" if not value >= low else f"at most {high:,}"
                raise ConfigError(
                    f"{name} must be {bound}, got {got}", hint=f"{name}={high if value > high else max(low, 1)}"
                )
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ConfigError(f"top_p must be above 0 and at most 1, got {self.top_p}", hint="top_p=0.9")
        for name in ("top_k", "top_p"):
            if getattr(self, name) is not None and self.temperature == 0:
                raise ConfigError(
                    f"{name} {getattr(self, name)} narrows what is sampled, and with a temperature of 0 nothing is: "
                    "the likeliest symbol is taken",
                    hint=f"temperature=1.0, or leave out {name}",
                )
        if self.beam > 1 and self.temperature > 0:
            raise ConfigError(
                f"beam search ({self.beam}) and sampling (temperature {self.temperature}) exclude each other",
                hint="leave out beam or temperature",
            )

    @classmethod
    def of(cls, options: dict[str, Any], *, top: int = 1) -> Decoding:
        """Build from keyword options; the beam, without sampling, is at least as wide as the answers requested.

        Raises
        ------
        ConfigError
            For an option that does not exist, with the nearest one that does; for an empty answer.
        """
        check_top(top)
        known = [field.name for field in fields(cls)]
        for name in options:
            if name not in known:
                raise ConfigError(f'there is no decoding option "{name}".{did_you_mean(name, known)}')
        decoding = cls(**options)
        if top > decoding.beam and decoding.temperature == 0:
            # the candidates for one next item need no beam, and all of a large vocabulary may be requested
            decoding = replace(decoding, beam=min(top, _BOUNDS["beam"][1]))
        return decoding

    def check_answers(self, top: int) -> None:
        """Refuse more answers of several items than a beam can hold.

        Raises
        ------
        ConfigError
            When more are requested; the candidates for one item have no such bound.
        """
        if top > self.beam and self.temperature == 0:
            raise ConfigError(
                f"top must be at most {self.beam:,} where whole sequences are answered, got {top:,}",
                hint=f"top={self.beam}",
            )

    @property
    def one_item(self) -> bool:
        """Whether the options request only the next item."""
        return self.length is None and self.temperature == 0 and self.prefix is None and not self.stops

    @property
    def stops(self) -> tuple[str, ...]:
        """The texts that end an answer."""
        return (self.stop,) if isinstance(self.stop, str) else self.stop

    def chooser(self) -> Chooser:
        """Return the rule that picks the next symbol of a row; when sampling, its generator begins at the seed."""
        if self.temperature == 0:
            return greedy
        return sampler(self.temperature, self.top_k, self.top_p, self.generator())

    def generator(self) -> torch.Generator:
        """Return a generator of random numbers seeded with ``seed``, or with a random seed."""
        generator = torch.Generator()
        if self.seed is None:
            generator.seed()
        else:
            generator.manual_seed(self.seed)
        return generator

    def rules(
        self, *, forbid: Collection[int] = (), prefix: Tensor | None = None,
        before: Sequence[Sequence[int]] | None = None, stop: Stop | None = None,
    ) -> Rules:  # fmt: skip
        """Return the constraints of these options, with those that a mode adds."""
        return Rules(forbid, prefix, before, self.repetition_penalty, self.no_repeat_ngram, stop)


MOST_CANDIDATES = 1_000_000


def check_top(top: int) -> None:
    """Refuse a number of candidates below 1, or above any vocabulary.

    Raises
    ------
    ConfigError
        When it is out of bounds.
    """
    if top < 1:
        raise ConfigError(f"top must be at least 1, got {top}", hint="top=5")
    if top > MOST_CANDIDATES:
        raise ConfigError(f"top must be at most {MOST_CANDIDATES:,}", hint="top=5")
