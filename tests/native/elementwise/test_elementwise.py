"""The vector functions of the C++ core: how near they are to the truth, and that special values are torch's."""

import math
from pathlib import Path

import pytest
import torch

from tests.native.programs import AARCH64, HERE_ITSELF

HERE = Path(__file__).parent
FLAGS = ["-O3", "-std=c++17", "-fno-math-errno", "-ffp-contract=fast", "-Wall", "-Wextra", "-Werror"]
WIDTHS = {"plain": [], "avx2": ["-mavx2", "-mfma"], "avx512": ["-march=x86-64-v4"], "neon": []}
STRIDE = 10007  # a prime, so that the floats it meets share no pattern

# in units in the last place, as elementwise.h states them; log, sin and cos are the C library's
BOUNDS = {
    "float": {"exp": 1.05, "tanh": 2.61, "sigmoid": 2.41, "softplus": 1.6, "log": 1.0, "sin": 1.0, "cos": 1.0},
    "double": {"exp": 1.1, "tanh": 2.7, "sigmoid": 2.4, "softplus": 1.7, "log": 1.0, "sin": 1.0, "cos": 1.0},
}
EXACT = {"sqrt": 0.5, "abs": 0.0, "neg": 0.0, "relu": 0.0, "sign": 0.0}

KEEPS_SIGN_OF_ZERO = {"tanh", "sin", "sqrt", "neg", "abs"}
TORCH = {
    "softplus": lambda a: torch.nn.functional.softplus(a, threshold=40.0),
    "greater": lambda a, b: torch.gt(a, b).to(a.dtype),
}


def supported(flags: list[str]) -> bool:
    """Whether a program compiled with `flags` runs here."""
    if not flags:
        return True
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return False
    needs = {"avx2", "fma"} if "-mavx2" in flags else {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
    return needs <= words


@pytest.fixture(scope="module", params=WIDTHS)
def report(request, tmp_path_factory):
    """What the accuracy program prints when compiled for a width of vector, as lists of words."""
    machine = AARCH64 if request.param == "neon" else HERE_ITSELF
    machine.require()
    if not supported(WIDTHS[request.param]):
        pytest.skip(f"this processor has no {request.param}")
    program = tmp_path_factory.mktemp("math") / "accuracy"
    machine.compile([HERE / "accuracy.cpp"], program, [*FLAGS, *WIDTHS[request.param]])
    printed = machine.start(program, [str(STRIDE)])
    return [line.split() for line in printed]


def test_errors_are_within_the_stated_bounds(report):
    errors = [line[1:] for line in report if line[0] == "error"]
    assert {(number, function) for number, function, _, _ in errors} == {
        (number, function) for number, bounds in BOUNDS.items() for function in bounds | EXACT
    }
    too_large = [line for line in errors if not float(line[2]) <= (BOUNDS[line[0]] | EXACT)[line[1]]]
    assert not too_large


def test_special_values_are_those_of_torch(report):
    values = [line[1:] for line in report if line[0] == "value"]
    assert len(values) > 1000
    different = []
    for number, function, *words in values:
        dtype = torch.float32 if number == "float" else torch.float64
        *arguments, result = (torch.tensor([number_of(word)], dtype=dtype) for word in words)
        expected = TORCH.get(function, getattr(torch, function, None))(*arguments)
        # a few ulp and the smallest denormal: torch's own kernels err too
        smallest = 2.0**-149 if dtype == torch.float32 else 2.0**-1074
        same = torch.allclose(result, expected, rtol=4 * torch.finfo(dtype).eps, atol=smallest, equal_nan=True)
        if function in KEEPS_SIGN_OF_ZERO and not math.isnan(expected):
            same = same and torch.equal(torch.signbit(result), torch.signbit(expected))
        if not same:
            different.append((number, function, words, expected.item()))
    assert not different


def number_of(word: str) -> float:
    """The number that C prints as `word` with %a."""
    return float.fromhex(word) if "0x" in word else float(word)
