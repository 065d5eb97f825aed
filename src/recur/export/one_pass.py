"""A network that answers in one pass as ONNX: raw ids or numbers in, log probabilities or numbers out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur.errors import ConfigError
from recur.export import check
from recur.export.layer import as_state, from_state
from recur.export.layers import States, state_names, write_layers
from recur.export.network import drawn_numbers, write_inputs, write_pooled
from recur.export.writer import Axes, Writer, signature
from recur.modes import Mode
from recur.modes.mode import require_input
from recur.modes.one_pass import OnePass
from recur.nn.graph_writer import FLOAT, INT64, write_dense

_LETTERS = 5  # letters of the longest word in the check of a file


class OnePassProgram:
    """The program of a network that answers in one pass, as an ONNX file and as computed by torch.

    Parameters
    ----------
    mode : Mode
    parts : OnePass
        Those of the network.
    step : bool
        Write one step, with the states in and out.

    Raises
    ------
    ConfigError
        For one step of a network that needs whole rows.
    """

    def __init__(self, mode: Mode, parts: OnePass, step: bool) -> None:
        if step:
            _refuse_steps(mode, parts)
        self.mode, self.parts, self.step = mode, parts, step
        self.codec = require_input(mode.input_codec, mode.name)
        self.stack = parts.stack
        self.timed = self.stack is not None and not step
        self.lengths = check.LENGTHS if self.timed else (1,)
        stateful = step or mode.abilities.carries_state
        self.states = state_names(self.stack.layer) if self.stack is not None and stateful else []
        self.reads = "ids" if self.codec.discrete else "x"
        self.numbers: list[int] = [] if self.codec.discrete else list(self.codec.grid or [self.codec.size])
        self.shape: list[int | str] = ["1 + L"] if self.codec.letter_count else [*self.numbers]

    def write(self, path: Path, facts: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """Write the file; return descriptions of its inputs and outputs."""
        w, parts = Writer(), self.parts
        batch: list[int | str] = ["B", "T"] if self.timed else ["B"]
        inputs: list[Axes] = [(self.reads, INT64 if self.codec.discrete else FLOAT, batch + self.shape)]
        if self.timed:
            inputs.append(("lengths", INT64, ["B"]))
        states: list[Axes] = [(name, FLOAT, [directions, "B", size]) for name, directions, size in self.states]
        inputs += states
        vectors, finals = self._vectors(w, write_inputs(w, parts.inputs, self.codec, self.reads, timed=self.timed))
        whole: list[int | str] = ["B"] if parts.pooling else batch
        outputs: list[Axes] = []
        for one in parts.head.write(w, vectors, self.mode.target_codec, "lengths" if self.timed else None):
            w.rename(one.value, one.name)
            outputs.append((one.name, one.dtype, [*whole, *one.axes]))
        for name, kind, axes in states:
            w.rename(finals[name], f"{name}_next")
            outputs.append((f"{name}_next", kind, axes))
        graph = w.graph("recur", [w.value(*one) for one in inputs], [w.value(*one) for one in outputs])
        w.save(path, graph, facts)
        return [signature(*one) for one in inputs], [signature(*one) for one in outputs]

    def _vectors(self, w: Writer, vectors: str) -> tuple[str, States]:
        """Write the network from the vectors of the input to those that are read out; return also the final states."""
        parts = self.parts
        if parts.hidden is not None:
            vectors = write_dense(w, parts.hidden, vectors)
        if parts.stack is None:
            return vectors, {}
        layer, initial = parts.stack.layer, {name: name for name, _, _ in self.states}
        if not self.timed:
            y, finals = write_layers(
                w, layer, w.add("Unsqueeze", vectors, w.integers(0)), lengths=None, initial=initial
            )
            return w.add("Squeeze", y, w.integers(0)), finals
        x = w.add("Transpose", vectors, perm=[1, 0, 2])
        y, finals = write_layers(w, layer, x, lengths="lengths", initial=initial)
        if parts.pooling:
            return write_pooled(w, layer, y, finals, "lengths", parts.pooling), finals
        return w.add("Transpose", y, perm=[1, 0, 2]), finals

    def example(self, steps: int, random: np.random.Generator) -> check.Values:
        """Return inputs that the network could meet."""
        shape: tuple[int, ...] = (check.ROWS, steps) if self.timed else (check.ROWS,)
        values: check.Values = {}
        if self.codec.letter_count:
            letters = random.integers(1, self.codec.letter_count, (*shape, _LETTERS))
            letters *= np.arange(_LETTERS) < random.integers(0, _LETTERS + 1, (*shape, 1))
            values["ids"] = np.concatenate([random.integers(0, self.codec.size, (*shape, 1)), letters], axis=-1)
        elif self.codec.discrete:
            values["ids"] = random.integers(0, self.codec.size, shape)
        else:
            values["x"] = drawn_numbers(self.codec, random, (*shape, *self.numbers))
        if self.timed:
            values["lengths"] = np.array([steps, (steps + 1) // 2, 0], np.int64)
        for name, directions, size in self.states:
            values[name] = random.normal(size=(directions, check.ROWS, size)).astype(np.float32)
        return values

    @torch.no_grad()
    def reference(self, values: check.Values) -> check.Values:
        """Return the outputs of the network itself."""
        inputs = torch.from_numpy(values[self.reads])
        if not self.codec.discrete:
            mean, deviation = (torch.from_numpy(each) for each in self.codec.normalisation())
            inputs = (inputs - mean) / deviation
        lengths = _lengths(values)
        state: Any = as_state(self.stack.layer, values) if self.stack is not None and self.states else None
        vectors, state = self.parts.run(inputs[:, None] if self.step else inputs, state, lengths)
        vectors = vectors[:, 0] if self.step else vectors
        tensors = self.parts.head.tensors(vectors, self.mode.target_codec, lengths)
        outputs = {name: tensor.numpy() for name, tensor in tensors.items()}
        if self.stack is not None and self.states:
            outputs |= from_state(self.stack.layer, state, check.ROWS)
        return outputs

    @torch.no_grad()
    def comparable(self, inputs: check.Values, outputs: check.Values) -> check.Values:
        """Return the values by which file and network are compared."""
        tensors = {name: torch.from_numpy(value) for name, value in outputs.items()}
        return {name: one.numpy() for name, one in self.parts.head.comparable(tensors, _lengths(inputs)).items()}


def _lengths(values: check.Values) -> Tensor | None:
    return torch.from_numpy(values["lengths"]) if "lengths" in values else None


def _refuse_steps(mode: Mode, parts: OnePass) -> None:
    """Refuse to write one step of a network that does not answer each item as it comes."""
    both = parts.stack is not None and parts.stack.directions == 2
    if parts.head.whole_rows:
        raise ConfigError("a chain of tags (crf) is searched over whole rows", hint="leave out step")
    if not mode.abilities.remembers:
        raise ConfigError(
            f"step by step a network reads forwards and answers every step; this one is {mode.name}"
            + (", read in both directions" if both else ""),
            hint="leave out step, or train with --mode synced and bidirectional false",
        )
