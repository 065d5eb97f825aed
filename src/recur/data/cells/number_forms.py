"""How the numbers of a column are written: the forms that its cells have, counted, with an example of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from recur.codecs.missing import is_missing_number
from recur.codecs.number_notation import EXACT, Notation, notation_of

_SHORT, _LONG = Notation("whole", size=1), Notation("whole", size=4)


@dataclass
class NumberForms:
    """How the numbers of a column are written, counted.

    Attributes
    ----------
    count, texts : int
        Cells that are not missing, and those of them that are no number.
    kinds : Counter
        How numbers are written -> how many.
    examples : dict
        How a number is written -> the first text of it.
    """

    count: int = 0
    texts: int = 0
    kinds: Counter[Notation] = field(default_factory=Counter)
    examples: dict[Notation, str] = field(default_factory=dict)

    def see(self, cell: str) -> None:
        """Count a cell."""
        if cell.isdecimal() and cell.isascii() and len(cell) <= EXACT and (cell[0] != "0" or len(cell) == 1):
            # most cells of most tables
            notation: Notation | None = _SHORT if len(cell) <= 3 else _LONG
        else:
            notation = notation_of(cell)
        if notation is None:
            missing = is_missing_number(cell)
            self.count += not missing
            self.texts += not missing
            return
        self.count += 1
        self.kinds[notation] += 1
        if notation not in self.examples:
            self.examples[notation] = cell

    @property
    def is_settled(self) -> bool:
        """Whether no further cell changes how the numbers are read: it fits, or is refused where it is read."""
        return len(self.decimals()) == 1 and not self.first("code")

    @property
    def is_text(self) -> bool:
        """Whether this is no column of numbers with a slip or two."""
        return self.texts > 0 and not (self.count >= 20 and self.texts < 0.1 * self.count)

    def decimals(self) -> dict[str, int]:
        """How many numbers show which decimal sign."""
        counts: Counter[str] = Counter()
        for kind, count in self.kinds.items():
            if kind.kind == "decimal":
                counts[kind.sign] += count
            elif kind.kind == "grouped" and kind.group in ".,":
                counts["," if kind.group == "." else "."] += count
        return dict(counts)

    def first(self, *kinds: str, sign: str | None = None) -> str:
        """Return the first text of a number that is written in one of some ways."""
        fitting = (
            text for kind, text in self.examples.items() if kind.kind in kinds and sign in (None, kind.sign, kind.group)
        )
        return next(fitting, "")
