"""Checks of a layer's arguments, with torch's wording and a hint."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from recur.engine import tensor_checks, torch_state
from recur.equations import Equation, get
from recur.errors import ConfigError, RecurError, ShapeError, closest, did_you_mean


class LayerInputError(ShapeError, RuntimeError):
    """A tensor does not fit a layer. It is also a ``RuntimeError``, as in torch.nn."""


class ParameterError(RecurError, RuntimeError):
    """A parameter of a layer is missing, or is not a tensor."""


class ArgumentTypeError(RecurError, TypeError):
    """An argument of a constructor has the wrong type."""


def check_sizes(
    input_size: object, hidden_size: object, num_layers: object, bias: object, batch_first: object, dropout: object
) -> list[int]:
    """Check the arguments that torch.nn has too, in torch's order; return the hidden size of every layer.

    Raises
    ------
    ArgumentTypeError
        If an argument has the wrong type.
    ConfigError
        If a value is out of its range.
    """
    check_dropout(dropout)
    check_flag("bias", bias)
    check_flag("batch_first", batch_first)
    if not isinstance(input_size, int):
        raise ArgumentTypeError(f"input_size should be of type int, got: {type(input_size).__name__}")
    if input_size <= 0:
        raise ConfigError(f"input_size must be greater than zero, got {input_size}")
    if not isinstance(num_layers, int):
        raise ArgumentTypeError(f"num_layers should be of type int, got: {type(num_layers).__name__}")
    several = isinstance(hidden_size, Sequence) and not isinstance(hidden_size, str)
    sizes: list[Any] = list(hidden_size) if isinstance(hidden_size, Sequence) and several else [hidden_size]
    for size in sizes:
        if not isinstance(size, int):
            raise ArgumentTypeError(
                f"hidden_size should be of type int, got: {type(size).__name__}",
                hint="a number, or a list with one number per layer",
            )
        if size <= 0:
            raise ConfigError(f"hidden_size must be greater than zero, got {size}")
    if num_layers <= 0:
        raise ConfigError(f"num_layers must be greater than zero, got {num_layers}")
    if not several:
        return sizes * num_layers
    if not sizes:
        raise ConfigError("hidden_size is an empty list", hint="a number, or a list with one number per layer")
    if num_layers not in (1, len(sizes)):
        raise ConfigError(
            f"hidden_size={sizes} names {len(sizes)} layers and num_layers={num_layers}",
            hint=f"num_layers={len(sizes)}, or leave num_layers out",
        )
    return sizes


def check_probability(name: str, value: object) -> float:
    """Return ``value`` as a float if it is a probability below 1.

    Raises
    ------
    ConfigError
        If it is not in [0, 1).
    """
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not 0 <= float(value) < 1:
        raise ConfigError(f"{name} should be a number in range [0, 1), got {value!r}", hint=f"{name}=0.2")
    return float(value)


def check_dropout(value: object) -> float:
    """Return the probability of dropout between layers, which may be 1 as in torch.nn.

    Raises
    ------
    ConfigError
        If it is not in [0, 1].
    """
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not 0 <= float(value) <= 1:
        raise ConfigError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed, "
            f"got {value!r}"
        )
    return float(value)


def check_flag(name: str, value: object) -> bool:
    """Return a value that is True or False.

    Raises
    ------
    ArgumentTypeError
        If it is anything else.
    """
    if not isinstance(value, bool):
        raise ArgumentTypeError(
            f"{name} should be of type bool, got: {type(value).__name__}", hint=f"{name}=True or {name}=False"
        )
    return value


def check_own_sizes(sizes: object) -> dict[str, int]:
    """Return the numbers for the equation's own size symbols.

    Raises
    ------
    ArgumentTypeError
        If they are not whole numbers from 1, by symbol.
    """
    if sizes is None:
        return {}
    if not isinstance(sizes, Mapping) or not all(isinstance(size, int) and size > 0 for size in sizes.values()):
        raise ArgumentTypeError(
            f"sizes should give a whole number from 1 for each size symbol, got {sizes!r}", hint='sizes={"P": 64}'
        )
    return dict(sizes)


def check_forget_bias(forget_bias: object, memory_steps: object) -> float | None:
    """Return the initial bias of the forget gate, or None.

    Raises
    ------
    ArgumentTypeError
        If it is no number.
    ConfigError
        If memory steps are given too.
    """
    if forget_bias is None:
        return None
    if not isinstance(forget_bias, numbers.Real) or isinstance(forget_bias, bool):
        raise ArgumentTypeError(f"forget_bias should be a number, got {forget_bias!r}", hint="forget_bias=1.0")
    _check_one_bias(memory_steps, forget_bias)
    return float(forget_bias)


def check_memory_steps(memory_steps: object, forget_bias: object) -> int | None:
    """Return the initial memory span in steps, or None.

    Raises
    ------
    ArgumentTypeError
        If it is no whole number.
    ConfigError
        If it is smaller than 3, or a forget bias is given too.
    """
    if memory_steps is None:
        return None
    if not isinstance(memory_steps, int) or isinstance(memory_steps, bool):
        raise ArgumentTypeError(f"memory_steps should be a whole number, got {memory_steps!r}", hint="memory_steps=100")
    if memory_steps < 3:
        raise ConfigError(f"memory_steps should be at least 3, got {memory_steps}", hint="memory_steps=100")
    _check_one_bias(memory_steps, forget_bias)
    return memory_steps


def _check_one_bias(memory_steps: object, forget_bias: object) -> None:
    if memory_steps is not None and forget_bias is not None:
        raise ConfigError("memory_steps and forget_bias both set the forget gate's bias", hint="leave one of them out")


def as_equation(equation: object) -> Equation:
    """Return the equation that was given, or the cell of the library of that name.

    Raises
    ------
    ArgumentTypeError
        If it is neither.
    EquationError
        If there is no cell of that name.
    """
    if isinstance(equation, str):
        return get(equation)
    if not isinstance(equation, Equation):
        raise ArgumentTypeError(
            f"Recurrent takes an equation or the name of one, got {equation!r}",
            hint="put @recur.equation(x=..., h=..., ...) above the function; recur cells lists the names",
        )
    return equation


def check_zoneout(zoneout: object, states: Sequence[str]) -> dict[str, float]:
    """Return the zoneout probability of each state that has one.

    Raises
    ------
    ConfigError
        If a state is unknown or a value is no probability.
    """
    if isinstance(zoneout, Mapping):
        for name in zoneout:
            if name not in states:
                raise ConfigError(f'zoneout names the state "{name}".{did_you_mean(name, states)}')
        by_state = dict(zoneout)
    else:
        by_state = dict.fromkeys(states, zoneout)
    checked = {name: check_probability("zoneout", p) for name, p in by_state.items()}
    return {name: p for name, p in checked.items() if p > 0}


def check_choice(name: str, value: object, options: Sequence[str]) -> str:
    """Return a value that is one of the options; refuse any other, naming the nearest.

    Raises
    ------
    ConfigError
        If it is none of them.
    """
    if value not in options:
        near = closest(str(value), options)
        raise ConfigError(
            f"{name}={value!r} is not one of {', '.join(options)}." + (f' Did you mean "{near}"?' if near else "")
        )
    return str(value)


def warn_unused_dropout(name: str, value: float, num_layers: int) -> None:
    """Warn that dropout between layers has no effect in a single layer, as torch.nn does."""
    if value > 0 and num_layers == 1:
        warnings.warn(
            f"{name} option adds dropout after all but last recurrent layer, so non-zero {name} expects "
            f"num_layers greater than 1, but got {name}={value} and num_layers={num_layers}",
            stacklevel=4,
        )


def check_input(kind: str, x: Tensor, weight: Tensor, input_size: int, packed: bool, batch_first: bool) -> None:
    """Check dtype, dimensions and feature size of a layer's input (time-major or batch-major alike).

    Raises
    ------
    LayerInputError
        In torch's words, with a hint.
    """
    check_readable(kind, "input", x)
    if x.dtype != weight.dtype and not torch_state.any_autocast():
        if x.dtype.is_floating_point:
            fix = f"Convert input: input.to({weight.dtype}), or convert model: model.to({x.dtype})"
            hint = None
        else:
            fix = "A recurrent layer takes vectors of real numbers."
            hint = (
                f"if these are ids, embed them first: recur.nn.Embedding(vocabulary, {input_size})(ids); "
                f"if they are measurements: input.to({weight.dtype})"
            )
        raise LayerInputError(
            f"RNN input dtype ({x.dtype}) does not match weight dtype ({weight.dtype}). {fix}", hint=hint
        )
    expected = 2 if packed else 3
    if x.dim() != expected:
        raise LayerInputError(f"input must have {expected} dimensions, got {x.dim()}")
    if x.size(-1) != input_size:
        axes = "(B, T, X)" if batch_first else "(T, B, X)"
        raise LayerInputError(
            f"input.size(-1) must be equal to input_size. Expected {input_size}, got {x.size(-1)}",
            hint=f"{kind}({x.size(-1)}, ...) takes this input"
            + ("" if packed else f", whose axes are read as {axes}; its shape is {tuple(x.shape)}"),
        )


def check_readable(kind: str, name: str, tensor: Tensor) -> None:
    """Refuse a tensor that is not dense, is masked, or ends behind its storage.

    Raises
    ------
    LayerInputError
        With the conversion to use.
    """
    if type(tensor).__name__ == "MaskedTensor":
        raise LayerInputError(
            f"{kind} takes a dense {name}, got a MaskedTensor", hint="x.get_data(), and lengths=... for what is padding"
        )
    try:
        tensor_checks.check(f"{kind}: {name}", tensor)
    except ShapeError as error:
        raise LayerInputError(error.message, error.hint) from None


def check_devices(x: Tensor, states: Sequence[Tensor], weight: Tensor) -> None:
    """Check that input, state and parameters are on one device, and input and state of one dtype.

    Raises
    ------
    LayerInputError
        In torch's words, with a hint.
    """
    for state in states:
        if state.device != x.device:
            raise LayerInputError(
                "Input and hidden tensors are not at the same device, found input tensor at "
                f"{x.device} and hidden tensor at {state.device}",
                hint=f'hidden.to("{x.device}")',
            )
        if state.dtype != x.dtype and not torch_state.any_autocast():
            raise LayerInputError(
                f"Input and hidden tensors are not the same dtype, found input tensor with {x.dtype} and hidden tensor "
                f"with {state.dtype}",
                hint=f"hidden.to({x.dtype})",
            )
    if x.device != weight.device:
        raise LayerInputError(
            "Input and parameter tensors are not at the same device, found input tensor at "
            f"{x.device} and parameter tensor at {weight.device}",
            hint=f'input.to("{weight.device}"), or layer.to("{x.device}")',
        )


def check_budget(budget: object) -> int | str | None:
    """Check a memory budget.

    Raises
    ------
    ConfigError
        If it is neither "sqrt" nor a positive number of bytes.
    """
    if budget is None or budget == "sqrt":
        return budget
    if not isinstance(budget, int) or isinstance(budget, bool) or budget <= 0:
        raise ConfigError(
            f'memory_budget is {budget!r}, expected a number of bytes or "sqrt"', hint="memory_budget=500_000_000"
        )
    return budget
