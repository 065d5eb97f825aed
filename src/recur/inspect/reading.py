"""States of every layer over raw inputs, many inputs at a time, with the label of every step.

A state after a step is what the network keeps of everything up to and including this step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch

from recur.continuation import prompt
from recur.engine import Call, Result, observers
from recur.engine import run as run_recurrence
from recur.equations import Equation
from recur.equations.naming import highways
from recur.errors import ConfigError
from recur.inspect.labels import grid_of, input_labels, symbol_labels, unknown_places
from recur.inspect.record import Recorder
from recur.modes import Mode
from recur.modes.mode import require_input
from recur.network.batch import has_time, pad
from recur.nn.layer_positions import LayerPosition

ROWS = 32  # that are read at once

Place = tuple[LayerPosition, str]  # a direction of a layer, and the name of one of its states


@dataclass(frozen=True)
class ReadInput:
    """One input that was read.

    Attributes
    ----------
    number : int
        Its place among the inputs, from 0.
    labels : list of str
        What was read at each of T steps; of symbols the text itself, whether or not the network knows its words.
    states : dict of (LayerPosition, str) to ndarray
        (T, S) of every direction of every layer that reads, by the name of the state: after each step.
    memory : dict of LayerPosition to str
        Of each layer the name of its memory (`memory_of`).
    unknown : int
        How many of the symbols the network does not know.
    """

    number: int
    labels: list[str]
    states: dict[Place, np.ndarray]
    memory: dict[LayerPosition, str]
    unknown: int = 0


def states_of(mode: Mode, value: Any) -> tuple[list[str], dict[Place, np.ndarray]]:
    """The labels of the steps of an input, and every state (T, S) of every layer that reads it.

    Raises
    ------
    RecurError
        When the network reads no sequence, or cannot read this input.
    """
    for one in read(mode, [value]):
        return one.labels, one.states
    return [], {}


def read(mode: Mode, values: Iterable[Any]) -> Iterator[ReadInput]:
    """Read raw inputs, and yield those that have at least one step.

    Parameters
    ----------
    mode : Mode
    values : iterable
        Raw inputs.

    Raises
    ------
    RecurError
        When the network reads no sequence, or cannot read an input.
    """
    numbered = enumerate(values)
    while part := list(islice(numbered, ROWS)):
        encoded = [(number, value, encode(mode, value)) for number, value in part]
        yield from _read_rows(mode, [row for row in encoded if len(row[2])])


def encode(mode: Mode, value: Any) -> np.ndarray:
    """What the network reads of a raw input: (T,) ids or (T, C) numbers.

    Raises
    ------
    RecurError
        When the network reads no sequence, or cannot read this input.
    """
    codec = require_input(mode.input_codec, mode.name)
    model = mode.item_model
    ids = mode.encode_input(value) if model is None or model.symbols is None else prompt.prompt_ids(model, value)
    if ids is None or not has_time(ids):
        raise ConfigError(
            f"states over a sequence require a network that reads one; this one reads {codec.describe()}",
            hint="look into a network that reads words, characters or a series of numbers",
        )
    return ids


def labels_of(mode: Mode, value: Any, values: np.ndarray) -> list[str]:
    """The label of each step of an encoded input."""
    codec = require_input(mode.input_codec, mode.name)
    if codec.discrete:
        # properties are about the text itself, whether or not the network knows its words
        return symbol_labels(codec, values, value, unknown_mark="")
    labels = input_labels(mode, value, values)[0]
    return labels if grid_of(mode, values) is None else [f"step {t + 1}" for t in range(len(values))]


def memory_of(equation: Equation, sizes: dict[str, int], most: int = 4096) -> str:
    """The name of the state that keeps: the one that runs straight through the step, as c of the LSTM; else the output.

    Parameters
    ----------
    equation : Equation
    sizes : dict
        The size of every symbol.
    most : int
        Numbers of a state; a larger one, such as a matrix, is left for the output.
    """
    graph = equation.graph
    for name in highways(equation):
        if graph.states[name].size.value(sizes) <= most:
            return name
    return equation.states[0]


def _read_rows(mode: Mode, rows: list[tuple[int, Any, np.ndarray]]) -> Iterator[ReadInput]:
    values, lengths = pad([ids for _, _, ids in rows])
    if values is None:
        return
    weight = next(mode.parameters())
    values = values.to(weight.device)
    states = _States(mode)
    with mode.answering(), observers.observed_by(states):
        mode.read(
            values.to(weight.dtype) if values.is_floating_point() else values,
            None if lengths is None or len(rows) == 1 else lengths.to(weight.device),
        )
    for row, (number, value, ids) in enumerate(rows):
        own = {place: series[: len(ids), row] for place, series in states.states_by_place.items()}
        unknown = len(unknown_places(mode.input_codec, ids))
        yield ReadInput(number, labels_of(mode, value, ids), own, states.memory, unknown)


class _States(Recorder):
    """Records every state of every step, computed by the backend of the call."""

    def __init__(self, mode: Mode) -> None:
        super().__init__(mode)
        self.states_by_place: dict[Place, np.ndarray] = {}
        self.memory: dict[LayerPosition, str] = {}

    def recurrence(self, call: Call, result: Result) -> Result:
        place = self.place_of(call)
        if place is None:
            return result
        call = call.padded()
        with observers.unobserved(), torch.no_grad():
            again = run_recurrence(
                call.equation, call.x, call.states, call.parameters, lengths=call.lengths, resets=call.resets,
                reverse=call.reverse, noise=call.noise, all_states=True,
            )  # fmt: skip
        self.memory[place] = memory_of(call.equation, dict(call.sizes))
        for name, series in (again.all_states or {}).items():
            self.states_by_place[place, name] = series.cpu().numpy()
        return result
