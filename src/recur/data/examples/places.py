"""Places of values for messages: file, line, step and column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recur.errors import DataError


class Place(str):
    """Where an example begins, such as ``file.csv:12``, which knows the places of its steps.

    Parameters
    ----------
    first : str
        Of the first step.
    of_step : callable
        Step from 0 -> place.
    """

    _of_step: Callable[[int], str]

    def __new__(cls, first: str, of_step: Callable[[int], str]) -> Place:
        """Keep how the places of steps are found."""
        place = super().__new__(cls, first)
        place._of_step = of_step
        return place

    def at(self, step: int) -> str:
        """Return the place of a step."""
        return self._of_step(step)


def placed(error: DataError, where: str, columns: Sequence[str] = ()) -> DataError:
    """Return an error with its place: the very line, and the column where there is only one.

    Parameters
    ----------
    error : DataError
        Its ``step`` says which step of the example it is about.
    where : str
        The place of the example.
    columns : sequence of str
        Which the value was read from.
    """
    message = error.message
    if isinstance(where, Place) and error.step is not None:
        where = Place.at(where, error.step)
        # counted from the beginning of a window, which users do not see
        message = message.replace(f" at step {error.step + 1}", "")
    elif error.step is not None and " at step " not in message:
        message = f"at step {error.step + 1}: {message}"
    if len(columns) == 1 and 'column "' not in message:
        message = f'column "{columns[0]}": {message}'
    return type(error)(f"{where}: {message}", hint=error.hint)
