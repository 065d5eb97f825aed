"""The cost of a request as products of its sizes, so that it is refused before anything is allocated.

read        sum over inputs of their items                 at most ``Limits.steps``
written     inputs x symbols x max(beam, candidates)       at most ``Limits.written``
shown       inputs x candidates                            at most ``Limits.candidates``
alignment   sum over inputs of items x symbols             at most ``Limits.steps``
one step    beam x vocabulary                              at most `NUMBERS`
one batch   rows x longest row x largest layer             split where it is more than `NUMBERS`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from recur.decoding import Decoding
from recur.modes import Mode
from recur.serve.limits import Limits
from recur.serve.problems import RequestError

NUMBERS = 20_000_000  # of one tensor: 80 MB


@dataclass(frozen=True)
class OutputSize:
    """The size of the answer to one input: symbols, hypotheses, and whether it has an alignment."""

    length: int = 0
    width: int = 1
    aligned: bool = False

    @classmethod
    def of(cls, mode: Mode, decoding: Decoding, top: int) -> OutputSize:
        """Return the size by a network and the options of a request."""
        length, abilities = mode.items_written(decoding), mode.abilities
        searched = bool(length) and (abilities.writes or abilities.continues)
        return cls(length, max(decoding.beam, top) if searched else 1, abilities.attends)


def check_input_size(limits: Limits, counts: Sequence[int]) -> None:
    """Refuse inputs that have too many items together.

    Raises
    ------
    RequestError
        413, with their number.
    """
    total = sum(counts)
    if total > limits.steps:
        raise RequestError(
            413, f"{len(counts):,} inputs of {total:,} items; at most {limits.steps:,} items are read in a request",
            "send fewer inputs at once",
        )  # fmt: skip


def check_candidates(limits: Limits, rows: int, top: int) -> None:
    """Refuse to list too many candidates.

    Raises
    ------
    RequestError
        413, with their number.
    """
    if rows * top > limits.candidates:
        raise RequestError(
            413, f"{rows:,} inputs with {top:,} candidates each; at most {limits.candidates:,} are listed in a request",
            "a smaller top, or fewer inputs",
        )  # fmt: skip


def check_output_size(limits: Limits, rows: int, length: int, width: int = 1) -> None:
    """Refuse to generate too many symbols.

    Raises
    ------
    RequestError
        413, with their number.
    """
    total = rows * length * width
    if total > limits.written:
        beams = f" x {width:,} hypotheses" if width > 1 else ""
        raise RequestError(
            413, f"{rows:,} inputs x {length:,} symbols{beams} = {total:,} symbols; at most {limits.written:,} are "
            "written in a request", "a smaller length, beam or top, or fewer inputs",
        )  # fmt: skip


def check_answers(limits: Limits, mode: Mode, counts: Sequence[int], decoding: Decoding, top: int) -> None:
    """Refuse inputs of ``counts`` items if they cost too much with these options.

    Raises
    ------
    RequestError
        413, with the product that is too large.
    """
    output = OutputSize.of(mode, decoding, top)
    check_input_size(limits, counts)
    check_candidates(limits, len(counts), top)
    check_output_size(limits, len(counts), output.length, output.width)
    symbols = mode.symbols
    if output.length and symbols is not None and output.width * symbols.size > NUMBERS:
        raise RequestError(
            413, f"a beam of {output.width:,} over {symbols.size:,} symbols is too large: at most {NUMBERS:,} scores",
            "a smaller beam or top",
        )  # fmt: skip
    if output.aligned and sum(counts) * output.length > limits.steps:
        raise RequestError(
            413, f"the alignment of {sum(counts):,} items with up to {output.length:,} symbols each is too large, "
            f"at most {limits.steps:,} weights are sent", "a smaller length, or fewer inputs",
        )  # fmt: skip


def largest_layer(mode: Mode) -> int:
    """The most numbers that one step of one row computes at once."""
    return max((int(one.shape[0]) for one in mode.parameters() if one.dim() > 1), default=1)


def parts(sizes: Sequence[int], most: int) -> Iterator[list[int]]:
    """Split rows, in order, into batches of padded size (rows x longest) up to ``most``; a longer row is one batch.

    >>> list(parts([3, 3, 10, 1], 10))
    [[0, 1], [2], [3]]
    """
    part: list[int] = []
    longest = 0
    for row, size in enumerate(sizes):
        longest = max(longest, size)
        if part and longest * (len(part) + 1) > most:
            yield part
            part, longest = [], size
        part.append(row)
    if part:
        yield part
