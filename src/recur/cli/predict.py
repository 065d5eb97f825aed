"""``recur predict``: the target of new inputs."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal

from cyclopts import Parameter

from recur.cli.decoding import DecodingFlags, check_range
from recur.cli.inputs import input_reader
from recur.cli.output import emit, grid, note, refuse_folders, write_out
from recur.cli.whole_numbers import Whole
from recur.errors import DataError
from recur.views.terminal import shares, width

if TYPE_CHECKING:
    from recur.data import InputQuery
    from recur.heads import Prediction
    from recur.model import Model
    from recur.predictions import Sheet

Answers = Iterator[tuple["Sheet", "InputQuery", "Prediction"]]


def predict(
    run: Path,
    /,
    *text: str,
    file: Annotated[Path | None, Parameter(name=["--file", "-f"])] = None,
    stdin: Annotated[bool, Parameter(name="-")] = False,
    format: Literal["csv", "tsv", "jsonl", "conll", "text"] | None = None,
    out: Path | None = None,
    top: Annotated[Whole, Parameter(show_default=True)] = 1,
    beam: Whole | None = None,
    length_penalty: float | None = None,
    decoding: DecodingFlags | None = None,
    id: str | None = None,
    json: bool = False,
) -> None:
    """Predict the target of new inputs.

    On a terminal, the answers to typed inputs are readable lines. In a pipe, they are complete CSV with rows, steps,
    times and probabilities, and so are the answers to --file and stdin. In CSV, a text that a spreadsheet would read
    as a formula (it starts with = + - or @) is preceded by an apostrophe.

    With a folder as --out and a file, a quoted pattern or a URL ('new/*.parquet') in place of TEXT, each piece of a
    file is answered in a file of its own. A command that was stopped continues; torchrun divides the pieces among
    processes.

    Parameters
    ----------
    run
        Run folder that `recur train` wrote, or hf://USER/NAME of the Hugging Face hub.
    text
        Inputs, each in quotes.
    file
        File of inputs: one per line, or a table with the columns that the network was trained on.
    stdin
        Read inputs from stdin as from a file, and answer each as it arrives.
    format
        Format of stdin; default: inferred from its first line.
    out
        Write the answers to this .csv, .jsonl or .parquet file, which is overwritten; or in parts into this FOLDER/.
    top
        Number of candidates to show, with their probabilities.
    beam
        Beam width, for networks that generate a sequence.
    length_penalty
        How much beam search prefers longer answers; 0 compares plain probabilities.
    id
        Column to copy into the answers in a folder; default: one that is called id; none: no column.
    json
        Write one JSON document to stdout.
    """
    check_range("--top", top, 1, 1_000_000)
    if out is not None and _is_folder(out):
        source = _source_of_parts(run, text, file, stdin=stdin, json=json, out=out)
        options = (decoding or DecodingFlags()).options(beam=beam, length_penalty=length_penalty)
        _answer_parts(run, source, out, id, top, options, format)
        return
    if id is not None:
        raise DataError("--id applies to answers in a folder", f"recur predict {run} FILE --out answers/ --id {id}")
    if (file is not None) + stdin + bool(text) > 1:
        raise DataError("inputs are given in more than one way", f'recur predict {run} "a text", or --file FILE, or -')
    if format is not None and not stdin:
        raise DataError("--format applies to stdin, and stdin is not read", f"recur predict {run} - --format {format}")
    refuse_folders(out)
    if out is not None and json:
        raise DataError("--out and --json are two ways to write the answers", "--out answers.jsonl writes JSON")
    if out is not None and file is not None and out.resolve() == file.resolve():
        raise DataError(f"{out} contains the inputs, and --out would overwrite them", "--out answers.csv")
    if out is not None:
        from recur.predictions import check_name

        check_name(out)
    import recur

    model = recur.load(run)
    if file is None and not stdin and not text and model.input_codec is not None:
        raise DataError("nothing to predict", f'recur predict {run} "a text", or --file FILE, or - to read stdin')
    groups = _groups(model, text, file, _binary() if stdin else None, format)
    options = (decoding or DecodingFlags()).options(beam=beam, length_penalty=length_penalty)
    answers = _answer_all(model, groups, top, options)
    if out is not None:
        _write(out, answers)
    elif json:
        _write_document(answers)
    elif file is None and not stdin and sys.stdout.isatty():
        _show(answers, top)
    else:
        from recur.predictions import csv_writer

        writer = csv_writer(write_out)
        for one in answers:
            writer(*one)


def _groups(
    model: Model, text: Iterable[str], file: Path | None, stdin: BinaryIO | None, format: str | None
) -> Iterable[list[InputQuery]]:
    """The inputs, in batches that are answered together."""
    from recur.data import InputQueries, InputQuery, batched, stream_queries

    if file is not None:
        questions = InputQueries(file, model.roles, model.config)
        for text_of_note in questions.notes:
            note(text_of_note)
        return batched(questions)
    if stdin is not None:
        return stream_queries(
            stdin, model.roles, model.config, typed=input_reader(model.input_codec), labels=model.target_codec.labels,
            format=format, tell=note,
        )  # fmt: skip
    _refuse_files(text)
    parse = input_reader(model.input_codec)
    values: list[Any] = [None] if model.input_codec is None and not text else [parse(line) for line in text]
    return batched([InputQuery(value, place, f"input {place}") for place, value in enumerate(values, 1)])


def _is_folder(out: Path) -> bool:
    """Return whether a place for answers is a folder: it is one, or its name has no ending."""
    return out.is_dir() or not out.suffix


def _source_of_parts(
    run: Path, text: tuple[str, ...], file: Path | None, *, stdin: bool, json: bool, out: Path
) -> str:  # fmt: skip
    """Return the files whose answers go into a folder."""
    from recur.data.sources.resolve import names_files

    if json or stdin:
        raise DataError(
            f"{out} is a folder, and {'--json' if json else 'stdin'} has no pieces",
            f"recur predict {run} 'new/*.parquet' --out {out}/",
        )
    if (file is not None) + bool(text) != 1 or len(text) > 1:
        raise DataError(
            f"{out} is a folder; expected one file, pattern or URL of inputs, got {len(text) + (file is not None)}",
            f"recur predict {run} 'new/*.parquet' --out {out}/; a pattern is quoted",
        )
    source = str(file) if file is not None else text[0]
    if file is None and not names_files(source):
        raise DataError(
            f'{out} is a folder, and "{source[:80]}" is no file and no pattern that a file matches',
            f"--out {out.name}.csv writes the answers to texts",
        )
    return source


def _answer_parts(
    run: Path, source: str, out: Path, id: str | None, top: int, options: dict[str, Any], format: str | None
) -> None:
    """Answer every piece of some files in a file of its own."""
    import recur
    from recur.predictions.parts import Request, answer_parts
    from recur.processes.launched import share

    rank, count = share()
    if format not in (None, "csv", "jsonl"):
        raise DataError(f"parts are written as csv, jsonl or parquet, not {format}", "leave out --format")
    model = recur.load(run)
    asked = {"top": top, **{name: value for name, value in options.items() if value is not None}}
    request = Request(source, out, _fingerprint(model.folder or run), asked, format, id, rank, count)
    outcome = answer_parts(request, model.roles, model.config, lambda groups: _answer_all(model, groups, top, options))
    if rank == 0:
        for text in outcome.notes:
            note(text)
    note(("" if count == 1 else f"rank {rank} of {count} processes: ") + outcome.describe(out))


def _fingerprint(run: Path) -> str:
    """Return the SHA-256 of the weights of a run."""
    from recur.bounded import fingerprint
    from recur.run.layout import WEIGHTS

    return str(fingerprint(run / WEIGHTS)["sha256"])


def _refuse_files(text: Iterable[str]) -> None:
    """Refuse the name of a table as a text: the network would read the name."""
    from recur.data.read import names_a_table

    for one in text:
        if names_a_table(one) and Path(one).is_file():
            raise DataError(f"{one} is a file; expected a text", f"--file {one}, or its rows on stdin: - < {one}")


def _answer_all(model: Model, groups: Iterable[list[InputQuery]], top: int, options: dict[str, Any]) -> Answers:
    """Every input with its answer, and the columns that the answers have."""
    from recur.data import in_blocks, is_one_series
    from recur.predictions import Sheet

    sheet: Sheet | None = None
    roles = model.roles
    # long series are answered one at a time, so that a file and a pipe give the same batches
    alone = roles.forecast or roles.group or is_one_series(roles)
    # a sampled answer depends on the order of draws: answered one by one, a seed always gives the same answer
    sampled = bool(options.get("temperature"))
    for questions in ([one] for group in groups for one in group) if sampled else groups:
        if not questions:
            continue
        inputs = questions if alone or sampled else in_blocks(questions)
        answers = model.answer(inputs, top=top, **options)[: len(questions)]
        sheet = sheet or Sheet.of(model.mode, model.roles, top=top, first=questions[0])
        for question, answer in zip(questions, answers, strict=True):
            yield sheet, question, answer


def _binary() -> BinaryIO:
    """Standard input as bytes."""
    try:
        # a separate file object: a thread that waits in it must not hold the interpreter's own at exit
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except (OSError, ValueError, io.UnsupportedOperation):
        return sys.stdin.buffer


def _write(out: Path, answers: Answers) -> None:
    from recur.predictions import open_writer

    count = 0
    with open_writer(out) as writer:
        for one in answers:
            writer(*one)
            count += 1
    note(f"wrote {out}: the answers to {count:,} input{'s' * (count != 1)}")


def _write_document(answers: Answers) -> None:
    """All answers as one JSON document, written after the last of them."""
    from recur.predictions import document

    documents = [document(*one, indent=2) for one in answers]
    emit(f"[{','.join(documents)}]" if documents else "[]")


def _readable(sheet: Sheet, record: dict[str, Any]) -> dict[str, Any]:
    """A record with its numbers formatted for people."""
    return {name: sheet.written(name, value) for name, value in record.items()}


def _show(answers: Answers, top: int) -> None:
    """Write answers as readable lines."""
    from recur.heads.prediction import NOTHING

    for sheet, question, answer in answers:
        if sheet.stepped and sheet.numbers:
            for line in grid([_readable(sheet, one) for one in sheet.records(question, answer)]):
                emit(line)
            continue
        emit(answer.shown)
        if top > 1:
            for line in shares([(str(value) or NOTHING, share) for value, share in answer.scores[:top]], width()):
                emit(line, styled=True)
