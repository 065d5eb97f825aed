"""Raw values as callers give them: typed, in a request, in a file; one value or many; equal contents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True)
class FileTraits:
    """Values that are contents of files.

    Attributes
    ----------
    request_form : str
        How a request carries the contents, such as ``"data:audio/wav;base64,..."``: a server opens no path of a
        caller.
    pictures : bool
        Whether a value is a picture, or several: they are read and never generated.
    folders : bool
        Whether the contents may be those of a folder, whose name does not say so.
    """

    request_form: str
    pictures: bool = False
    folders: bool = False


class Values:
    """How raw values are given. The defaults suit values that are one JSON value each.

    Attributes
    ----------
    noun, plural : str
        What one value is called, and several.
    medium : str
        What values are to a catalogue of networks: text, image, video, sound, table, label or labels; empty where it
        has no word for them.
    per_step : bool
        Whether each step of a value can be an answer of its own: tags and numbers.
    fits_in_cell : bool
        Whether a value is short enough for a cell next to its answer: a text, a class, the name of a file.
    playable : bool
        Whether values are pieces of music, which can be played.
    file : FileTraits or None
        Of values that are contents of files.
    option_groups : frozenset of str
        Groups of options that act on such values: the conditions of `recur.config.situation`.
    steps_option : str
        The option that decides whether a value is one or a sequence of steps; empty where none does.
    """

    noun: ClassVar[str] = "value"
    plural: ClassVar[str] = "values"
    medium: ClassVar[str] = ""
    per_step: ClassVar[bool] = False
    fits_in_cell: ClassVar[bool] = False
    playable: ClassVar[bool] = False
    file: ClassVar[FileTraits | None] = None
    option_groups: frozenset[str] = frozenset()
    steps_option: ClassVar[str] = ""

    def from_text(self, text: str) -> Any:
        """Return the value of a text that was typed."""
        return text

    def from_json(self, value: Any) -> Any:
        """Return the value that a request holds; for a file the request holds the contents, never a path.

        Raises
        ------
        DataError
            For a path, or for contents that cannot be decoded.
        """
        return value

    def content_key(self, value: Any) -> Any:
        """Return something that is equal for equal contents, for any name or form in which they are given.

        Raises
        ------
        DataError
            When a file cannot be read.
        """
        return " ".join(value.split()) if isinstance(value, str) else value

    def is_one_value(self, value: Any) -> bool:
        """Return whether a list, a tuple or an array is one value of this codec, and not many."""
        del value
        return False

    def is_whole_value(self, item: Any, *, alone: bool, labelled: bool) -> bool:
        """Return whether an item of a column is a whole value, and not one step of it.

        Parameters
        ----------
        item : object
            The first one.
        alone : bool
            Whether no other column is read.
        labelled : bool
            Whether the steps of a value are labelled one by one.
        """
        del alone, labelled
        # a step of a file is not a path
        return self.file is None or isinstance(item, (str, Path))

    def check_file(self, value: Any) -> None:
        """Read the file that a value names from end to end; for values without a file, do nothing.

        Raises
        ------
        DamagedError
            When the file cannot be read.
        """
        del value
