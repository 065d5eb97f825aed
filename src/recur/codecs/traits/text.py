"""Texts: what one symbol of a text is, its pieces, and which of them are unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

Unit = Literal["word", "character", "subword"]


@dataclass(frozen=True)
class TextTraits:
    """Texts: strings that are split into symbols and joined again.

    Attributes
    ----------
    unit : str
        What one symbol is. A ``subword`` can be a part of a character, so that its text is known with the next one.
    ends_lines : bool
        Whether, in a stream, the end of a line is the end symbol and not a character of the text.
    """

    unit: Unit
    ends_lines: bool = False


class Text:
    """Texts and their pieces. The defaults suit values that are no texts.

    Attributes
    ----------
    text : TextTraits or None
        Of values that are texts.
    letter_count : int
        Number of letter ids, where words are read with their letters; 0 elsewhere.
    """

    text: ClassVar[TextTraits | None] = None

    @classmethod
    def splits_into(cls, unit: Unit) -> bool:
        """Return whether values are texts, and one symbol is a word, a character or a subword."""
        return cls.text is not None and cls.text.unit == unit

    @property
    def letter_count(self) -> int:
        """Number of letter ids, where words are read with their letters; 0 elsewhere."""
        return 0

    def tokens(self, value: Any) -> list[Any] | None:
        """Return the readable pieces of a value, one per step; None where it has no such pieces."""
        del value
        return None

    def pretokenized(self, value: Any) -> Any:
        """Return the value split into the pieces that are labelled one by one, so that `encode` splits no further."""
        return value

    def unknown(self, value: Any) -> list[str]:
        """Return the pieces of a text that are not in the vocabulary, in their order, each once."""
        del value
        return []

    def unknown_steps(self, value: Any) -> np.ndarray | None:
        """Return for each step whether the vocabulary lacks it, (T,) bool; None for values that are no texts."""
        del value
        return None
