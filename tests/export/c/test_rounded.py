"""Networks in 8 bits: C computes what the engine does in int8, in a quarter of the flash, on any processor."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recur.export import export_c
from recur.export.c import rounded
from recur.modes.next_item import NextItem
from recur.modes.synced import Synced
from tests.export.c.networks import FORECASTS, STRICT, build, config, drawn, forecast, run, series, words
from tests.export.c.test_exported import CELLS, NETWORKS, PROCESSORS, emulated


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_computes_the_same_in_int8_in_c(cell: str, tmp_path: Path) -> None:
    mode = drawn(Synced(series(), series(), config(cell=cell, num_layers=2)))
    assert export_c(mode, tmp_path / "c", int8=True).difference <= rounded.ALLOWED


@pytest.mark.parametrize("name", NETWORKS)
def test_every_mode_and_readout_computes_the_same_in_int8_in_c(name: str, tmp_path: Path) -> None:
    result = export_c(drawn(NETWORKS[name]()), tmp_path / "c", int8=True)
    assert result.difference <= rounded.ALLOWED
    assert result.cost in (tmp_path / "c" / "README.md").read_text()


@pytest.mark.parametrize("name", ["one-to-one", "tags", "zoneout"])
def test_only_the_order_of_sums_differs_from_the_engine(name: str, tmp_path: Path) -> None:
    # the whole numbers are the same: rounding itself changes these answers by more
    assert export_c(drawn(NETWORKS[name]()), tmp_path / "c", int8=True).difference <= rounded.ALLOWED / 100


def test_8_bits_take_a_quarter_of_the_flash(tmp_path: Path) -> None:
    mode = drawn(NextItem(words(300), config(hidden_size=128, embedding_size=64, cell="gru")))
    whole, small = (export_c(mode, tmp_path / str(n), int8=n == 8).flash for n in (32, 8))
    assert small < 0.29 * whole


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A language model whose matrices have rows that fill no block."""
    target = tmp_path_factory.mktemp("rounded") / "c"
    export_c(drawn(NextItem(words(), config(num_layers=2, hidden_size=[13, 9], cell="gru"))), target, int8=True)
    return target


def test_no_access_is_out_of_bounds_in_int8(folder: Path) -> None:
    flags = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    assert "passed" in run(build(folder, *STRICT, *flags))


@pytest.mark.parametrize("flags", ["-O3 -march=native -ffp-contract=fast", "-O2 -ffast-math", "-Os"])
def test_int8_is_right_however_it_is_optimised(folder: Path, flags: str) -> None:
    assert "passed" in run(build(folder, *STRICT, *flags.split()))


@pytest.mark.skipif(not os.environ.get("RECUR_ARM"), reason="make arm")
@pytest.mark.parametrize("processor", PROCESSORS)
def test_int8_is_right_on_other_processors(processor: str, folder: Path) -> None:
    assert "passed" in emulated(folder, processor)


@pytest.mark.parametrize(("how", "relative_to", "quantiles"), FORECASTS)
def test_a_forecast_computes_the_same_in_int8_in_c(
    how: str, relative_to: str, quantiles: list[float], tmp_path: Path
) -> None:
    result = export_c(forecast(how, relative_to, quantiles), tmp_path / "c", int8=True)
    assert result.difference <= rounded.ALLOWED
    assert "of their standard deviation" in result.cost


@pytest.mark.parametrize("number", ["NAN", "INFINITY", "-INFINITY"])
def test_what_is_not_finite_gives_no_answer_in_int8(number: str, tmp_path: Path) -> None:
    export_c(drawn(Synced(series(), series(), config(cell="gru"))), tmp_path / "c", int8=True)
    (tmp_path / "c" / "main.c").write_text(
        '#include "model.h"\n#include <math.h>\n#include <stdio.h>\nstatic struct model_state s;\n'
        f"int main(void) {{ float x[2] = {{1.0f, {number}}}, y[2]; model_reset(&s); model_step(&s, x, y);\n"
        'printf("%d %d", y[0] != y[0], y[1] != y[1]); return 0; }\n'
    )
    flags = ("-fsanitize=undefined,float-cast-overflow", "-fno-sanitize-recover=all")
    assert run(build(tmp_path / "c", *STRICT, *flags, files=("main.c", "model.c"))) == "1 1"
