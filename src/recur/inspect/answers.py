"""Questions to networks that answer an input: why this class, this tag, this word of what was written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur.codecs import Codec
from recur.errors import ConfigError, DataError
from recur.inspect.labels import input_labels, place_of, shown, symbol_labels
from recur.inspect.question import Option, Question, chosen_first, columns_of, log_probs_of, unsayable
from recur.modes import ManyToMany, ManyToOne, OneToMany, OneToOne, Synced
from recur.modes.mode import Batch, Encoded
from recur.modes.outputs import NumberOutput, SymbolOutput


class OneAnswer(Question):
    """A class, or numbers, of an input as a whole."""

    mode: ManyToOne | OneToOne

    def __init__(self, mode: ManyToOne | OneToOne, value: Any, target: Any, top: int) -> None:
        super().__init__(mode, value)
        self.values = mode.encode_input(value)
        codec = mode.target_codec
        self.items, self.removable = input_labels(mode, value, self.values)
        output = mode.output
        self.unit = "nats" if isinstance(output, SymbolOutput) else "standard deviations"
        [answer] = mode.predict([value], top=top if codec.discrete else 1)
        if isinstance(output, NumberOutput):
            self.options = [
                Option(name if len(output.columns) > 1 else answer.shown, None, column)
                for column, name in enumerate(output.columns)
            ]
        else:
            self.options = [Option(codec.show(v), p, int(codec.encode(v))) for v, p in answer.scores]
        if target is not None:
            self.options = chosen_first(self.options, str(target), self._others(str(target)))

    def _others(self, label: str) -> list[Option]:
        if not self.mode.target_codec.discrete:
            return []
        index = int(self.mode.target_codec.encode(label))
        with self.mode.answering():
            log_prob = float(self.score(*self.rows(1), index))
        return [Option(label, float(np.exp(log_prob)), index)]

    @property
    def has_steps(self) -> bool:
        return False

    @property
    def says(self) -> str:
        return f"the answer is “{self.options[0].label}”"

    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any]) -> Tensor:
        vectors = self.mode.vectors(values, lengths)
        return columns_of(self.mode.output, vectors, targets)

    def batch(self) -> Batch:
        target = self.options[0].target
        output = self.mode.output
        if isinstance(output, NumberOutput):
            # towards the mean: the error of a value that is its own truth would be zero, and have no gradient
            return self._one(Encoded(self.values, np.zeros(len(output.columns), np.float32)))
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
        output, codec = mode.output, mode.target_codec
        with mode.answering():
            values, lengths = self.rows(1)
            vectors, _ = mode.run(values, lengths=lengths)  # type: ignore[arg-type]  # a sequence has values
            here = vectors[0, self.place]
            if isinstance(output, NumberOutput):
                self.unit = "standard deviations"
                own = codec.decode(output.values(here)[None].cpu().numpy())
                self.options = [Option(codec.show(own), None, 0)]
                self._answers = output.values(vectors[0]).cpu().numpy()
            else:
                log_probs = log_probs_of(output, vectors[0])
                best = log_probs[self.place].topk(min(top, log_probs.shape[-1]))
                self.options = [
                    Option(shown(codec, [i]), p, i)
                    for p, i in zip(best.values.exp().tolist(), best.indices.tolist(), strict=True)
                ]
                self._answers = log_probs.argmax(-1).cpu().numpy()
        if target is not None:
            index = int(codec.encode([target])[0])
            probability = float(log_probs[self.place, index].exp())
            self.options = chosen_first(self.options, target, [Option(target, probability, index)])

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
        here = vectors[torch.arange(len(values), device=values.device), before]
        return columns_of(self.mode.output, here, targets)

    def _moved(self, lengths: Tensor) -> list[int]:
        place, whole = self.place or 0, len(self.items)
        gone = getattr(self, "left_out", None)
        if gone is None or len(gone) != len(lengths) or int(lengths.max()) == whole:
            return [place] * len(lengths)
        return [place - (index < place) for index in gone]

    left_out: Sequence[int] | None = None

    def batch(self) -> Batch:
        if isinstance(self.mode.output, NumberOutput):
            return self._one(Encoded(self.values, np.zeros_like(self._answers)))
        targets = np.array(self._answers, np.int64)
        targets[self.place or 0] = int(self.options[0].target)
        return self._one(Encoded(self.values, targets))


def one_symbol(codec: Codec, target: Any) -> int:
    """The id of a chosen answer.

    Raises
    ------
    DataError
        Unless it is one symbol that the network knows.
    """
    ids = codec.encode(target)
    if len(ids) != 1 or int(ids[0]) == getattr(codec, "unk_id", None):
        raise unsayable(codec, target, "symbol")
    return int(ids[0])


class OneWritten(Question):
    """One symbol of a sequence that a network writes, given the symbols before it."""

    mode: ManyToMany | OneToMany

    def __init__(
        self, mode: ManyToMany | OneToMany, value: Any, target: str | None, at: int | str | None, top: int
    ) -> None:
        super().__init__(mode, value)
        self.values = mode.encode_input(value)
        if self.values is None:
            self.items, self.removable = [], []
        else:
            self.items, self.removable = input_labels(mode, value, self.values)
        if mode.decoder.symbols is None:
            raise ConfigError(
                "influence on written numbers is not defined step by step here", hint="explain a model of symbols"
            )
        [answer] = mode.predict([value])
        self.answer = answer
        codec = mode.target_codec
        written = mode.decoder.symbols.with_end(codec.encode(answer.value))
        self.written = written
        labels = symbol_labels(codec, codec.encode(answer.value), answer.value)
        self.labels = [*labels, "⟨end⟩"]
        self.place = place_of(at, self.labels, last=max(0, len(labels) - 1))
        self._read = torch.from_numpy(np.asarray(written[: self.place + 1])).to(mode.device)[None]
        with mode.answering():
            log_probs = self._log_probs(*self.rows(1), 1)[0]
        best = log_probs.topk(min(top, len(log_probs)))
        self.options = [
            Option(self._label(i), p, i) for p, i in zip(best.values.exp().tolist(), best.indices.tolist(), strict=True)
        ]
        chosen = int(written[self.place]) if target is None else one_symbol(codec, target)
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
        return f"word {(self.place or 0) + 1} of the answer is “{self.options[0].label}”"

    def _log_probs(self, values: Tensor | None, lengths: Tensor | None, rows: int) -> Tensor:
        mode = self.mode
        start = mode.start(values, lengths, rows)
        vectors, _ = mode.decoder.read(self._read.expand(rows, -1), None, start)
        return log_probs_of(mode.decoder.output, vectors[:, -1])

    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any]) -> Tensor:
        rows = 1 if values is None else len(values)
        return self._log_probs(values, lengths, rows)[:, [int(one) for one in targets]]

    def batch(self) -> Batch:
        targets = np.array(self.written, np.int64)
        targets[self.place or 0] = int(self.options[0].target)
        return self._one(Encoded(self.values, targets))
