"""Questions about one generated item: why this word, number or frame after the previous ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur import continuation
from recur.errors import DataError
from recur.inspect.labels import grid_of, input_labels, place_of, symbol_labels
from recur.inspect.question import HeadQuestion, OutputRequest
from recur.modes.writing import WritingMode
from recur.network.batch import Batch, Encoded


class GeneratedItem(HeadQuestion):
    """One item of a sequence that a network generates, given the items before it.

    Attributes
    ----------
    labels : list of str
        The generated items, and the end symbol if there is one.
    """

    mode: WritingMode

    def __init__(self, mode: WritingMode, value: Any, request: OutputRequest) -> None:
        super().__init__(mode, mode.decoder.output, value)
        self.symbols = mode.decoder.symbols
        self.values = mode.encode_input(value)
        self.items, self.removable = ([], []) if self.values is None else input_labels(mode, value, self.values)
        self.grid = None if self.values is None else grid_of(mode, self.values)
        [answer] = continuation.predict(mode, [value])
        self.answer = answer.shown
        self._set_answer(answer.value)
        if answer.alignment is not None:
            rows = self.labels[: len(answer.alignment)]
            self.alignment = {"rows": rows, "columns": self.items, "weights": answer.alignment}
        if not len(self.output_ids):
            raise DataError("the network generated nothing to explain", hint="explain another input")
        self.place = place_of(request.at, self.labels, last=self._last)
        self._prefix = torch.from_numpy(np.asarray(self.output_ids[: self.place + 1])).to(mode.device)[None]
        if self._prefix.is_floating_point():
            self._prefix = self._prefix.to(next(mode.parameters()).dtype)
        with mode.answering():
            own = int(self.output_ids[self.place]) if self.exclusive else None
            self.options = self.choose(self.vectors(*self.rows(1)), 0, request, own)
        self.answer_items = self.labels

    def _set_answer(self, value: Any) -> None:
        """Set the answer as the decoder reads it, and its labels."""
        ids = self.codec.encode(value)
        if self.symbols is None:
            self.output_ids = np.asarray(ids)
            self.labels = self.codec.step_labels(self.output_ids)
            self._last = max(0, len(self.labels) - 1)
            return
        self.output_ids = self.symbols.with_end(ids)
        labels = symbol_labels(self.codec, ids, value)
        self.labels, self._last = [*labels, "⟨end⟩"], max(0, len(labels) - 1)

    @property
    def says(self) -> str:
        place, first = (self.place or 0) + 1, self.options[0]
        if self.codec.events:
            return f"whether “{first.label}” {self.codec.events.verb} at step {place} of the answer"
        what = "word" if self.codec.splits_into("word") else "step"
        return f"{what} {place} of the answer is “{first.label}”"

    def part_labels(self, part: str) -> list[str]:
        return ["⟨start⟩", *self.labels] if part == "decoder" else list(self.items)

    def vectors(self, values: Tensor | None, lengths: Tensor | None) -> Tensor:
        rows = 1 if values is None else len(values)
        start = self.mode.start(values, lengths, rows)
        vectors, _ = self.mode.decoder.read(self._prefix.expand(rows, *self._prefix.shape[1:]), None, start)
        return vectors[:, -1]

    def batch(self) -> Batch:
        # items after the place are read, but not explained
        place, targets = self.place or 0, np.array(self.output_ids)
        targets[place] = self.head.truth(targets[place], int(self.options[0].target))
        return self._one(Encoded(self.values, targets))
