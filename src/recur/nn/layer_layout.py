"""``LayerLayout``: the sizes, directions and parameter names of a layer, fixed at construction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from recur.engine import recurrent_states
from recur.equations import Equation
from recur.errors import ConfigError
from recur.nn.parameter_binding import Binding, bind, recurrent_matrices
from recur.nn.state import same_sizes


@dataclass(frozen=True)
class Level:
    """One layer of the stack.

    Attributes
    ----------
    sizes : mapping of str to int
        The number behind each size symbol of the equation: X, H and its own.
    input_size : int
        Columns of its input.
    state_sizes : mapping of str to int
        S of each state, in the equation's order.
    bindings : tuple of Binding
        The names of its parameters, one entry per direction.
    initial : tuple of mapping of str to str
        The names of its learned initial states, by state, one entry per direction.
    """

    sizes: Mapping[str, int]
    input_size: int
    state_sizes: Mapping[str, int]
    bindings: tuple[Binding, ...]
    initial: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class LayerLayout:
    """Sizes, directions and parameter names of a layer. Nothing in it changes after construction.

    Attributes
    ----------
    levels : tuple of Level
        One entry per layer of the stack.
    directions : int
        1 or 2.
    output_size : int
        Columns of the output.
    state_sizes : tuple of mapping of str to int
        S of each state, one entry per layer of the stack.
    one_size : bool
        Whether all layers of the stack have states of the same sizes, so that one tensor holds them.
    recurrent_states : tuple of str
        The states that a matrix multiplies, which recurrent dropout masks.
    recurrent_matrices : tuple of str
        The matrices that multiply h_{t-1}, to which weight drop applies.
    sized_by_states : bool
        Whether a size is in the states alone, which then start from zeros of the layer's.
    """

    levels: tuple[Level, ...]
    directions: int
    output_size: int
    state_sizes: tuple[Mapping[str, int], ...]
    one_size: bool
    recurrent_states: tuple[str, ...]
    recurrent_matrices: tuple[str, ...]
    sized_by_states: bool

    @property
    def bindings(self) -> Iterator[Binding]:
        """The parameter names of every layer of the stack and direction, in order."""
        return (binding for level in self.levels for binding in level.bindings)

    @property
    def names(self) -> Iterator[str]:
        """The names of all parameters of the equation, in order."""
        return (name for binding in self.bindings for name in binding.names())

    @property
    def first_name(self) -> str:
        """The name of a parameter that every layer has."""
        return self.levels[0].bindings[0].names()[0]


def lay_out(
    equation: Equation,
    naming: Mapping[str, tuple[str, ...]],
    input_size: int,
    hidden_sizes: Sequence[int],
    *,
    own_sizes: Mapping[str, int],
    bias: bool,
    directions: int,
    concatenated: bool,
) -> LayerLayout:
    """Compute the layout of a layer.

    Parameters
    ----------
    equation : Equation
        The cell.
    naming : mapping of str to tuple of str
        Own names of the equation's parameters, as in ``bind``.
    input_size : int
        X.
    hidden_sizes : sequence of int
        H of each layer of the stack.
    own_sizes : mapping of str to int
        Numbers for the equation's own size symbols.
    bias : bool
        Whether the equation's biases are parameters.
    directions : int
        1 or 2.
    concatenated : bool
        Whether two directions are concatenated, not summed.

    Raises
    ------
    ConfigError
        If a layer of the stack reads vectors of another size than the equation declares.
    """
    if len(equation.inputs) > 1 and len(hidden_sizes) > 1:
        raise ConfigError(
            f"{equation.name} reads {', '.join(equation.inputs)} at every step, and a layer above the first would read "
            "the outputs of the one below alone",
            hint=f"num_layers=1; concatenate {', '.join(equation.inputs[1:])} to its outputs for another layer",
        )
    levels, reads = [], input_size
    for number, hidden in enumerate(hidden_sizes):
        sizes = {**own_sizes, "X": _first_input(equation, reads, own_sizes, hidden), "H": hidden}
        _check_width(equation, number, reads, sizes)
        suffixes = [f"l{number}", f"l{number}_reverse"][:directions]
        state_sizes = {state: equation.shape(state, **sizes)[0] for state in equation.states}
        levels.append(
            Level(
                sizes,
                reads,
                state_sizes,
                tuple(bind(equation, naming, suffix, bias, sizes) for suffix in suffixes),
                tuple({state: f"initial_{state}_{suffix}" for state in state_sizes} for suffix in suffixes),
            )
        )
        width = state_sizes[equation.states[0]]
        reads = width * directions if concatenated else width
    states = tuple(level.state_sizes for level in levels)
    return LayerLayout(
        tuple(levels), directions, reads, states, same_sizes(states), tuple(recurrent_states(equation)),
        tuple(recurrent_matrices(equation)), _sized_by_states(equation),
    )  # fmt: skip


def _sized_by_states(equation: Equation) -> bool:
    """Whether a size is in the states alone, so that a backend cannot infer it from the parameters."""
    parameters = {symbol for name in equation.parameters for size in equation.shapes[name] for symbol in size.symbols}
    return bool(
        {symbol for name in equation.states for symbol in equation.shapes[name][0].symbols} - parameters - {"X"}
    )


def _first_input(equation: Equation, reads: int, own_sizes: Mapping[str, int], hidden: int) -> int:
    """X, where x_t has ``reads`` columns, some of them of further inputs such as the time since the last step."""
    (width,) = equation.shape(equation.input, **own_sizes, X=0, H=hidden)
    (more,) = equation.shape(equation.input, **own_sizes, X=1, H=hidden)
    return max(0, reads - width) // (more - width) if more > width else reads


def _check_width(equation: Equation, number: int, reads: int, sizes: Mapping[str, int]) -> None:
    (expected,) = equation.shape(equation.input, **sizes)
    if reads != expected:
        raise ConfigError(
            f"layer {number} reads vectors of {reads}, and {equation.name} declares its input "
            f"{equation.input} as {equation.shapes[equation.input][0]}, here {expected}",
            hint=f"input_size={expected}" if number == 0 else "one size for all layers and directions",
        )


def check_residual(layout: LayerLayout) -> None:
    """Refuse residual sums between layers of different sizes.

    Raises
    ------
    ConfigError
        If a layer above the first has an output of another size than its input.
    """
    outputs = [*(level.input_size for level in layout.levels[1:]), layout.output_size]
    for number, (level, writes) in enumerate(zip(layout.levels, outputs, strict=True)):
        if number > 0 and level.input_size != writes:
            raise ConfigError(
                f"residual adds the input of layer {number} ({level.input_size} units) to its output ({writes} units)",
                hint='give the layers one size; with bidirectional and merge="sum" the outputs stay H wide',
            )
