"""Reading tables in any format: the format is inferred from the name and the first lines."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from recur.codecs.bounds import bounds
from recur.codecs.number_style import NumberStyle
from recur.codecs.reading import reading
from recur.config import DataConfig
from recur.data.readers.conll import looks_like_conll, read_conll
from recur.data.readers.delimited import read_delimited
from recur.data.readers.folder import read_folder
from recur.data.readers.foreign import foreign_text, sentence
from recur.data.readers.idx import is_idx, read_idx_table
from recur.data.readers.jsonl import read_jsonl
from recur.data.readers.lines import check_text_file, first_lines
from recur.data.readers.memory import read_memory
from recur.data.readers.npy import SUFFIX, read_npy
from recur.data.readers.npz import read_npz
from recur.data.readers.number_texts import styled
from recur.data.readers.parallel import Pair, ParallelTable, requested_pair
from recur.data.readers.sniff import are_of_fixed_width, table_format
from recur.data.readers.table import Table
from recur.data.readers.text import TextTable
from recur.data.readers.ts import read_ts
from recur.data.stamps.timing import Timing
from recur.data.times import timeline
from recur.data.times.calendar import CalendarTable
from recur.errors import DataError, TooLargeError

_BY_SUFFIX = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".conllu": "conll",
    ".conll": "conll",
    ".iob": "conll",
    ".bio": "conll",
    ".ts": "ts",
}


# by format: tables whose cells may be numbers written as text, and tables that are read as they are
_NUMBERS: dict[str, Callable[[Path], Table]] = {"npz": read_npz, "npy": read_npy, "jsonl": read_jsonl}
_PLAIN: dict[str, Callable[[Path], Table]] = {"idx": read_idx_table, "conll": read_conll, "ts": read_ts}

_NAMED = (*_BY_SUFFIX, ".txt", ".npy", ".npz")


def names_a_table(text: str) -> bool:
    """Return whether a text is the name of a file with rows, by its ending: one that is there, or one word.

    >>> names_a_table("missing.csv"), names_a_table("see notes.txt"), names_a_table("e.g.")
    (True, False, False)
    """
    if not text.lower().endswith(_NAMED) or "\n" in text:
        return False
    return os.path.isfile(text) or len(text.split()) == 1


def read(
    source: Any, config: DataConfig, *, names: Sequence[str] = (), known: Mapping[str, NumberStyle] | None = None,
    timing: Timing | None = None,
) -> Table:  # fmt: skip
    """Return the rows of a file, a folder or Python values.

    Parameters
    ----------
    source : path or Python values
        A txt, CSV, TSV, JSONL, CoNLL, ts, idx, npy or npz file, a folder of texts, pictures, sounds or notes, a
        list, dictionary, array or data frame.
    config : DataConfig
        ``format``, ``header``, ``exclude`` and ``documents`` are used.
    names : sequence of str
        Names for the columns of a table without a header, where there are as many.
    known : mapping, optional
        How the numbers of columns were written in the training data.
    timing : Timing, optional
        How the time of the training data's rows was read.

    Returns
    -------
    Table
        Its rows, in the order of the file, are read from it when they are requested; the file itself was checked from
        end to end. ``timeline`` says what its time stamps are.

    Raises
    ------
    DataError
        When the source is missing, empty, no text, or a row is not like the others.

    Examples
    --------
    >>> read([("the sky is blue", "true")], DataConfig()).columns
    ['input', 'target']
    """
    place = (
        source if isinstance(source, (str, Path)) else source.source if isinstance(source, Pair) else "the data given"
    )
    with reading(place, "table", error=DataError, hint=None):
        form = _form(source, config)
        table = _read(source, form, config, names, known or {})
        table.form = form
    most = bounds().columns
    if len(table.columns) > most:
        raise TooLargeError(
            f"{place} has {len(table.columns):,} columns; expected at most {most:,}",
            hint="give the numbers of a row as one list (.jsonl), or as an array (.npy)",
        )
    table.timeline = timeline.find(table, config, timing)
    timed = CalendarTable(table, config.table.time_features) if config.table.time_features else table
    timed.notes, timed.form = table.notes, table.form
    return timed


def _form(source: Any, config: DataConfig) -> str:
    """Return the format of a source: the requested one, or that of its name and its first lines."""
    if isinstance(source, Pair):
        return "parallel"
    if not isinstance(source, (str, Path)):
        return "memory"
    path = Path(source)
    if config.format in (None, "text", "folder") and os.path.isdir(path):
        return "folder"
    if path.suffix.lower() == ".npz" and os.path.isfile(path):
        return "npz"
    if config.format in (None, "npy") and path.suffix.lower() == SUFFIX:
        return "npy"
    if config.format == "idx" or (config.format is None and is_idx(path)):
        return "idx"
    check_text_file(path)
    if config.format in (None, "text") and requested_pair(path, config) is not None:
        return "parallel"
    if config.format == "folder":
        raise DataError(f"{path} is a file where a folder was expected", hint="leave --format out, or name the folder")
    return config.format or guess_format(path)


def _read(
    source: Any, form: str, config: DataConfig, names: Sequence[str], known: Mapping[str, NumberStyle]
) -> Table:  # fmt: skip
    if form == "parallel":
        pair = source if isinstance(source, Pair) else requested_pair(Path(source), config)
        if pair is not None:
            return ParallelTable(pair)
    if form == "memory":
        return styled(read_memory(source), config, known)
    path = Path(source)
    if form in ("csv", "tsv"):
        named = [*(config.input or []), *(config.target or []), *([config.table.group] if config.table.group else [])]
        tabs = form == "tsv" or None
        return read_delimited(
            path, tabs=tabs, header=config.table.header, required=named, names=names, config=config, known=known
        )
    if form == "folder":
        documents = config.format == "text" or config.text.documents == "file"
        return read_folder(path, config.exclude, documents=documents)
    if form in _NUMBERS:
        return styled(_NUMBERS[form](path), config, known)
    return _PLAIN.get(form, TextTable)(path)


def guess_format(path: Path) -> str:
    """Return csv, tsv, jsonl, conll, ts or text, by the name of a file and else by its first lines."""
    known = _BY_SUFFIX.get(path.suffix.lower())
    first = [line.text.rstrip("\n") for line in first_lines(path, 200, cut=True, filled=True)]
    other = foreign_text(path, "\n".join(first))
    if other is not None:
        raise DataError(sentence(path, other), hint=other.hint)
    if known != "csv" and known != "jsonl" and (known == "conll" or looks_like_conll(path)):
        return "conll"
    if known:
        return known
    if all(line.startswith("{") and line.endswith("}") for line in first):
        return "jsonl"
    table_kind = table_format(first)
    if table_kind is None and are_of_fixed_width(first):
        script = f"import pandas; pandas.read_fwf('{path.name}').to_csv('{path.stem}.csv', index=False)"
        raise DataError(
            f"{path} has columns of a fixed width, padded with spaces; expected cells with a separator between them",
            hint=f'python -c "{script}" (widths=[...] where it divides them wrongly); --format text reads it as it is',
        )
    return table_kind or "text"
