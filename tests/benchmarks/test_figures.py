"""The arithmetic of the benchmarks, and the probe of the machine. No time is asserted."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import torch
from torch import nn

from benchmarks import figures, peak, shapes, table, timing


def test_twice_as_fast_and_twice_as_slow_cancel() -> None:
    assert figures.geometric_mean([2.0, 0.5]) == pytest.approx(1.0)
    assert figures.geometric_mean([1.0, 2.0, 4.0]) == pytest.approx(2.0)


@pytest.mark.parametrize(("kind", "gates"), [(nn.RNN, 1), (nn.GRU, 3), (nn.LSTM, 4)])
def test_operations_are_counted_from_the_matrices(kind: type[nn.RNNBase], gates: int) -> None:
    X, H, steps = 5, 7, 30
    assert figures.flops(kind(X, H), steps, "forward") == 2 * gates * H * (X + H) * steps
    assert figures.flops(kind(X, H), steps, "training") == 3 * figures.flops(kind(X, H), steps, "forward")


def row(cell: str, shape: str, ratio: float | None, **more: Any) -> dict[str, Any]:
    """A row of a table."""
    native: dict[str, Any] = {} if ratio is None else {"ratio": ratio, "median_ms": 1.5, "share_of_peak": 0.25}
    both = {"rival": {"median_ms": 3.0, "share_of_peak": 0.125}, "native": native}
    return {"cell": cell, "shape": shape, "pass": "forward", "contestants": both, "disturbed": False, **more}


def test_summary_has_the_mean_and_the_lowest_of_each_cell() -> None:
    rows = [row("RNN", "1,1,1", 2.0), row("RNN", "2,2,2", 0.5), row("GRU", "1,1,1", 3.0), row("GRU", "2,2,2", None)]
    lines = [one.split() for one in figures.summary(rows, ["native", "absent"])]
    assert lines[0] == ["native", "RNN", "forward", "mean", "1.00", "lowest", "0.50", "at", "2,2,2"]
    assert lines[1] == ["native", "GRU", "forward", "mean", "3.00", "lowest", "3.00", "at", "1,1,1"]
    assert lines[2] == ["native", "all", "mean", "1.44", "lowest", "0.50"]
    assert len(lines) == 3
    assert figures.summary(rows[3:], ["native"]) == []


def test_row_says_what_disturbed_it() -> None:
    assert table.line(row("RNN", "1,1,1", 2.0), ["native"]).split()[3:] == ["3.000", "12%", "1.500", "25%", "2.00"]
    marked = row("RNN", "1,1,1", None, disturbed=True, gain=1.25)
    assert table.line(marked, ["native"]).split()[5:] == ["-", "*", "1.25"]
    above, rule = table.heading("torch.nn", ["native"]).splitlines()
    assert len(above) == len(rule) == len(table.line(row("RNN", "1,1,1", 2.0), ["native"]))


@pytest.mark.parametrize("text", ["100,32,128", "100,32,128,ragged", "50,3,39,100", "50,3,39,100,ragged"])
def test_shape_is_read_as_it_is_written(text: str) -> None:
    assert str(shapes.Shape.parse(text)) == text


def test_ragged_rows_have_a_tenth_of_the_steps_at_least() -> None:
    torch.manual_seed(0)
    lengths = shapes.Shape(100, 200, 8, ragged=True).lengths()
    assert lengths is not None
    assert 10 <= int(lengths.min()) < int(lengths.max()) == 100
    assert shapes.Shape(100, 200, 8).lengths() is None


def test_disturbed_row_is_measured_again_and_the_best_try_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    probes = iter([1.9, 1.2, 1.7, 1.6])
    monkeypatch.setattr(peak, "measure", lambda *_: peak.Peak(1.0, next(probes), 2, ""))
    tries = iter("abc")
    assert peak.steady(lambda: {"try": next(tries)}) == {"try": "c", "gain": 1.6, "disturbed": True}
    probes = iter([1.9, 1.2, 1.85, 1.81])
    tries = iter("abc")
    assert peak.steady(lambda: {"try": next(tries)}) == {"try": "c", "gain": 1.81, "disturbed": False}
    probes = iter([1.9, 1.9])
    assert peak.steady(lambda: {"try": "first"}) == {"try": "first", "gain": 1.9, "disturbed": False}


def test_peak_of_a_busy_machine_is_measured_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peak, "PAUSE", 0.0)
    found = iter([peak.Peak(100.0, 110.0, 2, ""), peak.Peak(100.0, 195.0, 2, ""), peak.Peak(0.0, 0.0, 2, "")])
    monkeypatch.setattr(peak, "measure", lambda *_: next(found))
    assert peak.settled().all == 195.0
    found = iter([peak.Peak(100.0, one, 2, "") for one in (110.0, 130.0, 120.0)])
    assert peak.settled().all == 130.0
    assert "DISTURBED" in str(peak.Peak(100.0, 130.0, 2, ""))


def test_one_thread_is_never_called_disturbed() -> None:
    assert not peak.Peak(100.0, 100.0, 1, "").disturbed
    assert peak.Peak(100.0, 179.0, 2, "").disturbed


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no compiler")
def test_multiply_adds_are_measured_by_a_compiled_program() -> None:
    found = peak.measure(2, 0.01, 1)
    assert found.how == "multiply-adds in registers"
    assert min(found.one, found.all) > 0


def test_without_a_compiler_torch_multiplies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peak, "_program", lambda: None)
    monkeypatch.setattr(peak, "_multiply", lambda count: 10.0 * count)
    assert peak.measure(2, repeats=1) == peak.Peak(10.0, 20.0, 2, "torch.mm")
    threads = torch.get_num_threads()
    monkeypatch.undo()
    assert peak._multiply(1, 16, 1) > 0
    assert torch.get_num_threads() == threads


def test_each_round_begins_with_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.timing.LEAST_SECONDS", 0.0)
    order: list[str] = []
    times = timing.interleave({name: lambda name=name: order.append(name) for name in "abc"}, 3, 10.0)
    assert "".join(order) == "aabbcc" + "abc" + "bca" + "cab"
    assert all(len(timing.samples) == 3 for timing in times.values())
    assert timing.ratios(timing.Timing([2.0, 3.0], 1), timing.Timing([1.0, 6.0], 1)) == [2.0, 0.5]
