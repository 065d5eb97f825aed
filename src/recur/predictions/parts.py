"""Answers to many files: a part for each piece of a file, written whole, so that a stopped command continues.

::

    answers/
      answers.json                 what the parts are answers to: the network, the options, the files and their sizes
      reviews-0.00000.csv          inputs 1 to 50,000 of the first file; it appears when it is complete
      reviews-0.00001.csv          the next ones

A part that is there is not answered again, so that every input is answered exactly once. Several processes that were
started together (RANK and WORLD_SIZE in the environment, as torchrun sets them) take every N-th part each.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recur.atomic import make_folder, unfinished, write_text
from recur.bounded import read_json
from recur.config import Config
from recur.data import InputQueries, InputQuery, Roles, is_one_series
from recur.data.examples.split import value_hash
from recur.data.queries.stream import batched
from recur.data.readers.lines import is_empty
from recur.data.readers.table import NoRowsError, Table
from recur.data.sources.remote import url_of
from recur.data.sources.resolve import Part, renamed, resolve, short_name
from recur.errors import ConfigError, DataError, RunError, did_you_mean
from recur.figures import duration
from recur.predictions.records import Sheet
from recur.predictions.writing import open_writer

if TYPE_CHECKING:
    from recur.heads import Prediction

PIECE = 50_000
"""Inputs of a part."""
MANIFEST = "answers.json"
_LARGEST_MANIFEST = 64 * 2**20
_IDS = ("id", "uuid", "guid", "key")

Answers = Callable[[Iterable[list[InputQuery]]], Iterator[tuple[Sheet, InputQuery, "Prediction"]]]


@dataclass(frozen=True)
class Request:
    """What is to be answered, and where to.

    Attributes
    ----------
    source : str
        A pattern, a file or a URL.
    out : Path
        The folder of the parts.
    network : str
        The SHA-256 of the weights.
    options : dict
        What else an answer depends on.
    kind : str or None
        Format of the parts, csv, jsonl or parquet; None for that of the inputs.
    id : str or None
        Column that is copied into the answers; None for one that is called id, where there is one; "none" for none.
    rank, processes : int
        This process, among how many.
    """

    source: str
    out: Path
    network: str
    options: Mapping[str, Any]
    kind: str | None = None
    id: str | None = None
    rank: int = 0
    processes: int = 1


@dataclass
class Outcome:
    """What was done.

    Attributes
    ----------
    inputs, parts : int
        Answered now, by this process.
    kept : int
        Parts of this process that were there already.
    seconds : float
    notes : list of str
    """

    inputs: int = 0
    parts: int = 0
    kept: int = 0
    seconds: float = 0.0
    notes: Sequence[str] = ()

    def describe(self, out: Path) -> str:
        """Return the throughput in words."""
        if not self.parts and self.kept:
            return f"{out}: nothing was left to answer; {self._kept()}"
        rate = self.inputs / max(self.seconds, 1e-9)
        inputs, parts = (f"{n:,} {word}{'s' * (n != 1)}" for n, word in ((self.inputs, "input"), (self.parts, "part")))
        text = f"{out}: answered {inputs} in {parts}, {duration(self.seconds)}, {rate:,.0f} per second"
        return text + (f"; {self._kept()}" if self.kept else "")

    def _kept(self) -> str:
        return f"{self.kept:,} part{'s were' if self.kept > 1 else ' was'} there already"


def answer_parts(request: Request, roles: Roles, config: Config, answers: Answers) -> Outcome:
    """Answer every input of some files that has no answer yet.

    Parameters
    ----------
    request : Request
    roles : Roles
    config : Config
    answers : callable
        Batches of inputs -> answers, in order.

    Raises
    ------
    DataError
        When a file cannot be read, lacks a column, or two inputs have one id.
    RunError
        When the folder holds answers of another network, or to other files.
    """
    started = time.monotonic()
    found = resolve(request.source, config.data.exclude)
    parts = [Part(Path(request.source), request.source, Path(request.source).parent)] if found is None else found.parts
    outcome = Outcome(notes=[] if found is None else found.notes)
    if not _is_begun(request, parts):
        # each process checks before it answers, unless another one has: they may run on several machines
        _refuse_equal_ids(request, parts, roles, config)
        _begin(request, parts)
    for place, part in enumerate(parts):
        # with as many files as processes, each file is opened by one of them
        several = len(parts) >= request.processes
        if several and place % request.processes != request.rank:
            continue
        try:
            queries = _queries(part, roles, config)
        except NoRowsError:
            outcome.notes = [*outcome.notes, f"{part.shown} has no rows: nothing to answer"]
            continue
        _answer_file(request, place, part, queries, answers, outcome, several=several)
    outcome.seconds = time.monotonic() - started
    return outcome


def _queries(part: Part, roles: Roles, config: Config) -> InputQueries:
    """Return the inputs of a file; one that was fetched is not fetched again, as it may be another one by now."""
    if is_empty(part.path):
        raise NoRowsError(f"{part.shown} is empty")
    if url_of(part.shown) is None:
        return InputQueries(part.shown, roles, config)
    with renamed(part.path, part.shown):
        return InputQueries(part.path, roles, config)


def _answer_file(
    request: Request, place: int, part: Part, queries: InputQueries, answers: Answers, outcome: Outcome, *,
    several: bool,
) -> None:  # fmt: skip
    """Answer the pieces of a file that are this process's: all, or every N-th where there are fewer files."""
    column = _id_column(request, queries.table, queries.roles)
    alone = place % request.processes == request.rank and several
    for piece, first in enumerate(range(0, len(queries), PIECE)):
        if not alone and (place + piece) % request.processes != request.rank:
            continue
        path = request.out / f"{short_name(part.shown)}-{place}.{piece:05d}.{_kind(request, queries.table)}"
        if path.is_file():
            outcome.kept += 1
            continue
        last = min(first + PIECE, len(queries))
        questions = (_with_id(queries[index], queries.table, column) for index in range(first, last))
        with open_writer(path) as writer:
            for sheet, question, answer in answers(batched(questions)):
                writer(sheet if column is None else _with_column(sheet, column), question, answer)
                outcome.inputs += 1
        outcome.parts += 1


def _kind(request: Request, table: Table) -> str:
    if request.kind is not None:
        return request.kind
    return {"arrow": "parquet", "jsonl": "jsonl"}.get(table.form, "csv")


def _id_column(request: Request, table: Table, roles: Roles) -> str | None:
    """Return the column whose values are copied into the answers."""
    steps = bool(roles.group or roles.forecast or is_one_series(roles))
    if request.id == "none":
        return None
    if request.id is not None:
        if steps:
            raise ConfigError(
                f"--id {request.id}: the rows are steps of series, and answers have the series or the row of each step",
                hint="leave out --id",
            )
        if request.id not in table.columns:
            raise DataError(
                f'{table.name} has no column "{request.id}" for --id.{did_you_mean(request.id, table.columns)}',
                hint=f"its columns are {', '.join(table.columns[:12])}",
            )
        return request.id
    used = {*roles.input, *roles.target}
    return None if steps else next((name for name in table.columns if name.lower() in _IDS and name not in used), None)


def _with_id(question: InputQuery, table: Table, column: str | None) -> InputQuery:
    return question if column is None else question._replace(series=str(table[question.row - 1][column]))


def _with_column(sheet: Sheet, column: str) -> Sheet:
    """Return the columns of a table of answers with that of the id before them."""
    return sheet if sheet.id is not None else replace(sheet, lead=[column, *sheet.lead], id=column)


def _refuse_equal_ids(request: Request, parts: Sequence[Part], roles: Roles, config: Config) -> None:
    """Refuse two inputs with one id, of which only one answer could be found again; eight bytes an input are kept."""
    marks: list[np.ndarray] = []
    tables: list[tuple[Table, str]] = []
    for part in parts:
        try:
            table = _queries(part, roles, config).table
        except NoRowsError:
            continue
        column = _id_column(request, table, roles)
        if column is None:
            continue
        own = (value_hash(str(table[row][column])) for row in range(len(table)))
        marks.append(np.fromiter(own, np.int64, len(table)))
        tables.append((table, column))
    if not marks:
        return
    everything = np.concatenate(marks)
    order = np.argsort(everything, kind="stable")
    same = np.flatnonzero(everything[order][1:] == everything[order][:-1])
    if not len(same):
        return
    starts = np.concatenate([[0], np.cumsum([len(each) for each in marks])])
    places = []
    for row in sorted(int(each) for each in order[same[0] : same[0] + 2]):
        number = int(np.searchsorted(starts, row, side="right")) - 1
        table, column = tables[number]
        places.append((table.where(row - int(starts[number])), table[row - int(starts[number])][column], column))
    raise DataError(
        f'the {places[0][2]} "{places[0][1]}" is in two rows, {places[0][0]} and {places[1][0]} '
        f"({len(same):,} such rows in all); expected one row for each",
        hint="--id COLUMN names another one; --id none counts rows instead",
    )


def _about(request: Request, parts: Sequence[Part]) -> dict[str, Any]:
    """Return what parts are answers to."""
    return {
        "format": 1, "network": request.network, "options": dict(request.options), "piece": PIECE, "id": request.id,
        "kind": request.kind, "files": [_state(part) for part in parts],
    }  # fmt: skip


def _is_begun(request: Request, parts: Sequence[Part]) -> bool:
    """Return whether the folder says what its parts are answers to; refuse one that holds other answers."""
    make_folder(request.out)
    path = request.out / MANIFEST
    if path.is_file():
        wrong = _difference(read_json(path, _LARGEST_MANIFEST), json.loads(json.dumps(_about(request, parts))))
        if wrong:
            raise RunError(
                f"{request.out} holds other answers: {wrong}", hint="name a new folder, or remove the old one"
            )
        return True
    strange = [each.name for each in request.out.iterdir() if not _is_ours(each.name)]
    if strange:
        raise RunError(
            f"{request.out} holds {sorted(strange)[0]}, and no {MANIFEST}; expected a new folder, or one with answers",
            hint="name a new folder",
        )
    return False


def _begin(request: Request, parts: Sequence[Part]) -> None:
    """Write what the parts are answers to: from then on their ids are known to differ."""
    text = json.dumps(_about(request, parts), indent=1, ensure_ascii=False)
    write_text(request.out / MANIFEST, f"{text}\n")


def _state(part: Part) -> dict[str, Any]:
    """Return what differs when a file was changed: its time, or the hash of a copy, which may be made again."""
    status = part.path.stat()
    state = {"file": part.shown, "bytes": status.st_size}
    if part.path == Path(part.shown):
        return {**state, "changed": status.st_mtime_ns}
    with part.path.open("rb") as file:
        return {**state, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _is_ours(name: str) -> bool:
    """Return whether another process may be writing this file just now."""
    whole = unfinished(name) or name
    return whole == MANIFEST or whole.endswith((".csv", ".jsonl", ".parquet"))


def _difference(before: Any, now: Mapping[str, Any]) -> str:
    """Return in words what differs, or nothing."""
    if not isinstance(before, dict) or before.get("format") != 1:
        return f"{MANIFEST} is of another version"
    if before.get("network") != now["network"]:
        return "they are of another network"
    for name in ("options", "piece", "id", "kind"):
        if before.get(name) != now[name]:
            return f"{name} was {before.get(name)!r}, now {now[name]!r}"
    was, files = before.get("files") or [], now["files"]
    for one, other in zip(was, files, strict=False):
        if one != other:
            same = isinstance(one, dict) and one.get("file") == other["file"]
            return f"{other['file']} was changed since" if same else f"{other['file']} was not among their inputs"
    return "" if len(was) == len(files) else f"they are to {len(was):,} files, now {len(files):,}"
