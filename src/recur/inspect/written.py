"""Questions to networks that write: why this word, number or frame after what was written before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur import continuation
from recur.codecs.notes import NotesCodec
from recur.errors import DataError
from recur.heads.numbers import NumberHead
from recur.heads.symbols import SymbolHead
from recur.inspect.labels import grid_of, input_labels, number_labels, place_of, shown, symbol_labels
from recur.inspect.question import Option, Question, columns_of, log_probs_of, one_symbol, options_of, towards_mean
from recur.modes import ManyToMany, OneToMany
from recur.network.batch import Batch, Encoded


class OneWritten(Question):
    """One item of a sequence that a network writes, given the items before it.

    Attributes
    ----------
    labels : list of str
        What was written, item by item, the end too where there is one.
    alignment : ndarray or None
        (written, read) attention weights.
    """

    mode: ManyToMany | OneToMany

    def __init__(
        self, mode: ManyToMany | OneToMany, value: Any, target: str | None, at: int | str | None, top: int
    ) -> None:
        super().__init__(mode, value)
        self.values = mode.encode_input(value)
        self.items, self.removable = ([], []) if self.values is None else input_labels(mode, value, self.values)
        self.grid = None if self.values is None else grid_of(mode, self.values)
        [answer] = continuation.predict(mode, [value])
        self.answer, self.alignment = answer.shown, answer.alignment
        self._write_down(answer.value)
        if not len(self.written):
            raise DataError("the network wrote nothing, so there is nothing to explain", hint="explain another input")
        self.place = place_of(at, self.labels, last=self._last)
        self._read = torch.from_numpy(np.asarray(self.written[: self.place + 1])).to(mode.device)[None]
        if self._read.is_floating_point():
            self._read = self._read.to(next(mode.parameters()).dtype)
        with mode.answering():
            vector = self._vectors(*self.rows(1), 1)
            self._choose(vector, target, top)

    def _write_down(self, value: Any) -> None:
        """Note the answer as the decoder reads it, and its labels."""
        codec, symbols = self.mode.target_codec, self.mode.decoder.symbols
        ids = codec.encode(value)
        if symbols is None:
            self.written = np.asarray(ids)
            self.labels = number_labels(codec, self.written)
            self._last = max(0, len(self.labels) - 1)
            return
        self.written = symbols.with_end(ids)
        labels = symbol_labels(codec, ids, value)
        self.labels, self._last = [*labels, "⟨end⟩"], max(0, len(labels) - 1)

    def _choose(self, vector: Tensor, target: str | None, top: int) -> None:
        """The options at the place, of a vector (1, H)."""
        output, codec = self.mode.decoder.output, self.mode.target_codec
        if not isinstance(output, SymbolHead):
            self.unit = "standard deviations" if isinstance(output, NumberHead) else "nats"
            self.exclusive = False
            self.options = options_of(output, codec, vector[0], top, target)
            return
        log_probs = log_probs_of(output, vector)[0]
        best = log_probs.topk(min(top, len(log_probs)))
        self.options = [
            Option(self._label(i), p, i) for p, i in zip(best.values.exp().tolist(), best.indices.tolist(), strict=True)
        ]
        chosen = int(self.written[self.place or 0]) if target is None else one_symbol(codec, target)
        if self.options[0].target != chosen:
            mine = Option(self._label(chosen), float(log_probs[chosen].exp()), chosen)
            self.options = [mine, *(o for o in self.options if o.target != chosen)][:top]

    def _label(self, index: int) -> str:
        symbols = self.mode.decoder.symbols
        if symbols is not None and index == symbols.end:
            return "⟨end⟩"
        if symbols is not None and index >= symbols.codec.size:
            return "⟨start⟩"
        vocabulary = getattr(self.mode.target_codec, "vocabulary", None)
        return str(vocabulary[index]) if vocabulary else shown(self.mode.target_codec, [index])

    @property
    def says(self) -> str:
        place, first = (self.place or 0) + 1, self.options[0]
        kind = self.mode.target_codec.kind
        if kind == "words":
            return f"word {place} of the answer is “{first.label}”"
        if isinstance(self.mode.target_codec, NotesCodec) and self.mode.target_codec.binary:
            return f"whether “{first.label}” sounds at step {place} of the answer"
        return f"step {place} of the answer is “{first.label}”"

    def labels_read(self, part: str) -> list[str]:
        return ["⟨start⟩", *self.labels] if part == "decoder" else list(self.items)

    def _vectors(self, values: Tensor | None, lengths: Tensor | None, rows: int) -> Tensor:
        """(B, H) what the item at the place is read out of."""
        start = self.mode.start(values, lengths, rows)
        vectors, _ = self.mode.decoder.read(self._read.expand(rows, *self._read.shape[1:]), None, start)
        return vectors[:, -1]

    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Any) -> Tensor:
        rows = 1 if values is None else len(values)
        return columns_of(self.mode.decoder.output, self._vectors(values, lengths, rows), targets)

    def batch(self) -> Batch:
        place, chosen = self.place or 0, int(self.options[0].target)
        targets = np.array(self.written)
        output = self.mode.decoder.output
        if isinstance(output, SymbolHead):
            targets[place] = chosen
        elif isinstance(output, NumberHead):
            # what is written after the place is read, and not asked
            targets[place] = towards_mean(self.written[place], chosen)
        else:
            targets[place, chosen] = 1
        return self._one(Encoded(self.values, targets))
