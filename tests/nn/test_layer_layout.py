"""Sizes, directions and names of a layer, fixed when it is made."""

from __future__ import annotations

from typing import Any

import pytest

from recur import equations
from recur.errors import ConfigError
from recur.nn.layer_layout import LayerLayout, check_residual, lay_out
from recur.nn.parameter_binding import TORCH_NAMES


def made(cell: str = "lstm", hidden: tuple[int, ...] = (3, 3), directions: int = 1, **options: Any) -> LayerLayout:
    given = {"own_sizes": {}, "bias": True, "concatenated": True, **options}
    return lay_out(equations.get(cell), TORCH_NAMES, 2, hidden, directions=directions, **given)


@pytest.mark.parametrize(
    ("directions", "concatenated", "reads", "output"),
    [(1, True, [2, 3], 4), (2, True, [2, 6], 8), (2, False, [2, 3], 4)],
    ids=["one direction", "concatenated", "summed"],
)
def test_a_layer_reads_what_the_one_below_gives(
    directions: int, concatenated: bool, reads: list[int], output: int
) -> None:
    layout = made(hidden=(3, 4), directions=directions, concatenated=concatenated)
    assert [level.input_size for level in layout.levels] == reads
    assert layout.output_size == output
    assert [dict(level.sizes) for level in layout.levels] == [{"X": reads[0], "H": 3}, {"X": reads[1], "H": 4}]
    assert not layout.one_size
    assert made().one_size


def test_names_are_layer_by_layer_and_direction_by_direction() -> None:
    names = list(made(directions=2, bias=False).names)
    assert names == [
        f"weight_{kind}_l{layer}{way}" for layer in (0, 1) for way in ("", "_reverse") for kind in ("ih", "hh")
    ]
    assert made().first_name == "weight_ih_l0"
    assert made(directions=2).levels[1].initial[1] == {"h": "initial_h_l1_reverse", "c": "initial_c_l1_reverse"}


def test_an_output_may_be_narrower_than_the_cell() -> None:
    layout = made("lstm_projected", own_sizes={"P": 2}, directions=2)
    assert [dict(sizes) for sizes in layout.state_sizes] == [{"h": 2, "c": 3}] * 2
    assert (layout.levels[1].input_size, layout.output_size) == (4, 4)


@pytest.mark.parametrize(
    ("cell", "states", "matrices"), [("lstm", ("h",), ("W_hh",)), ("gru", ("h",), ("W_hh",)), ("indrnn", (), ())]
)
def test_what_recurrent_dropout_and_weight_drop_take(
    cell: str, states: tuple[str, ...], matrices: tuple[str, ...]
) -> None:
    layout = made(cell)
    assert (layout.recurrent_states, layout.recurrent_matrices) == (states, matrices)


def test_residual_sums_need_layers_of_one_size() -> None:
    check_residual(made())
    check_residual(made(directions=2, concatenated=False))
    check_residual(made(hidden=(5,)))
    with pytest.raises(ConfigError, match=r"the input of layer 1 \(3 units\) to its output \(4 units\)") as caught:
        check_residual(made(hidden=(3, 4)))
    assert "give the layers one size" in (caught.value.hint or "")
