"""A forecast in C: a value of a series in, its next H steps out, with quantiles in order."""

from __future__ import annotations

import numpy as np

from recur.export.c.layers import write_layers
from recur.export.c.network import Network, add_function, columns_of
from recur.export.c.source import Source, room_for
from recur.export.reference import LAST, forecasts_of
from recur.modes.forecast import Forecast
from recur.modes.mode import require_input
from recur.nn.graph_writer import array_of


def write_forecast(mode: Forecast, *, int8: bool = False) -> Network:
    """Write a network that forecasts a series.

    Parameters
    ----------
    mode : Forecast
    int8 : bool
        Whether products are in 8 bits.

    Raises
    ------
    ConfigError
        When its cell has no form in C.
    """
    return _Forecast(about_forecast(mode), mode, int8).write()


def about_forecast(mode: Forecast) -> Network:
    """Return what a forecast reads and answers, before anything of it is written."""
    codec = require_input(mode.input_codec, mode.name)
    own, shares = len(mode.columns), mode.output.quantiles.shares
    y = f"the next {mode.horizon} steps, of each the columns {columns_of(mode.target_codec)}"
    if shares:
        y += f", of each the quantiles {', '.join(map(str, shares))}"
    x = f"{codec.size} numbers in their own units: {columns_of(codec)}"
    count = mode.output.quantiles.count
    network = Network(
        Source(), False, codec.size, mode.horizon * own * count, LAST, True, x, y,
        lambda given: forecasts_of(mode, given), numbers=True, least=1,
    )  # fmt: skip
    network.constants |= {
        "HORIZON": (mode.horizon, "steps of a forecast"), "COLUMNS": (own, "columns of each"),
        "QUANTILES": (count, "values of each column"),
    }  # fmt: skip
    return network


class _Forecast:
    def __init__(self, network: Network, mode: Forecast, int8: bool) -> None:
        self.network, self.mode, self.codec = network, mode, require_input(mode.input_codec, mode.name)
        self.source = network.source
        self.source.int8 = int8
        self.own = len(mode.columns)
        self.outputs = network.outputs

    def write(self) -> Network:
        mode, source = self.mode, self.source
        x = source.member("x", self.codec.size + (self.own if mode.back else 0))
        read = self._read(x)
        layers, vector, _ = write_layers(source, mode.stack.layer, x)
        add_function(source, "layers", "", layers)
        add_function(source, "read", "const float *x", [*read, "NAME_layers(s);"])
        add_function(source, "answer", "float *y", self._answer(vector))
        return self.network

    def _read(self, x: str) -> list[str]:
        """Write what the layers read: the values, and their change where a forecast is relative to an earlier one."""
        mode, source, size = self.mode, self.source, self.codec.size
        means, deviations = (
            source.array(name, np.asarray(each, np.float32).ravel())
            for name, each in zip(("mean", "deviation"), self.codec.normalisation(), strict=True)
        )
        lines = [f"for (u = 0; u < {size}; ++u) {x}[u] = (x[u] - {means}[u]) / {deviations}[u];"]
        if not mode.back:
            return lines
        past = source.member("past", mode.back * self.own)
        places = source.array("columns", np.array(mode.columns, np.int32))
        source.counters |= {"steps": 0, "next": 0}
        source.reset.append(f"for (u = 0; u < {mode.back * self.own}; ++u) {past}[u] = 0.0f;")
        return [
            *lines,
            f"for (u = 0; u < {self.own}; ++u) {{",
            f"  const float value = {x}[{places}[u]];",
            f"  float *const before = {past} + s->next * {self.own} + u;",
            f"  {x}[{size} + u] = s->steps < {mode.back} ? 0.0f : value - *before;",
            "  *before = value;",
            "}",
            f"s->next = s->next + 1 < {mode.back} ? s->next + 1 : 0;",
            f"if (s->steps < {mode.back}) ++s->steps;",
        ]

    def _answer(self, vector: str) -> list[str]:
        lines = self._read_back(vector) if self.mode.how == "recursive" else self._direct(vector)
        count = self.mode.output.quantiles.count
        means, deviations = (
            self.source.array(f"target_{name}", np.asarray(each, np.float32).ravel())
            for name, each in zip(("mean", "deviation"), self.mode.target_codec.normalisation(), strict=True)
        )
        column = f"u / {count} % {self.own}"
        lines.append(f"for (u = 0; u < {self.outputs}; ++u) y[u] = y[u] * {deviations}[{column}] + {means}[{column}];")
        return lines

    def _affine(self, vector: str) -> tuple[list[str], str]:
        readout = self.mode.output.readout
        z = self.source.working(room_for(len(readout.weight)))
        bias = None if readout.bias is None else array_of(readout.bias)
        return self.source.affine("readout", array_of(readout.weight), bias, vector, z), z

    def _direct(self, vector: str) -> list[str]:
        """All steps at once, each beside the value that it is relative to; quantiles are sorted."""
        mode, count = self.mode, self.mode.output.quantiles.count
        lines, z = self._affine(vector)
        base = ""
        if mode.back:
            lines.insert(0, "int ahead;")
            base = f" + s->past[from * {self.own} + u / {count}]"
            lines += [
                f"for (ahead = 0; ahead < {mode.horizon}; ++ahead) {{",
                # the age of the value one season, or several, before this step
                f"  int age = {mode.back} - 1 - ahead % {mode.back};",
                "  int from;",
                "  if (age >= s->steps) age = 0;",
                f"  from = (s->next + 2 * {mode.back} - 1 - age) % {mode.back};",
                f"  for (u = 0; u < {self.own * count}; ++u) {{",
                f"    const int at = ahead * {self.own * count} + u;",
                f"    y[at] = {z}[at]{base};",
                "  }",
                "}",
            ]
        else:
            lines.append(f"for (u = 0; u < {self.outputs}; ++u) y[u] = {z}[u];")
        if count > 1:
            self.source.calls.add("sort")
            lines.append(f"for (u = 0; u < {self.outputs}; u += {count}) NAME_sort(y + u, {count});")
        return lines

    def _read_back(self, vector: str) -> list[str]:
        """One step after another, each read as if it had been observed; the state is as before afterwards."""
        mode, source, own = self.mode, self.source, self.own
        lines, z = self._affine(vector)
        names = [name for name in source.members if name not in {"x", "past"}]
        kept = source.member("kept", sum(source.members[name] for name in names))
        source.calls.add("copy")
        keep, restore, start = [], [], 0
        for name in names:
            count = source.members[name]
            keep.append(f"NAME_copy(s->{name}, {kept} + {start}, {count});")
            restore.append(f"NAME_copy({kept} + {start}, s->{name}, {count});")
            start += count
        places = source.array("columns", np.array(mode.columns, np.int32))
        base = " + before" if mode.back else ""
        change = [f"    s->x[{self.codec.size} + u] = y[ahead * {own} + u] - before;"] if mode.back else []
        before = [f"    const float before = ahead ? y[(ahead - 1) * {own} + u] : s->past[u];"] if mode.back else []
        return [
            "int ahead;",
            *keep,
            f"for (ahead = 0; ahead < {mode.horizon}; ++ahead) {{",
            *(f"  {line}" for line in lines),
            f"  for (u = 0; u < {own}; ++u) {{",
            *before,
            f"    y[ahead * {own} + u] = {z}[u]{base};",
            f"    s->x[{places}[u]] = y[ahead * {own} + u];",
            *change,
            "  }",
            f"  if (ahead + 1 < {mode.horizon}) NAME_layers(s);",
            "}",
            *restore,
        ]
