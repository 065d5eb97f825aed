"""Weights: equal networks are equal files, and what is no file of this network is refused before memory is used."""

from __future__ import annotations

import json
import os
import stat
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from recur.atomic import write_bytes
from recur.errors import ConfigError, RunError
from recur.run.weights import load_weights, read_header, serialised


class Tied(nn.Module):
    """A network with one matrix under two names, of which another one was renamed."""

    former_names: ClassVar[dict[str, str]] = {"old.bias": "one.bias"}

    def __init__(self, size: int = 3) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(size, size), nn.Linear(size, size, bias=False)
        self.two.weight = self.one.weight
        self.register_buffer("count", torch.zeros((), dtype=torch.long))


def test_equal_weights_are_equal_bytes_in_every_process() -> None:
    code = (
        "import torch, hashlib, tests.run.test_weights as t; torch.manual_seed(0)\n"
        "print(hashlib.sha256(t.serialised(t.Tied())).hexdigest())"
    )
    said = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(3)}
    assert len(said) == 1
    assert len(said.pop()) > 60


def test_tied_weights_are_written_once_and_read_back(tmp_path: Path) -> None:
    first, second = Tied(), Tied()
    write_bytes(tmp_path / "w", serialised(first))
    assert set(read_header(tmp_path / "w")) == {"count", "one.weight", "one.bias"}
    load_weights(second, tmp_path / "w")
    assert all(
        torch.equal(a, b) for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )
    assert second.two.weight is second.one.weight


def test_weights_stored_as_float16_are_half_the_size_and_float32_again(tmp_path: Path) -> None:
    first, second = Tied(64), Tied(64)
    write_bytes(tmp_path / "half", serialised(first, "float16"))
    assert {dtype for dtype, _ in read_header(tmp_path / "half").values()} == {"F16", "I64"}
    assert (tmp_path / "half").stat().st_size < 0.6 * len(serialised(first))
    load_weights(second, tmp_path / "half")
    for name, value in second.state_dict().items():
        expected = first.state_dict()[name]
        assert value.dtype == expected.dtype
        if value.is_floating_point():
            assert torch.equal(value, expected.half().float())
            assert not torch.equal(value, expected)
    assert second.two.weight is second.one.weight


@pytest.mark.parametrize("value", [65_520.0, -7e4, 3e38])
def test_weights_that_exceed_float16_are_refused(value: float) -> None:
    network = Tied()
    with torch.no_grad():
        network.one.weight[1, 2] = value
    with pytest.raises(RunError, match=r"do not fit float16: one.weight contains .*the largest number is 65,504"):
        serialised(network, "float16")
    with torch.no_grad():
        network.one.weight[1, 2] = 65_504.0
    assert serialised(network, "float16")


def test_weights_in_an_unknown_format_are_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be stored as 'float8'"):
        serialised(Tied(), "float8")


def test_buffers_are_not_read_from_float16(tmp_path: Path) -> None:
    network = Tied()
    network.register_buffer("mean", torch.zeros(2))
    values = {**network.state_dict(), "mean": torch.zeros(2, dtype=torch.float16)}
    del values["two.weight"]
    save_file(values, tmp_path / "w")
    with pytest.raises(RunError, match="mean is float32 of shape .*and in the file float16"):
        load_weights(network, tmp_path / "w")


def test_weights_of_an_older_version_are_read_under_their_present_names(tmp_path: Path) -> None:
    first, second = Tied(), Tied()
    values = {"old.bias" if name == "one.bias" else name: value for name, value in first.state_dict().items()}
    del values["two.weight"]
    save_file(values, tmp_path / "w")
    load_weights(second, tmp_path / "w")
    assert torch.equal(first.one.bias, second.one.bias)
    save_file({**values, "one.bias": torch.zeros(3)}, tmp_path / "both")
    with pytest.raises(RunError, match=r"it has one\.bias twice"):
        load_weights(Tied(), tmp_path / "both")


def test_the_file_may_be_read_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_bytes(tmp_path / "w", serialised(Tied()))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "w").stat().st_mode) == 0o644


def packed(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(shape: list[Any], begin: Any, end: Any, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a safetensors file"),
        (b"1234567", "not a safetensors file"),
        (struct.pack("<Q", 2**63) + b"{}", "not a safetensors file"),
        (packed(b"[" * 50_000), "nested too deeply"),
        (packed([]), "not a JSON object"),
        (packed({"a": entry([2], 0, 8)}, bytes(7)), "need"),
        (packed({"a": entry([2], 0, 8)}, bytes(9)), "need"),
        (packed({"a": entry([10**9, 10**9], 0, 8)}, bytes(8)), "needs 4,000,000,000,000,000,000 bytes and has 8"),
        (packed({"a": entry([2], 4, 12)}, bytes(12)), "overlap or leave gaps"),
        (packed({"a": entry([1], 0, 4), "b": entry([1], 0, 4)}, bytes(4)), "overlap"),
        (packed({"a": entry([-1], 0, 4)}, bytes(4)), "is damaged"),
        (packed({"a": entry([True], 0, 4)}, bytes(4)), "is damaged"),
        (packed({"a": entry([1], 0.0, 4)}, bytes(4)), "is damaged"),
        (packed({"a": entry([1], 0, 4, "Q9")}, bytes(4)), "is damaged"),
        (packed({"a": entry([2] * 5000, 0, 4)}, bytes(4)), "is damaged"),
        (packed({"a": entry([10**399], 0, 4)}, bytes(4)), "is damaged"),
        (packed({"a": 3}), "is damaged"),
        (packed(b'{"a": {"dtype": "F32"}, "a": 1}'), "given twice"),
    ],
)
def test_a_damaged_file_is_a_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(RunError, match=words):
        load_weights(Tied(), tmp_path / "w")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    network = Tied()
    with torch.no_grad():
        network.one.bias[1] = value
    write_bytes(tmp_path / "w", serialised(network))
    with pytest.raises(RunError, match=r"not finite: 1 of the 3 of one\.bias"):
        load_weights(Tied(), tmp_path / "w")


def less(network: nn.Module) -> nn.Module:
    del network.count
    return network


@pytest.mark.parametrize(
    ("written", "words"),
    [(Tied(4), r"is float32 of shape \(3,.*\), and in the file float32 of shape \(4,"), (Tied().double(), "float64"),
     (less(Tied()), "the file has no count"), (nn.Linear(2, 2), "it has no bias")],
)  # fmt: skip
def test_weights_of_another_network_are_refused(tmp_path: Path, written: Any, words: str) -> None:
    write_bytes(tmp_path / "w", serialised(written))
    with pytest.raises(RunError, match=words):
        load_weights(Tied(), tmp_path / "w")
