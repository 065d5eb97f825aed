"""Training of a GRU beside rl_tools: its gradients are proved where its sources are, and the table says where not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks import peak, proof, rl_tools, shapes

SHAPE = shapes.Shape(7, 3, 8, X=5)


@pytest.fixture(autouse=True)
def _no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peak, "measure", lambda *_, **__: peak.Peak(100.0, 190.0, 2, "made up"))
    monkeypatch.setattr("benchmarks.timing.LEAST_SECONDS", 1e-4)


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The layer in each build that can be made here."""
    if rl_tools.sources() is None:
        pytest.skip("RL_TOOLS names no folder with the sources of rl_tools")
    folder = tmp_path_factory.mktemp("rl_tools")
    return {name: rl_tools.compile_layer(SHAPE, more, folder) for name, more in rl_tools.flags().items()}


def test_rl_tools_computes_outputs_and_gradients_of_torch(libraries: dict[str, Path]) -> None:
    torch.manual_seed(1)
    rival = nn.GRU(5, 8)
    x, seed = torch.randn(7, 3, 5, requires_grad=True), torch.randn(7, 3, 8)
    expected = rl_tools.training(rival, x, seed)
    before = seed.clone()
    for library in libraries.values():
        layer = rl_tools.Layer(library, rival, x)
        for _ in range(2):  # nothing is left of the pass before
            layer.training(seed)
            assert set(rl_tools.differences(layer.results(), expected)) == {"outputs", "gradients"}
    assert torch.equal(seed, before)


def test_rl_tools_with_other_parameters_is_refused(libraries: dict[str, Path]) -> None:
    torch.manual_seed(1)
    rival = nn.GRU(5, 8)
    x, seed = torch.randn(7, 3, 5, requires_grad=True), torch.randn(7, 3, 8)
    layer = rl_tools.Layer(libraries["generic"], rival, x)
    layer.training(seed)
    with torch.no_grad():
        rival.weight_hh_l0[-1, -1] += 0.1
    expected = rl_tools.training(rival, x, seed)
    with pytest.raises(proof.NotProvedError, match="gradients"):
        rl_tools.differences(({}, layer.results()[1]), ({}, expected[1]))


@pytest.mark.usefixtures("libraries")
def test_every_contestant_is_timed_after_its_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"
    words = ["--quick", "--shapes", str(SHAPE), "--repeats", "1", "--builds", str(tmp_path), "--json", str(file)]
    assert rl_tools.main(words) == 0
    (row,) = json.loads(file.read_text(encoding="utf-8"))
    assert list(row["contestants"]) == ["torch", "native", *rl_tools.flags()]
    for name in rl_tools.flags():
        entry = row["contestants"][name]
        assert entry["median_ms"] > 0
        assert set(entry["differences"]) == {"outputs", "gradients"}
    assert row["fastest"] in rl_tools.BUILDS
    assert f"\n{SHAPE}" in capsys.readouterr().out


def test_table_says_that_rl_tools_is_absent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RL_TOOLS", raising=False)
    threads = torch.get_num_threads()
    assert rl_tools.main(["--quick", "--repeats", "1"]) == 0
    assert torch.get_num_threads() == threads
    said = capsys.readouterr().out
    assert "absent   rl_tools: set RL_TOOLS to the folder of its sources" in said
    *_, generic, blas, _, ratio = said.splitlines()[-1].split()
    assert (generic, blas, ratio) == ("-", "-", "-")


def test_sources_that_do_not_compile_are_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RL_TOOLS", str(tmp_path))
    monkeypatch.delenv("RL_TOOLS_BLAS", raising=False)
    assert rl_tools.main(["--quick", "--repeats", "1"]) == 0
    assert "note: generic, 20,4,16: rl_tools does not compile: " in capsys.readouterr().err
