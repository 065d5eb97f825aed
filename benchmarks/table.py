"""The table of the layers: its heading and its rows, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.peak import LEAST

EXPLAIN_MARK = f"* around this row two threads gained less than {2 * LEAST:.1f} over one: something else ran"


def heading(rival: str, names: Sequence[str]) -> str:
    """The two lines above the table.

    Parameters
    ----------
    rival : str
        What everything is compared with.
    names : sequence of str
        The contestants.
    """
    columns = "".join(f"  {name:>9}  peak  ratio" for name in names)
    top = f"{'cell':<8}  {'T,B,H':<17}  {'pass':<8}  {rival:>9}  peak{columns}"
    return f"{top}\n{'-' * len(top)}"


def line(row: Mapping[str, Any], names: Sequence[str]) -> str:
    """One row of the table."""
    text = f"{row['cell']:<8}  {row['shape']:<17}  {row['pass']:<8}" + _time(row["contestants"]["rival"])
    for name in names:
        entry = row["contestants"].get(name, {})
        text += _time(entry)
        text += f"  {entry['ratio']:>5.2f}" if "ratio" in entry else f"  {'':>5}"
    return text.rstrip() + mark(row)


def mark(row: Mapping[str, Any]) -> str:
    """The mark after a row during which other programs ran: the gain of several threads over one."""
    return f"  * {row['gain']:.2f}" if row["disturbed"] else ""


def _time(entry: Mapping[str, Any]) -> str:
    if "median_ms" in entry:
        return f"  {entry['median_ms']:>9.3f}  {entry['share_of_peak']:>4.0%}"
    return f"  {'wrong' if 'wrong' in entry else '-':>9}  {'':>4}"
