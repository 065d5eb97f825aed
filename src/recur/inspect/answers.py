"""Questions to networks that answer an input: why this class, why this tag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur import continuation
from recur.errors import DataError
from recur.heads.numbers import NumberHead
from recur.heads.symbols import SymbolHead
from recur.heads.tags import TagHead
from recur.inspect.labels import grid_of, input_labels, place_of, shown
from recur.inspect.question import (
    Option,
    Question,
    chosen_first,
    columns_of,
    one_symbol,
    options_of,
    towards_mean,
)  # fmt: skip
from recur.modes import ManyToOne, OneToOne, Synced
from recur.network.batch import Batch, Encoded


class OneAnswer(Question):
    """A class, or numbers, of an input as a whole."""

    mode: ManyToOne | OneToOne

    def __init__(self, mode: ManyToOne | OneToOne, value: Any, target: Any, top: int) -> None:
        super().__init__(mode, value)
        self.values = mode.encode_input(value)
        codec = mode.target_codec
        self.items, self.removable = input_labels(mode, value, self.values)
        self.grid = grid_of(mode, self.values)
        output = mode.output
        self.unit = "nats" if isinstance(output, SymbolHead) else "standard deviations"
        [answer] = continuation.predict(mode, [value], top=top if codec.discrete else 1)
        self.answer = answer.shown
        if isinstance(output, NumberHead):
            with mode.answering():
                self.options = options_of(output, codec, mode.vectors(*self.rows(1))[0], top, target)
            return
        self.options = [Option(codec.show(v), p, int(codec.encode(v))) for v, p in answer.scores]
        if target is not None:
            self.options = chosen_first(self.options, str(target), self._others(str(target)))

    def _others(self, label: str) -> list[Option]:
        index = int(self.mode.target_codec.encode(label))
        with self.mode.answering():
            log_prob = float(self.score(*self.rows(1), index))
        return [Option(label, float(np.exp(log_prob)), index)]

    @property
    def has_steps(self) -> bool:
        return False

    @property
    def says(self) -> str:
        if len(self.options) > 1 and self.options[0].probability is None:
            return f"the answer is {self.answer}; explained is “{self.options[0].label}”"
        return f"the answer is “{self.options[0].label}”"

    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any]) -> Tensor:
        vectors = self.mode.vectors(values, lengths)
        return columns_of(self.mode.output, vectors, targets)

    def batch(self) -> Batch:
        target = self.options[0].target
        output = self.mode.output
        if isinstance(output, NumberHead):
            with self.mode.answering():
                own = output.values(self.mode.vectors(*self.rows(1)))[0].cpu().numpy()
            return self._one(Encoded(self.values, towards_mean(own, int(target))))
        return self._one(Encoded(self.values, np.asarray(target, np.int64)))


class OneStep(Question):
    """The tag, or the numbers, of one item of a sequence."""

    mode: Synced

    def __init__(self, mode: Synced, value: Any, target: str | None, at: int | str | None, top: int) -> None:
        super().__init__(mode, value)
        self.values = mode.encode_input(value)
        if not len(self.values):
            raise DataError("an empty sequence has no answers to explain", hint="give at least one item")
        self.items, self.removable = input_labels(mode, value, self.values)
        self.place = place_of(at, self.items)
        # without the item itself there is no answer for it, so it stays
        self.removable[self.place] = False
        [answer] = continuation.predict(mode, [value])
        self.answer = answer.shown
        output = mode.output
        with mode.answering():
            values, lengths = self.rows(1)
            vectors, _ = mode.run(values, lengths=lengths)  # type: ignore[arg-type]  # a sequence has values
        if isinstance(output, SymbolHead):
            self.options = self._symbols(output, vectors, target, top)
            return
        self.unit = "standard deviations" if isinstance(output, NumberHead) else "nats"
        self.exclusive = False
        with mode.answering():
            self.options = options_of(output, mode.target_codec, vectors[0, self.place], top, target)
            self._answers = output.values(vectors[0]).cpu().numpy()  # type: ignore[operator]

    @torch.no_grad()
    def _symbols(self, output: SymbolHead, vectors: Tensor, target: str | None, top: int) -> list[Option]:
        """The likeliest symbols at the place; of a chain of tags, the tag that the best chain has there first."""
        codec, place = self.mode.target_codec, self.place or 0
        log_probs = output.log_probs_in_row(vectors)[0]
        own = output.best(vectors, None)[0][0] if isinstance(output, TagHead) else log_probs.argmax(-1)
        self._answers = own.cpu().numpy()
        best = log_probs[place].topk(min(top, log_probs.shape[-1]))
        found = [
            Option(shown(codec, [i]), p, i)
            for p, i in zip(best.values.exp().tolist(), best.indices.tolist(), strict=True)
        ]
        first = int(own[place]) if target is None else one_symbol(codec, target)
        label = shown(codec, [first])
        return chosen_first(found, label, [Option(label, float(log_probs[place, first].exp()), first)])

    @property
    def says(self) -> str:
        place = self.place or 0
        return f"the answer for “{self.items[place]}” ({place + 1}) is “{self.options[0].label}”"

    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any]) -> Tensor:
        if values is None or lengths is None:
            raise DataError("a sequence is needed, got none")
        vectors, _ = self.mode.run(values, lengths=lengths)
        # an item that was left out before the place moves it by one
        before = torch.as_tensor(self._moved(lengths), device=values.device)
        rows = torch.arange(len(values), device=values.device)
        if isinstance(self.mode.output, SymbolHead):
            log_probs = self.mode.output.log_probs_in_row(vectors, lengths)
            return log_probs[rows, before][:, [int(one) for one in targets]]
        return columns_of(self.mode.output, vectors[rows, before], targets)

    def _moved(self, lengths: Tensor) -> list[int]:
        place, whole = self.place or 0, len(self.items)
        gone = getattr(self, "left_out", None)
        if gone is None or len(gone) != len(lengths) or int(lengths.max()) == whole:
            return [place] * len(lengths)
        return [place - (index < place) for index in gone]

    left_out: Sequence[int] | None = None

    def batch(self) -> Batch:
        place, chosen = self.place or 0, int(self.options[0].target)
        targets = np.array(self._answers)
        if isinstance(self.mode.output, NumberHead):
            targets = np.zeros_like(targets)
            targets[place] = towards_mean(self._answers[place], chosen)
        elif isinstance(self.mode.output, SymbolHead):
            targets[place] = chosen
        else:
            targets[place, chosen] = 1
        return self._one(Encoded(self.values, targets))
