"""Names that columns usually have, and what they then hold."""

from __future__ import annotations

import re


def _set(names: str) -> frozenset[str]:
    """Return the names of a text."""
    return frozenset(names.split())


INPUT = _set(
    "text sentence sentences input inputs source src x review comment question document body content message name "
    "title headline tweet prompt image images picture photo video clip "
    "tokens words word form series sequence signal features english en"
)
TARGET = _set(
    "label labels class classes target targets output y category sentiment phase language tag tags upos pos ner "
    "caption captions translation answer tgt response summary rating stars score species outcome intent emotion topic "
    "survived diagnosis churn exited spam polarity gender french fr german de spanish es italian it"
)
# of several such names these are meant
_USUAL_TARGET = _set("label labels class classes target targets output y")
# names that may as well be one of many facts of a row
_WEAK_INPUT = _set("name title")
TIME = _set(
    "time date datetime timestamp month day year hour minute second week quarter ds dt t step index no frame "
    "datum zeit zeitstempel uhrzeit jahr monat fecha hora heure yr mnth hr period qtr doy dayofyear elapsed"
)
_DATED = _set("date time timestamp datetime datum fecha")
_SERIES = _set(
    "unique_id series sensor store shop station device machine meter patient subject customer user household building "
    "stock symbol ticker sku"
)
_USUAL_SERIES = _set(
    "unique_id id series series_id store shop item sku product sensor station site device machine region "
    "country city customer user patient subject symbol ticker meter building household name location zone line "
    "group panel"
)
_ELAPSED = _set("elapsed uptime")
_OF_A_PERSON = _set("birth birthdate dob born geburt geburtsdatum")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W_A-Z]+")


def is_known(name: str) -> bool:
    """Return whether a cell is a usual name of a column."""
    return name.strip().lower() in INPUT | TARGET | TIME


def is_target(name: str) -> bool:
    """Return whether a column of this name is usually what one wants to know."""
    return name.lower() in TARGET


def is_input(name: str) -> bool:
    """Return whether a column of this name is usually what one knows."""
    return name.lower() in INPUT


def is_usual_target(name: str) -> bool:
    """Return whether a column of this name is meant where several might be the target."""
    return name.lower() in _USUAL_TARGET


def is_weak_input(name: str) -> bool:
    """Return whether a column of this name is not read beside several numbers: the name of a passenger."""
    return name.lower() in _WEAK_INPUT


def is_series(name: str) -> bool:
    """Return whether a column of this name identifies a series rather than a target."""
    lowered = name.lower()
    return lowered in _SERIES or lowered.removesuffix("_id").removesuffix("_name") in _SERIES


def is_row_number(name: str) -> bool:
    """Return whether a column of this name usually numbers rows: an index that was saved with a table."""
    return name.lower() in ("index", "no")


def is_usual_series(name: str) -> bool:
    """Return whether a column of this name usually identifies series if stamps repeat."""
    lowered = name.lower()
    return lowered.endswith(("_id", " id", "_nr", "_name")) or bool({lowered, lowered.rstrip("s")} & _USUAL_SERIES)


def is_time(name: str) -> bool:
    """Return whether a column of this name usually counts time; a date of birth is a fact of its row.

    >>> [is_time(name) for name in ("ds", "utc_timestamp", "birth_date")]
    [True, True, False]
    """
    parts = {part.lower() for part in _PARTS.findall(name)}
    return not is_fact(name) and (name.lower() in TIME or bool(parts & (_DATED | _ELAPSED)))


def is_weakly_timed(name: str) -> bool:
    """Return whether a name means a duration rather than the time of a row: prep_time, elapsed.

    >>> [is_weakly_timed(name) for name in ("prep_time", "time", "timestamp")]
    [True, False, False]
    """
    return name.lower() not in TIME and not {part.lower() for part in _PARTS.findall(name)} & (_DATED - {"time"})


def is_fact(name: str) -> bool:
    """Return whether a column of dates is a fact about its row and not its time: a date of birth."""
    return bool({part.lower() for part in _PARTS.findall(name)} & _OF_A_PERSON)


def is_dated(name: str) -> bool:
    """Return whether a column of this name usually holds dates.

    >>> [is_dated(name) for name in ("MESS_DATUM", "OrderDate", "period")]
    [True, True, False]
    """
    return any(part.lower() in _DATED - {"time"} for part in _PARTS.findall(name))
