"""Questions about the answer to an input: why this class, why this tag."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur import continuation
from recur.errors import DataError
from recur.inspect.labels import grid_of, input_labels, place_of
from recur.inspect.question import HeadQuestion, OutputRequest
from recur.modes import Synced
from recur.modes.one_answer import OneAnswer as OneAnswerMode
from recur.network.batch import Batch, Encoded


class OneAnswer(HeadQuestion):
    """A class, or numbers, of an input as a whole."""

    mode: OneAnswerMode

    def __init__(self, mode: OneAnswerMode, value: Any, request: OutputRequest) -> None:
        super().__init__(mode, mode.output, value)
        self.values = mode.encode_input(value)
        self.items, self.removable = input_labels(mode, value, self.values)
        self.grid = grid_of(mode, self.values)
        [answer] = continuation.predict(mode, [value])
        self.answer = answer.shown
        with mode.answering():
            vectors = self.vectors(*self.rows(1))
            self._own = self.head.choice(vectors)[0].cpu().numpy()
            self.options = self.choose(vectors, 0, request)

    @property
    def has_steps(self) -> bool:
        return False

    @property
    def says(self) -> str:
        if len(self.options) > 1 and self.options[0].probability is None:
            return f"the answer is {self.answer}; explained is “{self.options[0].label}”"
        return f"the answer is “{self.options[0].label}”"

    def vectors(self, values: Tensor | None, lengths: Tensor | None) -> Tensor:
        return self.mode.vectors(values, lengths)

    def batch(self) -> Batch:
        return self._one(Encoded(self.values, self.head.truth(self._own, int(self.options[0].target))))


class OneStep(HeadQuestion):
    """The tag, or the numbers, of one item of a sequence."""

    mode: Synced
    omitted: Sequence[int] | None = None

    def __init__(self, mode: Synced, value: Any, request: OutputRequest) -> None:
        super().__init__(mode, mode.output, value)
        self.values = mode.encode_input(value)
        if not len(self.values):
            raise DataError("an empty sequence has no answers to explain", hint="give at least one item")
        self.items, self.removable = input_labels(mode, value, self.values)
        self.place = place_of(request.at, self.items)
        # without the item itself there is no answer for it, so it stays
        self.removable[self.place] = False
        [answer] = continuation.predict(mode, [value])
        self.answer = answer.shown
        with mode.answering():
            vectors = self._steps(*self.rows(1))
            self._answers = self.head.choice(vectors)[0].cpu().numpy()
            # a CRF answers with the best chain of tags, which need not hold the likeliest tag
            own = int(self._answers[self.place]) if self.exclusive else None
            self.options = self.choose(vectors[0], self.place, request, own)
        if self.exclusive:
            self.answer_items = [self.codec.symbol(int(one)) for one in self._answers]
        else:
            self.answer_items = self.codec.step_labels(np.asarray(self.codec.encode(answer.value)))

    @property
    def says(self) -> str:
        place = self.place or 0
        item, step = self.items[place], f"step {place + 1}"
        name = step if item == step else f"“{item}” ({place + 1})"
        return f"the answer for {name} is “{self.options[0].label}”"

    def _steps(self, values: Tensor | None, lengths: Tensor | None) -> Tensor:
        """The vectors (B, T, H) of all steps."""
        if values is None:
            raise DataError("a sequence is needed, got none")
        return self.mode.run(values, lengths=lengths)[0]

    def _places(self, lengths: Tensor) -> Tensor:
        """The step (B,) of the answer in each row: an item that is left out before it moves it by one."""
        place = self.place or 0
        omitted = self.omitted
        if omitted is None or len(omitted) != len(lengths) or int(lengths.max()) == len(self.items):
            return torch.full_like(lengths, place)
        return torch.tensor([place - (index < place) for index in omitted], device=lengths.device)

    def without(self, places: Sequence[int]) -> OneStep:
        question = copy(self)
        question.omitted = places
        return question

    def vectors(self, values: Tensor | None, lengths: Tensor | None) -> Tensor:
        vectors = self._steps(values, lengths)
        places = self._places(torch.full((len(vectors),), vectors.shape[1]) if lengths is None else lengths)
        return vectors[torch.arange(len(vectors)), places]

    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any]) -> Tensor:
        if lengths is None:
            raise DataError("a sequence is needed, got none")
        vectors = self._steps(values, lengths)
        rows = torch.arange(len(vectors), device=vectors.device)
        return self.head.scores(vectors, targets, lengths)[rows, self._places(lengths)]

    def batch(self) -> Batch:
        place, targets = self.place or 0, self.head.references(self._answers)
        targets[place] = self.head.truth(self._answers[place], int(self.options[0].target))
        return self._one(Encoded(self.values, targets))
