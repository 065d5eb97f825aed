"""Splitting a text into words with Python's regular expressions, as the tokenizer does, several times faster.

Python and the tokenizer have Unicode tables of different years, and Python has no class for combining marks. Texts
with characters on which they might differ are not split here.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from recur.codecs.tokens import EOS

SplitText = Callable[[str], list[str] | None]

# Latin with its accents, Cyrillic, punctuation, currencies, kana, Chinese, Korean, full-width signs; without marks,
# without digits that are no decimal digits, without the separators 0x1C to 0x1F, white space for Python alone
_ALIKE = re.compile(
    r"[\x00-\x1b\x20-\xb1\xb4-\xb8\xba\xbb\xbf-\u02ff\u0400-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e\u20a0-\u20bf"
    r"\u3000-\u3006\u3008-\u3020\u3041-\u3096\u30a0-\u30ff\u4e00-\u9fa5\uac00-\ud7a3\uff01-\uff60]*"
)
_SEPARATORS = re.compile(r"[\x1c-\x1f]")
# of the characters above \w is a letter, a digit or _, and \d any number
_WORD = (
    r"|(?:[^\W\d_]\.){2,}"
    r"|\d+(?:[.,:]\d+)*(?!\w)"
    r"|\w+(?:['\u2019\-]\w+)*"
    r"|\.{2,}|-{2,}|\S"
)
_WORDS = re.compile(f"<unk>|<eos>{_WORD}")
_WORDS_OF_ANY_CASE = re.compile(f"(?i:<unk>|<eos>){_WORD}")


def splitter(split: str, *, newlines: bool, lower: bool) -> SplitText:
    """Return a function that gives the words of a text as they are written, or None for a text it does not split.

    Parameters
    ----------
    split : str
        ``spaces`` or ``words``; see `WordsCodec`.
    newlines : bool
        Whether a line end is the word ``<eos>``.
    lower : bool
        Whether words are lower-cased afterwards: then texts outside ASCII, whose length may change, are not split.

    Examples
    --------
    >>> splitter("words", newlines=False, lower=False)("Don't pay 3.50, O.K.?")
    ["Don't", 'pay', '3.50', ',', 'O.K.', '?']
    """
    words = str.split if split == "spaces" else (_WORDS_OF_ANY_CASE if lower else _WORDS).findall

    def of(text: str) -> list[str] | None:
        if text.isascii():
            if _SEPARATORS.search(text):
                return None
        elif lower or not _ALIKE.fullmatch(text):
            return None
        return words(text.replace("\n", f" {EOS} ") if newlines else text)

    return of
