"""HTML fragments that a notebook shows for an object: escaped text and small tables."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from recur.printable import printable


def escaped(value: object) -> str:
    """Escape a value for HTML; line breaks are kept.

    >>> escaped('a < "b"\\nc')
    'a &lt; &quot;b&quot;\\nc'
    """
    return html.escape(printable(str(value), "\n"))


def table(rows: Iterable[Sequence[object]], head: Sequence[object] = (), caption: object = "") -> str:
    """Return an HTML table with escaped cells.

    Parameters
    ----------
    rows : iterable of sequence
        The cells of each row.
    head : sequence
        The names of the columns.
    caption : object
        Caption above the table; line breaks are kept.

    Examples
    --------
    >>> table([("h", 3)], ("state", "size"))
    '<table><tr><th>state</th><th>size</th></tr><tr><td>h</td><td>3</td></tr></table>'
    """

    def row(cells: Sequence[object], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escaped(cell)}</{tag}>" for cell in cells) + "</tr>"

    above = f"<caption>{escaped(caption)}</caption>" if caption else ""
    return f"<table>{above}{row(head, 'th') if head else ''}{''.join(row(cells, 'td') for cells in rows)}</table>"
