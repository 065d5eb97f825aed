"""``Stack``: the recurrent layers of a network, built from the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from recur import equations
from recur.errors import ConfigError, did_you_mean
from recur.nn import GRU, LSTM, RNN, Recurrent, flat_state, map_state
from recur.nn.look_up import LookUp
from recur.nn.state import State, join_state

if TYPE_CHECKING:
    from recur.config import ModelConfig

# every tensor of a state has the batch as its second axis
__all__ = ["Bridge", "Stack", "State", "select"]


class Stack(nn.Module):
    """Recurrent layers over (B, T, X).

    Parameters
    ----------
    config : ModelConfig
        Cell, sizes and the forms of regularisation.
    input_size : int
        X.
    bidirectional : bool
        Read in both directions; the outputs of the two directions are concatenated.

    Attributes
    ----------
    output_size : int
        D*H, the length of an output, and of `summary`.
    like : State
        The structure of a state: tensors of one row without values.
    """

    def __init__(self, config: ModelConfig, input_size: int, *, bidirectional: bool = False) -> None:
        super().__init__()
        self.directions = 2 if bidirectional else 1
        self.layer = _layer(config, input_size, bidirectional)
        self.output_size = int(self.layer.output_size)
        self.like = _shapes(self.layer)
        self.state_shapes = [(int(one.shape[0]), int(one.shape[2])) for one in flat_state(self.like)]

    def forward(
        self, vectors: Tensor | LookUp, state: State | None = None, *, lengths: Tensor | None = None,
        resets: Tensor | None = None,
    ) -> tuple[Tensor, State]:  # fmt: skip
        """Run over vectors (B, T, X); return outputs (B, T, D*H), zero at padding, and the final state."""
        outputs, state = self.layer(vectors, state, lengths=lengths, resets=resets)
        return outputs, state

    def everywhere(self, vectors: Tensor, *, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """Run over vectors (B, T, X); return outputs (B, T, H) and the state after every step, as of B*T rows."""
        outputs, _, series = self.layer(vectors, lengths=lengths, return_all_states=True)
        flat = [[{name: one.flatten(0, 1) for name, one in way.items()} for way in layer] for layer in series]
        sizes = [{name: int(one.shape[-1]) for name, one in layer[0].items()} for layer in flat]
        return outputs, join_state(flat, list(flat[0][0]), sizes)

    def step(self, vectors: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Run one step: (B, X) -> (B, H)."""
        outputs, state = self(vectors[:, None], state)
        return outputs[:, 0], state

    def start(self, rows: int) -> State:
        """The state before the first step: zeros, or what was learned."""
        vectors = next(self.parameters()).new_zeros(rows, 1, self.layer.input_size)
        state: State = self.layer(vectors, lengths=[0] * rows)[1]
        return state

    def summary(self, state: State) -> Tensor:
        """Return the last layer's summary of a sequence: its forward state after the last real step beside its backward
        state after the first one, (B, D*H). Without steps it is the initial state."""
        top = state[-1] if isinstance(state, list) else state
        hidden: Tensor = top[0] if isinstance(top, tuple) else top
        return torch.cat(list(hidden[-self.directions :]), dim=-1)


class Bridge(nn.Module):
    """An initial state for a decoder from what is known before it starts.

        s_0 = tanh(W c + b)

    where c (B, C) is a summary of the input and s_0 every state of every layer.
    Source: Bahdanau, Cho and Bengio 2015, appendix A.2.2.
    """

    def __init__(self, size: int, stack: Stack) -> None:
        super().__init__()
        self.shapes = stack.state_shapes
        self.linear = nn.Linear(size, sum(layers * size for layers, size in self.shapes))

    def forward(self, summary: Tensor, like: State) -> State:
        """Map (B, C) to a state with the structure of ``like``."""
        parts = torch.split(torch.tanh(self.linear(summary)), [layers * size for layers, size in self.shapes], dim=-1)
        states = iter(
            part.view(-1, layers, size).transpose(0, 1).contiguous()
            for part, (layers, size) in zip(parts, self.shapes, strict=True)
        )
        return map_state(lambda _: next(states), like)


def select(state: State, rows: Tensor) -> State:
    """The state of some rows of the batch, which may repeat."""
    return map_state(lambda tensor: tensor.index_select(1, rows.to(tensor.device)), state)


def _shapes(layer: Recurrent) -> State:
    """A state of one row without values: nothing is computed, so that it is also known of weights not yet there."""
    directions, names, sizes = 2 if layer.bidirectional else 1, layer.equation.states, layer.layout.state_sizes

    def of(rows: int, widths: Mapping[str, int]) -> Tensor | tuple[Tensor, ...]:
        tensors = tuple(torch.empty(rows, 1, widths[name], device="meta") for name in names)
        return tensors[0] if len(tensors) == 1 else tensors

    # not joined from single steps: torch computes the shape of a stack in Python, and imports its compiler for that
    if layer.layout.one_size:
        return of(len(sizes) * directions, sizes[0])
    return [of(directions, widths) for widths in sizes]


def _layer(config: ModelConfig, input_size: int, bidirectional: bool) -> Recurrent:
    """Return the recurrent layers of the cell that the configuration names."""
    sizes, cell = config.layer_sizes, config.cell
    options = _options(config) | {"bidirectional": bidirectional}
    if config.layer_norm:
        if cell not in ("lstm", "gru"):
            raise ConfigError(
                f'layer_norm is made for the cells lstm and gru, not for "{cell}"', hint="--cell lstm --layer-norm"
            )
        options["layer_norm"] = True
    hidden: int | list[int] = sizes[0] if len(set(sizes)) == 1 else sizes
    own = config.sizes_of_cell
    if config.equation is not None:
        return _of_equation(config.equation, input_size, hidden, sizes, options, own, fed=bool(config.cell_inputs))
    if own and cell in equations.names():
        _check_own_sizes(equations.get(cell), own)
    if cell == "lstm":
        return LSTM(input_size, hidden, **options)
    if cell == "gru":
        return GRU(input_size, hidden, **options)
    if cell in ("elman", "elman_relu"):
        return RNN(input_size, hidden, nonlinearity="relu" if cell == "elman_relu" else "tanh", **options)
    if cell not in equations.names():
        raise ConfigError(
            f'there is no cell "{cell}".{did_you_mean(cell, equations.names())}', hint="recur cells lists them"
        )
    return _of_equation(equations.get(cell), input_size, hidden, sizes, options, own, fed=bool(config.cell_inputs))


def _check_own_sizes(equation: equations.Equation, given: Mapping[str, int]) -> None:
    """Refuse a size that the cell does not have."""
    unknown = next((name for name in given if name not in equation.free_sizes), None)
    if unknown is None:
        return
    if unknown in {"H", "X"}:
        raise ConfigError(
            f"{unknown} is not a size of the cell's own", hint="--hidden-size is H, and X follows from the inputs"
        )
    has = ", ".join(equation.free_sizes)
    raise ConfigError(
        f'the cell "{equation.name}" has no size "{unknown}".{did_you_mean(unknown, equation.free_sizes)}',
        hint=f"its own sizes are {has}" if has else "it has no sizes of its own: leave out --cell-sizes",
    )


def _of_equation(
    equation: equations.Equation, input_size: int, hidden: int | list[int], sizes: Sequence[int],
    options: dict[str, Any], own: Mapping[str, int], *, fed: bool,
) -> Recurrent:  # fmt: skip
    """The layers of an equation that torch.nn does not have."""
    further = equation.inputs[1:]
    if further and not fed:
        raise ConfigError(
            f'the cell "{equation.name}" also reads {", ".join(further)} at every step, and no column feeds it',
            hint=" ".join(f"--cell-inputs {name}=COLUMN" for name in further),
        )
    unknown = sorted(equation.grid - set(own))
    if unknown:
        raise ConfigError(
            f'the cell "{equation.name}" convolves over a grid, and its {" and ".join(unknown)} are not given',
            hint=" ".join(f"--cell-sizes {name}=8" for name in unknown),
        )
    # sizes that the cell has beside X and H, such as the projection P of lstm_projected: half of H
    free = {name: max(1, sizes[0] // 2) for name in equation.free_sizes if name not in ("X", "H")}
    # and numbers of blocks, such as heads: four, as in most papers, or the next number below that divides H
    heads = equation.heads
    free |= {name: next(n for n in (4, 3, 2, 1) if all(size % n == 0 for size in sizes)) for name in heads - {"X", "H"}}
    _check_own_sizes(equation, own)
    uneven = next((size for name in own for size in sizes if name in heads and size % own[name]), None)
    if uneven is not None:
        name = next(name for name in own if name in heads and uneven % own[name])
        raise ConfigError(
            f'{name}={own[name]} of the cell "{equation.name}" does not divide the hidden size {uneven}',
            hint=f"--hidden-size {uneven + own[name] - uneven % own[name]}, or another number of {name}",
        )
    free |= own
    if free:
        options["sizes"] = free
    return Recurrent(equation, input_size, hidden, **options)


def _options(config: ModelConfig) -> dict[str, Any]:
    """Return the options of a layer of any cell; those that were not given keep the layer's own defaults."""
    layers, dropout, initial = len(config.layer_sizes), config.dropout, config.initial
    given = {"forget_bias": initial.forget_bias, "memory_steps": initial.memory_steps}
    return {
        "num_layers": layers,
        "batch_first": True,
        # a single layer has nothing between layers to drop
        "dropout": dropout.rate if layers > 1 else 0.0,
        "variational_dropout": dropout.variational if layers > 1 else 0.0,
        "recurrent_dropout": dropout.recurrent,
        "zoneout": dropout.zoneout,
        "weight_drop": dropout.weight_drop,
        "residual": config.residual,
        "learn_initial_state": initial.learn_state,
        "recurrent_init": initial.recurrent,
        "engine": config.engine,
        **{name: value for name, value in given.items() if value is not None},
    }
