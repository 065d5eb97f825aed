"""What a codec states about its values, in four groups: raw values, texts, symbols, columns."""

from recur.codecs.traits.columns import Columns, EventTraits
from recur.codecs.traits.symbols import IdTraits, Symbols
from recur.codecs.traits.text import Text, TextTraits
from recur.codecs.traits.values import FileTraits, Values

__all__ = ["Columns", "EventTraits", "FileTraits", "IdTraits", "Symbols", "Text", "TextTraits", "Values"]
