"""``LayerBase``: the layout, options and parameters of a recurrent layer, without its computation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from recur.engine import BACKENDS, Noise, torch_state
from recur.engine.low_precision import PRECISIONS
from recur.engine.noise import expected
from recur.equations import Equation
from recur.errors import ConfigError
from recur.nn import checks, initialization
from recur.nn.freezing import Freezing
from recur.nn.layer_layout import LayerLayout, check_residual
from recur.nn.locked_masks import Locking
from recur.nn.state import StepStates

# what determines the sizes and names of parameters and output
FIXED = frozenset(
    {
        "bias", "bidirectional", "equation", "hidden_size", "hidden_sizes", "input_size", "layer_norm", "layout",
        "learn_initial_state", "merge", "mode", "nonlinearity", "num_layers", "output_size", "proj_size",
    }
)  # fmt: skip


class LayerBase(Locking, Freezing):
    """The layout, options and parameters of a recurrent layer, without the computation.

    An option may be changed at any time, and is checked as in the constructor. What the sizes of the parameters depend
    on cannot be changed.

    Attributes
    ----------
    layout : LayerLayout
        Sizes, directions and parameter names.
    """

    equation: Equation
    layout: LayerLayout
    input_size: int
    hidden_size: int | list[int]
    hidden_sizes: list[int]
    num_layers: int
    output_size: int
    bias: bool
    bidirectional: bool
    merge: str
    learn_initial_state: bool
    batch_first: bool
    dropout: float
    residual: bool
    variational_dropout: float
    recurrent_dropout: float
    zoneout: dict[str, float]
    weight_drop: float
    forget_bias: float | None
    memory_steps: int | None
    recurrent_init: str
    engine: str
    precision: str
    memory_budget: int | str | None

    def __setattr__(self, name: str, value: Any) -> None:
        check = OPTIONS.get(name)
        if check is not None:
            value = check(self, value)
        elif name in FIXED and name in self.__dict__ and self.__dict__[name] != value:
            kind = type(self).__name__
            raise ConfigError(
                f"{name} of this {kind} is {self.__dict__[name]!r}, and its parameters were made for that: "
                f"it cannot become {value!r}",
                hint=f"make a new layer: {kind}(...)",
            )
        super().__setattr__(name, value)

    def gather(self, number: int, direction: int = 0) -> dict[str, Tensor]:
        """The equation's parameters in one layer of the stack and direction, by the equation's names.

        They are looked up at each call, so that weights replaced by ``functional_call``, a parametrisation or
        ``weight_norm`` are the ones that are used.
        """
        return self.layout.levels[number].bindings[direction].gather(lambda name: getattr(self, name))

    @torch_state.constant_under_compile
    def constant(self, compute: Callable[..., Any], *arguments: Any) -> Any:
        """Return ``compute(self, *arguments)``, computed only once under torch.compile."""
        return compute(self, *arguments)

    def learned_states(self, number: int, direction: int, rows: int) -> StepStates | None:
        """The learned states before the first step, each (rows, S); None where they are not learned."""
        if not self.learn_initial_state:
            return None
        names = self.layout.levels[number].initial[direction]
        return {state: getattr(self, name).expand(rows, -1) for state, name in names.items()}

    def first_weight(self) -> Tensor:
        """A parameter that has the layer's dtype and device."""
        weight: Tensor = getattr(self, self.layout.first_name)
        return weight

    def check_parameters(self) -> None:
        """Refuse to compute where a parameter was deleted, was not initialised, or is not a tensor.

        Raises
        ------
        ParameterError
            With its name, and what to do.
        """
        kind = type(self).__name__
        for name in self.layout.names:
            value = self._parameters.get(name)
            if value is None and name not in self._parameters:
                # under a parametrization it is a property, under weight_norm and pruning a plain attribute
                if name not in self.__dict__ and not hasattr(type(self), name) and name not in self._buffers:
                    raise checks.ParameterError(
                        f"{kind} has no parameter {name}: it was deleted, expected a tensor",
                        hint=f"layer.{name} = torch.nn.Parameter(...), or make the layer again",
                    )
                continue
            if not isinstance(value, Tensor):
                raise checks.ParameterError(
                    f"{kind}: the parameter {name} is {type(value).__name__}, expected a tensor",
                    hint="bias=False makes a layer without biases",
                )
            if torch_state.uninitialized(value):
                raise checks.ParameterError(
                    f"{kind}: the parameter {name} has no shape and no numbers yet (UninitializedParameter)",
                    hint="a layer of recur knows its sizes when it is made: give it a torch.nn.Parameter",
                )

    def evaluation_noise(self) -> Noise | None:
        """Zoneout outside training: its expectation, and one half for numbers that are drawn."""
        return expected(self.equation, self.zoneout) or None


def _residual(layer: LayerBase, value: object) -> bool:
    if checks.check_flag("residual", value):
        check_residual(layer.layout)
    return bool(value)


def _recurrent_dropout(layer: LayerBase, value: object) -> float:
    probability = checks.check_probability("recurrent_dropout", value)
    if probability and not layer.layout.recurrent_states:
        raise ConfigError(
            f"recurrent_dropout masks h_t-1 in matrix products, and {layer.equation.name} multiplies no state by a "
            "matrix",
            hint="use zoneout for this cell",
        )
    return probability


def _weight_drop(layer: LayerBase, value: object) -> float:
    probability = checks.check_probability("weight_drop", value)
    if probability and not layer.layout.recurrent_matrices:
        raise ConfigError(
            f"weight_drop is for recurrent matrices, and {layer.equation.name} has none",
            hint="use zoneout for this cell",
        )
    return probability


def _zoneout(layer: LayerBase, value: object) -> dict[str, float]:
    return checks.check_zoneout(value, layer.equation.states)


def _forget_bias(layer: LayerBase, value: object) -> float | None:
    bias = checks.check_forget_bias(value, layer.__dict__.get("memory_steps"))
    if bias is not None:
        initialization.check_gate_bias("forget_bias", layer.equation, layer.bias)
    return bias


def _memory_steps(layer: LayerBase, value: object) -> int | None:
    steps = checks.check_memory_steps(value, layer.__dict__.get("forget_bias"))
    if steps is not None:
        initialization.check_gate_bias("memory_steps", layer.equation, layer.bias)
    return steps


def _choice(name: str, options: tuple[str, ...]) -> Callable[[LayerBase, object], str]:
    return lambda _layer, value: checks.check_choice(name, value, options)


# options that may be changed after construction, each with its check
OPTIONS: Mapping[str, Callable[[LayerBase, object], object]] = {
    "batch_first": lambda _layer, value: checks.check_flag("batch_first", value),
    "dropout": lambda _layer, value: checks.check_dropout(value),
    "residual": _residual,
    "variational_dropout": lambda _layer, value: checks.check_probability("variational_dropout", value),
    "recurrent_dropout": _recurrent_dropout,
    "zoneout": _zoneout,
    "weight_drop": _weight_drop,
    "forget_bias": _forget_bias,
    "memory_steps": _memory_steps,
    "recurrent_init": _choice("recurrent_init", ("uniform", "orthogonal")),
    "engine": _choice("engine", BACKENDS),
    "precision": _choice("precision", PRECISIONS),
    "memory_budget": lambda _layer, value: checks.check_budget(value),
}
