"""Files that are values: which codec reads a picture, a sound, notes or a video, and where its path leads.

A cell of a table may hold such a file's path, from the folder of the table; a folder may hold the files themselves::

    clips/dog/a.wav  clips/cat/b.wav       a folder for each class      columns audio, label
    clips/7_jackson_0.wav                  the label begins the name    columns audio, label, part2, part3
    songs/one.mid  songs/two.mid           pieces                       column notes
    clips/wave/first/001.png ...           a video is a folder too      columns frames, label
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recur.codecs.frames import VIDEOS
from recur.codecs.kinds import class_of
from recur.codecs.pictures import SUFFIXES as PICTURES
from recur.data.readers.table import MemoryTable, Row, Table
from recur.errors import DataError

SOUNDS = (".wav", ".flac")
_UNREAD_SOUNDS = frozenset([".mp3", ".ogg", ".opus", ".m4a", ".aac", ".wma", ".aif", ".aiff"])
NOTES = (".mid", ".midi")

# the end of a name -> the codec that reads the file
CODEC_OF: dict[str, str] = {
    **dict.fromkeys(PICTURES, "images"),
    **dict.fromkeys(SOUNDS, "audio"),
    **dict.fromkeys(NOTES, "notes"),
    **dict.fromkeys(VIDEOS, "frames"),
}
CODECS = tuple(dict.fromkeys(CODEC_OF.values()))

_PARTS = re.compile(r"[_\-]")
_FIRST = 50  # cells by which a column is judged


def codec_of(name: Any) -> str | None:
    """Return the codec that reads a file of this name, or None when no codec does.

    >>> codec_of("clips/a.WAV"), codec_of("see you at noon")
    ('audio', None)
    """
    if not isinstance(name, (str, Path)):
        return None
    # most cells are texts or numbers, and a path takes longer to make than all the rest of a cell
    if isinstance(name, str) and _cannot_end(name.rpartition(".")[2]):
        return None
    return CODEC_OF.get(Path(name).suffix.lower())


def _cannot_end(ending: str) -> bool:
    """Whether no name of a file that a codec reads has this after its last dot."""
    # "a.wav/." is "a.wav"
    return ending != "" and f".{ending.lower()}" not in CODEC_OF and "/" not in ending and "\\" not in ending


def is_one_value(path: str | Path, codec: str | None) -> bool:
    """Return whether a path names a file that is one value: a picture, a sound, a video or a piece of notes."""
    return codec in CODECS and codec_of(path) == codec and Path(path).is_file()


def holds(values: Sequence[Any], folder: Path | None) -> str | None:
    """Return the codec of a column whose values are all names of such files, or None.

    At least one of the files has to be there: names alone may as well be text.

    Parameters
    ----------
    values : sequence
        Values that are not missing.
    folder : Path or None
        Where paths begin.
    """
    kinds = {codec_of(value) for value in values}
    if len(kinds) != 1 or None in kinds:
        named = [value for value in values[:_FIRST] if isinstance(value, (str, Path))]
        # labels may be the names of folders beside the table, but they repeat themselves
        different = len(set(map(str, named))) > len(named) / 2
        folders = kinds == {None} and len(named) == len(values[:_FIRST]) and different
        return "frames" if folders and all(_is_video(place(value, folder, "frames")) for value in named) else None
    there = any(Path(place(value, folder)).is_file() for value in values)
    return kinds.pop() if there else None


def place(value: Any, folder: Path | None, codec: str | None = None) -> Any:
    """Return the path of a file that a cell names, from the folder of its table; any other value as it is.

    Parameters
    ----------
    value : object
        A cell, or a list of them.
    folder : Path or None
        The folder of the table.
    codec : str, optional
        Which codec reads the cell: a video may be a folder, whose name does not say so.
    """
    if isinstance(value, list):
        # pitches and numbers name no files
        return [place(each, folder, codec) for each in value] if value and isinstance(value[0], str) else value
    named = codec_of(value) is not None or (_may_be_folder(codec) and isinstance(value, str))
    if folder is None or not named or Path(value).is_absolute():
        return value
    return str(folder / value)


def _may_be_folder(codec: str | None) -> bool:
    """Whether a value of a codec may be a folder."""
    file = class_of(codec).file
    return file is not None and file.folders


def read_media(folder: Path, kept: Sequence[Path], inside: Mapping[Path, Sequence[Path]]) -> Table | None:
    """Return the media files of a folder as rows, or None where it has none.

    Parameters
    ----------
    folder : Path
    kept : sequence of Path
        What is in it.
    inside : dict
        What is in each of its folders.

    Raises
    ------
    DataError
        When all files lie in one folder of a class.
    """
    inner = {path: _media(files) for path, files in inside.items()}
    inner = {path: files for path, files in inner.items() if files}
    own = _media(kept)
    kind = _commonest([*own, *(file for files in inner.values() for file in files)])
    if kind is None:
        inner = {path: [each for each in files if _is_video(each)] for path, files in inside.items()}
        kind = "frames" if any(inner.values()) else None
    if kind is None:
        return None
    own = [path for path in own if codec_of(path) == kind]
    everything = [*kept, *(path for files in inside.values() for path in files)]
    if own:
        table = MemoryFiles(folder, kind, [{kind: path.name, **_from_name(path, kind, own)} for path in own])
        table.notes = unread(everything, own)
        return table
    rows = [
        {kind: f"{path.name}/{file.name}", "label": path.name}
        for path, files in inner.items()
        for file in files
        if codec_of(file) in (kind, None)
    ]
    if len({row["label"] for row in rows}) < 2:
        raise DataError(
            f"{folder} has one class only ({rows[0]['label']}); expected a folder for each class",
            hint="name the inner folder itself, if its files have no classes",
        )
    table = MemoryFiles(folder, kind, rows)
    table.notes = unread(everything, [folder / str(row[kind]) for row in rows])
    return table


def unread(paths: Sequence[Path], used: Sequence[Path]) -> list[str]:
    """Return which files of a folder are not read, counted by the end of their names, in words.

    >>> unread([Path("a.wav"), Path("a.mp3"), Path("b.mp3")], [Path("a.wav")])
    ['2 .mp3 files (sound is read from .wav and .flac)']
    """
    read = set(used)
    # a folder stands for what is in it
    others = [path for path in paths if path not in read and not path.is_dir()]
    names = []
    for suffix, count in sorted(Counter(path.suffix.lower() for path in others).items()):
        if count == 1:
            name = next(path.name for path in others if path.suffix.lower() == suffix)
        else:
            name = f"{count:,} {suffix or 'other'} files"
        names.append(f"{name} (sound is read from .wav and .flac)" if suffix in _UNREAD_SOUNDS else name)
    return names


class MemoryFiles(MemoryTable):
    """Files of a folder, one per row.

    Attributes
    ----------
    folder : Path
        Where their paths begin.
    """

    def __init__(self, folder: Path, kind: str, rows: list[Row]) -> None:
        super().__init__(rows, list(rows[0]), str(folder))
        self._folder, self._kind = folder, kind
        # a label is the name of a folder, which is no video for that
        self.holds = {kind: kind, "label": "class"}

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self._folder

    def where(self, index: int) -> str:
        """Return the file."""
        return str(self.row(index)[self._kind])


def _media(paths: Sequence[Path]) -> list[Path]:
    return [path for path in paths if codec_of(path) is not None and path.is_file()]


def _is_video(path: Any) -> bool:
    """Return whether a folder holds pictures, the frames of a video."""
    try:
        return Path(path).is_dir() and any(each.suffix.lower() in PICTURES for each in Path(path).iterdir())
    except OSError:
        return False


def _commonest(files: Sequence[Path]) -> str | None:
    """Return the codec of most files: a folder of songs may hold the picture of a sleeve."""
    counts = Counter(codec_of(path) for path in files)
    return counts.most_common(1)[0][0] if counts else None


def _from_name(path: Path, kind: str, files: Sequence[Path]) -> dict[str, str]:
    """Return what the name of a file says, where all names have as many parts between _ or -.

    The first part is a label when it is shared by files and differs between them; pieces of music have none.
    """
    names = [_PARTS.split(each.stem) for each in files]
    if class_of(kind).playable or len({len(parts) for parts in names}) != 1 or len(names[0]) < 2:
        return {}
    first = {parts[0] for parts in names}
    if not 2 <= len(first) <= len(files) // 2:
        return {}
    parts = _PARTS.split(path.stem)
    return {"label": parts[0], **{f"part{place}": part for place, part in enumerate(parts[1:], 2)}}
