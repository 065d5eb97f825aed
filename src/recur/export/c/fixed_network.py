"""A network in whole numbers of 16 bits: what is read, its layers, what is answered; in C, and the same in NumPy.

The network is run in float64 over rows, and the largest of each value of a step is kept. Its fraction leaves room for
`recur.export.c.fixed_layer.ROOM` times that; what does not fit all the same is limited, and counted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from recur.codecs import Codec
from recur.errors import ConfigError
from recur.export.c.fixed import (
    FUNCTIONS,
    HINT,
    LEAST,
    MOST,
    TABLES,
    Place,
    Run,
    Steps,
    Tally,
    exp,
    fitting,
    fraction_of,
    joined,
    shifted,
    whole,
)
from recur.export.c.fixed_layer import ROOM, FixedLayer, fixed_layer, initial_of
from recur.export.c.network import about
from recur.export.c.symbols import write_find, write_texts
from recur.export.reference import EACH
from recur.modes.mode import Mode, require_input
from recur.modes.one_pass import OnePass
from recur.nn.graph_writer import array_of

_SMALLEST = 1e-6  # columns that are zero in all rows have a fraction too
_SHIFTS = 30


class FixedNetwork:
    """A network in 16 bits.

    Parameters
    ----------
    mode : Mode
    parts : OnePass
    rows : sequence of ndarray
        Inputs (T,) or (T, C) in their own units, over which fractions are chosen.

    Attributes
    ----------
    network : Network
        Its form in C.
    y_fractions : ndarray
        (O,) of the numbers of an answer.
    tally : Tally
        How many numbers were limited to 16 bits by `answers`.

    Raises
    ------
    ConfigError
        When a part of it has no form in 16 bits, with the reason.
    """

    def __init__(self, mode: Mode, parts: OnePass, rows: Sequence[np.ndarray]) -> None:
        self.mode, self.parts = mode, parts
        self.codec = require_input(mode.input_codec, mode.name)
        self.network = about(mode, parts, None)
        self.readout = parts.head.plain()
        self.layers = self._covered()
        self.table = None
        if parts.inputs.embedding is not None:
            self.table = array_of(parts.inputs.embedding.weight) * np.float32(parts.inputs.scale)
        self.tally, self.steps = Tally(), Steps()
        self._measure(rows)
        self._write()

    def _covered(self) -> list[FixedLayer]:
        """The layers, once all that has no form is refused."""
        parts, stack = self.parts, self.parts.stack
        reasons = {
            "a network without recurrent layers": stack is None, "reading in both directions": self.network.whole,
            "layers without time": parts.hidden is not None,
            f"the {parts.pooling} over time": parts.pooling in {"mean", "max"},
            "a chain of tags": self.readout.chain is not None,
            "residual sums": stack is not None and stack.layer.residual,
        }  # fmt: skip
        wrong = [reason for reason, has in reasons.items() if has]
        if wrong or stack is None:
            raise ConfigError(f"{' and '.join(wrong)} cannot be written in 16 bits yet", hint=HINT)
        return [fixed_layer(stack.layer, number) for number in range(stack.layer.num_layers)]

    # how large numbers become

    @torch.no_grad()
    def _measure(self, rows: Sequence[np.ndarray]) -> None:
        self.of_x, self.of_y = np.full(self.network.inputs, _SMALLEST), np.full(self.network.outputs, _SMALLEST)
        self.of_z = 0.0
        weight = torch.from_numpy(array_of(self.readout.weight)).double()
        bias = torch.from_numpy(self._bias()).double()
        mean, deviation = self._units(self.mode.target_codec, self.network.outputs)
        for row in rows:
            states = [{name: torch.from_numpy(each) for name, each in one.initial.items()} for one in self.layers]
            for x in row:
                v = self._vector(x)
                for layer, before in zip(self.layers, states, strict=True):
                    before |= layer.step(v, before)
                    v = before[next(iter(layer.graph.states))]
                z = weight @ v + bias
                self.of_z = max(self.of_z, float(z.abs().max()))
                self.of_y = np.maximum(self.of_y, np.abs(z.numpy() * deviation + mean))

    def _vector(self, x: np.ndarray) -> Tensor:
        """What the first layer reads."""
        if self.table is not None:
            return torch.from_numpy(self.table[int(x)]).double()
        self.of_x = np.maximum(self.of_x, np.abs(x))
        mean, deviation = self._units(self.codec, self.network.inputs)
        return torch.from_numpy((np.asarray(x, float) - mean) / deviation)

    def _bias(self) -> np.ndarray:
        return np.zeros(self.network.outputs) if self.readout.bias is None else array_of(self.readout.bias)

    def _units(self, codec: Codec, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of columns; of symbols 0 and 1."""
        if codec.discrete or not hasattr(codec, "normalisation"):
            return np.zeros(count), np.ones(count)
        mean, deviation = (np.broadcast_to(np.ravel(each), count).astype(float) for each in codec.normalisation())
        return mean, deviation

    # statements

    def _write(self) -> None:
        steps, copies, reset = self.steps, [], []
        self.memory: dict[str, np.ndarray] = {}
        v = self._embedding(self.table) if self.table is not None else self._numbers()
        for layer in self.layers:
            v, more = layer.write(steps, v)
            copies += more
            for state, held in layer.held.items():
                initial = initial_of(layer, state)
                self.memory[held.array] = initial.astype(np.int64)
                value = f"{steps.constant(f'initial_{held.array[3:]}', initial)}[u]" if initial.any() else "0"
                reset.append(f"for (u = 0; u < {held.size}; ++u) {held.array}[u] = {value};")
        for new, to in copies:
            steps.convert(new, to)
        read, self.read_runs = steps.lines, steps.runs
        steps.lines, steps.runs = [], []
        self._answer(next(iter(self.layers[-1].held.values())))
        self.answer_runs = steps.runs
        self._finish(read, steps.lines, reset)

    def _embedding(self, table: np.ndarray) -> Place:
        place, size = self.steps.number("embedding", table), table.shape[1]
        to = self.steps.room(size, place.fraction)
        self.steps.lines.append(f"for (u = 0; u < {size}; ++u) {to.at()} = {place.array}[x * {size} + u];")
        rows = self.steps.constants["embedding"].reshape(table.shape)

        def run(memory: dict[str, np.ndarray], tally: Tally) -> None:
            del tally
            memory[to.array][to.first : to.first + size] = rows[int(memory["x"][0])]

        self.steps.runs.append(run)
        return to

    def _numbers(self) -> Place:
        """Standardise numbers: (x - mean) / deviation."""
        steps, first = self.steps, self.layers[0]
        mean, deviation = self._units(self.codec, self.network.inputs)
        to = steps.room(self.network.inputs, fraction_of(first.largest[id(first.graph.input)], ROOM))
        self.x_fractions = np.array([fraction_of(each, ROOM) for each in self.of_x], np.int64)
        means, factors, shifts = self._scaled("x", mean, 1 / deviation, self.x_fractions, to.fraction)
        text = "NAME_shifted(((int64_t)x[u] - NAME_x_mean[u]) * NAME_x_scale[u], NAME_x_shift[u])"
        steps.lines.append(f"for (u = 0; u < {to.size}; ++u) {to.at()} = {text};")

        def run(memory: dict[str, np.ndarray], tally: Tally) -> None:
            memory[to.array][to.first : to.first + to.size] = shifted((memory["x"] - means) * factors, shifts, tally)

        steps.runs.append(run)
        return to

    def _scaled(
        self, name: str, mean: np.ndarray, factor: np.ndarray, fractions: np.ndarray, to: int | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Add the means with the fractions of their columns, the factors, and the shifts of the products."""
        scales = np.array([fraction_of(each, least=1e-30) for each in factor], np.int64)
        factors = np.array([int(whole(each, int(f))) for each, f in zip(factor, scales, strict=True)], np.int64)
        means = np.rint(mean * 2.0**fractions)
        shifts = scales + (fractions - to if to is not None else self.z_fraction - fractions)
        if np.abs(means).max() > 2**_SHIFTS or shifts.min() < -_SHIFTS * (to is not None) or shifts.max() > _SHIFTS:
            raise ConfigError(
                "the values of a column are too far from zero, for their differences, to be written in 16 bits",
                hint="subtract a constant from the column and train again, or --int8",
            )
        fitting(int(shifts.min()), 16 + max(16, int(np.abs(means).max()).bit_length() + 1))
        self.steps.constant(f"{name}_mean", means.astype(np.int32))
        self.steps.constant(f"{name}_scale", factors.astype(np.int16))
        self.steps.constant(f"{name}_shift", shifts.astype(np.int8))
        return means.astype(np.int64), factors, shifts

    def _answer(self, v: Place) -> None:
        steps, outputs = self.steps, self.network.outputs
        self.z_fraction = fraction_of(self.of_z, ROOM)
        product, z = steps.room(outputs, self.z_fraction), steps.room(outputs, self.z_fraction)
        steps.product("readout_w", array_of(self.readout.weight), v, product)
        steps.add(product, steps.number("readout_b", self._bias()), z)
        self.y_fractions = np.full(outputs, 15, np.int64)
        if self.readout.ends_in == "softmax":
            self._softmax(z)
        elif self.readout.ends_in == "sigmoid":
            steps.tanh(z, Place("y", 0, outputs, 15), sigmoid=True)
        else:
            self._own_units(z)

    def _own_units(self, z: Place) -> None:
        """Scale numbers to their own units: z deviation + mean."""
        mean, deviation = self._units(self.mode.target_codec, z.size)
        self.y_fractions = np.array([fraction_of(each, ROOM) for each in self.of_y], np.int64)
        means, factors, shifts = self._scaled("y", mean, deviation, self.y_fractions, None)
        total = f"(int64_t){z.at()} * NAME_y_scale[u] + NAME_y_mean[u] * ((int64_t)1 << NAME_y_shift[u])"
        self.steps.lines.append(f"for (u = 0; u < {z.size}; ++u) y[u] = NAME_shifted({total}, NAME_y_shift[u]);")

        def run(memory: dict[str, np.ndarray], tally: Tally) -> None:
            memory["y"][:] = shifted(z.of(memory) * factors + (means << shifts), shifts, tally)

        self.steps.runs.append(run)

    def _softmax(self, z: Place) -> None:
        shift, outputs = fitting(z.fraction - 11, 16), z.size
        self.steps.lines += [
            f"for (k = 0, u = 1; u < {outputs}; ++u) k = {z.at()} > {z.at('k')} ? u : k;",
            f"most = {z.at('k')};",
            f"for (u = 0; u < {outputs}; ++u) {{",
            f"  y[u] = NAME_exp(NAME_shifted((int64_t)most - {z.at()}, {shift}));",
            "  total += (uint32_t)y[u];",
            "}",
            f"for (u = 0; u < {outputs}; ++u) {{",
            "  const uint32_t share = ((uint32_t)y[u] * 32768u + total / 2u) / total;",
            "  y[u] = (int16_t)(share > 32767u ? 32767u : share);",
            "}",
        ]

        def run(memory: dict[str, np.ndarray], tally: Tally) -> None:
            del tally
            numbers = z.of(memory)
            weights = exp(shifted(numbers.max() - numbers, shift))
            total = int(weights.sum())
            memory["y"][:] = np.minimum((weights * 32768 + total // 2) // total, MOST)

        self.steps.runs.append(run)

    def _finish(self, read: list[str], answer: list[str], reset: list[str]) -> None:
        """Put everything into the parts of a C file."""
        network, steps, source = self.network, self.steps, self.network.source
        text = "\n".join([*read, *answer])
        for name, table in TABLES.items():
            if f"NAME_{name}(" in text:
                steps.constant(f"table_{name}", table)
        for name, values in steps.constants.items():
            source.array(name, values)
        for name, each in self.memory.items():
            source.whole[name.removeprefix("s->")] = "int16_t", len(each) + len(each) % 2
        source.whole["work"] = "int16_t", steps.scratch + steps.scratch % 2
        source.reset = reset
        source.functions += [body.lstrip() for name, body in FUNCTIONS.items() if f"NAME_{name}(" in text]
        for name, argument, lines in (
            ("read", "int32_t x" if network.ids else "const int16_t *x", read), ("answer", "int16_t *y", answer),
        ):  # fmt: skip
            source.functions.append(_function(name, argument, lines))
        network.number = "int16_t"
        if not network.ids:
            source.public.append(_fractions("x", self.x_fractions))
        source.public.append(_fractions("y", self.y_fractions))
        self._texts()

    def _texts(self) -> None:
        network, codec, target = self.network, self.codec, self.mode.target_codec
        if network.ids and codec.vocabulary:
            texts = [str(text) for text in codec.vocabulary]
            write_texts(network.source, "symbols", texts, "the text of each id")
            write_find(network.source, texts, -1 if codec.ids.unk is None else codec.ids.unk)
        if target.labelled and self.readout.ends_in == "softmax":
            labels = [str(label) for label in target.labels]
            write_texts(network.source, "labels", labels, "what each number of an answer is the probability of")
        if self.mode.symbols is not None:
            network.constants["BEGINNING"] = self.mode.symbols.beginning, "the id that is read first"
            network.constants["END"] = self.mode.symbols.end, "the id that ends a text"

    # the same in NumPy

    def encoded(self, own: np.ndarray) -> np.ndarray:
        """Return inputs in their own units as whole numbers; ids as they are."""
        if self.network.ids:
            return own
        encoded: np.ndarray = np.clip(np.rint(own * 2.0**self.x_fractions), LEAST, MOST).astype(np.int16)
        return encoded

    def answers(self, inputs: np.ndarray) -> np.ndarray:
        """Return the answers, whole numbers (M, O), to whole numbers or ids (T, ...) of one row."""
        memory = {name: each.copy() for name, each in self.memory.items()}
        memory |= {f"NAME_{name}": values.astype(np.int64).ravel() for name, values in self.steps.constants.items()}
        memory |= {"s->work": np.zeros(self.steps.scratch, np.int64), "y": np.zeros(self.network.outputs, np.int64)}
        found = []
        for x in inputs:
            memory["x"] = np.atleast_1d(x).astype(np.int64)
            self._run(self.read_runs, memory)
            if self.network.answers == EACH:
                found.append(self._run(self.answer_runs, memory))
        if self.network.answers != EACH:
            found.append(self._run(self.answer_runs, memory))
        return np.array(found, np.int16).reshape(-1, self.network.outputs)

    def _run(self, runs: Sequence[Run], memory: dict[str, np.ndarray]) -> np.ndarray:
        for run in runs:
            run(memory, self.tally)
        answer: np.ndarray = memory["y"].copy()
        return answer


def _function(name: str, argument: str, lines: list[str]) -> str:
    text = joined(lines)
    declared = ["int u;"]
    if "(k = 0" in text:
        declared = ["int u, k;"]
    if "most =" in text:
        declared += ["int16_t most;", "uint32_t total = 0;"]
    return (
        f"static void NAME_{name}(struct NAME_state *NAME_RESTRICT s, {argument}) {{\n{joined(declared)}\n{text}\n}}\n"
    )


def _fractions(name: str, fractions: np.ndarray) -> str:
    """The constants of the header that say what numbers count."""
    macro = f"UPPER_{name.upper()}_FRACTION"
    if len(set(fractions.tolist())) == 1:
        return f"/* {name}[i] is a value times 2 to the power of this */\n#define {macro} ({fractions[0]})\n"
    listed = ", ".join(map(str, fractions.tolist()))
    return f"/* {name}[i] is a value times 2 to the power of the i-th of these */\n#define {macro}S {{{listed}}}\n"
