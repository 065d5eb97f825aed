"""Reading tables in any format: the format is inferred from the name and the first lines.

A source may also be a pattern of names (``data/*.parquet``), a URL, or a compressed file: see `recur.data.sources`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from recur.codecs.bounds import bounds
from recur.codecs.number_style import NumberStyle
from recur.codecs.reading import reading
from recur.config import DataConfig
from recur.data.readers.arrow import SUFFIXES as ARROW_SUFFIXES
from recur.data.readers.arrow import is_arrow, read_arrow
from recur.data.readers.conll import looks_like_conll, read_conll
from recur.data.readers.delimited import DelimitedTable, names_columns, read_delimited, scan_delimited
from recur.data.readers.folder import FilesTable, read_folder
from recur.data.readers.foreign import foreign_text, sentence
from recur.data.readers.idx import is_idx, read_idx_table
from recur.data.readers.jsonl import read_jsonl
from recur.data.readers.lines import check_text_file, first_lines, is_empty
from recur.data.readers.memory import read_memory
from recur.data.readers.npy import SUFFIX, read_npy
from recur.data.readers.npz import read_npz
from recur.data.readers.number_texts import styled
from recur.data.readers.parallel import Pair, ParallelTable, requested_pair
from recur.data.readers.shards import joined
from recur.data.readers.sniff import are_of_fixed_width, table_format
from recur.data.readers.table import FileTable, NoRowsError, Table
from recur.data.readers.text import TextTable
from recur.data.readers.ts import read_ts
from recur.data.sources.resolve import Part, Resolved, renamed, resolve
from recur.data.sources.unpack import unpacked_name
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
    **dict.fromkeys(ARROW_SUFFIXES, "arrow"),
}


# by format: tables whose cells may be numbers written as text, and tables that are read as they are
_NUMBERS: dict[str, Callable[[Path], Table]] = {"npz": read_npz, "npy": read_npy, "jsonl": read_jsonl}
_NUMBERS["arrow"] = read_arrow
_PLAIN: dict[str, Callable[[Path], Table]] = {"idx": read_idx_table, "conll": read_conll, "ts": read_ts}

_SHARDS = ("csv", "tsv", "jsonl", "arrow", "conll", "text")

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
        A txt, CSV, TSV, JSONL, CoNLL, ts, idx, npy, npz, Parquet or Arrow file, also compressed; a pattern of such
        files, or a URL; a folder of texts, pictures, sounds or notes; a list, dictionary, array or data frame.
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
        resolved = _resolved(source, config)
        if resolved is None:
            form = _form(source, config)
            table = _read(source, form, config, names, known or {})
        else:
            form, table = _read_parts(str(source), resolved, config, names, known or {})
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
    if config.format in (None, "arrow") and is_arrow(path):
        return "arrow"
    check_text_file(path)
    if config.format in (None, "text") and requested_pair(path, config) is not None:
        return "parallel"
    if config.format == "folder":
        raise DataError(f"{path} is a file where a folder was expected", hint="leave --format out, or name the folder")
    return config.format or guess_format(path)


def _resolved(source: Any, config: DataConfig) -> Resolved | None:
    """Return the files of a pattern, a URL or a compressed file; None for everything else."""
    if not isinstance(source, (str, Path)) or (os.path.isfile(source) and is_idx(Path(source))):
        # idx files are read packed
        return None
    return resolve(source, config.exclude)


def _read_parts(
    name: str, resolved: Resolved, config: DataConfig, names: Sequence[str], known: Mapping[str, NumberStyle]
) -> tuple[str, Table]:
    """Return the format and the rows of files that were fetched or unpacked, or are shards of one table."""
    forms: dict[str, Part] = {}
    for part in resolved.parts:
        if not is_empty(part.path):
            with renamed(part.path, part.shown):
                forms.setdefault(_form(part.path, config), part)
    if len(forms) > 1:
        shown = ", ".join(f"{part.shown} is {form}" for form, part in forms.items())
        raise DataError(
            f"{name}: the files are of several formats ({shown}); expected one", hint="a pattern for one format"
        )
    if not forms:
        raise DataError(f"{name} is empty: expected at least one row", hint="give a file with rows")
    form = next(iter(forms))
    if not resolved.several:
        part = resolved.parts[0]
        with renamed(part.path, part.shown):
            table = _moved(_read(part.path, form, config, names, known), part)
    else:
        table = _read_shards(name, form, resolved.parts, config, names, known)
    table.notes = [*resolved.notes, *table.notes]
    return form, table


def _read_shards(
    name: str, form: str, parts: Sequence[Part], config: DataConfig, names: Sequence[str],
    known: Mapping[str, NumberStyle],
) -> Table:  # fmt: skip
    if form not in _SHARDS:
        raise DataError(
            f"{name}: shards of the format {form} are not read together; expected {', '.join(_SHARDS)}",
            hint="name one file, or a folder",
        )
    if form == "text":
        filled = [part.path for part in parts if not is_empty(part.path)]
        return FilesTable(Path(name).parent, filled, lines_are_rows=False)

    if form in ("csv", "tsv") and config.table.header is None:
        header = _header_of_shards(parts, form, config)
        config = config.replaced(header=header)

    def read_one(place: int, first: Table | None) -> Table:
        part = parts[place]
        if is_empty(part.path):
            raise NoRowsError(f"{part.shown} is empty")
        with renamed(part.path, part.shown):
            return _moved(_shard(part.path, form, config, names, first), part)

    table = joined(name, [part.shown for part in parts], read_one)
    if form in ("csv", "tsv"):
        # how numbers are written is decided by the cells of all shards
        for each in table.tables:
            if isinstance(each, DelimitedTable):
                each.settle(config, known)
        table.styles = table.tables[0].styles
        return table
    return styled(table, config, known) if form in _NUMBERS else table


def _header_of_shards(parts: Sequence[Part], form: str, config: DataConfig) -> bool:
    """Return whether the first record of every shard names the columns, as the largest shard says.

    A shard of one row does not say it. One that is cut from a single file has names in its first part only, which is
    refused: the others have none to be matched by.
    """
    first = next(part for part in parts if not is_empty(part.path))
    largest = max(parts, key=lambda part: part.path.stat().st_size)
    found = []
    for part in (first, largest):
        with renamed(part.path, part.shown):
            found.append(names_columns(part.path, tabs=form == "tsv" or None, required=_required(config)))
    if found[0] and not found[1]:
        raise DataError(
            f"{first.shown} begins with the names of its columns, and {largest.shown} does not; "
            "expected names in every shard, or in none",
            hint="--no-header reads the first line of every shard as a row",
        )
    return found[1]


def _shard(path: Path, form: str, config: DataConfig, names: Sequence[str], first: Table | None) -> Table:
    """Return the rows of one shard, read as the first one was."""
    if form in ("csv", "tsv"):
        before = first if isinstance(first, DelimitedTable) else None
        return scan_delimited(
            path, tabs=form == "tsv" or None, header=config.table.header, required=_required(config),
            names=names if before is None else before.columns, survey=None if before is None else before.survey,
        )  # fmt: skip
    if form == "jsonl":
        return read_jsonl(path, () if first is None else first.columns)
    return read_arrow(path) if form == "arrow" else _PLAIN[form](path)


def _moved(table: Table, part: Part) -> Table:
    """Return a table whose cells name files beside the original and not beside its copy."""
    if isinstance(table, FileTable):
        table.home = part.folder
    return table


def _required(config: DataConfig) -> list[str]:
    """Return the columns that the configuration names: a first record that has one of them is a header."""
    return [*(config.input or []), *(config.target or []), *([config.table.group] if config.table.group else [])]


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
        tabs = form == "tsv" or None
        return read_delimited(
            path, tabs=tabs, header=config.table.header, required=_required(config), names=names, config=config,
            known=known,
        )  # fmt: skip
    if form == "folder":
        documents = config.format == "text" or config.text.documents == "file"
        return read_folder(path, config.exclude, documents=documents)
    if form in _NUMBERS:
        return styled(_NUMBERS[form](path), config, known)
    return _PLAIN.get(form, TextTable)(path)


def guess_format(path: Path) -> str:
    """Return csv, tsv, jsonl, conll, ts or text, by the name of a file and else by its first lines."""
    # a browser unpacks what it downloads and keeps the name
    known = _BY_SUFFIX.get(Path(unpacked_name(path.name)).suffix.lower())
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
