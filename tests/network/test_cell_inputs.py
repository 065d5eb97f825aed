"""Columns of the data that feed the further inputs of a cell: which, in which order, and what they are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import recur
from recur.codecs import NumbersCodec, make
from recur.config import Config
from recur.errors import ConfigError, DataError
from recur.modes import build
from recur.network.cell_inputs import column_order
from recur.network.inputs import Inputs
from recur.nn import Recurrent
from tests.modes.helpers import small

COLUMNS = ["gap", "price", "known", "volume"]


def codec(*from_zero: str, columns: list[str] | None = None) -> NumbersCodec:
    names = COLUMNS if columns is None else columns
    fitted = NumbersCodec(sequence=True, columns=names, from_zero=from_zero)
    return fitted.fit(list(np.random.default_rng(0).integers(0, 5, (3, 4, len(names)))))


def labels() -> Any:
    return make("class").fit(["up", "down"])


def test_x_has_the_other_columns_and_the_further_inputs_follow() -> None:
    config = small(cell="time_lstm", cell_inputs=["dt=gap"])
    assert column_order(config, codec("gap")) == [1, 2, 3, 0]
    kept = small(cell="time_lstm", cell_inputs=["dt=gap"], cell_inputs_in_x=True)
    assert column_order(kept, codec("gap")) == [0, 1, 2, 3, 0]
    values = torch.randn(2, 5, 4)
    inputs = Inputs(codec("gap"), config)
    assert inputs.size == 4
    assert torch.equal(inputs(values), values[..., [1, 2, 3, 0]])


def test_an_input_of_several_columns_takes_them_in_the_order_in_which_they_are_named() -> None:
    given = codec("m2", "s1", "m1", "s2", columns=["m2", "a", "s1", "m1", "s2", "b"])
    config = small(cell="gru_d", cell_inputs=["known=m1", "known=m2", "since=s1", "since=s2"])
    assert column_order(config, given) == [1, 5, 3, 0, 2, 4]


@pytest.mark.parametrize(
    ("cell", "named", "message"),
    [
        ("lstm", ["dt=gap"], "has one input, x"),
        ("time_lstm", ["dtt=gap"], 'no further input dtt. Did you mean "dt"'),
        ("gru_d", ["known=known"], "also reads since"),
        ("time_lstm", ["dt=gap", "dt=known"], 'dt of the cell "time_lstm" has 1 columns'),
        ("time_lstm", [f"dt={name}" for name in COLUMNS], "none is left for x"),
    ],
)
def test_columns_that_the_cell_cannot_read_are_refused(cell: str, named: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        column_order(small(cell=cell, cell_inputs=named), codec(*COLUMNS))
    assert message in refused.value.message


def test_a_cell_without_columns_for_all_its_inputs_is_refused_with_what_to_type() -> None:
    with pytest.raises(ConfigError) as refused:
        build("many-to-one", codec(), labels(), small(cell="gru_d"))
    assert refused.value.hint == "--cell-inputs known=COLUMN --cell-inputs since=COLUMN"


@pytest.mark.parametrize(
    ("mode", "options", "message"),
    [
        ("many-to-one", {"bidirectional": True}, "reads in both directions"),
        ("many-to-many", {}, "it also generates"),
        ("forecast", {"relative_to": "last"}, "adds columns to x"),
        ("forecast", {"target": "gap"}, "two scales"),
        ("synced", {"target": None}, "would have to predict these columns too"),
    ],
)
def test_a_mode_that_cannot_feed_the_cell_refuses(mode: str, options: dict[str, Any], message: str) -> None:
    given, forecast = codec("gap"), Config.of(forecast="direct", **_only(options, "relative_to")).forecast
    named = options.get("target", "price")
    target = labels() if mode == "many-to-one" else given if named is None else codec(columns=[named])
    config = small(cell="time_lstm", cell_inputs=["dt=gap"], **_only(options, "bidirectional"))
    with pytest.raises(ConfigError) as refused:
        build(mode, given, target, config, forecast=forecast if mode == "forecast" else None)
    assert message in refused.value.message


def _only(options: dict[str, Any], name: str) -> dict[str, Any]:
    return {name: options[name]} if name in options else {}


def test_a_network_is_the_layer_on_the_columns_in_their_order_and_reads_forwards() -> None:
    torch.manual_seed(0)
    mode = build("many-to-one", codec("gap"), labels(), small(cell="time_lstm", cell_inputs=["dt=gap"]))
    layer: Recurrent = mode.stack.layer  # type: ignore[assignment,union-attr]
    assert not layer.bidirectional
    values = torch.rand(2, 5, 4)
    _, (h, _) = layer(values[..., [1, 2, 3, 0]])
    assert torch.equal(mode.vectors(values), h[0])  # type: ignore[operator]


# --- by outcome -----------------------------------------------------------------------------------------------------


def decaying(rows: int, seed: int, *, timed: bool = True) -> list[dict[str, Any]]:
    """Series of time, value and 1; the label is the sign of a sum that decays with the time between its steps.

    Every time is 1 where the series is not ``timed``: what a network is told that knows no times.
    """
    random, made = np.random.default_rng(seed), []
    for _ in range(rows):
        steps = int(random.integers(4, 8))
        gap, value = random.exponential(3.0, steps) + 0.05, random.normal(size=steps)
        level = 0.0
        for step in range(steps):
            level = level * np.exp(-gap[step] / 3) + value[step]
        told = gap if timed else np.ones(steps)
        made.append({
            "series": np.stack([told, value, np.ones(steps)], axis=1).tolist(), "label": "up" if level > 0 else "down"
        })  # fmt: skip
    return made


def trained(cell: str, out: Path, *, timed: bool) -> recur.Model:
    fed = {"known": "value 3", "since": "value 1"} if cell == "gru_d" else {"dt": "value 1"}
    return recur.fit(
        decaying(1200, 0, timed=timed), cell=cell, cell_inputs=fed, epochs=4, hidden_size=8, lr=0.02, seed=1, out=out,
        progress=False,
    )  # fmt: skip


@pytest.mark.parametrize("cell", ["time_lstm", "closed_form", "gru_d"])
def test_where_gaps_matter_a_cell_that_reads_them_beats_itself_with_equal_steps(cell: str, tmp_path: Path) -> None:
    told, untold = (trained(cell, tmp_path / str(timed), timed=timed) for timed in (True, False))
    test = (decaying(600, 1, timed=timed) for timed in (True, False))
    with_times, without = (float(m.evaluate(rows)["accuracy"]) for m, rows in zip((told, untold), test, strict=True))
    assert with_times > without + 0.02
    model = recur.load(tmp_path / "True")
    series = decaying(1, 2)[0]["series"]
    assert model.predict([series])[0].value == told.predict([series])[0].value
    series[1][0] = -1.0
    with pytest.raises(DataError, match='-1 is negative in column "value 1" at step 2'):
        model.predict([series])
    series[1][0] = None
    with pytest.raises(DataError, match='missing in column "value 1" at step 2'):
        model.predict([series])
