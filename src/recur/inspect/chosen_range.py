"""The range of steps that a person chooses in a text: by its numbers, or as a piece of the text itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recur.codecs import Codec
from recur.errors import DataError
from recur.modes import Mode

_NUMBERS = re.compile(r"\s*(\d+)\s*:\s*(\d+)\s*")


def chosen_range(mode: Mode, over: tuple[int, int] | str, labels: Sequence[str]) -> tuple[int, int]:
    """The first step of a chosen range and the one after its last, both from 0.

    Parameters
    ----------
    mode : Mode
        Whose input codec reads a piece of the text.
    over : (int, int) or str
        First and last step, counted from 1, both in the range; as text "FROM:TO". Any other text is a piece of the
        input, which occurs in it once.
    labels : sequence of str
        What is read at each step.

    Raises
    ------
    DataError
        When the range is empty, or outside the input; when a piece is not in it, or more than once.
    """
    if isinstance(over, str):
        numbers = _NUMBERS.fullmatch(over)
        if numbers is None:
            return _piece(mode.input_codec, over, labels)
        over = (int(numbers[1]), int(numbers[2]))
    first, last = over
    whole = f"the input has {len(labels)} step{'s' * (len(labels) != 1)}"
    if last < first:
        raise DataError(
            f"the range {first}:{last} is empty: its last step is before its first; {whole}",
            hint=f"--match {last}:{first}",
        )
    if first < 1 or last > len(labels):
        raise DataError(
            f"the range {first}:{last} is outside the input: {whole}, counted from 1", hint=f"--match 1:{len(labels)}"
        )
    return first - 1, last


def _piece(codec: Codec | None, piece: str, labels: Sequence[str]) -> tuple[int, int]:
    """The steps of a piece of the input."""
    if not piece.strip() or codec is None or not codec.discrete:
        raise DataError(
            f"“{piece}” is no range of the {len(labels)} steps of this input, expected its first and last step",
            hint=f"--match 1:{len(labels)}",
        )
    lowered = [label.lower() for label in labels]
    wanted = [str(one).lower() for one in codec.tokens(piece) or ()]
    places = [t for t in range(len(labels)) if wanted and lowered[t : t + len(wanted)] == wanted]
    if not places:
        raise DataError(
            f"“{piece}” is not in the input, whose steps are {' '.join(labels[:12])}{' …' * (len(labels) > 12)}",
            hint=f"a piece of it as it is written, or numbers of steps: --match 1:{len(labels)}",
        )
    if len(places) > 1:
        steps = ", ".join(f"{t + 1}:{t + len(wanted)}" for t in places[:6])
        raise DataError(
            f"“{piece}” is {len(places)} times in the input, at steps {steps}",
            hint=f"--match {places[0] + 1}:{places[0] + len(wanted)}, or a longer piece",
        )
    return places[0], places[0] + len(wanted)
