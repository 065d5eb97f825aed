"""Each private function of torch that is used: that this torch has it, what it has to say, what stands in for it."""

from __future__ import annotations

import ast
import ctypes
import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.utils._python_dispatch import TorchDispatchMode

from recur.engine import torch_state


class Dispatch(TorchDispatchMode):
    """A mode below autograd, as fake tensors and counters of operations are."""

    def __torch_dispatch__(self, function: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return function(*args, **(kwargs or {}))


class Function(torch.overrides.TorchFunctionMode):
    """A mode above autograd."""

    def __torch_function__(self, function: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return function(*args, **(kwargs or {}))


def within_transform(transform: Callable[..., Any], asked: Callable[[Tensor], object]) -> list[object]:
    """What a function says within a transform of torch.func."""
    said: list[object] = []

    def body(x: Tensor) -> Tensor:
        said.append(asked(x))
        return x.sum()

    transform(body)(torch.ones(2, 3))
    return said


def test_this_torch_has_every_private_name() -> None:
    assert not torch_state.LACKING


def test_names_that_a_torch_lacks_are_noted_and_stood_in_for() -> None:
    assert torch_state._find("_C._no_such_thing", "instead") == "instead"
    assert [*torch_state.LACKING] == ["_C._no_such_thing"]
    torch_state.LACKING.clear()


def private_lookups() -> list[str]:
    """The variables of the module that hold a private function of torch."""
    tree = ast.parse(inspect.getsource(torch_state))
    return [
        node.target.id
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and "_find(" in ast.unparse(node)
    ]


# what each needs of its function: (call, its answer outside of everything, a call within what it has to notice)
NEEDS: dict[str, Callable[[], bool]] = {
    # a level, an object, within a transform; else None
    "_transform": lambda: (
        torch_state._transform() is None
        and within_transform(torch.func.grad, lambda _: torch_state._transform() is not None) == [True]
    ),
    # the transforms with the names of their kinds
    "_interpreters": lambda: (
        not torch_state._interpreters()
        and within_transform(torch.func.vmap, lambda _: [one.key().name for one in torch_state._interpreters()])
        == [["Vmap"]]
    ),
    # not None while torch.jit.trace runs
    "_trace": lambda: torch_state._trace() is None and traced(lambda: torch_state._trace() is not None),
    # how many modes of each kind there are
    "_dispatching": lambda: torch_state._dispatching() == 0 and entered(Dispatch(), torch_state._dispatching) == 1,
    "_overriding": lambda: torch_state._overriding() == 0 and entered(Function(), torch_state._overriding) == 1,
    # the modes themselves, so that the one of a default device is known
    "_overrides": lambda: [type(one) for one in entered(Function(), torch_state._overrides)] == [Function],
    "_is_batched": lambda: (
        not torch_state._is_batched(torch.ones(1))
        and within_transform(torch.func.vmap, torch_state._is_batched) == [True]
    ),
    "_is_legacy_batched": lambda: (
        not torch_state._is_legacy_batched(torch.ones(1)) and legacy_batched(torch_state._is_legacy_batched)
    ),
    "_is_wrapped": lambda: (
        not torch_state._is_wrapped(torch.ones(1))
        and within_transform(torch.func.grad, torch_state._is_wrapped) == [True]
    ),
    "_is_functional": lambda: (
        not torch_state._is_functional(torch.ones(1))
        and torch_state._is_functional(torch._to_functional_tensor(torch.ones(1)))
    ),
    "_is_zero": lambda: (
        not torch_state._is_zero(torch.ones(1)) and torch_state._is_zero(torch._efficientzerotensor((1,)))
    ),
    # what Parameter has for __torch_function__: a class with it has torch's own operations
    "_plain_function": lambda: torch.nn.Parameter.__torch_function__ is torch_state._plain_function,
    "_library": lambda: ctypes.CDLL(torch_state._library) is not None,
    "address_of": lambda: torch_state.address_of(torch.ones(1)) > 0,
    "lerp_all": lambda: lerped() == [2.0, 6.0],
    "norm_all": lambda: norms() == [5.0, 0.0],
    "multiply_all": lambda: multiplied() == [5.5, 1.0],
    "add_all": lambda: multiplied() == [5.5, 1.0],
    "count_all": lambda: multiplied() == [5.5, 1.0],
    "fused_adam": lambda: updated(torch_state.fused_adam),
    "fused_adamw": lambda: updated(torch_state.fused_adamw),
    "any_autocast": lambda: (
        not torch_state.any_autocast() and entered(torch.autocast("cpu", torch.bfloat16), torch_state.any_autocast)
    ),
}


def entered(context: AbstractContextManager[Any], asked: Callable[[], Any]) -> Any:
    with context:
        return asked()


def traced(asked: Callable[[], bool]) -> bool:
    said = []

    def body(x: Tensor) -> Tensor:
        said.append(asked())
        return x + 1

    torch.jit.trace(body, torch.ones(1), check_trace=False)
    return said == [True]


def legacy_batched(asked: Callable[[Tensor], bool]) -> bool:
    said = []

    class Asking(torch.autograd.Function):
        @staticmethod
        def forward(_ctx: Any, x: Tensor) -> Tensor:
            return x * 2

        @staticmethod
        def backward(_ctx: Any, upstream: Tensor) -> Tensor:
            said.append(asked(upstream))
            return upstream * 2

    x = torch.ones(2, requires_grad=True)
    torch.autograd.grad(Asking.apply(x), x, torch.eye(2), is_grads_batched=True)
    return said == [True]


def multiplied() -> list[float]:
    tensors = [torch.tensor(1.0), torch.tensor(4.0)]
    torch_state.multiply_all(tensors, 0.5)
    torch_state.add_all(tensors, [torch.tensor(2.0), torch.tensor(-1.0)], alpha=2.0)
    torch_state.count_all(tensors, 1.0)
    return [float(tensor) for tensor in tensors]


def norms() -> list[float]:
    return [float(norm) for norm in torch_state.norm_all([torch.tensor([3.0, 4.0]), torch.zeros(2, 2)])]


def updated(update: Callable[..., None] | None) -> bool:
    """Whether the first update of one weight by a fused function is that of the paper: a step of the rate, downhill."""
    assert update is not None
    weight, gradient = torch.tensor([1.0]), torch.tensor([0.5])
    means, squares, steps = torch.zeros(1), torch.zeros(1), torch.tensor(1.0)
    update(
        [weight], [gradient], [means], [squares], [], [steps], lr=0.1, beta1=0.9, beta2=0.999, weight_decay=0.0,
        eps=1e-8, amsgrad=False, maximize=False, grad_scale=None, found_inf=None,
    )  # fmt: skip
    return abs(float(weight) - 0.9) < float(weight) * 1e-5 and float(means) > 0 and float(squares) > 0


def lerped() -> list[float]:
    means = [torch.tensor(1.0), torch.tensor(4.0)]
    torch_state.lerp_all(means, [torch.tensor(3.0), torch.tensor(8.0)], 0.5)
    return [float(mean) for mean in means]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", NEEDS)
def test_a_private_function_says_what_is_needed_of_it(name: str) -> None:
    assert NEEDS[name]()


def test_every_private_function_has_such_a_test() -> None:
    assert set(private_lookups()) | {"address_of"} == set(NEEDS)


def test_the_stand_ins_for_many_tensors_at_once_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lerp", "norm", "multiply", "add", "count"):
        monkeypatch.setattr(torch_state, f"{name}_all", getattr(torch_state, f"_{name}_each"))
    assert lerped() == [2.0, 6.0]
    assert norms() == [5.0, 0.0]
    assert multiplied() == [5.5, 1.0]


@contextmanager
def forward_mode() -> Iterator[None]:
    with forward_ad.dual_level():
        yield


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        (nullcontext, None),
        (forward_mode, "forward-mode derivatives"),
        (Dispatch, "a mode of torch"),
        (Function, "a torch function mode"),
        (lambda: torch.device("cpu"), None),
    ],
)
def test_what_observes_operations_is_named(
    context: Callable[[], AbstractContextManager[Any]], reason: str | None
) -> None:
    with context():
        said = torch_state.observer()
    assert said is None if reason is None else said is not None and said.startswith(reason)


@pytest.mark.parametrize("transform", [torch.func.vmap, torch.func.grad])
def test_a_transform_observes_unless_it_does_not_count(transform: Callable[..., Any]) -> None:
    (said,) = within_transform(transform, lambda _: (torch_state.observer(), torch_state.observer(transforms=False)))
    assert said == ("torch.func transforms (vmap, jvp) look into every operation", None)


def test_the_c_interface_takes_the_address_of_a_word_with_the_address_of_a_tensor() -> None:
    library = torch_state.c_interface()
    assert library is not None
    axes, tensor = ctypes.c_int64(), torch.ones(2, 3, 4)
    word = ctypes.c_void_p(torch_state.address_of(tensor))
    assert library.aoti_torch_get_dim(ctypes.byref(word), ctypes.byref(axes)) == 0
    assert axes.value == 3


def test_settled_tensors_have_their_numbers_in_memory() -> None:
    negated = torch._neg_view(torch.ones(3))
    assert negated.is_neg()
    assert not torch_state.settled(negated).is_neg()
    zeros = torch_state.settled(torch._efficientzerotensor((3,)))
    assert torch_state.without_memory(zeros) is None
    with torch.inference_mode():
        made = torch.ones(3)
    assert not torch_state.settled(made).is_inference()
