"""The benchmarks beyond the layers: peers in processes of their own, a language model's step, the start."""

from __future__ import annotations

import io
import json
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks import (
    first_call,
    frameworks,
    hashing,
    lm,
    onnx_file,
    own_cells,
    peak,
    peer,
    peers,
    shapes,
    start,
    steps,
    waking,
)

# a cell that was not built with the package is compiled here
pytestmark = pytest.mark.filterwarnings("ignore:compiled the cell")


@pytest.fixture(autouse=True)
def _no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peak, "measure", lambda *_, **__: peak.Peak(100.0, 190.0, 2, "made up"))
    monkeypatch.setattr("benchmarks.timing.LEAST_SECONDS", 1e-4)


def serve(name: str, *commands: dict[str, Any]) -> list[dict[str, Any]]:
    """What a peer answers, in this process."""
    answers = io.StringIO()
    threads = torch.get_num_threads()
    peer.serve(name, threads, io.StringIO("".join(json.dumps(one) + "\n" for one in commands)), answers)
    return [json.loads(line) for line in answers.getvalue().splitlines()]


@pytest.mark.parametrize("name", frameworks.SEQUENCES)
def test_peer_computes_what_torch_does(name: str, tmp_path: Path) -> None:
    if cure := peers.missing(name):
        pytest.skip(f"{name} is not installed: {cure}")
    path = tmp_path / "case.npz"
    modes = ["sequences", *(["steps"] if name in frameworks.STEPS else [])]
    # in a process of its own, as ever: frameworks do not share one well
    with closing(peers.Peer(name, 1)) as child:
        for cell, mode in [*((cell, modes[0]) for cell in peers.CELLS), *(("LSTM", mode) for mode in modes[1:])]:
            several = mode == "sequences" and name not in peers.ONE_ROW
            peers.write_case(path, cell, shapes.Shape(6, 3 if several else 1, 8, X=5))
            loaded = child.ask(do="load", mode=mode, cell=cell, file=str(path), warm=0)
            if name == "native" and "cannot" in loaded and not loaded["cannot"].startswith("wrong"):
                continue
            if (name, cell) == ("rtneural", "RNN"):
                assert "no Elman network" in loaded["cannot"]
                continue
            assert loaded.get("calls", 0) >= 1, (cell, mode, loaded)
            assert child.ask(do="time")["seconds"] > 0


@pytest.mark.parametrize(("off", "said"), [(1.0, "a difference of 1.0e+00"), (float("nan"), "a difference of nan")])
def test_peer_that_computes_something_else_is_refused(off: float, said: str, tmp_path: Path) -> None:
    peers.write_case(tmp_path / "case.npz", "GRU", shapes.Shape(6, 3, 8))
    with np.load(tmp_path / "case.npz") as file:
        arrays = dict(file)
    arrays["expected"][-1, -1, -1] += off
    np.savez(tmp_path / "case.npz", **arrays)
    load = {"do": "load", "mode": "sequences", "cell": "GRU", "file": str(tmp_path / "case.npz"), "warm": 0}
    assert serve("torch", load)[0]["cannot"].startswith(f"wrong: {said}")


def test_peers_run_in_processes_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "--peers",
        "torch",
        "--only",
        "steps",
        "--repeats",
        "2",
        "--quick",
        "--json",
        str(tmp_path / "figures.json"),
    ]
    assert peers.main(words) == 0
    rows = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["steps"]
    assert [row["shape"] for row in rows] == ["1,1,256", "1,1,512"]
    for row in rows:
        assert row["fastest"] == "torch"
        assert len(row["contestants"]["torch"]["samples_s"]) == 2
    assert "microseconds a step" in capsys.readouterr().out


def test_peer_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(peers.NEEDS, "jax", ("torch", "no_such_package"))
    assert peers.main(["--peers", "jax"]) == 2
    said = capsys.readouterr()
    assert "absent   jax is not installed: pip install no_such_package" in said.out
    assert "error: none of the peers is installed" in said.err


def test_peer_whose_process_ended_is_said_to_have() -> None:
    ended = peers.Peer("no such peer", 1)
    ended.close()
    assert "its process ended" in ended.ask(do="time")["cannot"]


@pytest.mark.parametrize(("cell", "gates"), [("RNN", "h"), ("GRU", "rzn"), ("LSTM", "ifgo")])
def test_gates_are_put_in_the_order_of_onnx(cell: str, gates: str) -> None:
    wanted = {"RNN": "h", "GRU": "zrn", "LSTM": "iofg"}[cell]
    blocks = np.repeat(np.array([ord(gate) for gate in gates], np.float32), 2)
    found = onnx_file.reorder(cell, blocks)
    assert found.shape == (1, 2 * len(gates))
    assert "".join(chr(int(code)) for code in found[0, ::2]) == wanted


@pytest.mark.skipif(find_spec("onnx") is None, reason="onnx is not installed")
def test_file_of_steps_has_the_states_going_in_and_out(tmp_path: Path) -> None:
    import onnx

    peers.write_case(tmp_path / "case.npz", "LSTM", shapes.Shape(5, 1, 8))
    with np.load(tmp_path / "case.npz") as file:
        graph = onnx.load_from_string(onnx_file.model("LSTM", dict(file), steps=True)).graph
    assert [one.name for one in graph.input] == ["X", "h", "c"]
    assert [one.name for one in graph.output] == ["new_h", "new_c"]


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ptb").mkdir()
    lines = "\n".join(f" word{n % 37} word{n % 11} word{n % 5} " for n in range(400))
    (tmp_path / lm.FILE).write_text(lines + "\n", encoding="utf-8")
    monkeypatch.setenv("RECUR_DATA", str(tmp_path))
    monkeypatch.setattr(lm, "MODELS", [lm.Model(8, 6)])
    monkeypatch.setattr(lm, "VOCABULARY", 50)
    return tmp_path


def test_words_are_laid_out_in_rows(text: Path) -> None:
    words = lm.read(text)
    assert words.shape == (1600 // lm.ROWS, lm.ROWS)
    assert words[:5, 0].tolist() == [0, 0, 0, 1, 2]  # word0 three times, the end of the line, word1
    assert int(words.max()) == 37  # 37 words, and the end of a line


@pytest.mark.parametrize("engine", ["stock", "eager"])
def test_language_models_are_proved_by_their_losses(
    engine: str, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lm.main(["--quick", "--engine", engine, "--json", str(text / "figures.json")]) == 0
    (row,) = json.loads((text / "figures.json").read_text(encoding="utf-8"))
    assert row["ratio"] > 0
    assert row["flops"] == 3 * 2 * (2 * 4 * 8 * 16 + 50 * 8) * 6 * lm.ROWS
    # it learns, so the losses are not those of a standing model
    assert row["losses"][0][0] > row["losses"][-1][0]
    assert "2x8 at 20x6" in capsys.readouterr().out


@pytest.mark.usefixtures("text")
def test_language_models_whose_losses_differ_are_not_timed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = lm.torchs
    monkeypatch.setattr(lm, "torchs", lambda *given: 1.01 * right(*given))
    assert lm.main(["--quick", "--engine", "eager"]) == 1
    assert "error: 2x8 at 20x6: the losses differ by" in capsys.readouterr().err


def test_language_model_without_data_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RECUR_DATA", str(tmp_path))
    assert lm.main([]) == 2
    assert "error: there is no ptb/ptb.train.txt in the folder named by RECUR_DATA" in capsys.readouterr().err


def test_fresh_process_is_timed_from_its_first_import() -> None:
    seconds = first_call.ask("update_gate_rnn", "eager")
    assert seconds.pop("ran") == "eager"
    assert set(seconds) == {
        "torch", "recur", "build", "forward", "forward_later", "training", "training_later",
    }  # fmt: skip
    assert min(seconds.values()) > 0
    assert own_cells.extra(seconds) < sum(seconds.values())
    assert "not one of" in first_call.ask("LSTM", "made-up")["cannot"]


def test_start_is_the_median_of_processes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    times = iter(range(1, 100))
    monkeypatch.setattr(
        start, "ask", lambda name, _: {"cannot": "no"} if name == "GRU" else dict.fromkeys(start.PARTS, next(times))
    )
    assert start.main(["--repeats", "3"]) == 0
    said = capsys.readouterr()
    rows = {
        line.split()[0]: line.split()[1:] for line in said.out.splitlines() if line.startswith(("torch.nn", "recur"))
    }
    assert rows["torch.nn.LSTM"] == ["4000.0"] * 5 + ["12000.0"]
    assert rows["recur.nn.GRU"][1:] == ["-"] * 6
    assert said.err == "note: no\n"


def test_steps_are_timed_beside_torch_and_what_reading_their_weights_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "READING", 0.001)
    assert steps.main(["--quick", "--repeats", "1", "--json", str(tmp_path / "figures.json")]) == 0
    small, _, large = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert (small["cell"], small["X"], small["H"], small["bytes"]) == ("GRU", 3, 16, 4 * 48 * 19)
    assert list(small["percentiles_s"].values()) == sorted(small["percentiles_s"].values())
    assert "limit_s" not in small
    if peak.compiled(steps.READ) is not None:
        assert large["limit_s"] > 0
    assert "LSTM  128,128" in capsys.readouterr().out


def test_steps_that_differ_from_torchs_are_not_timed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "CLOSE", 0.0)
    assert steps.main(["--quick"]) == 1
    assert "error: wrong: GRU of" in capsys.readouterr().err


def test_waking_is_timed_beside_layers_on_one_and_two_threads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--quick", "--cells", "GRU", "--rests", "0", "1", "--json", str(tmp_path / "figures.json")]
    assert waking.main(words) == 0
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    for found in figures["waking_us"].values():
        assert found == sorted(found)
    (row,) = figures["rows"]
    assert list(row["rests"]) == ["0.0", "1.0"]
    assert all(one["seconds"] > 0 for found in row["rests"].values() for one in found.values())
    assert "GRU   20,1,64" in capsys.readouterr().out


def test_hash_is_timed_beside_calls_of_frozen_layers(capsys: pytest.CaptureFixture[str]) -> None:
    threads = torch.get_num_threads()
    try:
        assert hashing.main(["--quick", "--cell", "RNN"]) == 0
    finally:
        torch.set_num_threads(threads)
    row = capsys.readouterr().out.splitlines()[-1].split()
    assert row[:3] == ["RNN", "16", "2"]
    if peak.compiled(steps.READ) is not None:
        assert float(row[3]) > 0
        assert row[5] == "none" or row[5].endswith("%")
        assert row[9].endswith("%")


def test_percentiles_are_of_single_steps() -> None:
    calls: list[None] = []
    found = steps.percentiles(lambda: calls.append(None), 100)
    assert len(calls) == 100
    assert list(found) == ["p50", "p99", "p99.9", "max"]
