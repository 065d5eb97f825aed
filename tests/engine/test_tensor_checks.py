"""The guard in front of the core: which memory may be read, and what is said of that which may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from recur.engine import tensor_checks
from recur.engine.tensor_checks import UnfitError
from recur.errors import ShapeError

F32 = torch.float32


def resized() -> Tensor:
    """A tensor whose storage was given back."""
    tensor = torch.ones(2, 3)
    tensor.untyped_storage().resize_(4)
    return tensor


UNREADABLE: dict[str, tuple[Callable[[], Tensor], str]] = {
    "another dtype": (lambda: torch.ones(2, 3, dtype=torch.float64), "torch.float64"),
    "sparse": (lambda: torch.ones(2, 3).to_sparse(), "dense tensors only"),
    "nowhere": (lambda: torch.ones(2, 3, device="meta"), "meta"),
    "negated lazily": (lambda: torch.ones(2, 3, dtype=torch.complex64).conj().imag, ""),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_the_core_cannot_read_has_a_reason(case: str) -> None:
    make, reason = UNREADABLE[case]
    said = tensor_checks.why_not(make(), F32)
    assert said is not None
    assert reason in said


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_the_core_cannot_read_has_no_address(case: str) -> None:
    tensor = UNREADABLE[case][0]()
    with pytest.raises(UnfitError, match="the native core cannot read a tensor"):
        tensor_checks.contiguous(tensor, (2, 3), F32)
    with pytest.raises(UnfitError, match="the native core cannot read a tensor"):
        tensor_checks.strided(tensor, (2, 3), F32)


@pytest.mark.parametrize(
    "tensor", [torch.ones(2, 3), torch.nn.Parameter(torch.ones(2, 3))], ids=["tensor", "parameter"]
)
def test_a_plain_tensor_has_its_own_address(tensor: Tensor) -> None:
    assert tensor_checks.why_not(tensor, F32) is None
    assert tensor_checks.contiguous(tensor, (2, 3), F32) == tensor.data_ptr()
    assert tensor_checks.strided(tensor, (2, 3), F32) == tensor.data_ptr()


def test_another_shape_is_refused_with_both() -> None:
    with pytest.raises(UnfitError, match=r"shape \(2, 3\), expected \(3, 2\)"):
        tensor_checks.contiguous(torch.ones(2, 3), (3, 2), F32)


def test_rows_may_lie_apart_where_only_the_innermost_axis_must_not() -> None:
    wide = torch.ones(2, 6)[:, :3]
    assert tensor_checks.strided(wide, (2, 3), F32) == wide.data_ptr()
    with pytest.raises(UnfitError, match="strides"):
        tensor_checks.contiguous(wide, (2, 3), F32)
    turned = torch.ones(3, 2).t()
    with pytest.raises(UnfitError, match="strides"):
        tensor_checks.strided(turned, (2, 3), F32)
    assert tensor_checks.strided(turned, (2, 3), F32, inner=False) == turned.data_ptr()


def test_a_view_begins_at_its_own_first_number() -> None:
    base = torch.ones(4, 3)
    assert tensor_checks.contiguous(base[1:3], (2, 3), F32) == base.data_ptr() + 3 * 4


@pytest.mark.parametrize("address", [tensor_checks.contiguous, tensor_checks.strided])
def test_storage_that_was_given_back_is_refused(address: Callable[..., int]) -> None:
    with pytest.raises(UnfitError, match="needs 24 bytes and its storage has 4"):
        address(resized(), (2, 3), F32)


def test_nothing_has_an_address_that_is_not_read() -> None:
    assert isinstance(tensor_checks.contiguous(torch.ones(0, 3), (0, 3), F32), int)
    assert isinstance(tensor_checks.strided(torch.ones(0, 3), (0, 3), F32), int)


def test_a_tensor_that_no_backend_can_read_is_refused_by_its_name() -> None:
    with pytest.raises(ShapeError, match=r"h has shape \(2, 3\) and needs 24 bytes, and its storage has 4"):
        tensor_checks.check("h", resized())
    with pytest.raises(ShapeError, match="x is a sparse_coo tensor, expected a dense one") as caught:
        tensor_checks.check("x", torch.ones(2).to_sparse())
    assert caught.value.hint == "x.to_dense()"
    nested = torch.nested.nested_tensor([torch.ones(1, 2), torch.ones(2, 2)], layout=torch.jagged)
    with pytest.raises(ShapeError, match="x is a nested tensor") as caught:
        tensor_checks.check("x", nested)
    assert "to_padded_tensor" in (caught.value.hint or "")


@pytest.mark.parametrize(("size", "device"), [(2, "cpu"), (2, "meta"), (0, "cpu")])
def test_what_can_be_read_passes(size: int, device: str) -> None:
    tensor_checks.check("x", torch.ones(size, device=device))
