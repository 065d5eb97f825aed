"""Tables of predictions that tests make."""

from __future__ import annotations

from typing import Any

from recur.data import Roles
from recur.predictions import Sheet


def sheet(**fields: Any) -> Sheet:
    """The columns of a class beside its text, with what is given in their place."""
    usual: dict[str, Any] = {
        "lead": ["row"], "input_name": "text", "values": ["label"], "numbers": False, "stepped": False, "timed": False,
        "units": [], "top": 1, "quantiles": [], "scales": [],
    }  # fmt: skip
    return Sheet(**{**usual, **fields})


def roles(target: list[str], codec: str, **fields: Any) -> Roles:
    """Roles of a table with one text column."""
    return Roles(**{
        "mode": "many-to-one", "input": ["text"], "target": target, "input_codec": "words", "target_codec": codec,
        "group": None, "stream": False, "sentence": "", **fields,
    })  # fmt: skip
