"""The nodes of a graph: unique names, each constant once, and a check before the file is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
import onnx

from recur.export.writer import Writer, signature
from recur.nn.graph_writer import FLOAT, INT64


def test_names_are_unique_also_in_the_body_of_a_loop() -> None:
    writer = Writer()
    names = [writer.name("step"), writer.body().name("step"), writer.body().body().name("step")]
    assert len(set(names)) == 3


def test_equal_constants_are_stored_once_and_those_of_other_types_apart() -> None:
    writer = Writer()
    assert writer.constant([1, 2]) == writer.body().constant(np.array([1.0, 2.0]))
    assert writer.constant([1, 2], INT64) != writer.constant([1, 2], FLOAT)
    assert writer.constant([[1, 2]]) != writer.constant([1, 2])
    assert len(writer.initializers) == 3


def test_a_graph_that_breaks_the_rules_of_onnx_is_not_written(tmp_path: Path) -> None:
    writer = Writer()
    result = writer.rename(writer.add("Add", "nowhere", writer.constant(1.0)), "result")
    graph = writer.graph("a", [], [writer.value(result, FLOAT, [])])
    with pytest.raises(onnx.checker.ValidationError):
        writer.save(tmp_path / "a.onnx", graph, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("axes", "text"), [(["B", "T"], "ids (B, T) int64"), (["B"], "ids (B,) int64")])
def test_a_signature_is_a_name_with_its_axes_and_type(axes: list[int | str], text: str) -> None:
    assert signature("ids", INT64, axes) == text
