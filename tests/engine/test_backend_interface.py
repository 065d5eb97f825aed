"""What a backend is given and gives back: real steps, resets, packed forms, the sentence of the report."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from recur import equations
from recur.engine.backend_interface import BackendReport, Call, Result
from recur.engine.packing import Packing

LENGTHS = torch.tensor([3, 2])


def made(x: Tensor | None = None, **options: object) -> Call:
    equation = equations.get("elman")
    x = torch.arange(12.0).view(3, 2, 2) if x is None else x
    return Call(equation, x, {"h": torch.ones(2, 4)}, {"b": torch.ones(4)}, {"X": 2, "H": 4}, **options)


@pytest.mark.parametrize(("reverse", "steps"), [(False, [0, 1, 2]), (True, [2, 1, 0])])
def test_steps_are_in_the_order_in_which_they_are_computed(reverse: bool, steps: list[int]) -> None:
    assert list(made(reverse=reverse).steps) == steps


def test_a_step_is_real_before_the_length_of_its_row() -> None:
    call = made(lengths=LENGTHS)
    live = [call.live(step) for step in range(3)]
    assert [one is not None and one.flatten().tolist() for one in live] == [[True, True], [True, True], [True, False]]
    assert made().live(0) is None


@pytest.mark.parametrize(
    ("reverse", "lengths", "expected"),
    [
        (False, None, [[True, False], [False, True], [False, True]]),
        # going backwards, the boundary before step t is crossed after it: before step t - 1
        (True, None, [[False, True], [False, True], None]),
        # the second row has no step 2, and so no boundary before it
        (False, LENGTHS, [[True, False], [False, True], [False, False]]),
        (True, LENGTHS, [[False, True], [False, False], None]),
    ],
    ids=["forward", "reverse", "ragged", "ragged reverse"],
)
def test_a_reset_clears_the_state_that_would_cross_it(
    reverse: bool, lengths: Tensor | None, expected: list[list[bool] | None]
) -> None:
    resets = torch.tensor([[True, False], [False, True], [False, True]])
    call = made(reverse=reverse, lengths=lengths, resets=resets)
    fresh = [call.fresh(step) for step in range(3)]
    assert [None if one is None else one.flatten().tolist() for one in fresh] == expected
    assert made().fresh(0) is None


def test_what_stands_behind_the_end_of_a_row_becomes_zero() -> None:
    call = made(lengths=LENGTHS).without_padding()
    assert call.x[:, 1].tolist() == [[2, 3], [6, 7], [0, 0]]
    assert call.x[:, 0].tolist() == [[0, 1], [4, 5], [8, 9]]
    whole = made()
    assert whole.without_padding() is whole


def test_packed_inputs_are_padded_with_their_lengths() -> None:
    packed = torch.arange(10.0).view(5, 2)
    call = made(packed, packing=Packing(torch.tensor([2, 2, 1]))).padded()
    assert call.x[..., 0].tolist() == [[0, 2], [4, 6], [8, 0]]
    assert call.lengths is not None
    assert call.lengths.tolist() == [3, 2]
    assert call.packing is None
    whole = made()
    assert whole.padded() is whole


def test_a_call_without_tensors_keeps_its_other_arguments() -> None:
    call = made(reverse=True, precision="bfloat16").without_tensors()
    assert (call.x.shape, call.states["h"].shape, call.parameters) == ((0, 0, 2), (0, 4), {})
    assert (call.reverse, call.precision, call.sizes) == (True, "bfloat16", {"X": 2, "H": 4})


def test_a_report_says_what_ran_what_did_not_and_what_was_slow() -> None:
    assert str(BackendReport("native")) == "backend: native"
    report = BackendReport("eager", {"native": "no compiler", "stock": "no kernel"}, {"b", "a"})
    assert str(report) == (
        "backend: eager; native not used: no compiler; stock not used: no kernel; "
        "a backward pass ran step by step in torch: a; a backward pass ran step by step in torch: b"
    )
    shown = report._repr_html_()
    assert "not used: no kernel" in shown
    assert "step by step in torch: a" in shown
    assert "<script>" not in BackendReport("eager", {"native": "<script>"})._repr_html_()


def test_a_result_takes_the_form_of_packed_inputs() -> None:
    outputs = torch.tensor([[[1.0], [2.0]], [[3.0], [0.0]]])
    result = Result(outputs, {"h": torch.ones(2, 1)}, {"h": outputs * 10}, BackendReport("eager"))
    packed = result.packed(Packing(torch.tensor([2, 1])))
    assert packed.outputs.flatten().tolist() == [1, 2, 3]
    assert packed.all_states is not None
    assert packed.all_states["h"].flatten().tolist() == [10, 20, 30]
    assert result.packed(None) is result
