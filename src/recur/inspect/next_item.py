"""Questions about the next item: why this word, why this value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur import continuation
from recur.codecs import EventTraits
from recur.continuation import candidates, prompt
from recur.continuation.series import observed
from recur.continuation.word_boundaries import Spelling
from recur.errors import DataError
from recur.heads.prediction import Option
from recur.inspect.labels import symbol_labels
from recur.inspect.question import HeadQuestion, OutputRequest, Question
from recur.inspect.swaps import swap_scores
from recur.modes import NextItem
from recur.network.batch import Batch, Encoded
from recur.network.stack import State


class NextWord(Question):
    """The next word (or symbol) of a text, of tags, or of any other sequence of symbols."""

    mode: NextItem
    predicts_items = True

    def __init__(self, mode: NextItem, text: Any, request: OutputRequest) -> None:
        super().__init__(mode, text)
        self.values = prompt.prompt_ids(mode, text)
        codec = mode.target_codec
        self._spelling = Spelling.of(codec) if codec.text and not codec.splits_into("word") else None
        if self._spelling is not None and isinstance(text, str) and self._spelling.single and self._spelling.has_space:
            spaced = text if not text.strip() else text.rstrip() + " "
            self.values = prompt.prompt_ids(mode, spaced)
        self.items = symbol_labels(codec, self.values, text)
        signs = {codec.ids.bos, codec.ids.eos, mode.symbols.beginning if mode.symbols else None}
        self.removable = [int(index) not in signs for index in self.values]
        if len(self.values) and int(self.values[0]) in signs:
            self.items[0] = "⟨start⟩"
        if codec.text:
            options = [
                Option(one.word, one.probability, self._ids(one.word))
                for one in candidates(mode, str(text), request.top)
            ]
        else:
            [answer] = continuation.predict(mode, [text], top=request.top)
            options = [Option(codec.show(v), p, codec.encode(v)[:1]) for v, p in answer.scores]
        self.options = options if request.target is None else self._with_target(request.target, options)

    @property
    def says(self) -> str:
        return f"the next {'word' if self.mode.target_codec.text else 'item'} is “{self.options[0].label}”"

    def _ids(self, word: str) -> np.ndarray:
        codec = self.mode.target_codec
        spaced = codec.splits_into("subword") and bool(str(self.value).strip())
        return codec.encode(f" {word}" if spaced else word)

    def _with_target(self, target: str, options: list[Option]) -> list[Option]:
        same = [one for one in options if one.label == target]
        others = [one for one in options if one.label != target]
        if same:
            return same + others
        codec = self.mode.target_codec
        ids = self._ids(target)
        words = codec.splits_into("word")
        if not len(ids) or (words and len(ids) != 1) or codec.ids.unk in ids.tolist():
            raise codec.no_such_output(target, "a single word" if words else "made of symbols")
        with self.mode.answering():
            log_prob = float(self.score(*self.rows(1), ids))
        return [Option(target, float(np.exp(log_prob)), ids), *others]

    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any]) -> Tensor:
        return self.scores_after(values, lengths, targets, None)

    def scores_after(
        self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any], state: State | None
    ) -> Tensor:
        """The same for rows that are read from a given state."""
        if values is None or lengths is None:
            raise DataError("a model of the next item reads a sequence, got none")
        output = self.mode.symbol_head()
        vectors, state = self.mode.run(values, state, lengths=lengths)
        last = vectors[torch.arange(len(values), device=values.device), (lengths - 1).clamp(min=0)]
        log_probs = output.log_probs(last)
        totals = []
        for target in targets:
            ids = torch.as_tensor(np.asarray(target), device=values.device).expand(len(values), -1)
            total = log_probs.gather(1, ids[:, :1])[:, 0]
            if ids.shape[1] > 1:
                rest, _ = self.mode.run(ids[:, :-1], state)
                total = total + output.log_probs(rest).gather(2, ids[:, 1:, None])[:, :, 0].sum(1)
            totals.append(total)
        return torch.stack(totals, dim=1)

    def swap_scores(self, targets: Sequence[Any]) -> np.ndarray:
        return swap_scores(self.mode, self, self.scores_after, targets)

    def surprise(self, errors: np.ndarray) -> list[float | None]:
        # an item's surprise is the error of the step before it; nothing precedes the first
        return [None, *map(float, errors[: len(self.items) - 1])]

    def part_labels(self, part: str) -> list[str]:
        del part
        target = np.asarray(self.options[0].target)[:-1]
        return [*self.items, *symbol_labels(self.mode.target_codec, target, "")]

    def weights(self, predictions: int) -> np.ndarray:
        weights = np.zeros(predictions)
        weights[predictions - len(self.options[0].target) :] = 1
        return weights

    def batch(self) -> Batch:
        if self.values is None:
            raise DataError("there is no text")
        whole = np.concatenate([self.values, np.asarray(self.options[0].target)])
        return self._one(Encoded(whole[:-1], whole[1:]))


class NextStep(HeadQuestion):
    """What a network of numbers or events predicts after the last step."""

    mode: NextItem

    def __init__(self, mode: NextItem, value: Any) -> None:
        super().__init__(mode, mode.output, value)
        self.steps: np.ndarray = np.zeros((0, 1), np.float32)

    def _answer(self, request: OutputRequest) -> None:
        """Set the network's own answer, and the options."""
        self.values = self.steps
        with self.mode.answering():
            vectors = self.vectors(*self.rows(1))
            self._own = self.head.choice(vectors)[0].cpu().numpy()
            self.options = self.choose(vectors, 0, request)

    def vectors(self, values: Tensor | None, lengths: Tensor | None) -> Tensor:
        if values is None or lengths is None:
            raise DataError("a sequence is needed, got none")
        vectors, _ = self.mode.run(values, lengths=lengths)
        return vectors[torch.arange(len(values), device=values.device), (lengths - 1).clamp(min=0)]


class NextNumbers(NextStep):
    """The next value of a series."""

    def __init__(self, mode: NextItem, series: Any, request: OutputRequest) -> None:
        super().__init__(mode, series)
        values = mode.encode_input(series)
        if not len(values):
            raise DataError("an empty series has no next value to explain", hint="give at least one step")
        # what the answer is computed from: a short series is preceded by means
        self.steps = observed(mode, series)
        missing = len(self.steps) - len(values)
        self.items = ["(mean)"] * missing + mode.target_codec.step_labels(values)
        self.removable = [False] * missing + [True] * len(values)
        [answer] = continuation.predict(mode, [series])
        self.answer = answer.shown
        self._answer(request)

    @property
    def says(self) -> str:
        later = f"{self.mode.ahead} step{'s' * (self.mode.ahead > 1)} later"
        if len(self.options) > 1:
            return f"the values {later} are {self.answer}; explained is “{self.options[0].label}”"
        return f"the value {later} is {self.options[0].label}"

    def batch(self) -> Batch:
        # answers to steps that the series has are compared with their values
        future = self.head.references(np.repeat(self._own[None], self.mode.ahead, axis=0))
        future[-1] = self.head.truth(self._own, int(self.options[0].target))
        return self._one(Encoded(self.values, np.concatenate([self.steps, future])[self.mode.ahead :]))


class NextEvents(NextStep):
    """Whether an event happens at the next step, such as a note of a roll."""

    def __init__(self, mode: NextItem, opening: Any, request: OutputRequest) -> None:
        super().__init__(mode, [] if opening is None or opening == "" else opening)
        self.steps = mode.encode_input(self.value)
        # an empty frame precedes the first
        self.items = ["⟨start⟩", *self.codec.step_labels(self.steps[1:])]
        self.removable = [False, *[True] * (len(self.steps) - 1)]
        self._answer(request)
        [self.answer] = self.codec.step_labels(self._own[None])

    @property
    def says(self) -> str:
        events = self.codec.events or EventTraits()
        return f"whether “{self.options[0].label}” {events.verb} at the next step"

    def batch(self) -> Batch:
        future = self.head.truth(self._own, int(self.options[0].target)).astype(self.steps.dtype)
        return self._one(Encoded(self.values, np.concatenate([self.steps[1:], future[None]])))
