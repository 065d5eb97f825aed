"""The core looks at tensors as the guard does: it never passes what the guard refuses, and gives the same addresses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from recur.engine import tensor_checks
from recur.engine.native import tensor_addresses
from recur.engine.native.library import core
from recur.nn import LSTM

SHAPE = (4, 3)


def cut(tensor: Tensor, size: int) -> Tensor:
    tensor.untyped_storage().resize_(size)
    return tensor


def cut_and_moved_back() -> Tensor:
    """A storage that has shrunk; memory of its old address may have come back to it."""
    tensor = torch.randn(SHAPE)
    for size in (0, 40, 8, 40):
        tensor.untyped_storage().resize_(size)
    return tensor


TENSORS: dict[str, Callable[[], Tensor]] = {
    "plain": lambda: torch.randn(SHAPE),
    "a parameter": lambda: nn.Parameter(torch.randn(SHAPE)),
    "an offset": lambda: torch.randn(5, 3)[1:],
    "rows apart": lambda: torch.randn(4, 6)[:, :3],
    "transposed": lambda: torch.randn(3, 4).t(),
    "expanded rows": lambda: torch.randn(1, 3).expand(4, 3),
    "expanded columns": lambda: torch.randn(4, 1).expand(4, 3),
    "overlapping": lambda: torch.randn(6).as_strided(SHAPE, (1, 1)),
    "another shape": lambda: torch.randn(3, 4),
    "fewer rows": lambda: torch.randn(3, 3),
    "another count of axes": lambda: torch.randn(4, 3, 1),
    "one axis": lambda: torch.randn(12),
    "a scalar": lambda: torch.randn(()),
    "float64": lambda: torch.randn(SHAPE, dtype=torch.float64),
    "int32": lambda: torch.ones(SHAPE, dtype=torch.int32),
    "meta": lambda: torch.empty(SHAPE, device="meta"),
    "sparse": lambda: torch.randn(SHAPE).to_sparse(),
    "csr": lambda: torch.randn(SHAPE).to_sparse_csr(),
    "mkldnn": lambda: torch.randn(SHAPE).to_mkldnn(),
    "negated": lambda: torch._neg_view(torch.randn(SHAPE)),
    "zeros never stored": lambda: torch._efficientzerotensor(SHAPE),
    "a subclass": lambda: torch.randn(SHAPE).as_subclass(type("Mine", (Tensor,), {})),
    "without storage": lambda: cut(torch.randn(SHAPE), 0),
    "a byte short": lambda: cut(torch.randn(SHAPE), 47),
    "exactly enough": lambda: cut(torch.randn(SHAPE), 48),
    "an offset, cut": lambda: cut(torch.randn(5, 3)[1:], 48),
    "cut and moved back": cut_and_moved_back,
    "huge and expanded": lambda: torch.randn(1, 3).expand(2**60, 3),
    "quantized": lambda: torch.quantize_per_tensor(torch.randn(SHAPE), 0.1, 0, torch.qint8),
    "nested": lambda: torch.nested.nested_tensor([torch.randn(2), torch.randn(3)]),
}


def answer(give: Callable[[], int]) -> int | None:
    """An address, or None for a refusal."""
    try:
        return give()
    except tensor_checks.UnfitError:
        return None


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch says of several kinds that they are not final
@pytest.mark.parametrize("strided", [0, 1])
@pytest.mark.parametrize("shape", [SHAPE, (tensor_addresses.ROWS, 3), (tensor_addresses.STEPS, 3)])
@pytest.mark.parametrize("name", TENSORS)
def test_the_core_and_the_guard_give_the_same_address_or_refuse(
    name: str, shape: tuple[int, ...], strided: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensor = TENSORS[name]()
    wanted = tensor_addresses.TensorSpecs([shape], strided)
    check = tensor_checks.strided if strided else tensor_checks.contiguous
    expected = answer(lambda: check(tensor, SHAPE, torch.float32))
    assert answer(lambda: tensor_addresses.addresses(core(), [tensor], wanted, 4, 4, torch.float32)[0]) == expected
    # and without the guard behind it: whatever the core lets pass on its own is right
    monkeypatch.setattr(tensor_addresses.tensor_checks, "strided", lambda *_: None)
    monkeypatch.setattr(tensor_addresses.tensor_checks, "contiguous", lambda *_: None)
    assert tensor_addresses.addresses(core(), [tensor], wanted, 4, 4, torch.float32)[0] in (expected, None)


@pytest.mark.skipif(tensor_addresses.interface() is None, reason="this torch has no C interface that is known")
def test_a_warm_layer_is_looked_at_by_the_core_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, x = LSTM(3, 5), torch.randn(4, 2, 3, requires_grad=True)
    expected = torch.autograd.grad(layer(x)[0].sum(), x)[0]

    def refuse(*_: object) -> int:
        raise AssertionError("the guard was asked in Python")

    for name in ("strided", "contiguous"):
        monkeypatch.setattr(tensor_addresses.tensor_checks, name, refuse)
    assert torch.equal(torch.autograd.grad(layer(x)[0].sum(), x)[0], expected)


def test_a_torch_without_the_interface_is_guarded_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensor_addresses, "interface", lambda: None)
    layer, x = LSTM(3, 5), torch.randn(4, 2, 3)
    layer(x)
    layer.weight_hh_l0.data = layer.weight_hh_l0.data[:2].clone()
    with pytest.raises(ValueError, match="weight_hh_l0|W_hh"):
        layer(x)


def test_tensors_and_shapes_that_differ_in_number_are_refused() -> None:
    with pytest.raises(tensor_checks.UnfitError, match="1 tensors, expected 2"):
        tensor_addresses.addresses(
            core(), [torch.zeros(3)], tensor_addresses.TensorSpecs([(3,), (3,)], 0), 1, 1, torch.float32
        )


def test_a_refusal_writes_nothing_to_the_terminal() -> None:
    code = """
import torch
from recur.nn import LSTM
layer, x = LSTM(3, 5), torch.randn(4, 2, 3, requires_grad=True)
layer(x)
y = layer(x)[0]
torch.autograd.grad(y, x, torch.randn(3, *y.shape), is_grads_batched=True)
torch.func.vmap(layer)(torch.randn(2, 4, 2, 3))
for odd in (torch.randn(4, 2, 3).to_sparse(), torch.empty(4, 2, 3, device="meta"), torch.randn(4, 2, 3).to_mkldnn()):
    try:
        layer(odd)
    except Exception:
        pass
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stderr == ""
