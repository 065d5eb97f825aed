"""Raw values as plain text: on one line, cut to a width, and encodable as UTF-8."""

from __future__ import annotations

from typing import Any

from recur.errors import DataError


def shorten(text: str, width: int) -> str:
    """Return ``text`` on one line, cut with an ellipsis when it is longer than ``width``."""
    # only the beginning is used: a text can have megabytes
    line = " ".join(text[: 8 * width].split())
    if len(line) <= width and len(text) <= 8 * width:
        return line
    return line[: max(width - 1, 0)] + "…"


def between_spaces(item: Any, labelled: bool) -> bool:
    """Return whether an item of a column is a sentence: a list of words that are labelled one by one, or text with
    spaces."""
    return isinstance(item, (list, tuple)) or not labelled or " " in str(item).strip()


def to_text(value: Any) -> str:
    """Return a raw value as text that can be written in UTF-8.

    Numbers become their digits. Half of a surrogate pair (possible in JSON, not in UTF-8) becomes U+FFFD.

    Raises
    ------
    DataError
        When the value is missing or is not text.
    """
    if isinstance(value, (bytes, bytearray)):
        kind = type(value).__name__
        raise DataError(f"expected text, found {kind}", hint="decode it first: value.decode('utf-8')")
    if value is None or isinstance(value, (dict, list, tuple, set)):
        raise DataError(f"expected text, found {'nothing' if value is None else type(value).__name__}")
    return without_surrogates(value if isinstance(value, str) else digits(value))


def without_surrogates(text: str) -> str:
    """Return a text that can be written in UTF-8: half of a surrogate pair becomes U+FFFD, two halves one character.

    >>> without_surrogates("a\\ud800b")
    'a\ufffdb'
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def digits(value: Any) -> str:
    """Return a value as text; a whole number with more digits than Python writes is refused.

    Raises
    ------
    DataError
        When it has more than a few thousand digits.
    """
    try:
        return str(value)
    except ValueError as error:
        raise DataError(
            f"expected text, found {type(value).__name__} with too many digits", hint="give it as a text"
        ) from error
