"""Refusals of inputs that cannot be answered, with their places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from recur.codecs import Codec
from recur.data import InputQuery
from recur.data.examples.places import Place, placed
from recur.errors import DataError

if TYPE_CHECKING:
    from recur.modes import Mode


def refuse_empty_series(codec: Codec | None, questions: Sequence[InputQuery]) -> None:
    """Refuse a series without a step: there is nothing to answer from.

    Raises
    ------
    DataError
    """
    if codec is None or not codec.numeric or not codec.sequence:
        return
    for question in questions:
        if hasattr(question.value, "__len__") and not len(question.value):
            raise DataError(
                f"{question.where} is empty; expected the numbers of a series, one per step",
                hint="leave the empty line out, or give the numbers: 1.5 2 2.5",
            )


def located(mode: Mode, questions: Sequence[InputQuery], columns: Sequence[str], error: DataError) -> DataError:
    """Return the error with the place of the first input that cannot be read, where that is the cause."""
    for question in questions:
        if len(questions) == 1 and question.where.startswith("the ") and not isinstance(question.where, Place):
            continue
        try:
            mode.encode_input(question.value)
        except DataError as cause:
            known = cause.message.startswith(question.where)
            return cause if known else placed(cause, question.where, columns)
    return error
