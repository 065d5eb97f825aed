"""Backend report of a layer that ran several recurrences."""

from __future__ import annotations

from collections.abc import Sequence

from recur.engine import BackendReport


def merge_reports(reports: Sequence[BackendReport]) -> BackendReport:
    """Put the reports of layers and directions together.

    ``ran`` is the backend of all of them, or every one that ran, slowest last: ``"stock+eager"``.
    """
    ran = list(dict.fromkeys(report.ran for report in reports))
    ran.sort(key=lambda name: name == "eager")
    reasons = {name: reason for report in reports for name, reason in report.reasons.items()}
    slowed = {reason for report in reports for reason in report.slowed}
    scanned = tuple(dict.fromkeys(state for report in reports for state in report.scanned))
    instructions = next((report.instructions for report in reports if report.instructions), "")
    return BackendReport("+".join(ran), reasons, slowed, scanned, instructions)
