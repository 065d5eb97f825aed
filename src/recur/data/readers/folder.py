"""Folders: text files by class, text files as documents, or train, dev and test files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import numpy as np

from recur.data.readers.idx import idx_parts
from recur.data.readers.lines import LONGEST, check_text_file
from recur.data.readers.media import codec_of, read_media, unread
from recur.data.readers.parallel import Pair, ParallelTable, pairs_of
from recur.data.readers.table import MemoryTable, Row, Table
from recur.data.readers.text import TextTable
from recur.errors import DataError

_TEXT = frozenset({".txt", ".text"})
_READABLE = frozenset({".txt", ".text", ".csv", ".tsv", ".jsonl", ".ndjson", ".conllu", ".conll"})
_SPLITS = {"train": "train", "training": "train", "dev": "dev", "valid": "dev", "validation": "dev", "val": "dev"}
_SPLITS |= {"test": "test"}
_CLASSES = 3  # files; more of one line each are documents
_UNLABELLED = frozenset(["unsup", "unlabeled", "unlabelled", "unsupervised"])


class Parts(NamedTuple):
    """The files of a folder that is split already."""

    train: Path | Pair
    dev: Path | Pair | None
    test: Path | Pair | None


def _kept(folder: Path, exclude: Sequence[str]) -> list[Path]:
    """Return what is in a folder, without hidden and excluded files, by name."""
    kept = []
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder} cannot be read as a folder: {error.strerror}", hint="name a folder") from error
    for path in inside:
        relative = [path.name, f"{folder.name}/{path.name}"]
        if not path.name.startswith(".") and not any(fnmatch(name, glob) for name in relative for glob in exclude):
            kept.append(path)
    return kept


def split_files(folder: Path, exclude: Sequence[str] = ()) -> Parts | None:
    """Return the files of a folder with one train file (``ptb.train.txt``, ``train.tsv``), or None without one.

    Raises
    ------
    DataError
        When several files could be the one.
    """
    kept = _kept(folder, exclude)
    parallel = {part: pair for pair in pairs_of(kept) if (part := _part_of(pair.source)) is not None}
    if "train" in parallel:
        return Parts(parallel["train"], parallel.get("dev"), parallel.get("test"))
    parts: dict[str, list[Path]] = {"train": [], "dev": [], "test": []}
    for path in kept:
        if path.suffix.lower() in _READABLE and path.is_file():
            part = _part_of(path)
            if part is not None:
                parts[part].append(path)
    if not parts["train"]:
        return _other_parts(folder, exclude)
    for part, paths in parts.items():
        if len(paths) > 1:
            names = ", ".join(path.name for path in paths)
            raise DataError(f"{folder} has several {part} files: {names}", hint="name one file instead of the folder")
    train, dev, test = (parts[part][0] if parts[part] else None for part in ("train", "dev", "test"))
    return Parts(train, dev, test) if train else None


def _part_of(path: Path) -> str | None:
    """Return train, dev or test for a file whose name says one of them."""
    parts = {_SPLITS[part] for part in re.split(r"[^a-z]+", path.stem.lower()) if part in _SPLITS}
    return parts.pop() if len(parts) == 1 else None


def _other_parts(folder: Path, exclude: Sequence[str]) -> Parts | None:
    """Return the idx files of a folder (MNIST), or its folders train, dev and test with a folder of files a class."""
    kept = _kept(folder, exclude)
    parts = idx_parts(kept)
    if "train" not in parts:
        folders = {_SPLITS[path.name.lower()]: path for path in kept if path.name.lower() in _SPLITS and path.is_dir()}
        parts = {part: path for part, path in folders.items() if _has_classes(path, exclude)}
    return Parts(parts["train"], parts.get("dev"), parts.get("test")) if "train" in parts else None


def _has_classes(folder: Path, exclude: Sequence[str]) -> bool:
    inside = {path: _kept(path, exclude) for path in _kept(folder, exclude) if path.is_dir()}
    return any(
        codec_of(file) is not None or file.is_dir() or file.suffix.lower() in _TEXT
        for files in inside.values()
        for file in files
    )


def read_folder(folder: Path, exclude: Sequence[str] = (), *, documents: bool = False) -> Table:
    """Return the rows of a folder of text files, or of pictures, sounds, notes or videos (see ``media``).

    ``folder/Class.txt`` holds one example a line, ``folder/Class/any.txt`` is one example; the columns are text and
    label. With ``documents`` the files are documents of running text, in the order of their names.

    Parameters
    ----------
    folder : Path
        The folder.
    exclude : sequence of str
        Patterns of names to leave out, such as ``SOURCE.txt`` or ``README*``.
    documents : bool
        Whether the files are documents and no classes.

    Raises
    ------
    DataError
        When there is nothing to read, or one class only.
    """
    kept = _kept(folder, exclude)
    pairs = pairs_of(kept)
    if len(pairs) == 1 and not documents:
        table: Table = ParallelTable(pairs[0])
        table.notes = [*table.notes, *unread(kept, list(pairs[0]))]
        return table
    files = _texts(kept)
    inside = {path: _kept(path, exclude) for path in kept if path.is_dir()}
    unlabelled = [path for path in inside if path.name.lower() in _UNLABELLED]
    inner = {path: _texts(paths) for path, paths in inside.items() if path not in unlabelled}
    inner = {path: paths for path, paths in inner.items() if paths}
    if not files and not inner:
        media = read_media(folder, kept, inside)
        if media is None:
            raise _nothing(folder, kept)
        return media
    if documents:
        return FilesTable(folder, [*files, *(f for paths in inner.values() for f in paths)], lines_are_rows=False)
    used = [path for paths in inner.values() for path in paths] if inner else files
    classes = [path.name for path in inner] if inner else [path.stem for path in files]
    table = WholeFilesTable(folder, used) if inner else FilesTable(folder, files, lines_are_rows=True)
    if len(classes) < 2:
        raise DataError(
            f"{folder} has one class only ({classes[0]}); expected a text file or a folder for each class",
            hint="name the file itself, or --format text if its files are documents",
        )
    if not inner and len(files) > _CLASSES and len(table) < 2 * len(files):
        raise DataError(
            f"{folder} has {len(files):,} text files of {len(table):,} lines: as classes with one example per line, "
            "each would have about one example",
            hint="--format text if its files are documents; a folder for each class if they are examples",
        )
    everything = [*kept, *(path for place, paths in inside.items() if place not in unlabelled for path in paths)]
    table.notes = [*(f"the folder {path.name}: no label" for path in unlabelled), *unread(everything, used)]
    return table


def _texts(paths: Sequence[Path]) -> list[Path]:
    """Return the text files among some files and folders."""
    return [path for path in paths if path.is_file() and path.suffix.lower() in _TEXT]


def _nothing(folder: Path, kept: list[Path]) -> DataError:
    """Say what a folder has instead of text files."""
    if not kept:
        seen = "is empty"
    else:
        seen = f"has no text files (it has {', '.join(path.name for path in kept[:5])}{', …' if len(kept) > 5 else ''})"
    return DataError(
        f"{folder} {seen}; expected Class.txt files, Class/*.txt files, train, dev and test files, or files of sound, "
        "notes, pictures or videos",
        hint="name one file, or put one text file for each class into the folder",
    )


class FilesTable(Table):
    """The lines of several text files, one after another; empty lines are skipped where lines are examples."""

    def __init__(self, folder: Path, files: Sequence[Path], *, lines_are_rows: bool) -> None:
        self.name = str(folder)
        self.kind = "table" if lines_are_rows else "text"
        self.columns = ["text", "label"] if lines_are_rows else ["text"]
        self.cut_line = 0
        self.tables = [TextTable(path) for path in files]
        self._rows: list[np.ndarray] = []
        for table in self.tables:
            if table.cut_line and lines_are_rows:
                raise DataError(
                    f"{table.path}:{table.cut_line}: a line of more than {LONGEST:,} bytes; "
                    "expected one example per line",
                    hint="--format text --documents file, if the files are long texts",
                )
            kept = range(len(table))
            if lines_are_rows:
                kept_list = [index for index in kept if table.piece(index).strip()]
                self._rows.append(np.array(kept_list, np.int64))
            else:
                self._rows.append(np.arange(len(table)))
        self._starts = np.concatenate([[0], np.cumsum([len(rows) for rows in self._rows])])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def _place(self, index: int) -> tuple[TextTable, int]:
        """Return the file of a row and the line in it."""
        place = int(np.searchsorted(self._starts, index, side="right")) - 1
        return self.tables[place], int(self._rows[place][index - self._starts[place]])

    def row(self, index: int) -> Row:
        """Return the line, and the name of its file as label."""
        table, line = self._place(index)
        text = table.piece(line).removesuffix("\n")
        return {"text": text, "label": table.path.stem} if self.kind == "table" else {"text": text}

    def piece(self, index: int) -> str:
        """Return the line with its end."""
        table, line = self._place(index)
        return table.piece(line)

    def starts(self) -> list[int]:
        """Return the first row of each file."""
        return [int(start) for start, end in zip(self._starts, self._starts[1:], strict=False) if end > start]

    def where(self, index: int) -> str:
        """Return file and line."""
        table, line = self._place(index)
        return table.where(line)


class WholeFilesTable(MemoryTable):
    """Whole text files, each one example of the class that its folder names."""

    def __init__(self, folder: Path, files: Sequence[Path]) -> None:
        for path in files:
            check_text_file(path)
        self._files = files
        super().__init__([], ["text", "label"], str(folder))

    def __len__(self) -> int:
        return len(self._files)

    def row(self, index: int) -> Row:
        """Return the text of a file and its class."""
        path = self._files[index]
        table = TextTable(path)
        text = "".join(table.piece(line) for line in range(len(table)))
        return {"text": text.removesuffix("\n"), "label": path.parent.name}

    def where(self, index: int) -> str:
        """Return the file."""
        path = self._files[index]
        return f"{path.parent.name}/{path.name}"
