"""A whole trained network as an ONNX file: raw ids or numbers in, log probabilities or numbers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur.atomic import replacing
from recur.codecs import Codec
from recur.codecs.spelled import SpelledWordsCodec
from recur.errors import ConfigError
from recur.export import check
from recur.export.chain import write_viterbi
from recur.export.forecast import ForecastProgram
from recur.export.layer import as_state, from_state
from recur.export.layers import state_names, write_layers
from recur.export.metadata import metadata
from recur.export.network import (
    scale,
    write_hidden,
    write_inputs,
    write_linear,
    write_output,
    write_pooled,
)  # fmt: skip
from recur.export.writer import FLOAT, INT64, Axes, Writer, said
from recur.heads.events import EventHead
from recur.heads.numbers import NumberHead
from recur.heads.symbols import SymbolHead
from recur.heads.tags import TagHead
from recur.modes import Mode
from recur.modes.forecast import Forecast
from recur.modes.many_to_one import ManyToOne
from recur.modes.mode import need_input
from recur.modes.one_to_one import OneToOne
from recur.modes.synced import Synced
from recur.nn import CRF, Readout, Recurrent

Written = OneToOne | ManyToOne | Synced
_LETTERS = 5  # of the longest word that a file is checked with
WRITES = {SymbolHead: "log_probs", NumberHead: "values", EventHead: "probabilities"}


@dataclass(frozen=True)
class Exported:
    """A file that was written.

    Attributes
    ----------
    path : Path
        Where.
    inputs, outputs : list of str
        Each as ``ids (B, T) int64``.
    differences : dict of int to float
        For several numbers of steps how far the file is from the network at most.
    """

    path: Path
    inputs: list[str]
    outputs: list[str]
    differences: dict[int, float]


def export_model(
    mode: Mode, path: Path | str, *, step: bool = False, facts: Mapping[str, str] | None = None
) -> Exported:
    """Write a network as ONNX for any batch of rows and any number of steps, and compare the file with it.

    =============  =====================================  ======================================================
    mode           inputs                                 outputs
    =============  =====================================  ======================================================
    one-to-one     ids (B,) or x (B, C)                   log_probs (B, V) or values (B, C)
    many-to-one    ids (B, T) or x (B, T, C), lengths     log_probs (B, V) or values (B, C)
    synced         the same                               log_probs (B, T, V) or values (B, T, C)
    next item      the same, states h_l0, ... (D, B, S)   the same, states h_l0_next, ...
    one step       ids (B,) or x (B, C), states           log_probs (B, V) or values (B, C), states
    forecast       x (B, T, C), lengths                   values (B, H, C'), quantiles (B, H, C', Q)
    .. one step    x (B, C), before (B, C'), states       the same, before_next, states
    =============  =====================================  ======================================================

    Words that are read with their letters are ids (B, T, 1 + L): the word, then its letters, zeros after the last.
    Pictures are x (B, H, W, C) of 0 ... 255, frames x (B, T, H, W, C). Of piano rolls the answer is probabilities
    (B, T, C), and of a chain of tags (crf) scores (B, T, V) and the best tags (B, T). There is at least one row, and of
    such a chain at least one step: onnxruntime has no empty loops.

    One step of a forecast gives all H steps where they are answered at once, and one where each is read back: read it
    back as the next x. ``before``, of a forecast that is relative to the last value, is what it forecasts as it was in
    the step before, and of the first step its own.

    Numbers are in their own units on both sides. The file's metadata holds vocabulary, classes, columns and scales as
    JSON (`recur.export.metadata` lists the keys): a program needs nothing else to make inputs and to read outputs.
    States begin as zeros, or where they were learned (``learn_initial_state``) as ``initial_states`` says there.

    Parameters
    ----------
    mode : Mode
        The network, on the CPU.
    path : path
        The file.
    step : bool
        Write one step with its states in and out, for a stream, in place of whole sequences.
    facts : mapping of str to str, optional
        More metadata.

    Returns
    -------
    Exported

    Raises
    ------
    ConfigError
        For a network that has no form in ONNX: one that writes its answer symbol by symbol; and step by step, one that
        reads both ways, answers at the end, searches a chain of tags, or needs a season.
    MissingExtraError
        When onnx or onnxruntime is not installed.
    """
    path = Path(path)
    if not isinstance(mode, (OneToOne, ManyToOne, Synced, Forecast)):
        raise ConfigError(
            f"{mode.name} writes its answer one symbol after another, which no single pass of a file can do",
            hint="recur serve answers it; one-to-one, many-to-one and synced networks and forecasts can be exported",
        )
    program = ForecastProgram(mode, step) if isinstance(mode, Forecast) else _Program(mode, step)
    was_training = mode.training
    mode.eval()
    try:
        with replacing(path) as part:
            inputs, outputs = program.write(part, {**metadata(mode, program.states), **(facts or {})})
            found = check.differences(part, program.example, program.reference, program.lengths, program.compared)
    finally:
        mode.train(was_training)
    return Exported(path, inputs, outputs, found)


class _Program:
    """What a file computes: written once as ONNX, and computed once by the network."""

    def __init__(self, mode: Written, step: bool) -> None:
        self.mode = mode
        self.step = step
        self.codec: Codec = need_input(mode.input_codec, mode.name)
        self.layer: Recurrent | None = None if isinstance(mode, OneToOne) else mode.stack.layer
        self.timed = self.layer is not None and not step
        self.lengths = check.LENGTHS if self.timed else (1,)
        self.chain: CRF | None = mode.output.crf if isinstance(mode.output, TagHead) else None
        if step and self.chain is not None:
            raise ConfigError("a chain of tags (crf) is searched over whole rows", hint="leave out step")
        if step and (not isinstance(mode, Synced) or mode.stack.layer.bidirectional):
            raise ConfigError(
                f"step by step a network reads forwards and answers every step; this one is {mode.name}"
                + (", read both ways" if self.layer is not None and self.layer.bidirectional else ""),
                hint="leave out step, or train with --mode synced and bidirectional false",
            )
        self.stateful = self.layer is not None and (step or mode.carries_state)
        self.states = state_names(self.layer) if self.layer is not None and self.stateful else []
        self.reads = "ids" if self.codec.discrete else "x"
        self.writes = next(name for kind, name in WRITES.items() if isinstance(mode.output, kind))
        self.numbers: list[int] = [] if self.codec.discrete else list(self.codec.grid or [self.codec.size])
        self.shape: list[int | str] = ["1 + L"] if isinstance(self.codec, SpelledWordsCodec) else [*self.numbers]

    def write(self, path: Path, facts: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """Write the file; return its inputs and outputs in words."""
        w, mode = Writer(), self.mode
        batch: list[int | str] = ["B", "T"] if self.timed else ["B"]
        given: list[Axes] = [(self.reads, INT64 if self.codec.discrete else FLOAT, batch + self.shape)]
        if self.timed:
            given.append(("lengths", INT64, ["B"]))
        states: list[Axes] = [(name, FLOAT, [directions, "B", size]) for name, directions, size in self.states]
        given += states
        vectors = write_inputs(w, mode.inputs, self.codec, self.reads, timed=self.timed)
        finals: dict[str, str] = {}
        if isinstance(mode, OneToOne):
            vectors = write_hidden(w, mode.hidden, vectors)
        elif self.layer is not None:
            x = (
                w.add("Transpose", vectors, perm=[1, 0, 2])
                if self.timed
                else w.add("Unsqueeze", vectors, w.integers(0))
            )
            lengths = "lengths" if self.timed else None
            y, finals = write_layers(
                w, self.layer, x, lengths=lengths, given={name: name for name, _, _ in self.states}
            )
            if isinstance(mode, ManyToOne):
                vectors = write_pooled(w, self.layer, y, finals, "lengths", mode.config.pooling)
            else:
                vectors = w.add("Transpose", y, perm=[1, 0, 2]) if self.timed else w.add("Squeeze", y, w.integers(0))
        size = mode.output.size if isinstance(mode.output, SymbolHead) else mode.target_codec.size
        whole: list[int | str] = [*batch] if isinstance(mode, Synced) else ["B"]
        made: list[Axes] = []
        if self.chain is not None and isinstance(mode.output.readout, Readout):
            scores = w.rename(write_linear(w, mode.output.readout, vectors), "scores")
            w.rename(write_viterbi(w, self.chain, scores, "lengths"), "tags")
            made += [("scores", FLOAT, [*whole, size]), ("tags", INT64, whole)]
        else:
            w.rename(write_output(w, mode.output, mode.target_codec, vectors), self.writes)
            made.append((self.writes, FLOAT, [*whole, size]))
        for name, kind, axes in states:
            w.rename(finals[name], f"{name}_next")
            made.append((f"{name}_next", kind, axes))
        graph = w.graph("recur", [w.value(*one) for one in given], [w.value(*one) for one in made])
        w.save(path, graph, facts)
        return [said(*one) for one in given], [said(*one) for one in made]

    def example(self, steps: int, random: np.random.Generator) -> check.Values:
        """Inputs that the network could meet."""
        shape: tuple[int, ...] = (check.ROWS, steps) if self.timed else (check.ROWS,)
        values: check.Values = {}
        if isinstance(self.codec, SpelledWordsCodec):
            letters = random.integers(1, self.codec.letter_count, (*shape, _LETTERS))
            letters *= np.arange(_LETTERS) < random.integers(0, _LETTERS + 1, (*shape, 1))
            values["ids"] = np.concatenate([random.integers(0, self.codec.size, (*shape, 1)), letters], axis=-1)
        elif self.codec.discrete:
            values["ids"] = random.integers(0, self.codec.size, shape)
        else:
            mean, deviation = scale(self.codec)
            drawn = random.normal(size=(*shape, *self.numbers))
            values["x"] = (mean + deviation * drawn).astype(np.float32)
        if self.timed:
            values["lengths"] = np.array([steps, (steps + 1) // 2, 0], np.int64)
        for name, directions, size in self.states:
            values[name] = random.normal(size=(directions, check.ROWS, size)).astype(np.float32)
        return values

    @torch.no_grad()
    def reference(self, values: check.Values) -> check.Values:
        """The same by the network itself."""
        mode = self.mode
        inputs = torch.from_numpy(values[self.reads])
        if not self.codec.discrete:
            mean, deviation = (torch.from_numpy(each) for each in scale(self.codec))
            inputs = (inputs - mean) / deviation
        lengths = torch.from_numpy(values["lengths"]) if self.timed else None
        state: Any = None
        if isinstance(mode, (OneToOne, ManyToOne)):
            vectors = mode.vectors(inputs, lengths)
        else:
            state = as_state(mode.stack.layer, values) if self.stateful else None
            vectors, state = mode.run(inputs if self.timed else inputs[:, None], state, lengths=lengths)
            vectors = vectors if self.timed else vectors[:, 0]
        if self.chain is not None and isinstance(mode.output, TagHead):
            scores = mode.output.readout(vectors)
            return {"scores": scores.numpy(), "tags": self.chain.decode(scores, lengths)[0].numpy()}
        made = {self.writes: self._answers(vectors).numpy()}
        if self.stateful and self.layer is not None:
            made |= from_state(self.layer, state, check.ROWS)
        return made

    @torch.no_grad()
    def compared(self, given: check.Values, made: check.Values) -> check.Values:
        """What the file and the network are compared by: the best tags by how probable they are, since of two rows of
        tags that are equally good either is right; and all else itself."""
        if self.chain is None:
            return made
        scores, tags, lengths = (torch.from_numpy(one) for one in (made["scores"], made["tags"], given["lengths"]))
        padding = torch.arange(tags.shape[1]) >= lengths[:, None]
        return {
            "scores": made["scores"],
            "log p of the tags": self.chain(scores, tags, lengths).numpy(),
            "tags at padding": (tags * padding).numpy(),
        }

    def _answers(self, vectors: Tensor) -> Tensor:
        output = self.mode.output
        if isinstance(output, SymbolHead):
            return output.log_probs(vectors)
        if isinstance(output, EventHead):
            return output.logits(vectors).sigmoid()
        if not isinstance(output, NumberHead):
            raise TypeError(type(output).__name__)
        mean, deviation = (torch.from_numpy(each) for each in scale(self.mode.target_codec))
        return output.values(vectors) * deviation + mean
