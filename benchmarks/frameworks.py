"""The fastest recurrent layer of each peer: one function per peer, imported only in its own process.

Each takes the cell's name, the arrays (``x`` and torch's four parameters) and a number of threads, and gives a call of
no arguments that returns the outputs (T, B, H), finished. The second table holds those that can also run step by step:
there the call takes one input (1, X) as a NumPy array and returns the output (1, H) as one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.onnx_file import Arrays, model

Call = Callable[[], Any]
Step = Callable[[NDArray[np.float32]], NDArray[np.float32]]
NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def _load(layer: Any, arrays: Arrays, suffix: str = "_l0") -> Any:
    import torch

    layer.load_state_dict({f"{name}{suffix}": torch.from_numpy(arrays[name]) for name in NAMES})
    return layer


def with_torch(cell: str, arrays: Arrays, threads: int) -> Call:
    """torch.nn's layer."""
    import torch

    torch.set_num_threads(threads)
    layer = _load(getattr(torch.nn, cell)(arrays["x"].shape[2], arrays["weight_hh"].shape[1]), arrays)
    return _without_gradients(layer, arrays)


def with_native(cell: str, arrays: Arrays, threads: int) -> Call:
    """Our layer on its own engine, frozen."""
    import torch

    import recur.nn

    torch.set_num_threads(threads)
    X, H = arrays["x"].shape[2], arrays["weight_hh"].shape[1]
    layer = _load(getattr(recur.nn, cell)(X, H, engine="native"), arrays)
    # every peer packs its weights once
    call = _without_gradients(layer.eval().freeze(), arrays)
    call()
    ran = layer.backend_report().ran
    if ran != "native":
        raise RuntimeError(f"the {ran} backend ran, expected native")
    return call


def _without_gradients(layer: Any, arrays: Arrays) -> Call:
    import torch

    x = torch.from_numpy(arrays["x"])

    def call() -> Any:
        with torch.no_grad():
            return layer(x)[0]

    return call


def with_jax(cell: str, arrays: Arrays, _threads: int) -> Call:
    """A compiled scan, after one product with the inputs of all steps; it uses the cores that the process may use."""
    import jax
    import jax.numpy as jnp

    H = arrays["weight_hh"].shape[1]

    def rnn(h: Any, x_t: Any, W: Any, b: Any) -> Any:
        h = jnp.tanh(x_t + h @ W + b)
        return h, h

    def gru(h: Any, x_t: Any, W: Any, b: Any) -> Any:
        r_x, z_x, n_x = jnp.split(x_t, 3, -1)
        r_h, z_h, n_h = jnp.split(h @ W + b, 3, -1)
        z = jax.nn.sigmoid(z_x + z_h)
        h = (1 - z) * jnp.tanh(n_x + jax.nn.sigmoid(r_x + r_h) * n_h) + z * h
        return h, h

    def lstm(state: Any, x_t: Any, W: Any, b: Any) -> Any:
        h, c = state
        i, f, g, o = jnp.split(x_t + h @ W + b, 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    step = {"RNN": rnn, "GRU": gru, "LSTM": lstm}[cell]

    @jax.jit
    def run(x: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
        zero = jnp.zeros((x.shape[1], H), jnp.float32)
        start = (zero, zero) if cell == "LSTM" else zero
        return jax.lax.scan(lambda state, x_t: step(state, x_t, W_h, b_h), start, x @ W_x + b_x)[1]

    # matrices in the orientation in which they are multiplied
    given = [jnp.asarray(np.ascontiguousarray(a)) for a in (
        arrays["x"], arrays["weight_ih"].T, arrays["weight_hh"].T, arrays["bias_ih"], arrays["bias_hh"]
    )]  # fmt: skip
    return lambda: run(*given).block_until_ready()


def _session(written: bytes, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(written, options, providers=["CPUExecutionProvider"])


def with_onnxruntime(cell: str, arrays: Arrays, threads: int) -> Call:
    """An ONNX file, with input and output bound to memory once."""
    import onnxruntime

    session = _session(model(cell, arrays), threads)
    T, B, _ = arrays["x"].shape
    output = np.empty((T, 1, B, arrays["weight_hh"].shape[1]), np.float32)
    binding = session.io_binding()
    binding.bind_ortvalue_input("X", onnxruntime.OrtValue.ortvalue_from_numpy(arrays["x"]))
    binding.bind_ortvalue_output("Y", onnxruntime.OrtValue.ortvalue_from_numpy(output))

    def call() -> Any:
        session.run_with_iobinding(binding)
        return output[:, 0]

    return call


def with_openvino(cell: str, arrays: Arrays, threads: int) -> Call:
    """The same ONNX file, in float32."""
    import openvino

    core = openvino.Core()
    # without the hint a processor that has bfloat16 computes in it
    hints = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    compiled = core.compile_model(core.read_model(model(cell, arrays)), "CPU", hints)
    request = compiled.create_infer_request()
    request.set_input_tensor(openvino.Tensor(arrays["x"], shared_memory=True))

    def call() -> Any:
        request.infer()
        return request.get_output_tensor(0).data[:, 0]

    return call


def with_ncnn(cell: str, arrays: Arrays, threads: int) -> Call:
    """A network of one layer, in float32; it takes one row."""
    from benchmarks.ncnn_layer import Layer

    return Layer(cell, arrays, threads).sequence(arrays["x"])


def with_rtneural(cell: str, arrays: Arrays, _threads: int) -> Call:
    """The fastest of RTNeural's builds, its sizes known to the compiler; it takes one row and uses one thread."""
    from benchmarks.rtneural import Layer

    x = arrays["x"]
    if x.shape[1] != 1:
        raise ValueError("its layers take one row")
    layer = Layer(cell, arrays)
    output = np.empty((len(x), arrays["weight_hh"].shape[1]), np.float32)

    def call() -> Any:
        layer.run(x, output, True)
        return output[:, None]

    return call


def step_torch(cell: str, arrays: Arrays, threads: int) -> Step:
    """torch.nn's cell."""
    import torch

    torch.set_num_threads(threads)
    H = arrays["weight_hh"].shape[1]
    layer = _load(getattr(torch.nn, f"{cell}Cell")(arrays["x"].shape[2], H), arrays, "")
    state: Any = (torch.zeros(1, H), torch.zeros(1, H)) if cell == "LSTM" else torch.zeros(1, H)

    def step(x: NDArray[np.float32]) -> NDArray[np.float32]:
        nonlocal state
        with torch.no_grad():
            state = layer(torch.from_numpy(x), state)
        given: NDArray[np.float32] = (state[0] if cell == "LSTM" else state).numpy()
        return given

    return step


def step_native(cell: str, arrays: Arrays, threads: int) -> Step:
    """The stream of our layer."""
    import torch

    import recur.nn

    torch.set_num_threads(threads)
    layer = _load(getattr(recur.nn, cell)(arrays["x"].shape[2], arrays["weight_hh"].shape[1], engine="native"), arrays)
    step: Step = layer.stream(1).step
    return step


def step_onnxruntime(cell: str, arrays: Arrays, threads: int) -> Step:
    """An ONNX file of one step: states alternate between two pairs of bound buffers."""
    import onnxruntime

    session = _session(model(cell, arrays, steps=True), threads)
    H = arrays["weight_hh"].shape[1]
    buffer = np.empty((1, 1, arrays["x"].shape[2]), np.float32)
    states = [[np.zeros((1, 1, H), np.float32) for _ in "hc"] for _ in range(2)]
    held = onnxruntime.OrtValue.ortvalue_from_numpy
    bindings = []
    for old, new in ((states[0], states[1]), (states[1], states[0])):
        binding = session.io_binding()
        binding.bind_ortvalue_input("X", held(buffer))
        for name, before, after in zip("hc", old, new, strict=True):
            binding.bind_ortvalue_input(name, held(before))
            binding.bind_ortvalue_output(f"new_{name}", held(after))
        bindings.append((binding, new[0][0]))

    def step(x: NDArray[np.float32]) -> NDArray[np.float32]:
        binding, output = bindings[0]
        bindings.reverse()
        buffer[0] = x
        session.run_with_iobinding(binding)
        return output

    return step


def step_ncnn(cell: str, arrays: Arrays, threads: int) -> Step:
    """A network of one step, whose states are given and taken."""
    from benchmarks.ncnn_layer import Layer

    return Layer(cell, arrays, threads, steps=True).step


def step_rtneural(cell: str, arrays: Arrays, _threads: int) -> Step:
    """A step of the fastest of RTNeural's builds, called from Python like the others."""
    from benchmarks.rtneural import Layer

    layer = Layer(cell, arrays)
    output = np.empty((1, arrays["weight_hh"].shape[1]), np.float32)

    def step(x: NDArray[np.float32]) -> NDArray[np.float32]:
        layer.run(x, output, False)
        return output

    return step


SEQUENCES: dict[str, Callable[[str, Arrays, int], Call]] = {
    "native": with_native, "torch": with_torch, "jax": with_jax, "onnxruntime": with_onnxruntime,
    "openvino": with_openvino, "ncnn": with_ncnn, "rtneural": with_rtneural,
}  # fmt: skip
STEPS: dict[str, Callable[[str, Arrays, int], Step]] = {
    "native": step_native, "torch": step_torch, "onnxruntime": step_onnxruntime, "ncnn": step_ncnn,
    "rtneural": step_rtneural,
}  # fmt: skip
