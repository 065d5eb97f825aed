"""Characters that are safe to print: one rule for every label, text, file name and message.

Text from a file may contain escape sequences that move the cursor, rename the window or hide output, and marks that
reverse the order of letters. Each such character is written as a JSON escape (``\\u001b``), so that it is visible
and, within a JSON document, still stands for itself:

- C0 and C1 controls and DEL: U+0000-001F, U+007F-009F
- overrides and isolates of writing direction: U+202A-202E, U+2066-2069
- line and paragraph separators: U+2028, U+2029
- halves of surrogate pairs, which no encoding can write: U+D800-DFFF

The caller chooses whether line ends and tabs are kept, as in text for a pipe or a message of several lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
TEXT = "\n\t"
"""Control characters kept in text of several lines."""


def printable(text: str, keep: str = "") -> str:
    r"""Escape the characters of a text that a terminal would interpret.

    Parameters
    ----------
    text : str
    keep : str
        Control characters that are not escaped, such as `TEXT`.

    >>> print(printable("a\x1b[2Jb\n"), printable("one\ntwo", TEXT))
    a\u001b[2Jb\u000a one
    two
    """
    if text.isprintable():
        return text
    return _HIDDEN.sub(lambda match: match[0] if match[0] in keep else f"\\u{ord(match[0]):04x}", text)


def printable_data(value: Any) -> Any:
    """Escape every text in plain data; a single line end, which views draw as a symbol, is kept."""
    if isinstance(value, str):
        return value if value == "\n" else printable(value)
    if isinstance(value, Mapping):
        return {name: printable_data(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [each if isinstance(each, float) else printable_data(each) for each in value]
    return value
