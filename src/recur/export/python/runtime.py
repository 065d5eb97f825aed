"""What an exported Python file does with its network: the text of this module is the end of every such file.

The file has before it FACTS, a description of the network, ARRAYS, its numbers as texts, and STEPS, a function for one
step of each layer. Nothing here imports more than NumPy.
"""

from __future__ import annotations

import base64
import ctypes
import hashlib
import platform
import warnings
from pathlib import Path
from typing import Any

import numpy as np

FACTS: dict[str, Any] = {}
ARRAYS: dict[str, tuple[tuple[int, ...], str]] = {}
STEPS: dict[str, Any] = {}

# --- the end of every exported file begins here ---


class Model:
    """The network of this file.

    Parameters
    ----------
    native : bool, optional
        Whether to compute in the library beside this file; otherwise in NumPy, slowly. By default the library is used
        if it is there.
    """

    def __init__(self, native: bool | None = None) -> None:
        library = Path(__file__).with_name(f"lib{Path(__file__).stem}.so")
        if native and not FACTS["library"]:
            raise ValueError("this network was exported without a library")
        use = bool(FACTS["library"]) and (library.exists() if native is None else native)
        self.backend: Any = None
        if use:
            try:
                self.backend = _Library(library)
            except OSError as error:
                reason = f"{library.name} cannot be loaded on this machine, {platform.machine()}: {error}"
                if native:
                    raise ValueError(f"{reason}; Model(native=False) computes in NumPy, slowly") from None
                warnings.warn(f"{reason}; the network is computed in NumPy, slowly", stacklevel=2)
                use = False
        self.backend = self.backend or _NumPy()
        self.labels, self.symbols = FACTS["labels"], FACTS["symbols"]
        self.native = use
        self.reset()

    def reset(self) -> None:
        """Begin a sequence."""
        self.backend.reset()

    def step(self, x: Any) -> np.ndarray:
        """Read one item, an id or numbers in their own units, and answer."""
        if FACTS["whole"]:
            raise ValueError("this network reads whole sequences alone: run(x)")
        return _shaped(self.backend.step(_checked(x, 1)[0]))

    def run(self, x: Any) -> np.ndarray:
        """Read a whole sequence from its beginning: the answer to each item (T, O), or one for all of it (O,).

        A forecast is (H, C): its steps and columns; with quantiles (H, C, Q).
        """
        items = _checked(x, None)
        if len(items) < FACTS["least"]:
            raise ValueError(f"a sequence has at least {FACTS['least']} items, got {len(items)}")
        return _shaped(self.backend.run(items))

    def tags(self, x: Any) -> list[str]:
        """Return the best tag of each item of a sequence: of a chain, the tags that are best together."""
        if not FACTS["each"] or self.labels is None:
            raise ValueError("this network does not tag the items of a sequence")
        scores = self.run(x)
        best = _viterbi(scores) if FACTS["ends_in"] == "scores" else scores.argmax(axis=-1)
        return [self.labels[index] for index in best]

    def find(self, text: str) -> int:
        """Return the id of one symbol: a sentence is divided before, as for training, mostly with signs apart from
        words. Lower case and contractions are not tried for an unknown word, as `recur predict` does.
        """
        if self.symbols is None:
            raise ValueError("this network has no vocabulary")
        try:
            return int(self.symbols.index(text))
        except ValueError:
            return int(FACTS["unknown"])

    def sample(self, y: np.ndarray, temperature: float = 1.0, top_k: int = 0, random: Any = None) -> int:
        """Draw the next id from probabilities: the likeliest for temperature 0, else among the top_k likeliest."""
        if FACTS["beginning"] is None:
            raise ValueError("this network does not predict the next symbol")
        weights = np.array(y, float)
        weights[FACTS["never"]] = 0.0
        if temperature <= 0:
            return int(weights.argmax())
        if top_k > 0:
            weights[weights < np.sort(weights)[-min(top_k, len(weights))]] = 0.0
        with np.errstate(divide="ignore"):
            weights = np.exp((np.log(weights) - np.log(weights.max())) / temperature)
        generator = np.random.default_rng() if random is None else random
        return int(generator.choice(len(weights), p=weights / weights.sum()))


def _shaped(y: np.ndarray) -> np.ndarray:
    """An answer; a forecast by its steps, columns and quantiles."""
    forecast = FACTS["forecast"]
    return y.reshape(forecast["shape"]) if forecast else y


def _checked(x: Any, count: int | None) -> np.ndarray:
    """Ids (T,) or numbers (T, C), as the network reads them."""
    if FACTS["ids"]:
        given = np.atleast_1d(np.asarray(x))
        whole = given.dtype.kind in "iu" or not given.size
        if not whole or (given.size and not -(2**31) <= int(given.min()) <= int(given.max()) < 2**31):
            raise ValueError(f"expected ids, whole numbers of 32 bits; find(text) gives them, got {x!r:.60}")
        wrong = given[(given < 0) | (given >= FACTS["symbols_read"])]
        if wrong.size:
            raise ValueError(f"{wrong[0]} is no id of this network: they are 0 to {FACTS['symbols_read'] - 1}")
        ids = given.astype(np.int32)
        if ids.ndim != 1 or (count is not None and len(ids) != count):
            raise ValueError(f"expected {'an id' if count else 'ids (T,)'}, got shape {np.shape(x)}")
        return ids
    numbers = np.asarray(x, np.float32)
    numbers = numbers[None] if count is not None or not FACTS["stateful"] else numbers
    if numbers.ndim != 2 or numbers.shape[1] != FACTS["inputs"]:
        one = count is not None or not FACTS["stateful"]
        shape = f"({FACTS['inputs']},)" if one else f"(T, {FACTS['inputs']})"
        raise ValueError(f"expected numbers {shape}, got shape {np.shape(x)}")
    if not np.isfinite(numbers).all():
        wrong = numbers[~np.isfinite(numbers)][0]
        raise ValueError(f"expected finite numbers, got {wrong}: fill in what is missing, as in training")
    return numbers


class _Library:
    """The network in the compiled library."""

    def __init__(self, path: Path) -> None:
        if hashlib.sha256(path.read_bytes()).hexdigest() != FACTS["library"]:
            raise ValueError(f"{path.name} was not exported with this file: export both again")
        self.code = ctypes.CDLL(str(path))
        self.state = np.zeros(FACTS["ram"] // 4 + 16, np.int32)
        self.work = np.zeros_like(self.state)

    def reset(self) -> None:
        if not FACTS["whole"]:
            self.code.model_reset(self._at(self.state))

    def step(self, x: Any) -> np.ndarray:
        y = np.empty(FACTS["outputs"], np.float32)
        item = ctypes.c_int32(int(x)) if FACTS["ids"] else self._at(np.ascontiguousarray(x))
        self.code.model_step(self._at(self.state), item, self._at(y))
        return y

    def run(self, items: np.ndarray) -> np.ndarray:
        if FACTS["whole"] and len(items) > FACTS["most"]:
            raise ValueError(f"a sequence has at most {FACTS['most']} items in the library, got {len(items)}")
        y = np.empty((len(items) if FACTS["each"] else 1, FACTS["outputs"]), np.float32)
        if not FACTS["whole"]:
            self.code.model_reset(self._at(self.work))
        x = np.ascontiguousarray(items)
        self.code.model_run(self._at(self.work), self._at(x), ctypes.c_int(len(x)), self._at(y))
        return y if FACTS["each"] else y[0]

    @staticmethod
    def _at(array: np.ndarray) -> ctypes.c_void_p:
        return ctypes.c_void_p(array.ctypes.data)


def _viterbi(scores: np.ndarray) -> np.ndarray:
    """The best tags (T,) of scores (T, V) of a chain."""
    first, pairs, last = (_array(f"chain_{name}") for name in ("first", "pairs", "last"))
    if not len(scores):
        return np.empty(0, int)
    best, origins = first + scores[0], []
    for z in scores[1:]:
        ways = best[:, None] + pairs
        origins.append(ways.argmax(axis=0))
        best = ways.max(axis=0) + z
    tags = [int((best + last).argmax())]
    for origin in reversed(origins):
        tags.append(int(origin[tags[-1]]))
    return np.array(tags[::-1])


def _array(name: str) -> np.ndarray:
    shape, text = ARRAYS[name]
    return np.frombuffer(base64.b64decode(text), "<f4").reshape(shape)


class _NumPy:
    """The network in NumPy: an item at a time, a layer at a time."""

    def __init__(self) -> None:
        self.arrays = {name: _array(name) for name in ARRAYS}
        self.forecast = FACTS["forecast"]
        self.layers = [[self._weights(one) for one in layer["directions"]] for layer in FACTS["layers"]]

    def _weights(self, one: dict[str, Any]) -> dict[str, np.ndarray]:
        return {argument: self.arrays[name] for argument, name in one["arrays"].items()}

    def reset(self) -> None:
        self.states = [self._start(number, 0) for number in range(len(self.layers))]
        self.read: list[np.ndarray] = []
        self.past: list[np.ndarray] = []
        self.pooled, self.count = np.zeros(1, np.float32), 0

    def _start(self, number: int, direction: int) -> tuple[np.ndarray, ...]:
        return tuple(self.arrays[name] for name in FACTS["layers"][number]["directions"][direction]["initial"])

    def step(self, x: Any) -> np.ndarray:
        if self.forecast:
            self._observe(x)
            return self._forecast()
        h, self.states = self._forwards(self._vector(x), self.states)
        self.count += 1
        return self._answer(self._pool(h))

    def run(self, items: np.ndarray) -> np.ndarray:
        kept = self.states, self.past, self.pooled, self.count
        self.reset()
        try:
            answers = self._whole(items) if FACTS["whole"] else self._items(items)
        finally:
            self.states, self.past, self.pooled, self.count = kept
        return answers

    def _items(self, items: np.ndarray) -> np.ndarray:
        if FACTS["each"]:
            return np.array([self.step(x) for x in items], np.float32).reshape(-1, FACTS["outputs"])
        if self.forecast:
            for x in items:
                self._observe(x)
            return self._forecast()
        h = self._output_of_nothing()
        for x in items:
            h, self.states = self._forwards(self._vector(x), self.states)
            self.count += 1
            h = self._pool(h)
        return self._answer(h)

    def _observe(self, x: np.ndarray) -> None:
        """Read a value of a series, and its change where a forecast is relative to an earlier one."""
        v = self._vector(x)
        own = v[self.forecast["columns"]]
        back = self.forecast["back"]
        if back:
            change = own - self.past[-back] if len(self.past) >= back else np.zeros_like(own)
            self.past = [*self.past, own][-back:]
            v = np.concatenate([v, change])
        self.before, (self.h, self.states) = own, self._forwards(v, self.states)

    def _forecast(self) -> np.ndarray:
        """The steps that follow, in the units of their columns, the quantiles of each in order."""
        steps = self._ahead() if self.forecast["recursive"] else self._direct()
        y = np.sort(steps, axis=-1) * self.arrays["target_deviation"][:, None] + self.arrays["target_mean"][:, None]
        return np.asarray(y, np.float32).ravel()

    def _direct(self) -> np.ndarray:
        """All steps at once, each beside the value that it is relative to."""
        steps, columns, count, back = (self.forecast[name] for name in ("horizon", "own", "count", "back"))
        flat = self.arrays["readout_w"] @ self.h + self.arrays["readout_b"]
        z: np.ndarray = np.reshape(flat, (steps, columns, count))
        if back:
            ages = [back - 1 - step % back for step in range(steps)]
            z = z + np.array([self.past[-1 - (age if age < len(self.past) else 0)] for age in ages])[..., None]
        return z

    def _ahead(self) -> np.ndarray:
        """One step after another, each read as if it had been observed; the state stays as it is."""
        h, states, before, answers = self.h, self.states, self.before, []
        for _ in range(self.forecast["horizon"]):
            z = self.arrays["readout_w"] @ h + self.arrays["readout_b"]
            answer = z + before if self.forecast["back"] else z
            answers.append(answer)
            v = np.empty_like(answer)
            v[self.forecast["columns"]] = answer
            h, states = self._forwards(np.concatenate([v, answer - before]) if self.forecast["back"] else v, states)
            before = answer
        return np.array(answers, np.float32)[..., None]

    def _output_of_nothing(self) -> np.ndarray:
        """What is read out before the first item."""
        if FACTS["pooling"] == "last":
            return self.states[-1][0]
        return np.zeros(FACTS["width"], np.float32)

    def _vector(self, x: Any) -> np.ndarray:
        """Read an item: the row of an embedding, or standardised numbers, through layers without time."""
        if FACTS["ids"]:
            table = self.arrays["embedding"]
            return np.asarray(table[x])
        v: np.ndarray = (x - self.arrays["mean"]) / self.arrays["deviation"]
        for number in range(FACTS["hidden"]):
            v = np.maximum(self.arrays[f"hidden{number}_w"] @ v + self.arrays[f"hidden{number}_b"], 0)
        return v

    def _forwards(self, v: np.ndarray, states: list[Any]) -> tuple[np.ndarray, list[Any]]:
        """One step of all layers."""
        fresh = []
        for number, layer in enumerate(FACTS["layers"]):
            new = self._step(number, 0, v, states[number])
            fresh.append(new)
            v = v + new[0] if layer["residual"] else new[0]
        last = fresh[-1][0] if FACTS["pooling"] == "last" and fresh else v
        return last, fresh

    def _step(self, number: int, direction: int, v: np.ndarray, states: tuple[np.ndarray, ...]) -> Any:
        function = STEPS[FACTS["layers"][number]["directions"][direction]["function"]]
        return function(v, *states, **self.layers[number][direction])

    def _whole(self, items: np.ndarray) -> np.ndarray:
        """All steps of a layer, in both directions, before the next layer."""
        vectors = [self._vector(x) for x in items]
        ends: list[np.ndarray] = []
        for number, layer in enumerate(FACTS["layers"]):
            ways, ends = [], []
            for direction in range(len(layer["directions"])):
                states, outputs = self._start(number, direction), []
                for v in reversed(vectors) if direction else vectors:
                    states = self._step(number, direction, v, states)
                    outputs.append(states[0])
                ends.append(states[0])
                ways.append(outputs[::-1] if direction else outputs)
            joined = [np.concatenate(parts) for parts in zip(*ways)]  # noqa: B905  # older Pythons have no strict=
            vectors = [v + y for v, y in zip(vectors, joined)] if layer["residual"] else joined  # noqa: B905  # as above
        if FACTS["each"]:
            return np.array([self._answer(v) for v in vectors], np.float32).reshape(-1, FACTS["outputs"])
        return self._answer(self._summary(vectors, ends))

    @staticmethod
    def _summary(vectors: list[np.ndarray], ends: list[np.ndarray]) -> np.ndarray:
        summary: np.ndarray
        if FACTS["pooling"] == "last":
            summary = np.concatenate(ends)
        elif not vectors:
            summary = np.zeros(FACTS["width"], np.float32)
        else:
            summary = np.mean(vectors, axis=0) if FACTS["pooling"] == "mean" else np.max(vectors, axis=0)
        return summary

    def _pool(self, h: np.ndarray) -> np.ndarray:
        """The mean or the maximum of all steps so far, or this step."""
        if FACTS["pooling"] == "mean":
            self.pooled = self.pooled + h
            return self.pooled / np.float32(self.count)
        if FACTS["pooling"] == "max":
            self.pooled = h if self.count == 1 else np.maximum(self.pooled, h)
            return self.pooled
        return h

    def _answer(self, h: np.ndarray) -> np.ndarray:
        """Read out a vector: probabilities, scores, or numbers in their own units."""
        z = self.arrays["readout_w"] @ h + self.arrays["readout_b"]
        if FACTS["ends_in"] == "softmax":
            p: np.ndarray = np.exp(z - z.max())
            return np.asarray(p / p.sum())
        if FACTS["ends_in"] == "sigmoid":
            return np.asarray(np.float32(0.5) * np.tanh(np.float32(0.5) * z) + np.float32(0.5))
        if FACTS["ends_in"] == "units":
            z = z * self.arrays["target_deviation"] + self.arrays["target_mean"]
        return np.asarray(z, np.float32)
