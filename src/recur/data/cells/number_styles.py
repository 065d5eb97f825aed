"""The number style of every column of a table, determined by all of its cells, or, if they are ambiguous, by the file.

What a sign before three last digits means ("1.002") is decided in this order:

1. ``--decimal`` and ``--thousands``, and for later files the style of the run.
2. The column: another number shows it ("12,5", "1.234.567", "0.123", "1.5"). Where all numbers with a sign have three
   digits after it: one of them ends with 0, and those without a sign are below 1000 (900, 998, 1.000): thousands, since
   a writer of 1.000 with its zeros writes 900.000 too; a number of four digits without a sign (1500): decimals.
3. Other columns of the file, where all of them show the same decimal sign.
4. The delimiter: a file that separates its cells by commas has no decimal comma.

Where these contradict each other or say nothing, the column is refused with both readings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recur.codecs.missing import is_missing_number
from recur.codecs.number_style import EXACT, NumberStyle, Written, both_readings, written
from recur.config import DataConfig
from recur.errors import ConfigError

Styles = Mapping[str, "NumberStyle | Open | Code"]
THOUSANDS = {"space": " ", "none": "", "'": "'", ".": ".", ",": ","}

_ALL = 5_000_000  # cells: of larger tables some rows are left out, and read strictly afterwards
_EARLY = 200  # cells after which a column of texts is known as one
_SETTLED = 2000  # rows after which a column whose numbers show their style is not looked at any more
_STRIDE = 50
_SHORT, _LONG = Written("whole", size=1), Written("whole", size=4)


@dataclass(frozen=True)
class Open:
    """A column of numbers whose style nothing decides.

    Attributes
    ----------
    why : str
        Both readings, or what contradicts what.
    hint : str
        What to type.
    """

    why: str
    hint: str = "--decimal , or --decimal . says what its sign means, and --thousands does too"


@dataclass(frozen=True)
class Code:
    """A column of digits that are names: leading zeros, telephone numbers, more digits than a number holds."""

    example: str


@dataclass
class Seen:
    """What the cells of a column have shown.

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
    kinds: Counter[Written] = field(default_factory=Counter)
    examples: dict[Written, str] = field(default_factory=dict)

    def see(self, cell: str) -> None:
        """Count a cell."""
        if cell.isdecimal() and cell.isascii() and len(cell) <= EXACT and (cell[0] != "0" or len(cell) == 1):
            # most cells of most tables
            found: Written | None = _SHORT if len(cell) <= 3 else _LONG
        else:
            found = written(cell)
        if found is None:
            missing = is_missing_number(cell)
            self.count += not missing
            self.texts += not missing
            return
        self.count += 1
        self.kinds[found] += 1
        if found not in self.examples:
            self.examples[found] = cell

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
        found: Counter[str] = Counter()
        for kind, count in self.kinds.items():
            if kind.kind == "decimal":
                found[kind.sign] += count
            elif kind.kind == "grouped" and kind.group in ".,":
                found["," if kind.group == "." else "."] += count
        return dict(found)

    def first(self, *kinds: str, sign: str | None = None) -> str:
        """Return the first text of a number that is written in one of some ways."""
        fitting = (
            text for kind, text in self.examples.items() if kind.kind in kinds and sign in (None, kind.sign, kind.group)
        )
        return next(fitting, "")


class Survey:
    """Looks at the cells of a table while its file is read.

    Parameters
    ----------
    columns : sequence of str
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(columns)
        self.seen = [Seen() for _ in columns]
        self._alive = list(range(len(self.columns)))
        self._cells = self._rows = 0
        self.whole = True

    def see(self, cells: Sequence[Any]) -> None:
        """Look at the cells of a row that are texts."""
        self._rows += 1
        if not self._alive:
            return
        if self._cells > _ALL and self._rows % _STRIDE:
            self.whole = False
            return
        self._cells += len(self._alive)
        for place in self._alive:
            cell = cells[place]
            if type(cell) is str:
                self.seen[place].see(cell)
        if self._rows % _EARLY == 0:
            settled = self._rows >= _SETTLED
            self._alive = [
                place
                for place in self._alive
                if not self.seen[place].is_text and not (settled and self.seen[place].is_settled)
            ]

    def styles(
        self, config: DataConfig | None = None, *, known: Mapping[str, NumberStyle] | None = None, delimiter: str = ""
    ) -> dict[str, NumberStyle | Open | Code]:
        """Return the style of each column that has one of its own; columns of texts and of whole numbers have none.

        Parameters
        ----------
        config : DataConfig, optional
            ``decimal`` and ``thousands``.
        known : mapping, optional
            Styles that the columns have from before: those of the run.
        delimiter : str
            What separates the cells of the file.
        """
        asked = asked_style(config)
        numbers = {
            name: seen
            for name, seen in zip(self.columns, self.seen, strict=True)
            if seen.kinds and not seen.is_text and not _are_lists(seen)
        }
        votes = {sign for seen in numbers.values() for sign in [_shown(seen)] if sign}
        found: dict[str, NumberStyle | Open | Code] = {}
        for name, seen in numbers.items():
            before = (known or {}).get(name)
            code = seen.first("code")
            if code and before is None and asked is None:
                found[name] = Code(code.strip())
                continue
            style = _judged(seen, before or asked, votes, delimiter)
            if style is not None:
                found[name] = style
            elif not self.whole:
                # a row that was not looked at may show what these rows do not: it is then refused, not guessed at
                found[name] = NumberStyle()
        return found

    def converted(self, styles: Styles) -> dict[str, NumberStyle]:
        """Return the styles whose numbers have to be read by us, and not as every program reads them."""
        plain = {
            name
            for name, seen in zip(self.columns, self.seen, strict=True)
            if self.whole and all(kind.plain for kind in seen.kinds)
        }
        return {
            name: style
            for name, style in styles.items()
            if isinstance(style, NumberStyle) and not (style.plain and name in plain)
        }


def asked_style(config: DataConfig | None) -> NumberStyle | None:
    """Return the style that a configuration asks for.

    Raises
    ------
    ConfigError
        When both signs are one.
    """
    if config is None or (config.table.decimal is None and config.table.thousands is None):
        return None
    thousands = None if config.table.thousands is None else THOUSANDS[config.table.thousands]
    decimal = config.table.decimal or {".": ",", ",": "."}.get(thousands or "", "")
    if decimal and decimal == thousands:
        raise ConfigError(
            f"--decimal {decimal} and --thousands {decimal}: one sign cannot be both", hint="leave one of them out"
        )
    return NumberStyle(decimal, thousands)


def named(styles: Styles, columns: Iterable[str], where: str) -> dict[str, NumberStyle]:
    """Return the styles of some columns.

    Raises
    ------
    ConfigError
        When one of them is open.
    """
    found = {}
    for name in columns:
        style = styles.get(name)
        if isinstance(style, Open):
            raise ConfigError(f'{where}: column "{name}": {style.why}', hint=style.hint)
        if isinstance(style, NumberStyle) and style != NumberStyle():
            found[name] = style
    return found


def _judged(seen: Seen, given: NumberStyle | None, votes: set[str], delimiter: str) -> NumberStyle | Open | None:
    """Return the style of a column of numbers, None for whole numbers alone."""
    unit = _unit(seen, given)
    if isinstance(unit, Open):
        return unit
    signs = seen.decimals()
    opens = {kind.sign for kind in seen.kinds if kind.kind == "open"}
    decimal, why = (given.decimal, "") if given else ("", "")
    if given and given.thousands is not None and len(opens) == 1 and not decimal:
        [sign] = opens
        decimal = sign if sign != given.thousands else "," if sign == "." else "."
    if not decimal and signs:
        # of two signs the more frequent one; the others are refused where they are read
        decimal = max(signs, key=lambda sign: signs[sign])
    marks = {kind.group for kind in seen.kinds if kind.group in (" ", "'")}
    if not decimal and opens:
        if len(opens) > 1:
            texts = (seen.first("open", sign=sign).strip() for sign in (",", "."))
            return Open(" and ".join(f'"{text}"' for text in texts) + " are both there, and each may be a decimal")
        decimal, why = _decided(seen, next(iter(opens)), bool(marks), votes, delimiter)
        if not decimal:
            return Open(f"{both_readings(seen.first('open'))}; {why}")
    if not decimal and not marks and not unit and all(kind.plain for kind in seen.kinds):
        return None
    thousands = given.thousands if given and given.thousands is not None else _thousands(seen, decimal)
    example = (
        seen.first("open") or seen.first("decimal") or seen.first("grouped") or next(iter(seen.examples.values()), "")
    )
    style = NumberStyle(decimal, thousands, unit)
    if style.plain and not why and all(kind.plain for kind in seen.kinds):
        return style
    return NumberStyle(decimal, thousands, unit, _fitting(style, example, seen), why)


def _fitting(style: NumberStyle, first: str, seen: Seen) -> str:
    """Return an example that the style reads."""
    for text in (first, *seen.examples.values()):
        if not isinstance(style.read(text), str):
            return text.strip()
    return ""


def _decided(seen: Seen, sign: str, spaced: bool, votes: set[str], delimiter: str) -> tuple[str, str]:
    """Return the decimal sign of a column all of whose separated numbers are open, and why; or nothing, and why not."""
    other = "," if sign == "." else "."
    if spaced:
        return sign, "its thousands have another sign"
    whole = [kind for kind in seen.kinds if kind.kind == "whole"]
    said: dict[str, str] = {}
    if any(kind.size > 3 for kind in whole):
        said[sign] = f'"{_example(seen, lambda kind: kind.size > 3)}" has no thousands sign'
    elif whole and any(kind.kind == "open" and kind.filled for kind in seen.kinds):
        said[other] = (
            f'"{_example(seen, lambda kind: kind.filled)}" beside "{seen.first("whole").strip()}" is a thousand'
        )
    if len(votes) == 1:
        said.setdefault(next(iter(votes)), "as the decimal sign of the other columns")
    elif not votes and delimiter == ",":
        said.setdefault(".", "commas separate the cells")
    if len(said) == 1:
        return next(iter(said.items()))
    if said:
        return "", "the file supports both: " + "; ".join(f"decimal {key} since {why}" for key, why in said.items())
    return "", "nothing in the file says which"


def _example(seen: Seen, fits: Callable[[Written], bool]) -> str:
    return next((text.strip() for kind, text in seen.examples.items() if fits(kind)), "")


def _thousands(seen: Seen, decimal: str) -> str | None:
    """Return the thousands sign that the numbers show; None where they show none."""
    found = Counter(
        {
            kind.group or kind.sign: count
            for kind, count in seen.kinds.items()
            if kind.group or (kind.kind == "open" and decimal and kind.sign != decimal)
        }
    )
    found.pop(decimal, None)
    return found.most_common(1)[0][0] if found else None


def _unit(seen: Seen, given: NumberStyle | None) -> str | Open:
    """Return the unit of a column; two units, or percentages beside numbers without the sign, are refused."""
    units: Counter[str] = Counter()
    for kind, count in seen.kinds.items():
        units[kind.unit] += count
    named_units = [unit for unit in units if unit]
    if given and given.unit:
        return given.unit
    if len(named_units) > 1 or (named_units and named_units[0] in "%‰" and units[""] and not _zeros(seen)):
        texts = {kind.unit: text.strip() for kind, text in seen.examples.items()}
        pair = [texts[unit] for unit in (named_units if len(named_units) > 1 else [named_units[0], ""])[:2]]
        return Open(f'"{pair[0]}" and "{pair[1]}" have different units', "write all numbers of the column in one unit")
    return named_units[0] if named_units else ""


def _zeros(seen: Seen) -> bool:
    """Return whether all numbers without a unit are 0, which is the same in every unit."""
    return all(text.strip() in ("0", "-") for kind, text in seen.examples.items() if not kind.unit)


def _shown(seen: Seen) -> str:
    """Return the decimal sign that a column shows, where it shows one alone."""
    signs = seen.decimals()
    return next(iter(signs)) if len(signs) == 1 else ""


def _are_lists(seen: Seen) -> bool:
    """Return whether the cells are rather several numbers each, all of three digits: 291 293 295."""
    counts = {kind.groups for kind in seen.kinds if kind.kind == "grouped" and kind.groups}
    alone = all(kind.kind == "grouped" and kind.groups for kind in seen.kinds)
    return alone and bool(counts) and min(counts) > 2 and len(counts) == 1
