"""State of torch around a call: transforms, tracing, and modes that intercept operations.

torch has no public functions for most of this. The private ones are used in this file alone; each is looked up once, at
import, and where a version of torch lacks one, the result is the safe one: operations may be observed.
"""

from __future__ import annotations

import ctypes
import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]

_Method = TypeVar("_Method", bound=Callable[..., Any])

# torch 2.6 refuses to export a program that sets an attribute, and does not say that it exports
SETS_UNDER_COMPILE = hasattr(torch.compiler, "is_exporting")

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")

LACKING: set[str] = set()  # the private names that this torch does not have

try:
    from torch.utils._device import DeviceContext as _DefaultDevice
except ImportError:  # every function mode then counts as an observer
    LACKING.add("utils._device.DeviceContext")

    class _DefaultDevice:  # type: ignore[no-redef]
        """The mode of a default device, in a torch that has none of that name."""


def _find(path: str, otherwise: Any) -> Any:
    """A private attribute of torch, or its replacement."""
    value: Any = torch
    for name in path.split("."):
        value = getattr(value, name, None)
        if value is None:
            LACKING.add(path)
            return otherwise
    return value


def _observed() -> int:
    return 1


def _norm_each(tensors: Sequence[Tensor]) -> list[Tensor]:
    return [torch.linalg.vector_norm(tensor) for tensor in tensors]


def _add_each(to: Sequence[Tensor], values: Sequence[Tensor], alpha: float) -> None:
    for one, value in zip(to, values, strict=True):
        one.add_(value, alpha=alpha)


def _count_each(counts: Sequence[Tensor], number: float) -> None:
    for count in counts:
        count.add_(number)


def _multiply_each(tensors: Sequence[Tensor], factor: float) -> None:
    for tensor in tensors:
        tensor.mul_(factor)


def _lerp_each(means: Sequence[Tensor], values: Sequence[Tensor], weight: float) -> None:
    for mean, value in zip(means, values, strict=True):
        mean.lerp_(value, weight)


_transform: Callable[[], Any] = _find("_C._functorch.maybe_current_level", _observed)
_interpreters: Callable[[], Any] = _find("_C._functorch.get_interpreter_stack", lambda: None)
_trace: Callable[[], Any] = _find("_C._get_tracing_state", _observed)
_dispatching: Callable[[], int] = _find("_C._len_torch_dispatch_stack", _observed)
_overriding: Callable[[], int] = _find("_C._len_torch_function_stack", _observed)
_overrides: Callable[[], list[Any]] = _find("overrides._get_current_function_mode_stack", lambda: [None])
_is_batched: Callable[[Tensor], bool] = _find("_C._functorch.is_batchedtensor", lambda _: False)
_is_legacy_batched: Callable[[Tensor], bool] = _find("_C._functorch.is_legacy_batchedtensor", lambda _: False)
_is_wrapped: Callable[[Tensor], bool] = _find("_C._functorch.is_functorch_wrapped_tensor", lambda _: False)
_is_functional: Callable[[Tensor], bool] = _find("_is_functional_tensor", lambda _: False)
_is_zero: Callable[[Tensor], bool] = _find("Tensor._is_zerotensor", lambda _: True)
_plain_function: Any = _find("_C._disabled_torch_function_impl", None)
_library: str | None = _find("_C.__file__", None)
# means += weight (values - means), many tensors in one call
lerp_all: Callable[[Sequence[Tensor], Sequence[Tensor], float], None] = _find("_foreach_lerp_", _lerp_each)
# the norm of each tensor; to += alpha values; counts += number; tensors *= factor: many tensors in one call
norm_all: Callable[[Sequence[Tensor]], list[Tensor]] = _find("_foreach_norm", _norm_each)
add_all: Callable[..., None] = _find("_foreach_add_", _add_each)
count_all: Callable[[Sequence[Tensor], float], None] = _find("_foreach_add_", _count_each)
multiply_all: Callable[[Sequence[Tensor], float], None] = _find("_foreach_mul_", _multiply_each)
# one pass over weights, gradients and moments; None where this torch has none
fused_adam: Callable[..., None] | None = _find("_fused_adam_", None)
fused_adamw: Callable[..., None] | None = _find("_fused_adamw_", None)
any_autocast: Callable[[], bool] = _find("_C._is_any_autocast_enabled", torch.is_autocast_enabled)


def hooked(module: nn.Module) -> bool:
    """Whether hooks look at the calls of a module or of one of its parts."""
    return any(getattr(part, name, None) for part in module.modules() for name in _HOOKS)


def transformed() -> bool:
    """Whether a torch.func transform (vmap, grad, jvp) is being computed."""
    return _transform() is not None


def transforms() -> list[str]:
    """The torch.func transforms around a call, the outermost first: "Vmap", "Grad", "Jvp", and so on."""
    return [interpreter.key().name for interpreter in _interpreters() or ()]


def wrapped(tensor: Tensor) -> bool:
    """Whether a torch.func transform holds a tensor."""
    return _is_wrapped(tensor)


def dual() -> bool:
    """Whether forward-mode derivatives are being computed."""
    return getattr(forward_ad, "_current_level", 0) >= 0


def quiet() -> bool:
    """Whether no operation is observed: the fast form of ``observer``, used in every call."""
    return (
        not torch.compiler.is_compiling()
        and _transform() is None
        and not dual()
        and not _dispatching()
        and not _overriding()
        and _trace() is None
    )


def observer(transforms: bool = True) -> str | None:
    """What observes every operation, as a reason to compute in torch's operations; None if nothing does.

    Without ``transforms``, those of torch.func are ignored.
    """
    if quiet():
        return None
    if transforms and _transform() is not None:
        return "torch.func transforms (vmap, jvp) look into every operation"
    if dual():
        return "forward-mode derivatives look into every operation"
    if _trace() is not None:
        return "a trace looks into every operation"
    if _dispatching():
        return "a mode of torch (fake tensors, make_fx, a counter) looks into every operation"
    if any(not isinstance(mode, _DefaultDevice) for mode in (_overrides() if _overriding() else ())):
        return "a torch function mode looks into every operation"
    return None


def batched(tensor: Tensor) -> bool:
    """Whether a tensor is batched by a vmap: torch.func's, or that of ``is_grads_batched``."""
    return _is_legacy_batched(tensor) or _is_batched(tensor)


def ordinary(kind: type) -> bool:
    """Whether a class of tensors has torch's own operations: Tensor, Parameter, and parameters of other names."""
    if kind is Tensor or kind is torch.nn.Parameter:
        return True
    return (
        issubclass(kind, torch.nn.Parameter)
        and not issubclass(kind, UninitializedTensorMixin)
        and _plain_function is not None
        and getattr(kind, "__torch_function__", None) is _plain_function
        and getattr(kind, "__torch_dispatch__", None) is getattr(Tensor, "__torch_dispatch__", None)
    )


def uninitialized(tensor: Tensor) -> bool:
    """Whether a parameter has no shape yet, like those of torch's lazy modules."""
    return isinstance(tensor, UninitializedTensorMixin)


def lazy(tensor: Tensor) -> str | None:
    """Why the numbers of a tensor are not those at its address (it is lazily negated, ...); None if they are."""
    if tensor.is_neg() or tensor.is_conj():
        return "a tensor is yet to be negated or conjugated"
    return None


def without_memory(tensor: Tensor) -> str | None:
    """Why a tensor has no memory to read; None if it has."""
    if _is_zero(tensor):
        return "a tensor of zeros was never stored"
    if _is_wrapped(tensor) or _is_legacy_batched(tensor):
        return "a transform holds a tensor"
    if _is_functional(tensor):
        return "a trace holds a tensor"
    return None


def settled(tensor: Tensor) -> Tensor:
    """A tensor that can be read and saved: materialised in memory, and copied if inference mode made it."""
    if tensor.layout is not torch.strided or torch.compiler.is_compiling():
        return tensor
    if _is_zero(tensor):
        zeros = torch.zeros(tensor.shape, dtype=tensor.dtype, device=tensor.device)
        return tensor + zeros if tensor.requires_grad else zeros
    if tensor.is_inference() and torch.is_grad_enabled():
        return tensor.clone()
    return tensor.resolve_neg()


# the address of a tensor's implementation; its C interface takes the address of a word with that, see ``c_interface``
address_of: Callable[[Tensor], int] = operator.attrgetter("_cdata")


def c_interface() -> ctypes.CDLL | None:
    """torch's C interface, if a word that holds ``address_of(tensor)`` is a handle of the tensor; otherwise None.

    A handle that torch itself makes is read, to check that it holds that number.
    """
    make: Any = _find("_C._aoti.unsafe_alloc_void_ptrs_from_tensors", None)
    take: Any = _find("_C._aoti.alloc_tensors_by_stealing_from_void_ptrs", None)
    if make is None or take is None or _library is None:
        return None
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    tensors = [torch.zeros(1, device="cpu"), torch.nn.Parameter(torch.zeros(1, device="cpu"))]
    handles = make(tensors)
    try:
        held = [ctypes.c_void_p.from_address(pointer(handle, None)).value for handle in handles]
        same = held == [address_of(tensor) for tensor in tensors]
        return ctypes.CDLL(_library) if same else None
    except (AttributeError, OSError, ValueError):
        return None
    finally:
        take(handles)


def constant_under_compile(method: _Method) -> _Method:
    """Mark a method whose result torch.compile may treat as a constant.

    The public decorator imports torch's compiler, which takes as long as torch itself. It marks methods in the same
    way; torch 2.6 takes a module as ``self`` of a method, and refuses it as an argument of a function.
    """
    vars(method)["_dynamo_marked_constant"] = True
    return method
