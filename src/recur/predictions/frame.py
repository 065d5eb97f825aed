"""Predictions as a pandas data frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recur.data import InputQuery
from recur.errors import require
from recur.predictions.records import ROW, Sheet

if TYPE_CHECKING:
    from recur.heads import Prediction


def frame(sheet: Sheet, questions: Sequence[InputQuery], answers: Sequence[Prediction], data: Any) -> Any:
    """Return answers as a data frame; one row for each input has the index of the data frame ``data``.

    Raises
    ------
    MissingExtraError
        Without pandas.
    """
    pandas = require("pandas", "data")
    rows = [row for pair in zip(questions, answers, strict=True) for row in sheet.records(*pair)]
    table = pandas.DataFrame(rows, columns=sheet.columns)
    index = getattr(data, "index", None)
    if isinstance(index, pandas.Index) and sheet.lead == [ROW] and len(index) == len(table):
        table = table.drop(columns=ROW).set_axis(index, axis="index")
    return table
