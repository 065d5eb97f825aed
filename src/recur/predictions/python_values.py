"""InputQueries from Python values: one input or many, in every form that networks are trained on.

a text, one row (a mapping, or of a frame), a series     one input
a path, or a text that names a file: reviews.csv         the file: a table, or one picture, sound or piece of notes
a data frame, a dictionary of columns                    the rows of a table, or the series that they are
a list, a tuple, an array                                many inputs; a list of rows is a table too
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs import Codec
from recur.config import Config
from recur.data import InputQueries, InputQuery, Roles
from recur.data.examples.examples import is_one_series, value_of
from recur.data.read import names_a_table
from recur.data.readers.memory import is_frame, row_of, times_of, values_of
from recur.errors import DataError, did_you_mean


def questions_from(x: Any, codec: Codec | None, roles: Roles, config: Config) -> tuple[list[InputQuery], bool]:
    """Return the inputs in a value, and whether it is a single one.

    Parameters
    ----------
    x : object
        As for `Model.predict`.
    codec : Codec or None
        Of the input.
    roles : Roles
    config : Config

    Raises
    ------
    DataError
        When a column is missing, or rows are not like each other.
    """
    if not _steps_are_rows(roles):
        row = row_of(x, roles.input)
        x = row if row is not None else _rows_as_mappings(x, roles)
    if _is_table(x, codec):
        return list(InputQueries(x, roles, config)), False
    if is_frame(x) or (isinstance(x, Mapping) and _holds_columns(x, codec, roles)):
        return list(InputQueries(x, roles, config)), False
    if roles.time is not None and _steps_are_rows(roles) and times_of(x):
        steps = {**times_of(x), roles.input[0]: values_of(x)} if len(roles.input) == 1 else x
        questions = list(InputQueries(steps, roles, config))
        return questions, len(questions) == 1
    x = _column_as_list(x)
    if isinstance(x, (str, Mapping)) or not isinstance(x, Iterable) or (codec is not None and codec.is_one_value(x)):
        return [InputQuery(one_input(x, roles), 1, "the input")], True
    if _holds_steps(x, roles):
        return list(InputQueries(x, roles, config)), False
    values = _without_targets(x, codec, roles)
    return [InputQuery(one_input(each, roles), place, f"input {place}") for place, each in enumerate(values, 1)], False


def one_input(value: Any, roles: Roles) -> Any:
    """Return one raw input of a mapping from column to value, or the value itself.

    Raises
    ------
    DataError
        When a column is missing.
    """
    if not isinstance(value, Mapping):
        return value
    absent = [name for name in roles.input if name not in value]
    if absent:
        raise DataError(
            f'the input has no "{absent[0]}".{did_you_mean(absent[0], map(str, value))}',
            hint=f"the network reads {', '.join(roles.input)}",
        )
    return value_of(dict(value), roles.input, steps=roles.reads_a_sequence)


def _is_table(x: Any, codec: Codec | None) -> bool:
    """Return whether a path, or a text that is one, names a table and not one value of the codec."""
    if isinstance(x, Path):
        return codec is None or codec.file is None or names_a_table(str(x))
    return isinstance(x, str) and names_a_table(x)


def _rows_as_mappings(x: Any, roles: Roles) -> Any:
    """Return a list of rows of a data frame as mappings; everything else as it is."""
    if not isinstance(x, (list, tuple)) or not x or row_of(x[0], roles.input) is None:
        return x
    rows = [row_of(each, roles.input) for each in x]
    return [each if row is None else row for each, row in zip(x, rows, strict=True)]


def _steps_are_rows(roles: Roles) -> bool:
    """Return whether the rows of a table are steps of sequences."""
    return bool(roles.forecast or roles.group or is_one_series(roles))


def _column_as_list(x: Any) -> Any:
    """Return a column of a data frame as the list of its values, a tensor as an array; everything else as it is."""
    if isinstance(x, (str, bytes, np.ndarray, Mapping, list, tuple)):
        return x
    if hasattr(x, "to_list") or hasattr(x, "to_pylist"):
        return values_of(x)
    axes = getattr(x, "ndim", 0)
    return np.asarray(x) if hasattr(x, "__array__") and axes else x


def _holds_columns(x: Mapping[str, Any], codec: Codec | None, roles: Roles) -> bool:
    """Return whether a mapping is a table: each column that is read has one value per row."""
    if not roles.input or any(name not in x for name in roles.input):
        return False
    columns = [x[name] for name in roles.input]
    if not all(map(_is_listed, columns)):
        return False
    if codec is None or _steps_are_rows(roles):
        return True
    return codec.is_whole_value(_first(columns[0]), alone=len(columns) == 1, labelled=roles.labels_steps)


def _holds_steps(x: Any, roles: Roles) -> bool:
    """Return whether a list holds the rows of one table that are steps of series, and not inputs."""
    return isinstance(x, (list, tuple)) and _steps_are_rows(roles) and isinstance(_first(x), Mapping)


def _without_targets(x: Any, codec: Codec | None, roles: Roles) -> Any:
    """Return the inputs of what `fit` takes with targets: a pair of arrays, or a list of whole rows as tuples."""
    if not roles.target or not isinstance(x, (list, tuple)):
        return x
    if isinstance(x, tuple) and len(x) == 2 and codec is not None and codec.numeric:
        inputs, targets = (getattr(half, "ndim", 0) for half in x)
        if inputs > targets >= 1 and len(x[0]) == len(x[1]):
            return x[0]
    if len(roles.columns) < 2:
        return x
    rows = [
        isinstance(each, tuple)
        and len(each) == len(roles.columns)
        and not (codec is not None and codec.is_one_value(each))
        for each in x
    ]
    if rows and all(rows):
        return [dict(zip(roles.columns, each, strict=True)) for each in x]
    return x


def _is_listed(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or bool(getattr(value, "ndim", 0))


def _first(column: Any) -> Any:
    return next(iter(column), None)
