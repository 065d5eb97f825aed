"""Python values as a table: lists, dictionaries of columns, arrays, data frames (by their methods)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np

from recur.codecs.missing import is_na
from recur.data.readers.table import MemoryTable, Row, Table
from recur.errors import DataError

_NAME = "the data given"
_EXPECTED = (
    "expected a list of texts, a list of (input, target) pairs, a list of dictionaries, a dictionary of columns, "
    "an array, a pair of arrays or a data frame"
)


class Columns(Sequence[Row]):
    """Columns of equal length, seen as rows."""

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise DataError(f"the columns have different lengths: {shown}", hint="give each column one value per row")
        self._columns = dict(columns)
        self._length = next(iter(lengths.values()), 0)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        """Return the row of an index."""
        return {name: python_value(column[index]) for name, column in self._columns.items()}


def python_value(value: Any) -> Any:
    """Return a NumPy value as a Python one."""
    return value.item() if isinstance(value, np.generic) else value


def read_memory(data: Any) -> Table:
    """Return Python values as a table.

    Raises
    ------
    DataError
        When they are empty or have no rows.
    """
    if isinstance(data, Table):
        return data
    columns = _columns(data)
    if not columns or not len(next(iter(columns.values()))):
        raise DataError(f"{_NAME} has no rows; {_EXPECTED}")
    rows = Columns(columns)
    return MemoryTable(rows, list(columns), _NAME)


def _columns(data: Any) -> dict[str, Sequence[Any]]:
    """Return the columns of anything that has some."""
    if is_frame(data):
        names = list(data.column_names if hasattr(data, "column_names") else data.columns)
        _refuse_equal_names(names)
        columns = {str(name): values_of(data[name]) for name in names}
        return {**{name: values for name, values in times_of(data).items() if name not in columns}, **columns}
    if isinstance(data, Mapping):
        _refuse_equal_names(list(data))
        return {str(name): values_of(column) for name, column in data.items()}
    if isinstance(data, tuple) and len(data) == 2 and _are_arrays(data):
        return {**_named(data[0], "input"), **_named(data[1], "target")}
    if hasattr(data, "to_list") or hasattr(data, "to_pylist"):
        _refuse_row(data)
        return {**times_of(data), **_from_list(list(values_of(data)))}
    if hasattr(data, "__array__") and not isinstance(data, (list, tuple)):
        return _named(np.asarray(data), "value")
    if isinstance(data, (list, tuple)):
        return _from_list(list(data)) if data else {}
    raise DataError(f"{type(data).__name__} is not data; {_EXPECTED}")


def _are_arrays(pair: tuple[Any, ...]) -> bool:
    """Return whether both halves are arrays, an array and a list, or lists of the same length."""
    if not all(isinstance(half, list) or hasattr(half, "__array__") for half in pair):
        return False
    return any(hasattr(half, "__array__") for half in pair) or len(pair[0]) == len(pair[1])


def _is_cell(value: Any) -> bool:
    return value is None or isinstance(value, (str, bool, int, float, np.generic)) or _present(value) is None


def _refuse_row(data: Any) -> None:
    """Refuse a series that is labelled by names: it may be one row of a data frame, or a column.

    Raises
    ------
    DataError
    """
    index: Any = getattr(data, "index", None)
    labels = list(index[:3]) if hasattr(index, "get_level_values") else []
    if labels and all(isinstance(each, str) for each in labels):
        shown = ", ".join(f'"{each}"' for each in labels)
        raise DataError(
            f"a series with the labels {shown} may be one row of a data frame or a column; expected a table of rows",
            hint="df.iloc[[0]] is a table of one row, series.to_list() the values of a column",
        )


def times_of(data: Any) -> dict[str, Sequence[Any]]:
    """Return the index of a data frame or series whose rows it places in time, as columns; else nothing.

    An index of times has the name "time" where it has none; of several levels, all are columns.
    """
    index: Any = getattr(data, "index", None)
    levels = [index.get_level_values(place) for place in range(getattr(index, "nlevels", 0))]
    if not any(_is_of_times(level) for level in levels):
        return {}
    names = [str(level.name or ("time" if _is_of_times(level) else f"level {at}")) for at, level in enumerate(levels)]
    # a period begins where its stamp is
    stamped = [level.to_timestamp() if hasattr(level, "to_timestamp") else level for level in levels]
    return {name: values_of(level) for name, level in zip(names, stamped, strict=True)}


def _is_of_times(level: Any) -> bool:
    """Return whether the values of an index are dates, times or periods."""
    kind = str(getattr(level, "dtype", ""))
    return kind.startswith(("datetime64", "period", "timestamp", "date32"))


def is_frame(data: Any) -> bool:
    """Return whether a value is a data frame (pandas, polars, Arrow), by what it can do."""
    named = hasattr(data, "columns") or hasattr(data, "column_names")
    return named and hasattr(data, "__getitem__") and not isinstance(data, (Mapping, Table, type))


def row_of(data: Any, columns: Sequence[str]) -> dict[str, Any] | None:
    """Return one row, a mapping of cells or a series whose labels are columns, as a mapping; None for other values."""
    if isinstance(data, Mapping):
        is_row = bool(data) and all(_is_cell(value) for value in data.values())
        return {str(name): _present(value) for name, value in data.items()} if is_row else None
    if isinstance(data, (list, tuple, str, np.ndarray)) or not columns:
        return None
    if getattr(data, "ndim", 0) != 1 or not hasattr(data, "to_dict") or not hasattr(data, "index"):
        return None
    cells = {str(name): _present(value) for name, value in data.to_dict().items()}
    return cells if any(name in cells for name in columns) else None


def _refuse_equal_names(names: Sequence[Any]) -> None:
    """Refuse two columns of one name, of which only one could be read.

    Raises
    ------
    DataError
    """
    twice = [name for name, count in Counter(map(str, names)).items() if count > 1]
    if twice:
        raise DataError(f'{_NAME}: two columns are named "{twice[0]}"', hint="give each column its own name")


def values_of(column: Any) -> Sequence[Any]:
    """Return a column as a sequence, with None where a data frame has NA or NaT.

    Raises
    ------
    DataError
        When it is no column.
    """
    for method in ("tolist", "to_list", "to_pylist"):
        if hasattr(column, method) and not (isinstance(column, np.ndarray) and column.ndim > 1):
            listed = getattr(column, method)()
            # a single number has tolist too
            return [_present(value) for value in listed] if isinstance(listed, list) else values_of(listed)
    if isinstance(column, (str, bytes, Mapping, Set)) or not hasattr(column, "__len__"):
        raise DataError(f"a column is {type(column).__name__} {str(column)[:40]!r}; expected one value per row")
    as_it_is = isinstance(column, (list, tuple, np.ndarray))
    values: Sequence[Any] = column if as_it_is else list(column)
    return values


def _present(value: Any) -> Any:
    """Return a cell, None for the missing values of data frames."""
    return None if is_na(value) else value


def _named(values: Any, name: str) -> dict[str, Sequence[Any]]:
    """Return an array as columns: (N,) and (N, T, C) are one, (N, C) is C of them."""
    if not isinstance(values, np.ndarray) and hasattr(values, "__array__"):
        values = np.asarray(values)
    if isinstance(values, np.ndarray) and values.ndim == 2:
        if values.shape[1] == 1:
            return {name: values[:, 0].tolist()}
        return {f"{name} {place + 1}": values[:, place].tolist() for place in range(values.shape[1])}
    if isinstance(values, np.ndarray) and not 1 <= values.ndim <= 3:
        raise DataError(f"an array of shape {values.shape} is not a table; {_EXPECTED}")
    return {name: values.tolist() if isinstance(values, np.ndarray) and values.ndim == 1 else values}


def _from_list(rows: list[Any]) -> dict[str, Sequence[Any]]:
    """Return a list of rows as columns, by what its first row is."""
    first = rows[0]
    if isinstance(first, Mapping):
        for place, row in enumerate(rows):
            if not isinstance(row, Mapping):
                raise DataError(f"{_NAME}, row {place + 1}: a {type(row).__name__} where the first row is a dictionary")
            absent = [name for name in first if name not in row]
            if absent:
                raise DataError(f'{_NAME}, row {place + 1}: there is no "{absent[0]}"', hint="give it, or None")
        return {str(name): [_present(row[name]) for row in rows] for name in first}
    if isinstance(first, tuple):
        for place, row in enumerate(rows):
            if not isinstance(row, (list, tuple)) or len(row) != len(first):
                seen = f"{len(row)} values" if isinstance(row, (list, tuple)) else f"a {type(row).__name__}"
                raise DataError(f"{_NAME}, row {place + 1}: {seen} where the first row has {len(first)} values")
        names = ["input", "target"] if len(first) == 2 else [f"column{place + 1}" for place in range(len(first))]
        return {name: [row[place] for row in rows] for place, name in enumerate(names)}
    if isinstance(first, str):
        return {"text": rows}
    if isinstance(first, list) or (isinstance(first, np.ndarray) and first.ndim):
        texts = len(first) and isinstance(first[0], str)
        return {"text" if texts else "series": rows}
    if isinstance(first, (int, float, np.number)):
        return {"value": rows}
    raise DataError(f"a list of {type(first).__name__} is not data; {_EXPECTED}")
