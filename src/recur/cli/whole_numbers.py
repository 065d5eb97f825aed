"""Whole numbers of the command line: what is none is refused, where the parser alone would round it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import CoercionError, Parameter, Token


def read_whole(kind: Any, tokens: Sequence[Token]) -> Any:
    """Read one whole number, or a list of them.

    Raises
    ------
    CoercionError
        For ``3.5`` and other texts that are no whole number.
    """
    numbers = []
    for token in tokens:
        try:
            numbers.append(int(token.value))
        except ValueError:
            raise CoercionError(token=token, target_type=int) from None
    return numbers if "list" in str(kind) else numbers[0]


Whole = Annotated[int, Parameter(converter=read_whole)]
