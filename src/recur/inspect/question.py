"""What is asked of a network: one output that is to be explained, as a function of the items that it reads.

    language model               log p(next word | text)
    tags of a sequence           log p(tag of one item | sequence)
    many-to-one, one-to-one      log p(class | input)
    many-to-many, one-to-many    log p(one word | words before it, input)

Of numbers the output is the predicted value itself, in standard deviations of the training values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recur.errors import ConfigError, DataError, did_you_mean
from recur.inspect.labels import input_labels, number_labels, place_of, shown, symbol_labels
from recur.modes import ManyToMany, ManyToOne, Mode, OneToMany, OneToOne, Synced, candidates, language
from recur.modes.mode import Batch, Encoded, pad
from recur.modes.outputs import TEXTS, NumberOutput, Output, SymbolOutput
from recur.modes.spelling import Spelling

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Option:
    """One output that could be explained.

    Attributes
    ----------
    label : str
        What a person reads.
    probability : float or None
        Of symbols; None of numbers.
    target : object
        Ids, an id, or a column, as the question reads them.
    """

    label: str
    probability: float | None
    target: Any


class Question(ABC):
    """An input, its items, and the outputs that can be explained.

    Attributes
    ----------
    mode : Mode
    items : list of str
        What a person reads for each step of the input.
    values : ndarray or None
        What the network reads: (T,) ids, (T, C) numbers, () or (C,) without time.
    options : list of Option
        The first is the one that is explained.
    removable : list of bool
        Items that can be left out; a start sign cannot.
    says : str
        The output in words: "the next word is sky".
    unit : str
        "nats" or "standard deviations".
    """

    unit = "nats"
    place: int | None = None

    def __init__(self, mode: Mode, value: Any) -> None:
        self.mode, self.value = mode, value
        self.items: list[str] = []
        self.values: Array | None = None
        self.options: list[Option] = []
        self.removable: list[bool] = []

    @property
    @abstractmethod
    def says(self) -> str:
        """The output that is explained, in words."""

    @abstractmethod
    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any]) -> Tensor:
        """Outputs (B, K) for rows of inputs and K targets: log-probabilities, or values."""

    def score(self, values: Tensor | None, lengths: Tensor | None, target: Any) -> Tensor:
        """One output (B,) for rows of inputs."""
        return self.scores(values, lengths, [target])[:, 0]

    @abstractmethod
    def batch(self) -> Batch:
        """The example with the chosen output as its truth, for BPTT."""

    @property
    def has_steps(self) -> bool:
        """Whether there is an error at more than one step."""
        return True

    def weights(self, predictions: int) -> Array:
        """Which of the errors of the batch make up the error of the chosen output: (N,) ones and zeros."""
        found = np.zeros(predictions)
        found[-1 if self.place is None else self.place] = 1
        return found

    @property
    def inputs(self) -> nn.Module | None:
        """What turns items into the vectors x_t."""
        found = getattr(self.mode, "inputs", None)
        return found if isinstance(found, nn.Module) else None

    @property
    def has_time(self) -> bool:
        """Whether the items are steps in time."""
        return self.values is not None and (self.values.ndim == 2 or self.values.dtype.kind in "iu") and (
            self.values.ndim > 0
        )  # fmt: skip

    def rows(self, count: int) -> tuple[Tensor | None, Tensor | None]:
        """The same input so many times: values and lengths."""
        if self.values is None:
            return None, None
        values, lengths = pad([self.values] * count)
        return self.move(values), None if lengths is None else lengths.to(self.mode.device)

    def move(self, values: Tensor | None) -> Tensor | None:
        """Values on the network's device, numbers in its precision."""
        if values is None:
            return None
        weight = next(self.mode.parameters())
        values = values.to(weight.device)
        return values.to(weight.dtype) if values.is_floating_point() else values

    def _one(self, encoded: Encoded) -> Batch:
        batch = self.mode.collate([encoded]).to(self.mode.device)
        batch.inputs = self.move(batch.inputs)
        return batch


class NextWord(Question):
    """The next word (or symbol) of a text, of tags, of any symbols that predict themselves."""

    mode: Synced

    def __init__(self, mode: Synced, text: Any, target: str | None, top: int) -> None:
        super().__init__(mode, text)
        self.values = language.prompt_ids(mode, text)
        codec = mode.target_codec
        self._spelling = Spelling.of(codec) if codec.kind in ("characters", "subwords") else None
        if self._spelling is not None and isinstance(text, str) and self._spelling.single and self._spelling.has_space:
            spaced = text if not text.strip() else text.rstrip() + " "
            self.values = language.prompt_ids(mode, spaced)
        self.items = symbol_labels(codec, self.values, text)
        known = {getattr(codec, name, -1) for name in ("bos_id", "eos_id")} | {
            mode.symbols.beginning if mode.symbols else -1
        }
        self.removable = [int(index) not in known for index in self.values]
        if len(self.values) and int(self.values[0]) in known:
            self.items[0] = "⟨start⟩"
        if codec.kind in TEXTS:
            found = [Option(one.word, one.probability, self._ids(one.word)) for one in candidates(mode, str(text), top)]
        else:
            [answer] = mode.predict([text], top=top)
            found = [Option(codec.show(v), p, codec.encode(v)[:1]) for v, p in answer.scores]
        self.options = found if target is None else self._with(target, found)

    @property
    def says(self) -> str:
        return f"the next {'word' if self.mode.target_codec.kind in TEXTS else 'item'} is “{self.options[0].label}”"

    def _ids(self, word: str) -> Array:
        codec = self.mode.target_codec
        spaced = codec.kind == "subwords" and bool(str(self.value).strip())
        return codec.encode(f" {word}" if spaced else word)

    def _with(self, target: str, found: list[Option]) -> list[Option]:
        same = [one for one in found if one.label == target]
        others = [one for one in found if one.label != target]
        if same:
            return same + others
        codec = self.mode.target_codec
        ids = self._ids(target)
        unknown = getattr(codec, "unk_id", None)
        if not len(ids) or (codec.kind == "words" and len(ids) != 1) or unknown in ids:
            vocabulary = [token for token in getattr(codec, "vocabulary", []) if not token.startswith("<")]
            raise DataError(
                f'"{target}" is not one {"word" if codec.kind == "words" else "text"} that this network can say.'
                f"{did_you_mean(target, vocabulary)}",
                hint="give one word of its vocabulary as --target",
            )
        with self.mode.answering():
            log_prob = float(self.score(*self.rows(1), ids))
        return [Option(target, float(np.exp(log_prob)), ids), *others]

    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any]) -> Tensor:
        if values is None or lengths is None:
            raise DataError("a model of the next item reads a sequence, got none")
        output = self.mode.symbol_output()
        vectors, state = self.mode.run(values, lengths=lengths)
        last = vectors[torch.arange(len(values), device=values.device), (lengths - 1).clamp(min=0)]
        log_probs = output.log_probs(last)
        found = []
        for target in targets:
            ids = torch.as_tensor(np.asarray(target), device=values.device).expand(len(values), -1)
            total = log_probs.gather(1, ids[:, :1])[:, 0]
            if ids.shape[1] > 1:
                rest, _ = self.mode.run(ids[:, :-1], state)
                total = total + output.log_probs(rest).gather(2, ids[:, 1:, None])[:, :, 0].sum(1)
            found.append(total)
        return torch.stack(found, dim=1)

    def weights(self, predictions: int) -> Array:
        found = np.zeros(predictions)
        found[predictions - len(self.options[0].target) :] = 1
        return found

    def batch(self) -> Batch:
        if self.values is None:
            raise DataError("there is no text")
        whole = np.concatenate([self.values, np.asarray(self.options[0].target)])
        return self._one(Encoded(whole[:-1], whole[1:]))


class NextNumbers(Question):
    """The next value of a series that predicts itself."""

    unit = "standard deviations"
    mode: Synced

    def __init__(self, mode: Synced, series: Any) -> None:
        super().__init__(mode, series)
        self.values = mode.encode_input(series)
        self.items = number_labels(mode.target_codec, self.values)
        self.removable = [True] * len(self.values)
        [answer] = mode.predict([series])
        self.options = [Option(answer.shown, None, 0)]

    @property
    def says(self) -> str:
        return f"the value {self.mode.ahead} step{'s' * (self.mode.ahead > 1)} later is {self.options[0].label}"

    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any]) -> Tensor:
        if values is None or lengths is None or not isinstance(self.mode.output, NumberOutput):
            raise DataError("a series is needed, got none")
        vectors, _ = self.mode.run(values, lengths=lengths)
        last = vectors[torch.arange(len(values), device=values.device), (lengths - 1).clamp(min=0)]
        return self.mode.output.values(last)[:, [int(one) for one in targets]]

    def batch(self) -> Batch:
        values = self.values if self.values is not None else np.zeros((0, 1), np.float32)
        ahead = self.mode.ahead
        with self.mode.answering():
            inputs, lengths = self.rows(1)
            if inputs is None or not isinstance(self.mode.output, NumberOutput):
                raise DataError("a series is needed, got none")
            vectors, _ = self.mode.run(inputs, lengths=lengths)
            # towards zero: the error of a value that is its own truth would be zero, and have no gradient
            future = np.zeros_like(self.mode.output.values(vectors)[0, -ahead:].cpu().numpy()).astype(values.dtype)
        return self._one(Encoded(values, np.concatenate([values[ahead:], future])))


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
            self.options = _chosen(self.options, str(target), self._others(str(target)))

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
        vectors = self.mode.vectors(values, lengths) if isinstance(self.mode, ManyToOne) else self.mode.vectors(values)
        return _columns(self.mode.output, vectors, targets)

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
                log_probs = _log_probs(output, vectors[0])
                best = log_probs[self.place].topk(min(top, log_probs.shape[-1]))
                self.options = [
                    Option(shown(codec, [i]), p, i)
                    for p, i in zip(best.values.exp().tolist(), best.indices.tolist(), strict=True)
                ]
                self._answers = log_probs.argmax(-1).cpu().numpy()
        if target is not None:
            index = int(codec.encode([target])[0])
            probability = float(log_probs[self.place, index].exp())
            self.options = _chosen(self.options, target, [Option(target, probability, index)])

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
        return _columns(self.mode.output, here, targets)

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
        chosen = int(written[self.place]) if target is None else int(codec.encode(target)[0])
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
        start = mode.start(values, lengths) if isinstance(mode, ManyToMany) else mode.start(values, rows)
        vectors, _ = mode.decoder.read(self._read.expand(rows, -1), None, start)
        return _log_probs(mode.decoder.output, vectors[:, -1])

    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any]) -> Tensor:
        rows = 1 if values is None else len(values)
        return self._log_probs(values, lengths, rows)[:, [int(one) for one in targets]]

    def batch(self) -> Batch:
        targets = np.array(self.written, np.int64)
        targets[self.place or 0] = int(self.options[0].target)
        return self._one(Encoded(self.values, targets))


def ask(model: Any, value: Any, *, target: str | None = None, at: int | str | None = None, top: int = 5) -> Question:
    """What an output of a network is asked as.

    Parameters
    ----------
    model : Model or Mode
    value : object
        One raw input.
    target : str, optional
        The word, class or tag to explain; by default the network's own answer.
    at : int or str, optional
        Where tags, or a written sequence, are looked at: a number from 1, or the item itself. Default: the last.
    top : int
        Candidates.

    Raises
    ------
    DataError
        When the target is not one that this network can say.
    """
    mode: Mode = getattr(model, "mode", model)
    if isinstance(mode, Synced):
        if not mode.next_item:
            return OneStep(mode, value, target, at, top)
        return NextWord(mode, value, target, top) if mode.symbols is not None else NextNumbers(mode, value)
    if isinstance(mode, ManyToOne | OneToOne):
        return OneAnswer(mode, value, target, top)
    if isinstance(mode, ManyToMany | OneToMany):
        return OneWritten(mode, value, target, at, top)
    raise ConfigError(f"{mode.name} cannot be explained: its outputs are unknown here")


def _log_probs(output: Output, vectors: Tensor) -> Tensor:
    if not isinstance(output, SymbolOutput):
        raise ConfigError("numbers have no probabilities")
    return output.log_probs(vectors)


def _columns(output: Output, vectors: Tensor, targets: Sequence[Any]) -> Tensor:
    """log p of symbols, or the values of columns, (B, K) from (B, H)."""
    columns = [int(one) for one in targets]
    if isinstance(output, NumberOutput):
        return output.values(vectors)[:, columns]
    return _log_probs(output, vectors)[:, columns]


def _chosen(options: list[Option], label: str, otherwise: list[Option]) -> list[Option]:
    mine = [one for one in options if one.label == label] or otherwise
    if not mine:
        raise DataError(f'"{label}" is no answer of this network', hint=f"one of {', '.join(o.label for o in options)}")
    return mine[:1] + [one for one in options if one.label != label]
