"""JSON within a page."""

from __future__ import annotations

import json
from typing import Any

from recur.printable import printable


def inline(value: Any) -> str:
    """Return JSON that is safe within a script element and can be encoded as UTF-8."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return printable(text).replace("<", "\\u003c")
