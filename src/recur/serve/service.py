"""``ModelService``: one network behind the server, with batched calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch

from recur.cancellation import check_cancelled
from recur.continuation import prompt
from recur.data import InputQuery
from recur.decoding import Decoding
from recur.decoding.candidates import likeliest, without_silent
from recur.decoding.constraints import Rules
from recur.decoding.detokenizer import Detokenizer
from recur.decoding.sampling import narrowed
from recur.decoding.stepping import NOTHING
from recur.decoding.stop_sequences import StopSequences
from recur.decoding.vocabulary import Vocabulary
from recur.errors import RecurError
from recur.heads import Prediction
from recur.model import Model
from recur.modes.item_model import ItemModel
from recur.network.batch import has_time
from recur.nn.summary import parameter_count
from recur.predictions.plain import plain
from recur.predictions.refusals import refuse_empty_series
from recur.serve import costs, values
from recur.serve.batcher import Batcher, apart
from recur.serve.limits import Limits
from recur.serve.memory import Memory, Reader, Writing
from recur.serve.predictor import Predictor, Query
from recur.serve.problems import RequestError
from recur.serve.worker import Worker

Answer = TypeVar("Answer")
_ReadRequest = tuple[Memory, np.ndarray, int]

AT_ONCE = 4096  # characters, or elements of a list, that are split within a few milliseconds
CHARACTERS = 64  # of one item at most: a long word


@dataclass(frozen=True)
class GeneratedSymbol:
    """One symbol of an answer.

    Attributes
    ----------
    piece : list
        The text or items that it adds; empty where they depend on the next symbol.
    log_prob : float
        Of the symbol.
    memory : Memory
        After it.
    reason : str or None
        Why the answer ends here: "stop" or "length".
    """

    piece: list[Any]
    log_prob: float
    memory: Memory
    reason: str | None


class ItemsRead(NamedTuple):
    """What is known after items were read: the memory, the answer to each item, and candidates for the next one."""

    memory: Memory
    answers: np.ndarray
    candidates: list[tuple[Any, float]]


class ModelService:
    """A network that answers many requests at once.

    Parameters
    ----------
    name : str
        Its name in requests.
    model : Model
        The network; on the CPU.
    worker : Worker
        The one thread that computes.
    limits : Limits
    """

    def __init__(self, name: str, model: Model, worker: Worker, limits: Limits) -> None:
        self.name, self.model, self.limits = name, model, limits
        self._worker = worker
        self._layer = costs.largest_layer(model.mode)
        self.reader: Reader | None = None
        self.why_no_memory = RecurError("")
        try:
            self.reader = Reader(model.mode)
        except RecurError as error:
            self.why_no_memory = error
        most, waiting = limits.batch, limits.waiting
        self._ask = Batcher(Predictor(model), worker, most=most, waiting=waiting)
        self._read = Batcher(self._read_batch, worker, most=most, waiting=waiting)
        self._write = Batcher(self._write_batch, worker, most=most, waiting=waiting)
        self.read_items = self.written = 0
        self._values: dict[int, Any] = {}
        self._empty: Memory | None = None
        self._start: Memory | None = None

    def language(self) -> ItemModel:
        """The network, as one that continues what it reads.

        Raises
        ------
        RequestError
            400 for any other.
        """
        model = self.model.mode.item_model
        if model is None:
            raise RequestError(400, f"this network does not generate text: {self.model.roles.sentence}")
        return model

    @property
    def _batchers(self) -> tuple[Batcher[Any, Any], ...]:
        return self._ask, self._read, self._write

    @property
    def waiting(self) -> int:
        """Calls that wait to be computed."""
        return max(one.queue for one in self._batchers)

    @property
    def batches(self) -> int:
        """Batches computed."""
        return sum(one.batches for one in self._batchers)

    @property
    def rows(self) -> int:
        """Rows of all batches."""
        return sum(one.items for one in self._batchers)

    def raw(self, value: Any) -> Any:
        """The raw value of the network's input, from the JSON of a request."""
        return values.raw(self.model.input_codec, value)

    def facts(self) -> dict[str, Any]:
        """Facts about the network for users."""
        metrics, mode = self.model.metrics, self.model.mode
        return {
            "name": self.name,
            "sentence": self.model.roles.sentence,
            "mode": mode.name,
            # a network without time has no cell
            "cell": mode.cell,
            "parameters": parameter_count(mode),
            "figure": metrics.get("figure"),
            "held_out": metrics.get("held_out"),
            "sessions": self.reader is not None,
            "generates": self.generates,
            "reads": None if mode.input_codec is None else mode.input_codec.kind,
            # whether a comma is a part of the numbers that are typed
            "comma": bool(((mode.input_codec and mode.input_codec.typed_form()) or {}).get("comma")),
            "reads_steps": mode.input_codec is not None and mode.input_codec.sequence,
            "writes": mode.target_codec.kind,
            # whether there is a state after every item, in which ranges can be matched
            "matches": bool(mode.cell) and mode.input_codec is not None and mode.input_codec.sequence,
        }

    @property
    def generates(self) -> bool:
        """Whether the network continues what it reads, symbol by symbol."""
        return self._written is not None

    @property
    def _written(self) -> ItemModel | None:
        """The network that continues what it has read, symbol by symbol."""
        model = self.model.mode.item_model
        return None if model is None or model.symbols is None else model

    def memory(self) -> Reader:
        """The reader of a network that keeps a state.

        Raises
        ------
        RequestError
            400 for one that cannot.
        """
        if self.reader is None:
            raise RequestError.of(self.why_no_memory)
        return self.reader

    def check_items(self, value: Any, most: int) -> int:
        """The number of items of an input that may be answered at once.

        Raises
        ------
        RequestError
            413 for too many; 400 for what the network does not read.
        """
        self._check_size(value, most)
        with values.reading(self.model.input_codec):
            encoded = self.model.mode.encode_input(self.model.one_input(value))
        count = 0 if encoded is None or not has_time(encoded) else len(encoded)
        if count > most:
            raise RequestError(
                413, f"an input of {count:,} items; at most {most:,} items are answered here", "send a part of it"
            )
        return count

    def _check_size(self, value: Any, most: int) -> None:
        """Refuse an input that must have too many items, before it is split into them."""
        codec = self.model.input_codec
        if codec is None or not codec.discrete:
            return
        size = ""
        if isinstance(value, str) and len(value) > most * CHARACTERS:
            size = f"a text of {len(value):,} characters"
        elif isinstance(value, list) and len(value) > most:
            size = f"an input of {len(value):,} items"
        if size:
            raise RequestError(413, f"{size}; at most {most:,} items are answered here", "send a part of it")

    async def predict(self, inputs: Sequence[Any], top: int, options: dict[str, Any]) -> list[Prediction]:
        """Answer raw inputs, as `Model.predict` does."""

        decoding = Decoding.of(options, top=top)

        def read_inputs() -> tuple[list[Any], list[int]]:
            raw_inputs = [self.raw(value) for value in inputs]
            questions = [InputQuery(one, at, f"input {at}") for at, one in enumerate(raw_inputs, 1)]
            refuse_empty_series(self.model.input_codec, questions)
            counts = []
            for value in raw_inputs:
                check_cancelled()
                counts.append(self.check_items(value, self.limits.items))
                costs.check_input_size(self.limits, counts)
            costs.check_answers(self.limits, self.model.mode, counts, decoding, top)
            return raw_inputs, counts

        raw_inputs, counts = await self.compute(read_inputs)
        width = costs.OutputSize.of(self.model.mode, decoding, top).width
        how = tuple(sorted(options.items()))
        queries = [Query(value, count, width, top, how) for value, count in zip(raw_inputs, counts, strict=True)]
        answers = list(await asyncio.gather(*(self._ask(one) for one in queries)))
        self.read_items += sum(counts)
        return answers

    async def compute(self, work: Callable[..., Answer], *arguments: Any) -> Answer:
        """Run something else in the thread that computes."""
        return await self._worker(work, *arguments)

    async def begin(self) -> Memory:
        """The memory before the first item; for a text, after its start symbol."""
        if self._start is None:
            start = await self.empty()
            if self._written is not None:
                start = (await self.read(start, prompt.prompt_ids(self._written, ""))).memory
            self._start = start
        return self._start

    async def empty(self) -> Memory:
        """The memory before any item."""
        if self._empty is None:
            self._empty = await self.compute(self.memory().begin)
        return self._empty

    async def items(self, value: Any, *, first: bool = False) -> np.ndarray:
        """A raw value as the items that a session reads.

        Raises
        ------
        RequestError
            400 for a value that the codec does not take; 413 for one that is too long.
        """
        self.memory()
        if not isinstance(value, str | list) or len(value) <= AT_ONCE:
            return self._items(value, first)
        # a long text is split in the worker thread, so that others are answered meanwhile
        return await self.compute(self._items, value, first)

    def _items(self, value: Any, first: bool) -> np.ndarray:
        model = self._written
        self._check_size(value, self.limits.items)
        value = self.raw(value)
        with values.reading(self.model.input_codec):
            if model is None:
                array = self._each_item(value)
            elif first:
                array = prompt.prompt_ids(model, value)
            else:
                # no start symbol: the session has begun
                array = model.target_codec.encode(value)
        if len(array) > self.limits.items:
            raise RequestError(
                413, f"{len(array):,} items at once; at most {self.limits.items:,} are read in a request"
            )
        return array

    def _each_item(self, value: Any) -> np.ndarray:
        """What is read of a value by a network that answers every step."""
        array = self.model.mode.encode_input(value)
        if array is None:
            raise RequestError(400, f"this network reads nothing: {self.model.roles.sentence}")
        return array

    async def read(self, memory: Memory, items: np.ndarray, top: int = 0) -> ItemsRead:
        """Read items; what is known after them, with the ``top`` likeliest next items."""
        result = await self._read((memory, items, top))
        self.read_items += len(items)
        return result

    async def distribution(self, items: np.ndarray, decoding: Decoding, top: int) -> list[tuple[Any, float, float]]:
        """The likeliest items after a sequence: each with its probability, and its probability when sampled.

        One task of the worker thread: in three, other requests would run in between.
        """
        return await self.compute(self._distribution, items, decoding, top)

    def _distribution(self, items: np.ndarray, decoding: Decoding, top: int) -> list[tuple[Any, float, float]]:
        reader = self.memory()
        symbols = reader.mode.symbols
        if symbols is None:
            return []
        log_probs = reader.log_probs(reader.read([reader.begin()], [items]))
        probs = log_probs[0].exp()
        allowed = without_silent(log_probs, symbols, unknown=decoding.unknown)
        sampling_probs = torch.zeros_like(probs)
        if decoding.temperature == 0:
            sampling_probs[allowed[0].argmax()] = 1.0
        else:
            weights, order = narrowed(allowed, decoding.temperature, decoding.top_k, decoding.top_p)
            sampling_probs[order[0]] = weights[0] / weights[0].sum()
        best = likeliest(log_probs, symbols, top, unknown=decoding.unknown)[1][0].tolist()
        return [(symbols.decode([index]), float(probs[index]), float(sampling_probs[index])) for index in best]

    def rules(self, before: Sequence[int], decoding: Decoding) -> tuple[int | None, Rules]:
        """The symbol that ends a text, and the rules for what may come next.

        Raises
        ------
        RequestError
            400 for a network that writes nothing, or options that do not fit.
        """
        self.memory()
        mode = self._written
        if mode is None:
            raise RequestError(400, f"this network does not generate text: {self.model.roles.sentence}")
        if decoding.beam > 1:
            raise RequestError(400, f"a beam of {decoding.beam} has no text before its end", hint="beam: 1")
        end, never = prompt.endings(mode)
        forbid = never if decoding.unknown or mode.symbols is None else mode.symbols.forbidden(False)
        if end is None and mode.symbols is not None and mode.symbols.end in never:
            forbid = (*forbid, mode.symbols.end)
        try:
            stop = StopSequences(mode.target_codec, decoding.stops).rule()
        except RecurError as error:
            raise RequestError.of(error) from None
        return end, decoding.rules(forbid=forbid, before=[list(before)], stop=stop)

    async def write(
        self, memory: Memory, before: Sequence[int], decoding: Decoding, length: int
    ) -> AsyncIterator[GeneratedSymbol]:
        """Continue from a state, symbol by symbol.

        Raises
        ------
        RequestError
            400 for a network that writes nothing, or options that do not fit.
        """
        reader, mode = self.memory(), self.memory().mode
        end, rules = self.rules(before, decoding)
        writing = reader.writing(memory, decoding, rules)
        detokenizer = Detokenizer(mode.target_codec, before, decoding.stops)
        for place in range(length):
            symbol, log_prob, after = await self._write(writing)
            self.written += 1
            if symbol in (end, NOTHING):
                yield GeneratedSymbol(
                    detokenizer.finish(), log_prob, writing.memory if symbol == NOTHING else after, "stop"
                )
                return
            writing.memory = after
            writing.path.append(symbol)
            piece = detokenizer.push(symbol)
            if detokenizer.stopped:
                yield GeneratedSymbol(piece, log_prob, after, "stop")
                return
            if place == length - 1:
                yield GeneratedSymbol([*piece, *detokenizer.finish()], log_prob, after, "length")
                return
            yield GeneratedSymbol(piece, log_prob, after, None)
        yield GeneratedSymbol([], 0.0, memory, "length")

    def show(self, answers: np.ndarray) -> Any:
        """The raw value of the answers to items."""
        return self.model.target_codec.decode(answers)

    @property
    def answers_each_item(self) -> bool:
        """Whether what a session reads is answered item by item (tags, numbers), rather than continued."""
        return self.model.mode.abilities.answers_each_item

    def _read_batch(self, requests: Sequence[_ReadRequest]) -> Sequence[ItemsRead | Exception]:
        return apart(self._read_together, requests)

    def _candidates(self, memories: Sequence[Memory], tops: Sequence[int]) -> list[list[tuple[Any, float]]]:
        """The likeliest items after each memory, as many as are asked for, with their probabilities."""
        symbols = self.memory().mode.symbols
        if symbols is None or not any(tops):
            return [[] for _ in tops]
        log_probs = self.memory().log_probs(memories)
        best, ids = (part.tolist() for part in likeliest(log_probs, symbols, max(tops)))
        return [
            [(self._shown(symbols, index), p) for index, p in zip(row_ids[:top], row[:top], strict=True)]
            for top, row, row_ids in zip(tops, best, ids, strict=True)
        ]

    def _shown(self, symbols: Vocabulary, index: int) -> Any:
        """The value of a symbol, decoded once."""
        if index not in self._values:
            self._values[index] = plain(symbols.decode([index]))
        return self._values[index]

    def _write_batch(self, writings: Sequence[Writing]) -> Sequence[tuple[int, float, Memory] | Exception]:
        return apart(self.memory().write, writings)

    def _read_together(self, requests: Sequence[_ReadRequest]) -> list[ItemsRead]:
        reader = self.memory()
        results: list[ItemsRead] = []
        for part in costs.parts([self._layer * len(items) for _, items, _ in requests], costs.NUMBERS):
            memories, items, tops = (list(column) for column in zip(*(requests[row] for row in part), strict=True))
            if self.answers_each_item:
                results += [ItemsRead(after, answers, []) for after, answers in reader.outputs(memories, items)]
                continue
            read = reader.read(memories, items)
            candidates = self._candidates(read, tops)
            nothing = np.zeros(0, np.int64)
            results += [ItemsRead(after, nothing, best) for after, best in zip(read, candidates, strict=True)]
        return results
