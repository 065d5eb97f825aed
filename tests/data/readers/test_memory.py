"""Python values as tables: lists, dictionaries, arrays, and whatever has columns."""

from __future__ import annotations

from collections import UserList
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.data.readers.memory import read_memory
from recur.data.readers.table import MemoryTable
from tests.data.reading import refused, rows, unless_refused


class Series:
    """A column of a data frame, as far as a reader needs it."""

    def __init__(self, values: list[Any], method: str) -> None:
        setattr(self, method, lambda: values)


class Frame:
    """A data frame, as far as a reader needs it."""

    def __init__(self, columns: dict[Any, list[Any]], method: str = "tolist") -> None:
        self._columns = columns
        self._method = method
        self.columns = list(columns)

    def __getitem__(self, name: Any) -> Series:
        return Series(self._columns[name], self._method)

    def __len__(self) -> int:
        return 999  # of no use to the reader


class Tensor:
    """An array of another library: it can become one of NumPy."""

    def __init__(self, values: Any) -> None:
        self._values = np.asarray(values)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self._values if dtype is None else self._values.astype(dtype)


class Pair(NamedTuple):
    """A row with names of its own."""

    question: str
    answer: str


def test_list_of_texts_is_one_column() -> None:
    table = read_memory(["the sky", "the sea"])
    assert table.columns == ["text"]
    assert table.kind == "table"
    assert rows(table) == [{"text": "the sky"}, {"text": "the sea"}]
    assert table.where(1) == "the data given, row 2"


def test_tuple_of_texts_is_one_column_too() -> None:
    assert rows(read_memory(("the sky", "the sea"))) == [{"text": "the sky"}, {"text": "the sea"}]


def test_list_of_pairs_is_input_and_target() -> None:
    table = read_memory([("the sky is", "blue"), ("the sea is", "deep")])
    assert table.columns == ["input", "target"]
    assert table[1] == {"input": "the sea is", "target": "deep"}
    assert read_memory([Pair("why?", "so")])[0] == {"input": "why?", "target": "so"}


def test_pairs_may_have_lists_in_them() -> None:
    table = read_memory([(["I", "go"], ["PRON", "VERB"]), (["go"], ["VERB"])])
    assert table[0] == {"input": ["I", "go"], "target": ["PRON", "VERB"]}


def test_longer_tuples_are_numbered_columns() -> None:
    assert read_memory([(1, 2, 3)])[0] == {"column1": 1, "column2": 2, "column3": 3}


def test_list_of_dictionaries_has_the_keys_of_the_first() -> None:
    table = read_memory([{"a": 1, 2: "x"}, {2: "y", "a": None, "more": 0}])
    assert table.columns == ["a", "2"]
    assert rows(table) == [{"a": 1, "2": "x"}, {"a": None, "2": "y"}]


def test_list_of_numbers_and_of_lists() -> None:
    assert rows(read_memory([1, 2.5])) == [{"value": 1}, {"value": 2.5}]
    assert rows(read_memory([np.float32(0.5), 1])) == [{"value": 0.5}, {"value": 1}]
    assert read_memory([["a", "b"], ["c"]]).columns == ["text"]
    assert rows(read_memory([[1, 2], [3]])) == [{"series": [1, 2]}, {"series": [3]}]
    assert read_memory([[], [1]]).columns == ["series"]


def test_list_of_arrays_of_different_length_is_a_series_a_row() -> None:
    table = read_memory([np.zeros((3, 2)), np.ones((5, 2))])
    assert table.columns == ["series"]
    assert table[1]["series"].shape == (5, 2)


def test_dictionary_of_columns() -> None:
    table = read_memory({"text": ["a", "b"], "n": np.array([1, 2]), "x": np.zeros((2, 3)), 5: (True, False)})
    assert table.columns == ["text", "n", "x", "5"]
    first = table[0]
    assert first["text"] == "a"
    assert type(first["n"]) is int
    assert first["x"].shape == (3,)
    assert first["5"] is True


def test_columns_may_be_any_sequence() -> None:
    assert rows(read_memory({"n": range(2), "m": UserList([3, 4])})) == [{"n": 0, "m": 3}, {"n": 1, "m": 4}]


@pytest.mark.parametrize("method", ["tolist", "to_list"])
def test_data_frame_is_known_by_what_it_can_do(method: str) -> None:
    table = read_memory(Frame({"text": ["a", "b"], 0: [1.5, 2.5]}, method))
    assert table.columns == ["text", "0"]
    assert rows(table) == [{"text": "a", "0": 1.5}, {"text": "b", "0": 2.5}]


def test_array_of_one_axis_is_one_column_of_python_values() -> None:
    table = read_memory(np.array([1, 2]))
    assert rows(table) == [{"value": 1}, {"value": 2}]
    assert type(table[0]["value"]) is int
    assert rows(read_memory(np.array(["a", "b"]))) == [{"value": "a"}, {"value": "b"}]


def test_array_of_two_axes_is_a_column_a_number() -> None:
    assert rows(read_memory(np.array([[1, 2], [3, 4]]))) == [{"value 1": 1, "value 2": 2}, {"value 1": 3, "value 2": 4}]
    assert rows(read_memory(np.array([[1], [3]]))) == [{"value": 1}, {"value": 3}]


def test_array_of_three_axes_is_a_series_a_row() -> None:
    array = np.arange(24).reshape(2, 3, 4)
    table = read_memory(array)
    assert table.columns == ["value"]
    assert len(table) == 2
    np.testing.assert_array_equal(table[1]["value"], array[1])


def test_array_of_another_library_is_read_as_one() -> None:
    assert rows(read_memory(Tensor([1.5, 2.5]))) == [{"value": 1.5}, {"value": 2.5}]
    assert read_memory((Tensor(np.zeros((2, 5, 3))), Tensor([0, 1])))[1]["target"] == 1


@pytest.mark.parametrize("labels", [np.array([0, 1]), [0, 1], ["no", "yes"]], ids=["array", "numbers", "texts"])
def test_pair_of_an_array_and_its_labels_is_input_and_target(labels: Any) -> None:
    table = read_memory((np.zeros((2, 5, 3)), labels))
    assert table.columns == ["input", "target"]
    assert len(table) == 2
    assert table[1]["input"].shape == (5, 3)
    assert table[1]["target"] == labels[1]


def test_pair_of_lists_of_one_length_is_input_and_target() -> None:
    assert rows(read_memory((["a", "b"], [1, 2]))) == [{"input": "a", "target": 1}, {"input": "b", "target": 2}]


def test_pair_of_arrays_with_columns_numbers_them() -> None:
    assert read_memory((np.zeros((2, 2)), np.zeros((2, 1)))).columns == ["input 1", "input 2", "target"]


def test_table_stays_what_it_is() -> None:
    table = MemoryTable([{"a": 1}], ["a"], "mine")
    assert read_memory(table) is table


@pytest.mark.parametrize(
    "data",
    [[], (), {}, {"a": []}, [{}], [()], np.zeros(0), np.zeros((0, 3)), np.zeros((3, 0)), ([], []), Frame({})],
    ids=["list", "tuple", "dict", "column", "row", "pair", "array", "no-rows", "no-columns", "lists", "frame"],
)
def test_nothing_is_refused_with_what_was_expected(data: Any) -> None:
    error = refused(lambda: read_memory(data))
    assert error.message.startswith("the data given has no rows; expected a list of texts")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "NoneType is not data; expected a list of texts"),
        (3, "int is not data"),
        (b"sky", "bytes is not data"),
        ((text for text in ["a"]), "generator is not data"),
        ({"a", "b"}, "set is not data"),
        ([None, "a"], "a list of NoneType is not data"),
        ([b"a"], "a list of bytes is not data"),
        ([{1}], "a list of set is not data"),
        ([np.array(1.5)], "a list of ndarray is not data"),
        (np.array(1.5), "an array of shape () is not a table"),
        (np.float64(1.5), "an array of shape () is not a table"),
        (Tensor(1.5), "an array of shape () is not a table"),
        (np.zeros((1, 1, 1, 1)), "an array of shape (1, 1, 1, 1) is not a table"),
        ((np.array(1.5), np.array(2.5)), "an array of shape () is not a table"),
        ({"a": "sky"}, "a column is str 'sky'; expected one value per row"),
        ({"a": b"sky"}, "a column is bytes"),
        ({"a": 3}, "a column is int '3'"),
        ({"a": None}, "a column is NoneType"),
        ({"a": np.array(1.5)}, "a column is float '1.5'"),
        ({"a": np.float32(1.5)}, "a column is float '1.5'"),
        ({"a": {0: "x", 1: "y"}}, "a column is dict"),
        ({"a": {"x", "y"}}, "a column is set"),
    ],
)
def test_what_is_no_data_is_refused_with_what_it_is(data: Any, message: str) -> None:
    assert refused(lambda: read_memory(data)).message.startswith(message)


@pytest.mark.parametrize(
    "data",
    [{"a": [1, 2], "b": [1]}, Frame({"a": [1, 2], "b": [1]}), (np.zeros((2, 1)), [0])],
    ids=["dict", "frame", "pair"],
)
def test_columns_of_different_length_are_refused(data: Any) -> None:
    error = refused(lambda: read_memory(data))
    assert error.message.startswith("the columns have different lengths: ")
    assert "2, " in error.message
    assert error.hint == "give each column one value per row"


def test_dictionary_without_a_key_of_the_first_is_refused_with_its_row() -> None:
    error = refused(lambda: read_memory([{"text": "a", "label": 1}, {"text": "b"}]))
    assert error.message == 'the data given, row 2: there is no "label"'
    assert error.hint == "give it, or None"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([{"a": 1}, ("a", 1)], "row 2: a tuple where the first row is a dictionary"),
        ([("a", 1), ("b", 2, 3)], "row 2: 3 values where the first row has 2 values"),
        ([("a", 1), "bc"], "row 2: a str where the first row has 2 values"),
        ([("a", 1), 5], "row 2: a int where the first row has 2 values"),
        ([("a", 1), None], "row 2: a NoneType where the first row has 2 values"),
    ],
)
def test_row_unlike_the_first_is_refused_with_its_place(data: Any, message: str) -> None:
    assert refused(lambda: read_memory(data)).message == f"the data given, {message}"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.binary(max_size=2),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=3)
        ),
    ).filter(lambda data: not isinstance(data, str))
)
def test_any_value_is_rows_or_a_data_error(data: Any) -> None:
    table = unless_refused(lambda: read_memory(data))
    if table is not None:
        assert len(table) > 0
        assert all(list(row) == table.columns for row in rows(table))
