"""Refusals of decoding options that a kind of answer does not have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recur.decoding.options import Decoding
from recur.errors import ConfigError


def refuse_decoding(options: Mapping[str, Any], mode: str) -> None:
    """Refuse decoding options in a mode that has nothing to search.

    Raises
    ------
    ConfigError
        When there are any.
    """
    if options:
        raise ConfigError(
            f"{mode} answers in one pass and has no decoding options, got {', '.join(options)}",
            hint="leave them out; top=N gives more candidates",
        )


def refuse_beam(options: Decoding) -> None:
    """Refuse a beam where items are given out one by one.

    Raises
    ------
    ConfigError
    """
    if options.beam > 1:
        raise ConfigError(
            f"a beam of {options.beam} has its answer only at the end and cannot be streamed",
            hint=f"beam=1, or predict(..., beam={options.beam})",
        )


def refuse_symbol_rules(options: Decoding) -> None:
    """Refuse options that choose among symbols where numbers are written.

    Raises
    ------
    ConfigError
        Naming the first of them.
    """
    _refuse(_rules(options), "this network writes numbers", "length=N")


def refuse_symbol_choices(options: Decoding) -> None:
    """Refuse options that choose among symbols where a frame is many keys at once.

    Raises
    ------
    ConfigError
        Naming the first of them.
    """
    choices = {"beam": options.beam > 1, "top_k": options.top_k, "top_p": options.top_p, **_rules(options)}
    _refuse(choices, "a frame is many keys at once", "--temperature and --seed choose frames")


def _rules(options: Decoding) -> dict[str, Any]:
    """Return the options that constrain the next symbol."""
    return {
        "stop": options.stops, "no_repeat_ngram": options.no_repeat_ngram,
        "repetition_penalty": options.repetition_penalty != 1.0, "unknown": options.unknown,
    }  # fmt: skip


def _refuse(options: Mapping[str, Any], answers: str, instead: str) -> None:
    for name, value in options.items():
        if value:
            raise ConfigError(f"{name} chooses among symbols, and {answers}", hint=f"leave out {name}; {instead}")
