"""Rows whose file cannot be read: left out on request, and counted."""

from __future__ import annotations

from collections.abc import Sequence

from recur import codecs
from recur.config import Config
from recur.data.examples.examples import Example, GroupExamples, RowExamples
from recur.data.readers.media import CODECS
from recur.data.roles.roles import Roles
from recur.errors import DamagedError


def without_damaged(examples: Sequence[Example], roles: Roles, config: Config) -> tuple[Sequence[Example], list[str]]:
    """Return the examples whose files can be read, and the fault of each of the others.

    With ``damaged = "error"`` nothing is read here: the first damaged file is an error where it is met.
    """
    if config.data.damaged != "skip" or not isinstance(examples, (RowExamples, GroupExamples)):
        return examples, []
    sides = [side for side, kind in enumerate((roles.input_codec, roles.target_codec)) if kind in CODECS]
    readers = [(side, codecs.make((roles.input_codec, roles.target_codec)[side] or "", config.data)) for side in sides]
    whole, lost = [], []
    for index in range(len(examples)):
        try:
            # files of numbers are read here, pictures and the like by their codec
            example = examples[index]
            for side, codec in readers:
                codec.check_file(example[side])
        except DamagedError as error:
            lost.append(f"{examples.where(index)}: {error.message}")
        else:
            whole.append(index)
    return (examples.only(whole) if lost else examples), lost
