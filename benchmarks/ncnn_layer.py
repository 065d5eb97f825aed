"""A recurrent layer as a network of ncnn: its text, its weights, and calls of it. ncnn has no axis for rows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.onnx_file import Arrays

STATES = {"RNN": ("h",), "GRU": ("h",), "LSTM": ("h", "c")}
# of torch's blocks of gates; ncnn has i, f, o, g
ORDER = {"RNN": (0,), "GRU": (0, 1, 2), "LSTM": (0, 1, 3, 2)}
REDUCED = ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_packed", "use_bf16_storage")


def text(cell: str, arrays: Arrays, steps: bool = False) -> str:
    """The network's description; one of steps takes and gives the states."""
    states = STATES[cell] if steps else ()
    inputs, outputs = ["x", *states], ["y", *(f"new_{name}" for name in states)]
    H = arrays["weight_hh"].shape[1]
    lines = [f"Input {name} 0 1 {name}" for name in inputs]
    blobs = " ".join([*inputs, *outputs])
    size = arrays["weight_ih"].size
    lines.append(f"{cell} layer {len(inputs)} {len(outputs)} {blobs} 0={H} 1={size} 2=0")
    return "\n".join(["7767517", f"{len(lines)} {len(inputs) + len(outputs)}", *lines, ""])


def weights(cell: str, arrays: Arrays) -> bytes:
    """The three arrays of a layer, each after the mark of float32."""

    def gates(array: NDArray[np.float32]) -> NDArray[np.float32]:
        parts = np.split(array, len(ORDER[cell]))
        return np.concatenate([parts[place] for place in ORDER[cell]])

    bias = gates(arrays["bias_ih"] + arrays["bias_hh"])
    if cell == "GRU":  # that of the candidate's product with the state is within the reset
        H = arrays["weight_hh"].shape[1]
        bias = np.concatenate([bias[: 2 * H], arrays["bias_ih"][2 * H :], arrays["bias_hh"][2 * H :]])
    given = (gates(arrays["weight_ih"]), bias, gates(arrays["weight_hh"]))
    return b"".join(bytes(4) + np.ascontiguousarray(array, np.float32).tobytes() for array in given)


class Layer:
    """A layer with these parameters, in float32."""

    def __init__(self, cell: str, arrays: Arrays, threads: int, steps: bool = False) -> None:
        import ncnn

        self._mat = ncnn.Mat
        if arrays["x"].shape[1] != 1:
            raise ValueError("its layers take one row")
        self._net = ncnn.Net()
        self._net.opt.num_threads = threads
        for name in REDUCED:
            setattr(self._net.opt, name, False)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "weights"
            path.write_bytes(weights(cell, arrays))
            if self._net.load_param_mem(text(cell, arrays, steps)) or self._net.load_model(str(path)):
                raise RuntimeError("ncnn does not load the layer")
        H = arrays["weight_hh"].shape[1]
        self._states = [ncnn.Mat(np.zeros((1, H), np.float32)).clone() for _ in STATES[cell]]
        self._names = STATES[cell]

    def sequence(self, x: NDArray[np.float32]) -> Callable[[], Any]:
        """A call with a sequence (T, 1, X)."""
        given = self._mat(x[:, 0])

        def call() -> Any:
            extractor = self._net.create_extractor()
            extractor.input("x", given)
            return np.array(extractor.extract("y")[1], copy=False)[:, None]

        return call

    def step(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """One step from (1, X) to (1, H)."""
        extractor = self._net.create_extractor()
        extractor.input("x", self._mat(x))
        for name, state in zip(self._names, self._states, strict=True):
            extractor.input(name, state)
        given: NDArray[np.float32] = np.array(extractor.extract("y")[1], copy=False)
        self._states = [extractor.extract(f"new_{name}")[1] for name in self._names]
        return given
