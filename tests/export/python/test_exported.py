"""Networks as one Python file: the same answers in NumPy and in the library, without torch, imported at once."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recur import equations
from recur.errors import BackendError, ConfigError, WriteError
from recur.export import export_python
from recur.export.c.exported import ALLOWED
from recur.export.python import exported
from recur.export.python.exported import _loaded
from recur.modes.next_item import NextItem
from recur.modes.one_to_one import OneToOne
from recur.modes.synced import Synced
from tests.export.c.networks import FORECASTS, config, drawn, forecast, series, words
from tests.export.c.test_exported import NETWORKS, REFUSED, SEVERAL_INPUTS
from tests.tolerances import SHARE


def no_compiler() -> tuple[str, ...]:
    raise ConfigError("there is no C compiler")


@pytest.mark.parametrize("cell", sorted(set(equations.names()) - SEVERAL_INPUTS - {"moving_average", "conv_lstm"}))
def test_every_cell_computes_the_same_in_numpy(cell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if cell not in REFUSED:  # their form in C is compared in tests of its own
        monkeypatch.setattr(exported, "c_compiler", no_compiler)
    mode = drawn(Synced(series(), series(), config(cell=cell, num_layers=2)))
    result = export_python(mode, tmp_path / "model.py")
    assert result.differences["numpy"] <= ALLOWED
    assert result.library is None
    assert result.reason


@pytest.mark.parametrize("name", NETWORKS)
def test_every_mode_and_readout_computes_the_same_in_numpy_and_in_the_library(name: str, tmp_path: Path) -> None:
    result = export_python(drawn(NETWORKS[name]()), tmp_path / "model.py")
    assert set(result.differences) == {"numpy", "library"}
    assert max(result.differences.values()) <= ALLOWED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["libmodel.so", "model.py"]


@pytest.mark.parametrize(("how", "relative_to", "quantiles"), FORECASTS)
def test_forecasts_compute_the_same_in_numpy_and_in_the_library(
    how: str, relative_to: str, quantiles: list[float], tmp_path: Path
) -> None:
    result = export_python(forecast(how, relative_to, quantiles), tmp_path / "model.py")
    assert set(result.differences) == {"numpy", "library"}
    assert max(result.differences.values()) <= ALLOWED
    module = _loaded(tmp_path / "model.py")
    x = np.random.default_rng(3).normal(5, 3, (9, 2))
    shape = (6, 2 if how == "recursive" else 1, *([3] if quantiles else []))
    for native in (True, False):
        model = module.Model(native=native)
        whole = model.run(x)
        assert whole.shape == shape
        # a value at a time, and the forecasts in between change nothing
        np.testing.assert_allclose([model.step(one) for one in x][-1], whole, rtol=SHARE[torch.float32])
        with pytest.raises(ValueError, match="at least 1 items, got 0"):
            model.run(np.empty((0, 2)))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A language model."""
    path = tmp_path_factory.mktemp("python") / "writer.py"
    export_python(drawn(NextItem(words(), config(cell="gru"))), path, sentence='says """ and \\x')
    return path


def test_a_file_needs_numpy_alone_and_is_imported_at_once(file: Path) -> None:
    text = (
        "import sys, time, numpy\n"
        "start = time.perf_counter()\nimport writer\ntook = time.perf_counter() - start\n"
        "model = writer.Model()\ny = model.step(model.symbols.index('w3'))\n"
        "assert abs(y.sum() - 1) < 1e-5 and model.native\n"
        "assert 'torch' not in sys.modules and 'recur' not in sys.modules\n"
        "print(took)"
    )
    times = []
    for _ in range(3):
        said = subprocess.run(
            [sys.executable, "-c", text], cwd=file.parent, capture_output=True, text=True, timeout=60, check=True
        )
        times.append(float(said.stdout))
    assert min(times) < 0.1


def test_a_model_finds_samples_and_begins_again(file: Path) -> None:
    module = _loaded(file)
    for native in (True, False):
        model = module.Model(native=native)
        assert model.symbols[model.find("w5")] == "w5"
        assert model.find("nothing") == module.FACTS["unknown"]
        first = model.step(3)
        second = model.step(3)
        assert np.abs(first - second).max() > 1e-4
        np.testing.assert_array_equal(model.run([3, 3])[1], second)
        np.testing.assert_array_equal(model.step(4), model.run([3, 3, 4])[2])  # run leaves the state of step alone
        model.reset()
        np.testing.assert_array_equal(model.step(3), first)
        never = set(module.FACTS["never"])
        ids = {model.sample(first, 1.0, 3, np.random.default_rng(n)) for n in range(40)}
        assert len(ids) == 3
        assert not ids & never
        assert model.sample(first, 0.0) == max((i for i in range(len(first)) if i not in never), key=lambda i: first[i])


@pytest.mark.parametrize(
    ("name", "call", "message"),
    [
        ("next word", lambda m: m.step([1, 2]), "expected an id"),
        ("zoneout", lambda m: m.step([1.0]), r"expected numbers \(2,\), got shape \(1,\)"),
        ("both directions: synced", lambda m: m.step([1.0, 2.0]), "reads whole sequences alone"),
        ("zoneout", lambda m: m.find("a"), "has no vocabulary"),
        ("zoneout", lambda m: m.sample([1.0]), "does not predict the next symbol"),
        ("zoneout", lambda m: m.tags([[1.0, 2.0]]), "does not tag"),
        ("both directions: synced", lambda m: m.run(np.zeros((400, 2))), "at most 256 items"),
    ],
)
def test_what_a_file_does_not_do_is_refused_with_a_sentence(
    name: str, call: Callable[[Any], Any], message: str, tmp_path: Path
) -> None:
    export_python(drawn(NETWORKS[name]()), tmp_path / "model.py")
    with pytest.raises(ValueError, match=message):
        call(_loaded(tmp_path / "model.py").Model())


def test_tags_of_a_chain_are_those_of_the_network(tmp_path: Path) -> None:
    mode = drawn(NETWORKS["both directions: chain"]())
    export_python(mode, tmp_path / "model.py")
    text = ["w1", "w2", "w3", "w1", "w9"]
    model = _loaded(tmp_path / "model.py").Model()
    assert model.tags([model.find(word) for word in text]) == list(mode.predict([" ".join(text)])[0].value)


def test_another_library_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "writer.py").write_bytes(file.read_bytes())
    (tmp_path / "libwriter.so").write_bytes(file.with_name("libwriter.so").read_bytes() + b"x")
    with pytest.raises(ValueError, match=r"libwriter\.so was not exported with this file"):
        _loaded(tmp_path / "writer.py").Model()


def test_a_library_of_another_processor_is_named_and_replaced_by_numpy(file: Path, tmp_path: Path) -> None:
    foreign = b"\x7fELF of another processor"
    (tmp_path / "libwriter.so").write_bytes(foreign)
    text = file.read_text()
    digest = hashlib.sha256(file.with_name("libwriter.so").read_bytes()).hexdigest()
    (tmp_path / "writer.py").write_text(text.replace(digest, hashlib.sha256(foreign).hexdigest()))
    module = _loaded(tmp_path / "writer.py")
    with pytest.warns(UserWarning, match=r"libwriter\.so cannot be loaded on this machine, .*in NumPy, slowly"):
        model = module.Model()
    assert not model.native
    np.testing.assert_array_equal(model.run([1, 2]), module.Model(native=False).run([1, 2]))
    with pytest.raises(ValueError, match=r"libwriter\.so cannot be loaded .* Model\(native=False\)"):
        module.Model(native=True)


@pytest.mark.parametrize("wrong", [-1, 16, 2**31 - 1])
def test_an_id_outside_of_the_vocabulary_is_refused(wrong: int, file: Path) -> None:
    module = _loaded(file)
    assert module.FACTS["symbols_read"] == 16
    for native in (True, False):
        model = module.Model(native=native)
        with pytest.raises(ValueError, match=f"{wrong} is no id of this network: they are 0 to 15"):
            model.step(wrong)
        with pytest.raises(ValueError, match="is no id of this network"):
            model.run([1, wrong])


def test_a_file_that_no_export_wrote_stays(tmp_path: Path) -> None:
    mode = drawn(NETWORKS["zoneout"]())
    (tmp_path / "mine.py").write_text("mine")
    with pytest.raises(WriteError, match="was not written by an export"):
        export_python(mode, tmp_path / "mine.py")
    (tmp_path / "libmodel.so").write_text("mine")
    with pytest.raises(WriteError, match=r"libmodel\.so is not written to"):
        export_python(mode, tmp_path / "model.py")
    with pytest.raises(ConfigError, match="not a Python module"):
        export_python(mode, tmp_path / "my-model.py")
    (tmp_path / "model.py").write_text(f"# {exported.MARK}")  # the library is another's all the same
    with pytest.raises(WriteError, match=r"libmodel\.so is not written to"):
        export_python(mode, tmp_path / "model.py")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["libmodel.so", "mine.py", "model.py"]


def test_a_file_that_computes_something_else_does_not_appear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported, "_difference", lambda *_: 1.0)
    with pytest.raises(BackendError, match="does not compute what the network does"):
        export_python(drawn(NETWORKS["zoneout"]()), tmp_path / "model.py")
    mode = drawn(NETWORKS["zoneout"]())
    with torch.no_grad():
        next(mode.parameters())[0, 0] = torch.nan
    with pytest.raises(ConfigError, match="is not finite"):
        export_python(mode, tmp_path / "model.py")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["class", "random", "numpy"])
def test_a_module_that_could_not_be_imported_or_hides_another_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"can be imported|no longer find"):
        export_python(drawn(NETWORKS["zoneout"]()), tmp_path / f"{name}.py")
    assert list(tmp_path.iterdir()) == []


def test_rows_for_a_network_of_one_row_are_refused_with_the_shape_of_one(tmp_path: Path) -> None:
    export_python(drawn(OneToOne(series(sequence=False), series(sequence=False), config())), tmp_path / "model.py")
    network = _loaded(tmp_path / "model.py").Model(native=False)
    with pytest.raises(ValueError, match=r"expected numbers \(2,\), got shape \(1, 2\)"):
        network.run([[1.0, 2.0]])


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("native", [False, True])
def test_a_number_that_is_not_finite_is_refused(native: bool, wrong: float, tmp_path: Path) -> None:
    export_python(drawn(Synced(series(), series(), config())), tmp_path / "model.py")
    network = _loaded(tmp_path / "model.py").Model(native=native)
    expected = network.step([1.0, 2.0])
    with pytest.raises(ValueError, match="expected finite numbers"):
        network.run([[1.0, 2.0], [1.0, wrong]])
    with pytest.raises(ValueError, match="expected finite numbers"):
        network.step([wrong, 1.0])
    network.reset()
    assert np.array_equal(network.step([1.0, 2.0]), expected)


@pytest.mark.parametrize("ids", [1.7, float("nan"), [2**32 + 1], ["3"], [True]])
def test_what_is_no_id_is_refused(ids: object, tmp_path: Path) -> None:
    export_python(drawn(NETWORKS["tags"]()), tmp_path / "model.py")
    with pytest.raises(ValueError, match="expected ids, whole numbers of 32 bits"):
        _loaded(tmp_path / "model.py").Model(native=False).run(ids)
