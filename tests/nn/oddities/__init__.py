"""Calls of a layer that are out of the ordinary, as a table: odd tensors, modes that look on, weights changed between.

Each takes a layer (3 inputs, 5 units, one state or two) and returns tensors. Whatever the layer ran before, the native
backend has to give what the eager one gives, or to refuse where that refuses too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.nn.oddities.basics import B, H, Oddity, T, X, flat, learned, numbers
from tests.nn.oddities.between import (
    BAD_GRADIENTS,
    BAD_SAVED,
    GRADIENTS,
    REUSED,
    SPOILED_BETWEEN,
    backward_after,
    odd_gradient,
    unpacked_as,
)  # fmt: skip
from tests.nn.oddities.inputs import BAD_STATES, INPUTS, REFUSED, STATES
from tests.nn.oddities.modes import AROUND, TRANSFORMS, around
from tests.nn.oddities.ragged import BAD_LENGTHS, BAD_PACKED, BAD_RESETS, LENGTHS, PACKED, RESETS
from tests.nn.oddities.weights import CHANGES, COPIES, SPOILED, replaced

__all__ = ["RIGHT", "WRONG", "B", "H", "T", "X", "flat", "numbers"]


def with_input(make: Callable[[], Any], batch_first: bool = False, **options: Any) -> Oddity:
    """Outputs and gradients of a call with one input."""

    def call(layer: Any) -> Any:
        layer.batch_first = batch_first
        return learned(layer, make(), **options)

    return call


def with_option(name: str, make: Callable[[], Any]) -> Oddity:
    """Outputs and gradients of a call on the usual input with lengths or resets."""
    return lambda layer: learned(layer, numbers(T, B, X), **{name: make()})


def _named(room: str, table: dict[str, Any], make: Callable[[Any], Oddity] = lambda call: call) -> dict[str, Oddity]:
    return {f"{room}: {name}": make(value) for name, value in table.items()}


_FOUR_ROWS = {n: make for n, make in INPUTS.items() if not n.startswith(("one step", "one row", "no ", "unbatched"))}

RIGHT: dict[str, Oddity] = {
    **_named("input", INPUTS, with_input),
    **_named("batch first", INPUTS, lambda make: with_input(make, batch_first=True)),
    **_named("ragged", _FOUR_ROWS, lambda make: with_input(make, lengths=[6, 0, 2, 1])),
    **_named("weights", CHANGES, replaced),
    **_named("state", STATES),
    **_named("lengths", LENGTHS, lambda make: with_option("lengths", make)),
    **_named("resets", RESETS, lambda make: with_option("resets", make)),
    **{f"within: {name}": around(name) for name in AROUND},
    **_named("packed", PACKED),
    **_named("gradient", GRADIENTS, odd_gradient),
    **TRANSFORMS,
    **REUSED,
    **COPIES,
}

WRONG: dict[str, Oddity] = {
    **_named("input", REFUSED, with_input),
    **_named("weights", SPOILED, replaced),
    **_named("state", BAD_STATES),
    **_named("lengths", BAD_LENGTHS, lambda make: with_option("lengths", make)),
    **_named("resets", BAD_RESETS, lambda make: with_option("resets", make)),
    **_named("packed", BAD_PACKED),
    **_named("between", SPOILED_BETWEEN, backward_after),
    **_named("gradient", BAD_GRADIENTS, odd_gradient),
    **_named("saved", BAD_SAVED, unpacked_as),
}
