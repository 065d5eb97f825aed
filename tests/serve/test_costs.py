"""Requests are refused by what they would cost."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("fastapi")
from starlette.testclient import TestClient

from recur.model import Model
from recur.serve import Limits, create_app
from recur.serve.costs import parts
from tests.serve.asking import Json, refused, told


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/complete", {"texts": ["a "] * 257}, "at most 256 are answered"),
        ("/complete", {"texts": ["a " * 20_001]}, "at most 20,000 items"),
        ("/complete", {"texts": ["a"] * 256, "top": 1000}, "at most 25,600 are listed"),
        ("/predict", {"inputs": ["a"] * 256, "top": 1000}, "at most 25,600 are listed"),
        ("/predict", {"inputs": ["a"] * 256, "length": 4096}, "256 inputs x 4,096 symbols = 1,048,576 symbols"),
        ("/predict", {"inputs": ["a"] * 2, "length": 4096, "beam": 64}, "x 64 hypotheses"),
        ("/predict", {"inputs": ["a"], "length": 4096, "top": 1000}, "x 1,000 hypotheses"),
        ("/predict", {"inputs": ["a"], "length": 4096, "top": 99, "temperature": 1}, "x 99 hypotheses"),
        ("/v1/completions", {"prompt": ["a"] * 4, "n": 64, "max_tokens": 4096}, "1,048,576 symbols"),
        ("/generate", {"length": 4097}, "at most 4,096 are written"),
        ("/play", {"length": 4097}, "at most 4,096 are written"),
    ],
)
def test_a_request_is_refused_by_the_product_of_its_sizes(client: TestClient, path: str, body: Json, says: str) -> None:
    assert says in refused(client, path, {"model": "lines", **body}, 413)


@pytest.mark.parametrize(
    ("path", "key"), [("/complete", "texts"), ("/predict", "inputs"), ("/v1/completions", "prompt")]
)
def test_the_items_of_all_inputs_together_are_bounded(models: dict[str, Model], path: str, key: str) -> None:
    app = create_app({"lines": models["lines"]}, Limits(steps=50))
    with TestClient(app, base_url="http://localhost") as client:
        said = refused(client, path, {"model": "lines", key: ["the clouds are " * 5] * 4}, 413)
    assert "at most 50 items are read in a request" in said


@pytest.mark.parametrize("path", ["/generate", "/v1/completions", "/predict"])
@pytest.mark.parametrize("stop", [["x"] * 65, "x" * 1001, ["a", "x" * 1001]])
def test_stops_are_bounded_in_number_and_length(client: TestClient, path: str, stop: Any) -> None:
    given: Json = {"inputs": ["a"]} if path == "/predict" else {}
    assert "stop" in refused(client, path, {"model": "lines", **given, "stop": stop})


@pytest.mark.parametrize(
    ("sizes", "most", "expected"),
    [([], 5, []), ([9], 5, [[0]]), ([1, 1, 1], 2, [[0, 1], [2]]), ([1, 4, 1], 4, [[0], [1], [2]])],
)
def test_rows_are_split_by_their_padded_size(sizes: list[int], most: int, expected: list[list[int]]) -> None:
    assert list(parts(sizes, most)) == expected


def test_a_network_that_runs_out_of_memory_is_a_request_that_is_too_large(
    client: TestClient, models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory: you tried to ...")

    monkeypatch.setattr(models["lines"].mode, "run", full)
    assert "more memory" in refused(client, "/predict", {"model": "lines", "inputs": ["a"]}, 413)
    monkeypatch.undo()
    told(client, "/predict", {"model": "lines", "inputs": ["a"]})
