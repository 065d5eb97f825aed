"""A layer that has run before looks again: odd tensors, replaced weights, modes of torch, and calls that are refused.

Every row of the table is computed by a layer that is warm and compared with the eager backend, or refused as there.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from recur.errors import RecurError
from recur.nn import GRU, LSTM, Recurrent
from tests.nn.oddities import RIGHT, WRONG, B, H, T, X, flat, numbers
from tests.tolerances import near

# what torch itself says to a call that cannot be computed
REFUSALS = (RecurError, RuntimeError, TypeError, ValueError, AttributeError, MemoryError)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """torch warns of prototypes, of traces and of batching rules that are missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def made(engine: str, kind: Any = LSTM) -> Any:
    """A layer with the same weights each time; that of the native engine has run already."""
    torch.manual_seed(0)
    layer = kind(X, H) if kind is not Recurrent else Recurrent("minimal_gated_unit", X, H)
    if engine != "eager":
        with torch.no_grad():
            layer(numbers(T, B, X))
        layer(numbers(T, B, X))
        assert layer.backend_report().ran == "native"
    layer.engine = engine
    return layer


def result(call: Any, layer: Any) -> list[Tensor] | Exception:
    """What a call gives, or what it says."""
    try:
        return [one.detach() for one in flat(call(layer))]
    except REFUSALS as error:
        return error


@pytest.mark.parametrize("name", RIGHT)
def test_a_warm_layer_computes_what_the_eager_backend_computes(name: str) -> None:
    actual, expected = result(RIGHT[name], made("auto")), result(RIGHT[name], made("eager"))
    if isinstance(expected, Exception):
        assert isinstance(actual, type(expected)), f"{actual!r}, where eager says {expected!r}"
        return
    assert not isinstance(actual, Exception), repr(actual)
    assert len(actual) == len(expected)
    like = torch.bfloat16 if "precision" in name else None
    for number, (one, other) in enumerate(zip(actual, expected, strict=True)):
        near(one, other, f"{name}, tensor {number}", like or torch.float32)


@pytest.mark.parametrize("name", WRONG)
def test_a_warm_layer_refuses_what_cannot_be_computed(name: str) -> None:
    actual = result(WRONG[name], made("auto"))
    assert isinstance(actual, Exception), "it was computed"
    assert str(actual).strip()


SAYS = {
    "input: 2**40 steps": r"a tensor of shape .*1099511627776.* needs 87960.9 GB, more memory than there is",
    "weights: deleted": r"LSTM has no parameter weight_ih_l0: it was deleted",
    "weights: uninitialized": r"weight_ih_l0 has no shape and no numbers yet",
    "weights: None": r"the parameter weight_ih_l0 is NoneType, expected a tensor",
    "weights: a number": r"the parameter weight_ih_l0 is float, expected a tensor",
}


@pytest.mark.parametrize("name", SAYS)
def test_a_warm_layer_says_with_numbers_and_names_what_is_wrong(name: str) -> None:
    with pytest.raises(RecurError, match=SAYS[name]) as caught:
        WRONG[name](made("auto"))
    assert caught.value.hint


def test_a_stream_of_a_layer_without_a_parameter_is_refused() -> None:
    layer = made("auto")
    del layer.weight_hh_l0
    with pytest.raises(RecurError, match="LSTM has no parameter weight_hh_l0"):
        layer.stream()


@pytest.mark.parametrize("kind", [GRU, Recurrent])
@pytest.mark.parametrize("name", [n for n in (*RIGHT, *WRONG) if n.startswith(("weights: data", "packed", "between"))])
def test_the_other_cells_are_guarded_alike(name: str, kind: Any) -> None:
    call = {**RIGHT, **WRONG}[name]
    actual = result(call, made("auto", kind))
    if name in WRONG:
        assert isinstance(actual, Exception), "it was computed"
        return
    expected = result(call, made("eager", kind))
    assert not isinstance(expected, Exception), repr(expected)
    assert not isinstance(actual, Exception), repr(actual)
    for one, other in zip(actual, expected, strict=True):
        near(one, other, name)


def test_a_layer_whose_weights_are_put_right_is_fast_again() -> None:
    layer = made("auto")
    before = layer(numbers(T, B, X))[0]
    kept = layer.weight_hh_l0.data
    layer.weight_hh_l0.data = kept[:1].clone()
    with pytest.raises(RecurError, match="weight_hh_l0|W_hh"):
        layer(numbers(T, B, X))
    layer.weight_hh_l0.data = kept
    assert torch.equal(layer(numbers(T, B, X))[0], before)
    assert layer.backend_report().ran == "native"


def test_the_report_says_why_a_subclass_is_not_computed_natively() -> None:
    class Mine(Tensor):
        pass

    layer = made("auto")
    layer(numbers(T, B, X).as_subclass(Mine))
    assert "Mine has operations of its own" in str(layer.backend_report())


@pytest.mark.parametrize("change", ["float64", "meta", "sparse", "negated", "zero", "short", "cut"])
def test_a_stream_reads_or_refuses_every_tensor(change: str) -> None:
    x = numbers(1, X)
    layer = GRU(X, H)
    expected = layer.stream().step(x)
    stream = layer.stream()
    if change == "float64":
        near(stream.step(x.double()), expected)
    elif change == "negated":
        near(stream.step(torch._neg_view(-x)), expected)
    elif change == "zero":
        near(stream.step(torch._efficientzerotensor(1, X)), layer.stream().step(torch.zeros(1, X)))
    else:
        odd = {"meta": x.to("meta"), "sparse": x.to_sparse(), "short": x[:, :1], "cut": x.clone()}[change]
        if change == "cut":
            odd.untyped_storage().resize_(4)
        with pytest.raises(RecurError):
            stream.step(odd)
        near(stream.step(x), expected)


def test_a_stream_is_made_and_stepped_under_another_default_device() -> None:
    layer = LSTM(X, H, num_layers=2)
    x = numbers(1, X)
    expected = layer.stream().step(x)
    with torch.device("meta"):
        stream = layer.stream()
        assert torch.equal(stream.step(x), expected)
        stream.set_states(stream.states())
