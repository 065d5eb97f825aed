"""Raw values to arrays and back, one file a kind. No torch here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from recur.codecs.audio import AudioCodec
from recur.codecs.characters import CharactersCodec
from recur.codecs.classes import ClassCodec
from recur.codecs.codec import Codec
from recur.codecs.frames import FramesCodec
from recur.codecs.images import ImagesCodec
from recur.codecs.notes import NotesCodec
from recur.codecs.number_style import NumberStyle
from recur.codecs.numbers import NumbersCodec
from recur.codecs.spelled import SpelledWordsCodec
from recur.codecs.subwords import SubwordsCodec
from recur.codecs.tags import TagsCodec
from recur.codecs.tokens import TokenCodec
from recur.codecs.words import WordsCodec
from recur.config import CODECS, DataConfig
from recur.errors import ConfigError, did_you_mean

__all__ = [
    "AudioCodec",
    "CharactersCodec",
    "ClassCodec",
    "Codec",
    "FramesCodec",
    "ImagesCodec",
    "NotesCodec",
    "NumbersCodec",
    "SpelledWordsCodec",
    "SubwordsCodec",
    "TagsCodec",
    "TokenCodec",
    "WordsCodec",
    "load",
    "make",
]


def make(
    kind: str, config: DataConfig | None = None, *, sequence: bool = False, columns: Sequence[str] = (),
    styles: Mapping[str, NumberStyle] | None = None, target: bool = False,
) -> Codec:  # fmt: skip
    """Return an unfitted codec.

    Parameters
    ----------
    kind : str
        words, characters, subwords, class, tags, numbers, notes, audio, images or frames; spelled for words with
        their letters.
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

    Raises
    ------
    ConfigError
        When there is no such kind.

    Examples
    --------
    >>> make("words").fit(["the sky is blue"]).encode("the sky").tolist()
    [7, 6]
    """
    data = config or DataConfig.model_validate({})
    if kind in ("words", "spelled"):
        newlines = data.documents == "file"
        words = WordsCodec if kind == "words" else SpelledWordsCodec
        return words(lower=data.lower, min_count=data.min_count, max_vocab=data.max_vocab, newlines=newlines)
    if kind == "characters":
        return CharactersCodec(lower=data.lower, min_count=data.min_count, max_vocab=data.max_vocab)
    if kind == "subwords":
        return SubwordsCodec(size=data.max_vocab or 8000, lower=data.lower, min_count=data.min_count)
    if kind == "class":
        return ClassCodec()
    if kind == "tags":
        return TagsCodec()
    if kind == "notes":
        return NotesCodec(data.notes, frames_per_beat=data.frames_per_beat, transpose=data.transpose)
    if kind == "audio":
        return AudioCodec(
            data.audio, bands=data.audio_bands, window_ms=data.audio_window_ms, hop_ms=data.audio_hop_ms,
            sample_rate=data.sample_rate,
        )  # fmt: skip
    if kind == "numbers":
        missing = "mask" if target else data.missing
        return NumbersCodec(sequence=sequence, columns=columns, missing=missing, styles=styles)
    if kind == "images":
        return ImagesCodec(size=data.image_size, color=data.image_color, steps=data.image_steps)
    if kind == "frames":
        return FramesCodec(size=data.image_size, color=data.image_color, frame_rate=data.frame_rate)
    raise ConfigError(f'there is no codec "{kind}".{did_you_mean(kind, CODECS)}')


def load(folder: Path, name: str) -> Codec:
    """Return the codec in ``folder/name.json``, of whatever kind it is.

    Raises
    ------
    RunError
        When the file is missing, damaged or altered.
    """
    return Codec.load(Path(folder), name)
