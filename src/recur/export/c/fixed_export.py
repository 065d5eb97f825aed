"""Networks in 16 bits: chosen fractions, rows with their answers, and what the whole numbers cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

import numpy as np

from recur.codecs import Codec
from recur.errors import ConfigError
from recur.export.c.fixed import HINT, Tally
from recur.export.c.fixed_network import FixedNetwork
from recur.export.c.network import Network, about
from recur.export.c.rounded import answers_to, what_rounding_costs
from recur.export.c.rows import Rows, rows_of
from recur.export.reference import in_own_units
from recur.export.scales import refuse_coarse
from recur.modes.mode import Mode, require_input

ALLOWED = 0.02
"""Largest difference from the network, as a share of the largest value."""

MEASURED, LONGEST = 32, 100
"""Rows, and steps of each, over which fractions are chosen."""


def in_int16(mode: Mode, inputs: Iterable[np.ndarray] | None, most: int | None) -> tuple[Network, Rows, str]:
    """Return a network in 16 bits, rows with its answers in NumPy, and in words how far these are from the network's.

    Raises
    ------
    ConfigError
        For a network that has no form in 16 bits, with the reason; and where its answers would differ by more than
        ``ALLOWED``.
    """
    parts = mode.one_pass
    if parts is None:
        raise ConfigError(f"a {mode.name} network cannot be written in 16 bits yet", hint=HINT)
    refuse_coarse(mode)
    if not all(bool(parameter.isfinite().all()) for parameter in mode.parameters()):
        raise ConfigError("a weight of this network is not finite", hint="train again, with a lower learning rate")
    codec = require_input(mode.input_codec, mode.name)
    given = None if inputs is None else list(islice(inputs, MEASURED))
    fixed = FixedNetwork(mode, parts, _measured(codec, about(mode, parts, most), given))
    network, exact = fixed.network, fixed.network.reference
    network.reference = lambda own: fixed.answers(fixed.encoded(own))
    fixed.tally = Tally()
    rows = rows_of(codec, network, given)
    answered = replace(rows, y=(rows.y / 2.0**fixed.y_fractions).astype(np.float32))
    expected = answers_to(answered, exact)
    share = float(np.abs(answered.y - expected).max(initial=0.0)) / (float(np.abs(expected).max(initial=0.0)) or 1.0)
    if not share <= ALLOWED:
        raise ConfigError(
            f"in 16 bits the answers of this network differ by {share:.1%} of the largest value; at most {ALLOWED:.0%} "
            "is exported",
            hint=HINT,
        )
    cost = what_rounding_costs(answered, network, exact, 16) + (
        f". The largest difference is {share:.1e} of the largest value; "
        f"{fixed.tally.limited:,} of {fixed.tally.counted:,} numbers were limited to 16 bits"
    )
    return network, replace(rows, x=fixed.encoded(rows.x)), cost


def _measured(codec: Codec, network: Network, inputs: list[np.ndarray] | None) -> list[np.ndarray]:
    """Rows over which fractions are chosen: held-out rows, or rows drawn at random."""
    rows = rows_of(codec, network, inputs)
    ends = np.cumsum(rows.steps)
    known = [in_own_units(codec, one)[:LONGEST] for one in inputs or []]
    return known or [rows.x[end - steps : end] for steps, end in zip(rows.steps, ends, strict=True)]
