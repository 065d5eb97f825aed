"""Raw values to arrays and back, one file per kind. No torch here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from recur.codecs.audio import AudioCodec
from recur.codecs.characters import CharactersCodec
from recur.codecs.classes import ClassCodec
from recur.codecs.codec import Codec
from recur.codecs.dates import DatesCodec
from recur.codecs.frames import FramesCodec
from recur.codecs.images import ImagesCodec
from recur.codecs.kinds import check_kind, class_of, codec_class
from recur.codecs.notes import NotesCodec
from recur.codecs.number_style import NumberStyle
from recur.codecs.numbers import NumbersCodec
from recur.codecs.spelled import SpelledWordsCodec
from recur.codecs.subwords import SubwordsCodec
from recur.codecs.tags import TagsCodec
from recur.codecs.tokens import TokenCodec
from recur.codecs.traits import EventTraits, FileTraits, IdTraits, TextTraits
from recur.codecs.words import WordsCodec
from recur.config import DataConfig
from recur.errors import ConfigError

TEXTS = (WordsCodec.kind, CharactersCodec.kind, SubwordsCodec.kind)

__all__ = [
    "TEXTS",
    "AudioCodec",
    "CharactersCodec",
    "ClassCodec",
    "Codec",
    "DatesCodec",
    "EventTraits",
    "FileTraits",
    "FramesCodec",
    "IdTraits",
    "ImagesCodec",
    "NotesCodec",
    "NumbersCodec",
    "SpelledWordsCodec",
    "SubwordsCodec",
    "TagsCodec",
    "TextTraits",
    "TokenCodec",
    "WordsCodec",
    "check_kind",
    "class_of",
    "load",
    "make",
]


def make(
    kind: str, config: DataConfig | None = None, *, sequence: bool = False, columns: Sequence[str] = (),
    styles: Mapping[str, NumberStyle] | None = None, target: bool = False, from_zero: Sequence[str] = (),
) -> Codec:  # fmt: skip
    """Return an unfitted codec.

    Parameters
    ----------
    kind : str
        words, characters, subwords, class, tags, numbers, notes, audio, images, frames or dates; spelled for words
        with their letters.
    config : DataConfig, optional
        Vocabulary limits, lower-casing, what a missing number becomes, whether documents are whole files.
    sequence : bool
        For numbers: whether an example is a series.
    columns : sequence of str
        For numbers: names of the columns.
    styles : mapping, optional
        For numbers: how columns are written.
    target : bool
        Whether the values are to be predicted and not read: what is missing is then left out, not filled in.

    from_zero : sequence of str
        For numbers: columns that are divided by their mean and not shifted.

    Raises
    ------
    ConfigError
        When there is no such kind, or it has no columns to keep the zero of.

    Examples
    --------
    >>> make("words").fit(["the sky is blue"]).encode("the sky").tolist()
    [7, 6]
    """
    data = config or DataConfig()
    if not from_zero:
        return codec_class(kind).configured(data, sequence=sequence, columns=columns, styles=styles, target=target)
    if kind != NumbersCodec.kind or not sequence:
        raise ConfigError(
            f"a cell reads {', '.join(from_zero)} at every step from columns of numbers, and the input is "
            f"{kind if kind != NumbersCodec.kind else 'one row of numbers without steps'}",
            hint="give series of numbers, with --input for all columns and --group for rows that are one series",
        )
    return NumbersCodec.configured(
        data, sequence=sequence, columns=columns, styles=styles, target=target, from_zero=from_zero
    )


def load(folder: Path, name: str) -> Codec:
    """Return the codec in ``folder/name.json``, of whatever kind it is.

    Raises
    ------
    RunError
        When the file is missing, damaged or altered.
    """
    return Codec.load(Path(folder), name)
