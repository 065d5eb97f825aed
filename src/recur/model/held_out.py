"""The rows that a run held out, as its network reads them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from recur import data as data_room
from recur.config import Config
from recur.errors import RecurError
from recur.modes import Mode

_MOST = 64


def held_out_inputs(mode: Mode, config: Config) -> Iterator[np.ndarray] | None:
    """Return encoded inputs of held-out rows; None where their file is not there any more, or was given in Python."""
    rows = _rows(config)
    if rows is None:
        return None
    encoded = (mode.encode(rows[index]).input for index in range(min(_MOST, len(rows))))
    return islice((one for one in encoded if one is not None), _MOST)


def held_out_values(config: Config) -> Iterator[Any] | None:
    """Return raw inputs of held-out rows; None where their file is not there any more, or was given in Python."""
    rows = _rows(config)
    return None if rows is None else (rows[index].input for index in range(min(_MOST, len(rows))))


def _rows(config: Config) -> Any:
    if not config.data.source:
        return None
    try:
        dataset = data_room.load(config)
    except (RecurError, OSError):
        return None
    return dataset.test if dataset.test is not None and len(dataset.test) else dataset.dev
