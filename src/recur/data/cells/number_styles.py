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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from recur.codecs.number_notation import Notation
from recur.codecs.number_style import NumberStyle, both_readings
from recur.config import DataConfig
from recur.data.cells.number_forms import NumberForms
from recur.errors import ConfigError

Styles = Mapping[str, "NumberStyle | Open | Code"]
THOUSANDS = {"space": " ", "none": "", "'": "'", ".": ".", ",": ","}


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
    hint: str = "--decimal , or --decimal . sets the decimal sign; --thousands sets the thousands sign"


@dataclass(frozen=True)
class Code:
    """A column of digits that are names: leading zeros, telephone numbers, more digits than a number holds."""

    example: str


def requested_style(config: DataConfig | None) -> NumberStyle | None:
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


def styles_of(styles: Styles, columns: Iterable[str], where: str) -> dict[str, NumberStyle]:
    """Return the styles of some columns.

    Raises
    ------
    ConfigError
        When one of them is open.
    """
    wanted_styles = {}
    for name in columns:
        style = styles.get(name)
        if isinstance(style, Open):
            raise ConfigError(f'{where}: column "{name}": {style.why}', hint=style.hint)
        if isinstance(style, NumberStyle) and style != NumberStyle():
            wanted_styles[name] = style
    return wanted_styles


def style_of(
    seen: NumberForms, known: NumberStyle | None, votes: set[str], delimiter: str
) -> NumberStyle | Open | None:
    """Return the style of a column of numbers, None for whole numbers alone."""
    unit = _unit(seen, known)
    if isinstance(unit, Open):
        return unit
    signs = seen.decimals()
    opens = {kind.sign for kind in seen.kinds if kind.kind == "open"}
    decimal, why = (known.decimal, "") if known else ("", "")
    if known and known.thousands is not None and len(opens) == 1 and not decimal:
        [sign] = opens
        decimal = sign if sign != known.thousands else "," if sign == "." else "."
    if not decimal and signs:
        # of two signs the more frequent one; the others are refused where they are read
        decimal = max(signs, key=lambda sign: signs[sign])
    marks = {kind.group for kind in seen.kinds if kind.group in (" ", "'")}
    if not decimal and opens:
        if len(opens) > 1:
            texts = (seen.first("open", sign=sign).strip() for sign in (",", "."))
            return Open(" and ".join(f'"{text}"' for text in texts) + " both occur, and each may be the decimal sign")
        decimal, why = _decided(seen, next(iter(opens)), bool(marks), votes, delimiter)
        if not decimal:
            return Open(f"{both_readings(seen.first('open'))}; {why}")
    if not decimal and not marks and not unit and all(kind.plain for kind in seen.kinds):
        return None
    thousands = known.thousands if known and known.thousands is not None else _thousands(seen, decimal)
    example = (
        seen.first("open") or seen.first("decimal") or seen.first("grouped") or next(iter(seen.examples.values()), "")
    )
    style = NumberStyle(decimal, thousands, unit)
    if style.plain and not why and all(kind.plain for kind in seen.kinds):
        return style
    return NumberStyle(decimal, thousands, unit, _fitting(style, example, seen), why)


def _fitting(style: NumberStyle, first: str, seen: NumberForms) -> str:
    """Return an example that the style reads."""
    for text in (first, *seen.examples.values()):
        if not isinstance(style.read(text), str):
            return text.strip()
    return ""


def _decided(seen: NumberForms, sign: str, spaced: bool, votes: set[str], delimiter: str) -> tuple[str, str]:
    """Return the decimal sign of a column all of whose separated numbers are open, and why; or nothing, and why not."""
    other = "," if sign == "." else "."
    if spaced:
        return sign, "its thousands have another sign"
    whole = [kind for kind in seen.kinds if kind.kind == "whole"]
    reasons: dict[str, str] = {}
    if any(kind.size > 3 for kind in whole):
        reasons[sign] = f'"{_example(seen, lambda kind: kind.size > 3)}" has no thousands sign'
    elif whole and any(kind.kind == "open" and kind.filled for kind in seen.kinds):
        reasons[other] = (
            f'"{_example(seen, lambda kind: kind.filled)}" beside "{seen.first("whole").strip()}" is a thousand'
        )
    if len(votes) == 1:
        reasons.setdefault(next(iter(votes)), "as the decimal sign of the other columns")
    elif not votes and delimiter == ",":
        reasons.setdefault(".", "commas separate the cells")
    if len(reasons) == 1:
        return next(iter(reasons.items()))
    if reasons:
        return "", "the file supports both: " + "; ".join(f"decimal {key} since {why}" for key, why in reasons.items())
    return "", "nothing in the file decides it"


def _example(seen: NumberForms, fits: Callable[[Notation], bool]) -> str:
    return next((text.strip() for kind, text in seen.examples.items() if fits(kind)), "")


def _thousands(seen: NumberForms, decimal: str) -> str | None:
    """Return the thousands sign that the numbers show; None where they show none."""
    counts = Counter(
        {
            kind.group or kind.sign: count
            for kind, count in seen.kinds.items()
            if kind.group or (kind.kind == "open" and decimal and kind.sign != decimal)
        }
    )
    counts.pop(decimal, None)
    return counts.most_common(1)[0][0] if counts else None


def _unit(seen: NumberForms, known: NumberStyle | None) -> str | Open:
    """Return the unit of a column; two units, or percentages beside numbers without the sign, are refused."""
    units: Counter[str] = Counter()
    for kind, count in seen.kinds.items():
        units[kind.unit] += count
    named_units = [unit for unit in units if unit]
    if known and known.unit:
        return known.unit
    if len(named_units) > 1 or (named_units and named_units[0] in "%‰" and units[""] and not _zeros(seen)):
        texts = {kind.unit: text.strip() for kind, text in seen.examples.items()}
        pair = [texts[unit] for unit in (named_units if len(named_units) > 1 else [named_units[0], ""])[:2]]
        return Open(f'"{pair[0]}" and "{pair[1]}" have different units', "write all numbers of the column in one unit")
    return named_units[0] if named_units else ""


def _zeros(seen: NumberForms) -> bool:
    """Return whether all numbers without a unit are 0, which is the same in every unit."""
    return all(text.strip() in ("0", "-") for kind, text in seen.examples.items() if not kind.unit)
