"""Networks in whole numbers of 16 bits: C computes what NumPy does bit for bit, near the network, without float."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recur import equation
from recur.config import Config, ModelConfig
from recur.equations import exp, sigmoid, tanh
from recur.equations.cell_files import with_cell
from recur.errors import ConfigError
from recur.export import export_c
from recur.export.c import fixed
from recur.export.c.fixed_network import FixedNetwork
from recur.modes import Mode
from recur.modes.forecast import Forecast
from recur.modes.many_to_one import ManyToOne
from recur.modes.next_item import NextItem
from recur.modes.synced import Synced
from tests.export.c.networks import STRICT, build, classes, config, drawn, run, series, words
from tests.export.c.test_exported import PROCESSORS, emulated


@equation(x="X", h="H", c="H", d="H", W="H X", R="H H", b="H")
def swapped(x, h, c, d, W, R, b):  # type: ignore[no-untyped-def]  # an equation
    """A gate over a state that is two steps old: states become each other."""
    z = sigmoid(W @ x + R @ d + b)
    return z * tanh(c) + (1 - z) * h, h, c


@equation(x="X", h="H", W="H X")
def unbounded(x, h, W):  # type: ignore[no-untyped-def]  # an equation
    return exp(W @ x) * 0.1 + 0.5 * h


def own(cell: Any) -> ModelConfig:
    return with_cell(Config.of(hidden_size=7, bidirectional=False, engine="eager"), cell).model


NETWORKS: dict[str, Callable[[], Mode]] = {
    "elman": lambda: Synced(series(), series(), config(cell="elman", learn_initial_state=True)),
    "gru": lambda: Synced(series(), series(), config(cell="gru", zoneout=0.2)),
    "two lstm layers": lambda: Synced(series(), series(), config(num_layers=2)),
    "peepholes": lambda: Synced(series(), series(), config(cell="lstm_peephole")),
    "next word": lambda: NextItem(words(), config(cell="gru")),
    "one class": lambda: ManyToOne(words(), classes(), config()),
    "one number": lambda: ManyToOne(series(), series(sequence=False), config(cell="gru")),
    "own cell": lambda: Synced(series(), series(), own(swapped)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_c_computes_what_numpy_does_and_nearly_what_the_network_does(name: str, tmp_path: Path) -> None:
    result = export_c(drawn(NETWORKS[name]()), tmp_path / "c", int16=True)
    assert (result.difference, result.bits) == (0, 16)
    share = float(result.cost.partition("largest difference is ")[2].split()[0])
    assert 0 < share < 2e-3
    readme = (tmp_path / "c" / "README.md").read_text()
    assert result.cost in readme
    assert "numbers were limited to 16 bits" in readme
    for file in ("model.c", "model.h"):
        assert "float" not in (tmp_path / "c" / file).read_text()
        assert "double" not in (tmp_path / "c" / file).read_text()


def test_the_tables_are_as_exact_as_stated() -> None:
    x = np.arange(-32768, 32768, dtype=np.int64)
    assert np.abs(fixed.tanh(x) / 2**15 - np.tanh(x / 2**12)).max() <= fixed.TANH_ERROR
    t = np.arange(0, 40_000, dtype=np.int64)
    assert np.abs(fixed.exp(t) / 2**15 - np.exp(-t / 2**11)).max() <= fixed.EXP_ERROR


def test_the_functions_are_the_same_in_c_for_every_number(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    v = random.integers(-(2**46), 2**46, 4000) >> random.integers(0, 46, 4000)
    shifts = random.integers(-15, 47, 4000)
    v = np.where(shifts < 0, v >> 16, v)
    tables = "".join(
        f"static const int16_t NAME_table_{name}[513] = {{{', '.join(map(str, table))}}};\n"
        for name, table in fixed.TABLES.items()
    )
    main = (
        'int main(void) { int i; for (i = -32768; i < 32768; ++i) printf("%d ", NAME_tanh((int16_t)i));\n'
        'for (i = 0; i < 40000; ++i) printf("%d ", NAME_exp(i));\n'
        'for (i = 0; i < 4000; ++i) printf("%d ", NAME_shifted(V[i], S[i])); return 0; }\n'
    )
    arrays = f"static const int64_t V[] = {{{', '.join(f'{one}LL' for one in v)}}};\n"
    arrays += f"static const int S[] = {{{', '.join(map(str, shifts))}}};\n"
    code = "#include <stdint.h>\n#include <stdio.h>\n" + tables + "".join(fixed.FUNCTIONS.values()) + arrays + main
    (tmp_path / "main.c").write_text(code)
    flags = ("-std=c99", "-fsanitize=undefined", "-fno-sanitize-recover=all")
    found = np.array(run(build(tmp_path, *flags, files=("main.c",))).split(), int)
    x, t = np.arange(-32768, 32768, dtype=np.int64), np.arange(40_000, dtype=np.int64)
    np.testing.assert_array_equal(found, np.concatenate([fixed.tanh(x), fixed.exp(t), fixed.shifted(v, shifts)]))
    assert fixed.shifted(np.array([3, -3, 1, -1, 2**40, -(2**40)]), 1).tolist() == [2, -1, 1, 0, 32767, -32768]


def test_what_does_not_fit_is_limited_and_never_wraps(tmp_path: Path) -> None:
    mode = drawn(NETWORKS["two lstm layers"]())
    export_c(mode, tmp_path / "c", int16=True)
    x = np.array([[32767, -32768], [-32768, 32767], [32767, 32767]] * 20, np.int16)
    (tmp_path / "c" / "main.c").write_text(
        '#include "model.h"\n#include <stdio.h>\nint main(void) { static struct model_state s; int t;\n'
        f"static const int16_t x[] = {{{', '.join(map(str, x.ravel()))}}};\nmodel_reset(&s);\n"
        f"for (t = 0; t < {len(x)}; ++t) {{ int16_t y[2]; model_step(&s, x + 2 * t, y);\n"
        '  printf("%d %d ", y[0], y[1]); }\nreturn 0; }\n'
    )
    flags = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    found = np.array(run(build(tmp_path / "c", *STRICT, *flags, files=("main.c", "model.c"))).split(), int)
    with mode.answering():
        assert mode.one_pass is not None
        # fractions of small numbers, so that these are far beyond them
        small = FixedNetwork(mode, mode.one_pass, [np.full((3, 2), 5, np.float32)])
        assert small.answers(x).shape == (len(x), 2)
        assert 0 < small.tally.limited < small.tally.counted
    assert np.abs(found).max() <= 32768
    assert found.reshape(-1, 2)[-30:].std() < 32768 / 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Synced(series(), series(), own(unbounded)), "exp is in it, and an exponential has no bound"),
        (lambda: Synced(series(), series(), config(cell="slstm")), "the cell slstm cannot be written in 16 bits"),
        (lambda: Synced(series(), series(), config(layer_norm=True)), "cannot be written in 16 bits"),
        (lambda: Synced(series(), series(), config(bidirectional=True)), "reading in both directions"),
        (lambda: Synced(series(), series(), config(residual=True)), "residual sums"),
        (lambda: ManyToOne(words(), classes(), config(pooling="mean")), "the mean over time"),
        (lambda: Forecast(series(), series(), config(), Config.of(horizon=3).forecast), "a forecast network"),
    ],
)
def test_what_has_no_form_in_16_bits_is_refused_with_the_reason(make: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        export_c(drawn(make()), tmp_path / "c", int16=True)
    assert list(tmp_path.iterdir()) == []


def test_weights_that_are_not_finite_and_two_forms_at_once_are_refused(tmp_path: Path) -> None:
    mode = drawn(NETWORKS["gru"]())
    with pytest.raises(ConfigError, match="--int8 and --int16"):
        export_c(mode, tmp_path / "c", int8=True, int16=True)
    with torch.no_grad():
        next(mode.parameters())[0, 0] = torch.nan
    with pytest.raises(ConfigError, match="is not finite"):
        export_c(mode, tmp_path / "c", int16=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "size"), [("gru", 1e12), ("next word", 1e12), ("one class", 1e15)])
def test_numbers_that_pass_64_bits_on_the_way_are_refused(name: str, size: float) -> None:
    mode = drawn(NETWORKS[name]())
    with torch.no_grad():
        for number, parameter in enumerate(mode.parameters()):
            parameter.mul_(size if number % 2 else 1 / size)
    assert mode.one_pass is not None
    rows = [np.arange(3)] if mode.one_pass.inputs.embedding is not None else [np.full((3, 2), 5, np.float32)]
    with pytest.raises(ConfigError, match="very large and very small numbers meet"):
        FixedNetwork(mode, mode.one_pass, rows)


@pytest.mark.parametrize(
    ("shift", "bits", "fits"),
    [(62, 30, True), (63, 30, False), (-32, 30, True), (-33, 30, False), (0, 62, True), (1, 63, False)],
)
def test_a_shift_that_stays_within_64_bits_is_allowed(shift: int, bits: int, fits: bool) -> None:
    with nullcontext() if fits else pytest.raises(ConfigError, match="cannot be written in 16 bits"):
        assert fixed.fitting(shift, bits) == shift


def test_16_bits_take_half_of_the_flash(tmp_path: Path) -> None:
    mode = drawn(Synced(series(), series(), config(cell="gru", hidden_size=48)))
    whole, half = (export_c(mode, tmp_path / str(n), int16=n == 16).flash for n in (32, 16))
    assert half < 0.6 * whole


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A language model."""
    target = tmp_path_factory.mktemp("fixed") / "c"
    export_c(drawn(NextItem(words(), config(num_layers=2, hidden_size=[13, 9]))), target, int16=True)
    return target


def test_no_access_is_out_of_bounds_and_it_is_c_plus_plus_too(folder: Path) -> None:
    flags = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    assert "passed" in run(build(folder, *STRICT, *flags))
    cxx = shutil.which("c++")
    if cxx is not None:
        assert "passed" in run(build(folder, "-x", "c++", "-std=c++11", *STRICT[1:], program=(cxx,)))


def test_no_function_of_float_is_called_on_arm_without_it(folder: Path, tmp_path: Path) -> None:
    compiler, names = shutil.which("arm-none-eabi-gcc"), shutil.which("arm-none-eabi-nm")
    if compiler is None or names is None:
        pytest.skip("no arm-none-eabi-gcc")
    made = tmp_path / "model.o"
    command = [compiler, "-mcpu=cortex-m0plus", "-O2", "-std=c99", "-c", str(folder / "model.c"), "-o", str(made)]
    subprocess.run(command, check=True, timeout=60)
    called = subprocess.run([names, "-u", made], capture_output=True, text=True, timeout=60, check=True).stdout.split()
    assert not [name for name in called if name.startswith(("__aeabi_f", "__aeabi_d", "__aeabi_i2f", "__aeabi_ui2"))]


@pytest.mark.skipif(not os.environ.get("RECUR_ARM"), reason="make arm")
@pytest.mark.parametrize("processor", PROCESSORS)
def test_16_bits_are_the_same_on_other_processors(processor: str, folder: Path) -> None:
    assert "passed" in emulated(folder, processor)
