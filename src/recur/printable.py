"""Which characters reach a terminal: one rule for every label, text, file name and message that is written.

A text from a file may hold escape sequences that move the cursor, rename the window or hide what is written, and
marks that reverse the order of letters. Each such character is written as JSON writes it (``\\u001b``), so that it is
seen and, within a JSON document, still means itself:

- C0 and C1 controls and DEL: U+0000-001F, U+007F-009F
- overrides and isolates of writing direction: U+202A-202E, U+2066-2069
- line and paragraph separators: U+2028, U+2029
- halves of surrogate pairs, which no encoding can write: U+D800-DFFF

Line ends and tabs of a text for a pipe, or of a message of several lines, are kept where the caller says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
TEXT = "\n\t"
"""What a text of several lines keeps."""


def printable(text: str, keep: str = "") -> str:
    r"""Return a text without characters that a terminal would obey.

    Parameters
    ----------
    text : str
    keep : str
        Control characters that stay, such as `TEXT`.

    >>> print(printable("a\x1b[2Jb\n"), printable("one\ntwo", TEXT))
    a\u001b[2Jb\u000a one
    two
    """
    if text.isprintable():
        return text
    return _HIDDEN.sub(lambda found: found[0] if found[0] in keep else f"\\u{ord(found[0]):04x}", text)


def printable_data(value: Any) -> Any:
    """Return plain data with every text in it printable; a lone line end, which views draw as a sign, stays."""
    if isinstance(value, str):
        return value if value == "\n" else printable(value)
    if isinstance(value, Mapping):
        return {name: printable_data(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [each if isinstance(each, float) else printable_data(each) for each in value]
    return value
