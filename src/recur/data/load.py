"""From a configuration to examples: read the source, infer the roles, hold a part out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from recur.config import Config
from recur.data.cells import number_styles
from recur.data.examples import forecasts, labels
from recur.data.examples.damage import without_damaged
from recur.data.examples.examples import Example, GroupExamples, RowExamples, StreamExamples, is_one_series
from recur.data.examples.fit import Joined
from recur.data.examples.hold_out import hold_out, pieces, rows_of, windows
from recur.data.examples.on_disk import held, stays_on_disk
from recur.data.examples.targets import Missing, answered
from recur.data.read import read
from recur.data.readers.folder import split_files
from recur.data.readers.memory import row_of
from recur.data.readers.table import Table
from recur.data.roles.inference import infer
from recur.data.roles.roles import Roles
from recur.data.sources.resolve import is_pattern
from recur.data.times import calendar, series, timeline
from recur.data.times.order import ordered
from recur.data.times.panels import columns_of
from recur.errors import ConfigError, DataError, did_you_mean


@dataclass(frozen=True)
class Dataset:
    """Examples in parts.

    Attributes
    ----------
    roles : Roles
    train, dev : sequence of Example
        To learn from, and to choose on.
    test : sequence of Example or None
        To report on, once.
    held_out : str
        Where the dev examples come from, in words.
    own_split : bool
        Whether we held them out of the same rows.
    damaged : list of str
        Rows left out because their file cannot be read, and what is wrong with each.
    missing : Missing
        Targets that are missing in all parts.
    notes : list of str
        How the time of rows was read: the step, what was sorted, filled and left out, the series; and labels that
        only held-out rows have.
    test_name : str
        Of the file with the test rows.
    form : str
        The format that the training rows were read from, as `Table.form`.
    folder : bool
        Whether the source is a folder, or several files.
    on_disk : bool
        Whether the rows are too many for memory: what is made of them stays on the disk.
    """

    roles: Roles
    train: Sequence[Example]
    dev: Sequence[Example]
    test: Sequence[Example] | None
    held_out: str
    own_split: bool = False
    damaged: list[str] = field(default_factory=list)
    missing: Missing = field(default_factory=Missing)
    notes: list[str] = field(default_factory=list)
    test_name: str = ""
    form: str = ""
    folder: bool = False
    on_disk: bool = False

    @property
    def labelled(self) -> Sequence[Example]:
        """Rows beside the training rows whose labels are known."""
        return self.dev if self.own_split else ()


def load(config: Config, source: Any = None) -> Dataset:
    """Read everything that a configuration names.

    Parameters
    ----------
    config : Config
    source : object, optional
        Rows given from Python, in place of ``config.data.source``.

    Returns
    -------
    Dataset
        Its examples are read from their files when they are requested.

    Raises
    ------
    DataError
        When a file cannot be read, or has not the columns of the others.
    ConfigError
        When the columns do not determine what is input and what is target.
    """
    dataset = _loaded(config, source)
    damaged = list(dataset.damaged)
    missing: list[Missing] = []

    def whole(part: Sequence[Example], name: str) -> Sequence[Example]:
        kept, lost = without_damaged(part, dataset.roles, config)
        if lost and not len(kept):
            raise DataError(f"every file of the {name} rows is damaged; the first: {lost[0]}")
        damaged.extend(lost)
        kept, absent = answered(kept, dataset.roles, config)
        if absent and not len(kept):
            raise _no_target(dataset.roles, name)
        missing.append(absent)
        return kept

    train, dev = whole(dataset.train, "training"), whole(dataset.dev, "held-out")
    test = None if dataset.test is None else whole(dataset.test, "test")
    dataset = replace(dataset, train=train, dev=dev, test=test, damaged=damaged, missing=sum(missing, Missing()))
    in_memory = held((train, dev, test)) if dataset.on_disk else ""
    return replace(dataset, notes=[*dataset.notes, *([in_memory] if in_memory else []), *_unlearned(dataset)])


def _unlearned(dataset: Dataset) -> list[str]:
    """Return classes and tags that only held-out rows have, in words.

    Raises
    ------
    DataError
        When a file of held-out or test rows has others than the training rows, or when they are read.
    """
    notes = []
    learned = Joined(dataset.train, dataset.labelled)
    parts = [(dataset.dev, dataset.train, dataset.held_out, dataset.own_split)]
    if dataset.test is not None:
        parts.append((dataset.test, learned, dataset.test_name, False))
    for part, known, name, own_split in parts:
        for labels_of_part in labels.unlearned(part, dataset.roles, labels.of_rows(known, dataset.roles)):
            if not own_split:
                raise labels.refused(
                    labels_of_part, name, hint=f"leave these rows out of {name}, or add such rows to the training data"
                )
            if labels_of_part.side == 0:
                raise labels.refused(
                    labels_of_part, f"the held-out part ({name})",
                    hint="--time none draws rows at random, --dev FILE names a separate hold-out file",
                )  # fmt: skip
            notes.append(f"unlearned: {labels_of_part}: in the held-out rows only, so it cannot be learned")
    return notes


def _no_target(roles: Roles, name: str) -> DataError:
    columns = ", ".join(f'"{each}"' for each in roles.target or roles.input)
    hint = {"held-out": "give a --dev file with targets, or a larger --dev-fraction"}.get(name, "fill in the targets")
    return DataError(f"the {name} rows have no target: every value of {columns} is missing there", hint=hint)


def _loaded(config: Config, source: Any) -> Dataset:
    """Read everything, damaged files and all."""
    given = config.data.source if source is None else source
    source, dev_file, test_file = _files(config, source)
    table = read(source, config.data)
    form, folder = table.form, isinstance(given, (str, Path)) and (Path(given).is_dir() or is_pattern(given))
    on_disk = stays_on_disk(config.data, table)
    roles = infer(table, config)
    calendar.refuse_constant(table, config.data.table.time_features)
    table = _in_order(table, roles, config)
    notes = series.notes_of(table, roles.group)
    others = [None if file is None else read_like(file, roles, config) for file in (dev_file, test_file)]
    dev_table, test_table = others
    test = None if test_table is None else examples(test_table, roles, config)
    test_name = "" if test_table is None else Path(test_table.name).name
    if dev_table is not None:
        dev = examples(dev_table, roles, config)
        if not len(dev):
            raise DataError(f"{dev_table.name} has no rows to evaluate on", hint="give a --dev file with rows")
        return Dataset(
            roles, _to_learn_from(table, roles, config), dev, test, Path(dev_table.name).name, notes=notes,
            test_name=test_name, form=form, folder=folder, on_disk=on_disk,
        )  # fmt: skip
    damaged: list[str] = []
    train, dev, held_out = hold_out(table, roles, config, damaged)
    return Dataset(
        roles, train, dev, test, held_out, own_split=True, notes=notes, damaged=damaged, test_name=test_name, form=form,
        folder=folder, on_disk=on_disk,
    )  # fmt: skip


def _in_order(table: Table, roles: Roles, config: Config) -> Table:
    """Put rows that are steps of a series in the order of time."""
    if not roles.is_timed_series or roles.time is None or table.timeline is None:
        return table
    answers = [name for name in roles.target if name not in roles.input]
    return ordered(
        table, table.timeline, roles.time.frequency, config.data, roles.group, numeric=roles.numeric, answers=answers
    )


def examples(table: Table, roles: Roles, config: Config, *, targets: bool = True) -> Sequence[Example]:
    """Return a whole table as examples to measure on.

    Parameters
    ----------
    table : Table
    roles : Roles
    config : Config
    targets : bool
        Whether targets are read; without, the table need not have them.
    """
    if roles.forecast:
        return forecasts.to_measure(table, roles, config, targets=targets)
    if roles.stream:
        return StreamExamples(table, roles, 0, len(table))
    if is_one_series(roles):
        whole = series.sequences(table, None)
        if roles.own_future and not targets:
            # what follows is asked; pieces before a gap are followed by rows that are known
            whole = series.ends(table, whole)
        steps = [part for rows in whole for part in pieces(rows, roles, config)]
        return GroupExamples(table, roles, steps, targets=targets)
    if roles.group:
        return GroupExamples(table, roles, series.grouped(table, roles.group), targets=targets)
    return RowExamples(table, roles, rows_of(table), targets=targets)


def read_like(source: Any, roles: Roles, config: Config, *, targets: bool = True) -> Table:
    """Read a file with the columns of the one that the roles were inferred from.

    Raises
    ------
    DataError
        When a column is missing.
    """
    grouped = columns_of(roles.group, roles.columns) if roles.group else []
    named = [*roles.input, *(roles.target if targets else []), *grouped]
    # what is forecast is read too; columns made of time stamps are made again
    needed = list(dict.fromkeys(named))
    row = row_of(source, needed)
    source = source if row is None else [row]
    ordered = roles.is_timed_series or bool(roles.group or config.data.table.time_features)
    in_time = roles.time is not None and ordered
    timing = roles.time if in_time else None
    other = config.data.replaced(input=needed, target=None, group=None, time=None if in_time else timeline.NOT_TIMED)
    if isinstance(source, (str, Path)) and Path(source).is_dir() and config.data.format != "folder":
        # of a folder that is split, what was not learned from
        parts = split_files(Path(source), config.data.exclude)
        source = source if parts is None else parts.test or parts.dev or parts.train
    if isinstance(source, (str, Path)) and not _same_kind(source, config.data.source):
        other = other.replaced(format=None)
    table = read(source, other, names=roles.columns, known=roles.styles, timing=timing)
    if table.kind == "text" and (not targets or roles.columns in ([], ["text"])):
        return table
    for name in needed:
        if name not in table.columns:
            raise no_column(table.name, name, table.columns)
    number_styles.styles_of(table.styles, [name for name in roles.numeric if name in needed], table.name)
    return _in_order(table, roles, config)


def no_column(place: str, name: str, columns: Sequence[str]) -> DataError:
    """The error of a table that lacks a column of the training data."""
    return DataError(
        f'{place} has no column "{name}", which the network was trained with.{did_you_mean(name, columns)}',
        hint=f"its columns are {', '.join(columns[:12])}",
    )


def _same_kind(source: str | Path, first: str | None) -> bool:
    return (
        first is not None
        and Path(source).suffix == Path(first).suffix
        and Path(source).is_dir() == Path(first).is_dir()
    )


def _files(config: Config, source: Any) -> tuple[Any, Any, Any]:
    """Return what to learn from, to choose on and to report on."""
    data = config.data
    source = data.source if source is None else source
    if source is None:
        raise ConfigError("no data to work on", hint="name a file or folder, or give rows")
    dev, test = data.dev, data.test
    if isinstance(source, (str, Path)) and Path(source).is_dir() and data.format != "folder":
        parts = split_files(Path(source), data.exclude)
        if parts is not None:
            return parts.train, dev or parts.dev, test or parts.test
    return source, dev, test


def _to_learn_from(table: Table, roles: Roles, config: Config) -> Sequence[Example]:
    if roles.forecast:
        return forecasts.to_learn_from(table, roles, config)
    if is_one_series(roles):
        cut = [part for rows in series.sequences(table, None) for part in windows(rows, roles, config)]
        return GroupExamples(table, roles, cut)
    return examples(table, roles, config)
