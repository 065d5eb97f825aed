"""The state of one sequence between requests.

    read    memory, x_1 .. x_T  ->  memory after x_T        O(T), whatever was read before
    write   memory              ->  y ~ p(. | memory), memory after y

Memories of many sequences are read and written together; they stay apart as the rows of a batch do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor

from recur.decoding import Decoding
from recur.decoding.constraints import Rules
from recur.decoding.sampling import Chooser
from recur.decoding.stepping import NOTHING
from recur.errors import ConfigError, DataError
from recur.modes import Mode
from recur.network.batch import pad
from recur.network.stack import State
from recur.nn import flat_state, map_state

_HEAD = "recur session"
_SEND = "send the bytes that GET .../snapshot returned"
_DIGITS = 18  # of the number of items read, at most


@dataclass(frozen=True)
class Memory:
    """The state of a network after one sequence.

    Attributes
    ----------
    states : tuple of Tensor
        Every state, (L*D, S) each.
    vector : Tensor
        (O,) the last output, which the next answer is read out of.
    count : int
        Items read.
    """

    states: tuple[Tensor, ...]
    vector: Tensor
    count: int

    @property
    def bytes(self) -> int:
        """Its size in bytes."""
        return sum(one.numel() * one.element_size() for one in (*self.states, self.vector))


@dataclass
class Writing:
    """A text that is being generated: what determines the next symbol.

    Attributes
    ----------
    memory : Memory
        Before the next symbol.
    choose : Chooser
    rules : Rules
        Of one row.
    path : list of int
        Written so far.
    """

    memory: Memory
    choose: Chooser
    rules: Rules
    path: list[int]


class Reader:
    """Reads and generates for many sequences at once.

    Parameters
    ----------
    mode : Mode
        A network that reads forwards and has an answer after every item.

    Raises
    ------
    ConfigError
        For a network that reads in both directions, which has no state before the end of its input.
    """

    def __init__(self, mode: Mode) -> None:
        if mode.head.whole_rows and not mode.abilities.reads_both_ways:
            raise ConfigError(
                "a chain of tags (crf) is searched over a whole sentence, so there is no answer item by item",
                hint="use a session with a language model, a series, or a tagger without crf that reads forwards",
            )
        parts = mode.one_pass
        if not mode.abilities.remembers or parts is None or parts.stack is None:
            raise ConfigError(
                f"{mode.name} keeps no state between requests: it answers whole sequences",
                hint="use a session with a language model, a series, or a synced network that reads forwards",
            )
        self.mode = mode
        self.identity = _identity(mode)
        self._parts, self._stack = parts, parts.stack
        self._like = self._stack.start(1)

    def begin(self) -> Memory:
        """The state before any item."""
        states = tuple(one[:, 0].detach().clone() for one in flat_state(self._stack.start(1)))
        return Memory(states, torch.zeros(self._stack.output_size, dtype=states[0].dtype), 0)

    def read(self, memories: Sequence[Memory], items: Sequence[np.ndarray]) -> list[Memory]:
        """The memories after each has read its own items: (T,) ids or (T, C) numbers, T from 0."""
        return [after for after, _ in self._run(memories, items, answers=False)]

    def outputs(self, memories: Sequence[Memory], items: Sequence[np.ndarray]) -> list[tuple[Memory, np.ndarray]]:
        """As `read`, with the answer to every item: ids (T,), or numbers (T, C)."""
        return self._run(memories, items, answers=True)

    def _run(
        self, memories: Sequence[Memory], items: Sequence[np.ndarray], *, answers: bool
    ) -> list[tuple[Memory, np.ndarray]]:
        nothing = np.zeros(0, np.int64)
        values, lengths = pad(list(items))
        if values is None or lengths is None:
            return [(one, nothing) for one in memories]
        with self.mode.answering():
            vectors, state = self._parts.run(values, self._together(memories), lengths)
            all_answers = self._parts.head.choice(vectors) if answers else None
        _check_finite(vectors, *flat_state(state))
        last = vectors[torch.arange(len(items)), (lengths - 1).clamp(min=0)]
        parts = [one.unbind(1) for one in flat_state(state)]
        results = []
        for row, (before, length) in enumerate(zip(memories, lengths.tolist(), strict=True)):
            answer = nothing if all_answers is None else all_answers[row, :length].numpy()
            if length == 0:
                results.append((before, answer))
                continue
            # copies: a view would keep the whole batch alive
            states = tuple(part[row].clone() for part in parts)
            results.append((Memory(states, last[row].clone(), before.count + length), answer))
        return results

    def log_probs(self, memories: Sequence[Memory]) -> Tensor:
        """log p (B, V) of the item after each memory."""
        with self.mode.answering():
            return self._parts.head.log_probs(torch.stack([one.vector for one in memories]))

    def write(self, writings: Sequence[Writing]) -> list[tuple[int, float, Memory]]:
        """One symbol for each: the symbol, its log p, and the memory after it; `NOTHING` where none may come."""
        log_probs = self.log_probs([one.memory for one in writings])
        symbols: list[int] = []
        for row, one in zip(log_probs, writings, strict=True):
            scores = one.rules.scores(row[None], [0], [one.path], len(one.path))
            nothing = bool((scores == -torch.inf).all())
            forced = one.rules.forced(len(one.path))
            symbols.append(NOTHING if nothing else int(forced[0] if forced is not None else one.choose(scores)[0]))
        items = [np.array([] if symbol == NOTHING else [symbol], np.int64) for symbol in symbols]
        after = self.read([one.memory for one in writings], items)
        chosen_log_probs = [
            0.0 if symbol == NOTHING else float(log_probs[row, symbol]) for row, symbol in enumerate(symbols)
        ]
        return list(zip(symbols, chosen_log_probs, after, strict=True))

    def writing(self, memory: Memory, decoding: Decoding, rules: Rules) -> Writing:
        """The beginning of a text after a memory."""
        return Writing(memory, decoding.chooser(), rules, [])

    def dump(self, memory: Memory) -> bytes:
        """A memory as bytes: safetensors, with the identity of the network it belongs to."""
        tensors = {f"state.{number}": one.contiguous() for number, one in enumerate(memory.states)}
        header = {"kind": _HEAD, "network": self.identity, "count": str(memory.count)}
        return save({**tensors, "vector": memory.vector.contiguous()}, metadata=header)

    def restore(self, data: bytes) -> Memory:
        """The memory that `dump` wrote.

        Raises
        ------
        DataError
            For bytes that are no snapshot, or belong to another network.
        """
        try:
            tensors = load(data)
            size = int.from_bytes(data[:8], "little")
            header = json.loads(data[8 : 8 + size]).get("__metadata__", {})
        except MemoryError:
            raise
        except Exception as error:  # the library raises exceptions of many types for damaged bytes
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise DataError(f"this is not a snapshot of a session: {reason}", hint=_SEND) from None
        if not isinstance(header, dict) or header.get("kind") != _HEAD:
            raise DataError("this is not a snapshot of a session", hint=_SEND)
        if header.get("network") != self.identity:
            raise DataError("this snapshot belongs to another network, so this one cannot restore it")
        fresh = self.begin()
        like = {f"state.{number}": one for number, one in enumerate(fresh.states)} | {"vector": fresh.vector}
        same = tensors.keys() == like.keys() and all(
            one.shape == like[name].shape and one.dtype == like[name].dtype for name, one in tensors.items()
        )
        count = str(header.get("count", ""))
        if not same or not (count.isascii() and count.isdecimal() and len(count) <= _DIGITS):
            raise DataError("this snapshot is damaged: its states are not of the network's sizes and type")
        if not all(bool(one.isfinite().all()) for one in tensors.values()):
            raise DataError("this snapshot is damaged: it has numbers that are not finite")
        states = tuple(tensors[f"state.{number}"] for number in range(len(fresh.states)))
        return Memory(states, tensors["vector"], int(count))

    def _together(self, memories: Sequence[Memory]) -> State:
        stacks = iter([torch.stack(parts, 1) for parts in zip(*(one.states for one in memories), strict=True)])
        return map_state(lambda _: next(stacks), self._like)


def _check_finite(*tensors: Tensor) -> None:
    """Refuse a state with NaN or infinity, which would spread to all later states."""
    if not all(bool(one.isfinite().all()) for one in tensors):
        raise _not_finite()


def _not_finite() -> DataError:
    return DataError(
        "the network's state or answer after this is not finite", hint="send values of the size that it was trained on"
    )


def _identity(mode: Mode) -> str:
    """A hash of the network's weights: a memory fits only the network that it was computed by."""
    digest = hashlib.sha256()
    for name, parameter in sorted(mode.state_dict().items()):
        digest.update(name.encode())
        digest.update(parameter.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:32]
