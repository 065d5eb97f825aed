"""A survey of all cells of a table while its file is read, and the number style of each column that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recur.codecs.number_style import NumberStyle
from recur.config import DataConfig
from recur.data.cells.number_forms import NumberForms
from recur.data.cells.number_styles import Code, Open, Styles, requested_style, style_of

_ALL = 5_000_000  # cells: of larger tables some rows are left out, and read strictly afterwards
_EARLY = 200  # cells after which a column of texts is known as one
_SETTLED = 2000  # rows after which a column whose numbers show their style is not looked at any more
_STRIDE = 50


class Survey:
    """Looks at the cells of a table while its file is read.

    Parameters
    ----------
    columns : sequence of str
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(columns)
        self.seen = [NumberForms() for _ in columns]
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
        requested = requested_style(config)
        numbers = {
            name: seen
            for name, seen in zip(self.columns, self.seen, strict=True)
            if seen.kinds and not seen.is_text and not _are_lists(seen)
        }
        votes = {sign for seen in numbers.values() for sign in [_decimal(seen)] if sign}
        styles: dict[str, NumberStyle | Open | Code] = {}
        for name, seen in numbers.items():
            before = (known or {}).get(name)
            code = seen.first("code")
            if code and before is None and requested is None:
                styles[name] = Code(code.strip())
                continue
            style = style_of(seen, before or requested, votes, delimiter)
            if style is not None:
                styles[name] = style
            elif not self.whole:
                # a row that was not looked at may show what these rows do not: it is then refused, not guessed at
                styles[name] = NumberStyle()
        return styles

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


def _decimal(seen: NumberForms) -> str:
    """Return the decimal sign that a column shows, where it shows one alone."""
    signs = seen.decimals()
    return next(iter(signs)) if len(signs) == 1 else ""


def _are_lists(seen: NumberForms) -> bool:
    """Return whether the cells are rather several numbers each, all of three digits: 291 293 295."""
    counts = {kind.groups for kind in seen.kinds if kind.kind == "grouped" and kind.groups}
    alone = all(kind.kind == "grouped" and kind.groups for kind in seen.kinds)
    return alone and bool(counts) and min(counts) > 2 and len(counts) == 1
