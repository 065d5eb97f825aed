"""A forecasting network as ONNX: the past of a series, or each of its values as it comes, in; its next H steps out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from recur.errors import ConfigError
from recur.export import check
from recur.export.layer import as_state, from_state
from recur.export.layers import States, state_names, write_layers
from recur.export.network import arranged, drawn_numbers, standardised
from recur.export.writer import Axes, Writer, signature
from recur.heads.naive import write_naive
from recur.modes.forecast import Forecast
from recur.nn.graph_writer import FLOAT, INT64


class ForecastProgram:
    """The program of a forecast in an ONNX file.

    Parameters
    ----------
    mode : Forecast
        The network; one that answers step by step, each read back, is written as ``horizon`` copies of its step.
    step : bool
        Write one step: the forecast after each value that comes, with the states in and out. What is read back, whoever
        runs the file reads back.

    Raises
    ------
    ConfigError
        For one step of a forecast that is relative to a season.
    """

    def __init__(self, mode: Forecast, step: bool) -> None:
        if step and mode.relative_to == "season":
            raise ConfigError(
                "a forecast that is relative to a season needs all values of one, and a step has only the last",
                hint="leave out step, or train with --relative-to last",
            )
        self.mode = mode
        self.codec = mode.target_codec
        self.stack = mode.stack
        self.step = step
        self.head = mode.output
        self.lengths = (1,) if step else check.LENGTHS
        self.steps = 1 if step and mode.how == "recursive" else mode.horizon
        self.states = state_names(mode.stack.layer) if step else []

    def write(self, path: Path, facts: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """Write the file; return descriptions of its inputs and outputs."""
        w, mode, codec = Writer(), self.mode, self.codec
        reads = mode.input_codec.size if mode.input_codec is not None else 0
        states: list[Axes] = [(name, FLOAT, [directions, "B", size]) for name, directions, size in self.states]
        before: Axes = ("before", FLOAT, ["B", codec.size])
        inputs: list[Axes] = [("x", FLOAT, ["B", "T", reads]), ("lengths", INT64, ["B"])]
        if self.step:
            inputs = [("x", FLOAT, ["B", reads]), *([before] if mode.back else []), *states]
        forecasts, finals = self._one_step(w) if self.step else (self._forecast(w), {})  # (B, H, C', Q)
        outputs: list[Axes] = []
        for one in self.head.write_answers(w, forecasts, self.steps, codec):
            w.rename(one.value, one.name)
            outputs.append((one.name, one.dtype, ["B", *one.axes]))
        if self.step and mode.back:
            w.rename(w.add("Gather", "x", w.integers(*mode.columns), axis=1), "before_next")
            outputs.append(("before_next", *before[1:]))
        for name, kind, axes in states:
            w.rename(finals[name], f"{name}_next")
            outputs.append((f"{name}_next", kind, axes))
        graph = w.graph("recur", [w.value(*one) for one in inputs], [w.value(*one) for one in outputs])
        quantiles = self.head.quantiles.shares
        shares = {"quantiles": ", ".join(map(str, quantiles))} if quantiles else {}
        w.save(path, graph, {**facts, **shares, "horizon": str(mode.horizon)})
        return [signature(*one) for one in inputs], [signature(*one) for one in outputs]

    def example(self, steps: int, random: np.random.Generator) -> check.Values:
        """Return series that the network could meet."""
        codec = self.mode.input_codec or self.codec
        mean, deviation = codec.normalisation()
        shape = (check.ROWS,) if self.step else (check.ROWS, steps)
        values = {"x": drawn_numbers(codec, random, (*shape, codec.size))}
        if not self.step:
            values["lengths"] = np.array([steps, (steps + 1) // 2, 1], np.int64)
        elif self.mode.back:
            drawn = mean + deviation * random.normal(size=(*shape, codec.size))
            values["before"] = drawn[:, self.mode.columns].astype(np.float32)
        for name, directions, size in self.states:
            values[name] = random.normal(size=(directions, check.ROWS, size)).astype(np.float32)
        return values

    @torch.no_grad()
    def reference(self, values: check.Values) -> check.Values:
        """Return the outputs of the network itself."""
        if self.step:
            return self._reference_of_step(values)
        mode = self.mode
        pasts = [row[:length] for row, length in zip(values["x"], values["lengths"], strict=True)]
        answers = mode.predict(pasts)
        outputs = {"values": np.stack([np.asarray(one.value, np.float32).reshape(mode.horizon, -1) for one in answers])}
        if self.head.quantiles:
            each = [[np.asarray(v, np.float32) for v in (one.quantiles or {}).values()] for one in answers]
            shape = (mode.horizon, -1, self.head.quantiles.count)
            outputs["quantiles"] = np.stack([np.stack(v, axis=-1).reshape(shape) for v in each])
        return outputs

    def comparable(self, inputs: check.Values, outputs: check.Values) -> check.Values:
        """Return the outputs by which file and network are compared: all."""
        del inputs
        return outputs

    def _reference_of_step(self, values: check.Values) -> check.Values:
        mode, layer = self.mode, self.mode.stack.layer
        mean, deviation = (mode.input_codec or self.codec).normalisation()
        x = torch.from_numpy((values["x"] - mean) / deviation)
        own = x[:, mode.columns]
        read = mode.inputs(x[:, None])[:, 0]
        if mode.back:
            before = (values["before"] - mean[mode.columns]) / deviation[mode.columns]
            read = torch.cat([read, own - torch.from_numpy(before)], dim=-1)
        vector, state = mode.stack.step(read, as_state(layer, values))
        forecasts = self.head.forecasts(vector, own[:, None] if mode.back else None)
        outputs = {name: each.numpy() for name, each in self.head.tensors(forecasts, self.codec).items()}
        if mode.back:
            outputs["before_next"] = values["x"][:, mode.columns]
        return outputs | from_state(layer, state, check.ROWS)

    def _one_step(self, w: Writer) -> tuple[str, States]:
        """(B, H, C', Q) of mean 0 and deviation 1 after one more value, and the states after it."""
        mode = self.mode
        codec = mode.input_codec or self.codec
        numbers = standardised(w, codec, "x")
        own = w.add("Gather", numbers, w.integers(*mode.columns), axis=1)
        read = arranged(w, mode.inputs, numbers)
        if mode.back:
            mean, deviation = (w.constant(each[mode.columns]) for each in codec.normalisation())
            before = w.add("Div", w.add("Sub", "before", mean), deviation)
            read = w.add("Concat", read, w.add("Sub", own, before), axis=1)
        initial = {name: name for name, _, _ in self.states}
        x = w.add("Unsqueeze", read, w.integers(0))
        y, finals = write_layers(w, mode.stack.layer, x, lengths=None, initial=initial)
        base = w.add("Unsqueeze", own, w.integers(1)) if mode.back else None
        return self.head.write(w, w.add("Squeeze", y, w.integers(0)), base), finals

    def _forecast(self, w: Writer) -> str:
        """(B, H, C', Q) of mean 0 and deviation 1."""
        mode, layer = self.mode, self.mode.stack.layer
        codec = mode.input_codec or self.codec
        numbers = standardised(w, codec, "x")
        own = w.add("Gather", numbers, w.integers(*mode.columns), axis=2)
        read = arranged(w, mode.inputs, numbers)
        x = w.add("Concat", read, _change(w, own, mode.back, self.codec.size), axis=2) if mode.back else read
        y, states = write_layers(w, layer, w.add("Transpose", x, perm=[1, 0, 2]), lengths="lengths")
        last = w.add("Sub", w.add("Unsqueeze", "lengths", w.integers(1)), w.constant(1, INT64))  # (B, 1)
        vector = w.add("GatherND", w.add("Transpose", y, perm=[1, 0, 2]), last, batch_dims=1)
        if mode.how == "direct":
            base = write_naive(w, own, last, mode.horizon, mode.back) if mode.back else None
            return self.head.write(w, vector, base)
        return self._read_back(w, vector, states, write_naive(w, own, last, 1, 1))

    def _read_back(self, w: Writer, vector: str, states: States, before: str) -> str:
        """Write one step after another, each read as if it had been observed after ``before`` (B, 1, C')."""
        mode = self.mode
        relative = mode.relative_to == "last"
        back_to_front = [mode.columns.index(place) for place in range(len(mode.columns))]
        step = self.head.write(w, vector, before if relative else None)
        steps = [step]
        while len(steps) < mode.horizon:
            answered = w.add("Squeeze", step, w.integers(3))  # (B, 1, C')
            read = w.add("Gather", answered, w.integers(*back_to_front), axis=2)
            if mode.back:
                read = w.add("Concat", read, w.add("Sub", answered, before), axis=2)
            x = w.add("Transpose", read, perm=[1, 0, 2])
            y, states = write_layers(w, mode.stack.layer, x, lengths=None, initial=states)
            before = answered
            step = self.head.write(w, w.add("Squeeze", y, w.integers(0)), answered if relative else None)
            steps.append(step)
        return steps[0] if len(steps) == 1 else w.add("Concat", *steps, axis=1)


def _change(w: Writer, own: str, back: int, columns: int) -> str:
    """x_t - x_{t-back} of (B, T, C), zero for the first ``back`` steps."""
    size = w.add("Shape", own)
    rows, steps = (w.add("Slice", size, w.integers(n), w.integers(n + 1), w.integers(0)) for n in (0, 1))
    nothing = w.add("Expand", w.constant(0.0), w.add("Concat", rows, w.integers(back, columns), axis=0))
    late = w.add("Slice", own, w.integers(back), steps, w.integers(1))
    early_end = w.add("Max", w.add("Sub", steps, w.integers(back)), w.integers(0))
    early = w.add("Slice", own, w.integers(0), early_end, w.integers(1))
    whole = w.add("Concat", nothing, w.add("Sub", late, early), axis=1)
    return w.add("Slice", whole, w.integers(0), steps, w.integers(1))
