"""Symbolic sizes of vectors and matrices: ``4H``, ``X``, ``H + P``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recur.errors import EquationError

_TERM = re.compile(r"^(\d*)([A-Za-z_]\w*)$|^(\d+)$")
_PRODUCT = re.compile(r"^(\d*)([A-Za-z_]\w*(?:\*[A-Za-z_]\w*)*(?:/[A-Za-z_]\w*)*)$|^(\d+)$")


@dataclass(frozen=True)
class Size:
    """A sum of symbols with whole coefficients and a constant, such as ``4H`` or ``H + P``.

    The size of a matrix that is a state is a product of symbols, ``H*P``; that of blocks on a diagonal is divided by
    their number, ``H*H/heads``.

    Attributes
    ----------
    terms : tuple of (str, int)
        Symbol, or product and quotient of symbols, and coefficient, sorted; coefficients are never 0.
    constant : int
        The part without a symbol.
    """

    terms: tuple[tuple[str, int], ...] = ()
    constant: int = 0

    @staticmethod
    def parse(text: str, products: bool = False) -> Size:
        """Read ``4H``, ``X``, ``H+P`` or ``1``; with ``products`` also ``H*P`` and ``H/heads``."""
        total = Size()
        for part in text.split("+"):
            match = (_PRODUCT if products else _TERM).match(part.strip())
            if not match:
                raise EquationError(
                    f'cannot read the size "{text}"',
                    hint='a size is a symbol with an optional factor, such as "H", "4H" or "H+P"',
                )
            if match[3]:
                total = total + Size((), int(match[3]))
            else:
                total = total + Size(((match[2], int(match[1] or 1)),))
        return total

    def __add__(self, other: Size) -> Size:
        return self._combine(other, 1)

    def __sub__(self, other: Size) -> Size:
        return self._combine(other, -1)

    def _combine(self, other: Size, sign: int) -> Size:
        terms = dict(self.terms)
        for symbol, factor in other.terms:
            terms[symbol] = terms.get(symbol, 0) + sign * factor
        nonzero = tuple(sorted((symbol, factor) for symbol, factor in terms.items() if factor))
        return Size(nonzero, self.constant + sign * other.constant)

    def times(self, other: Size) -> Size:
        """The size of a matrix with these sizes."""
        total = Size((), self.constant * other.constant)
        for one, constant in ((self, other.constant), (other, self.constant)):
            total = total + Size(tuple((symbol, factor * constant) for symbol, factor in one.terms if constant))
        for a, first in self.terms:
            for b, second in other.terms:
                above, below = (x + y for x, y in zip(factors(a), factors(b), strict=True))
                total = total + monomial(above, below, first * second)
        return total

    def over(self, blocks: Size) -> Size:
        """The share of each of so many blocks, whose number is a symbol; H over heads is H/heads."""
        below = [symbol for symbol, _ in blocks.terms]
        total = ZERO
        for symbol, factor in self.terms:
            above, under = factors(symbol)
            total = total + monomial(above, [*under, *below], factor)
        return total

    def substituted(self, sizes: Mapping[str, int]) -> Size:
        """This size with numbers for the known factors of its products: H*K with H = 4 is 4K."""
        total = Size((), self.constant)
        for symbol, factor in self.terms:
            above, below = factors(symbol)
            if len(above) + len(below) == 1 or any(part not in sizes for part in below):
                total = total + Size(((symbol, factor),))
                continue
            unknown = [part for part in above if part not in sizes]
            factor *= math.prod(sizes[part] for part in above if part in sizes)
            factor //= max(1, math.prod(sizes[part] for part in below))
            total = total + (Size((("*".join(unknown), factor),)) if unknown else Size((), factor))
        return total

    def divided_by(self, parts: int) -> Size | None:
        """Return the size of each of ``parts`` equal pieces, or None if it is not divisible."""
        if parts < 1 or self.constant % parts or any(factor % parts for _, factor in self.terms):
            return None
        return Size(tuple((s, f // parts) for s, f in self.terms), self.constant // parts)

    def value(self, sizes: Mapping[str, int]) -> int:
        """Return this size as a number, given a number for each symbol."""
        total = self.constant
        for symbol, factor in self.terms:
            above, below = factors(symbol)
            total += factor * math.prod(sizes[one] for one in above) // math.prod(sizes[one] for one in below)
        return total

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols in this size."""
        return tuple(dict.fromkeys(one for symbol, _ in self.terms for part in factors(symbol) for one in part))

    @property
    def divisors(self) -> tuple[str, ...]:
        """The symbols that this size is divided by."""
        return tuple(dict.fromkeys(one for symbol, _ in self.terms for one in factors(symbol)[1]))

    def __str__(self) -> str:
        parts = [f"{'' if factor == 1 else factor}{symbol}" for symbol, factor in self.terms]
        if self.constant or not parts:
            parts.append(str(self.constant))
        return "+".join(parts)


def factors(term: str) -> tuple[list[str], list[str]]:
    """The symbols of a product, and those it is divided by: ``H*H/heads`` is ``["H", "H"], ["heads"]``."""
    product, *divisors = term.split("/")
    return product.split("*"), divisors


def monomial(above: Sequence[str], below: Sequence[str], factor: int) -> Size:
    """The size of one term in its simplest form: its symbols sorted, those both above and below left out."""
    above, below = sorted(above), sorted(below)
    for symbol in list(below):
        if symbol in above:
            above.remove(symbol)
            below.remove(symbol)
    if not above:
        return Size((), factor)
    return Size((("/".join(["*".join(above), *below]), factor),))


ONE = Size((), 1)
ZERO = Size((), 0)
Shape = tuple[Size, ...]


def show(shape: Shape) -> str:
    """Format a shape for a message: ``4H x X``, ``H`` or ``a number``."""
    return " x ".join(str(size) for size in shape) if shape else "a number"
