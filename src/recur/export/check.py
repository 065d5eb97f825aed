"""The check of an exported file: its outputs are compared with those of the network."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from recur.errors import RecurError, require

Values = dict[str, np.ndarray]
LENGTHS = (1, 7, 40)
ROWS = 3
CLOSE = 1e-3  # a larger difference is an error of the file, not of rounding


def run(path: Path, inputs: Mapping[str, np.ndarray]) -> Values:
    """Run a file once, in onnxruntime, without its telemetry."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    runtime = require("onnxruntime", "onnx")
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(inputs)), strict=True))


def differences(
    path: Path, make: Callable[[int, np.random.Generator], Values], reference: Callable[[Values], Values],
    lengths: Sequence[int] = LENGTHS, comparable: Callable[[Values, Values], Values] | None = None,
) -> dict[int, float]:  # fmt: skip
    """Return the largest difference of any output at several lengths.

    Parameters
    ----------
    path : Path
        The file.
    make : callable
        (T, random generator) -> inputs by name.
    reference : callable
        Inputs -> outputs by name, computed by the network itself.
    lengths : sequence of int
        T, each tried once.
    comparable : callable, optional
        (inputs, outputs) -> the numbers that are compared, by name; by default the outputs themselves.

    Returns
    -------
    dict of int to float
        T -> max |file - network|, relative to the larger of 1 and the values.

    Raises
    ------
    RecurError
        When the two differ, with the output and the length.
    """
    random = np.random.default_rng(0)
    worst_by_length = {}
    for steps in lengths:
        inputs = make(steps, random)
        expected, computed = reference(inputs), run(path, inputs)
        if comparable is not None:
            expected, computed = comparable(inputs, expected), comparable(inputs, computed)
        worst = 0.0
        for name, value in expected.items():
            if value.shape != computed[name].shape:
                raise RecurError(
                    f"the file's {name} is {computed[name].shape} at {steps} steps, expected {value.shape}"
                )
            gap = np.abs(value - computed[name]) / np.maximum(1.0, np.abs(value))
            largest = float(gap.max(initial=0.0))
            worst = max(worst, largest)
            # NaN is a difference too
            if not largest < CLOSE:
                raise RecurError(
                    f"the file's {name} differs by {largest:.2g} from the network at {steps} steps",
                    hint="this is a bug in recur: please report it with the configuration of the run",
                )
        worst_by_length[steps] = worst
    return worst_by_length
