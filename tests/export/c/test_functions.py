"""exp, tanh and sigmoid of an exported file: their stated errors, infinities and NaN."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from recur.export.c.functions import ERRORS, functions, needs_library
from tests.export.c.networks import STRICT, build

EXACT = {"exp": np.exp, "tanh": np.tanh, "sigmoid": lambda x: 1 / (1 + np.exp(-x))}
MAIN = """
#include <stdio.h>
#include <stdint.h>
FUNCTIONS
int main(void) {
  static float x[COUNT], y[COUNT];
  FILE *file = fopen("numbers", "rb");
  int i;
  if (file == 0 || fread(x, 4, COUNT, file) != COUNT) return 1;
  fclose(file);
  file = fopen("results", "wb");
  for (i = 0; i < COUNT; ++i) y[i] = NAME_OF(x[i]);
  if (fwrite(y, 4, COUNT, file) != COUNT) return 1;
  return fclose(file);
}
"""


def compute(name: str, x: np.ndarray, folder: Path, *flags: str) -> np.ndarray:
    """The function of an exported file, compiled with these flags."""
    text = MAIN.replace("FUNCTIONS", functions([name])).replace("COUNT", str(len(x))).replace("NAME_OF", f"NAME_{name}")
    (folder / "main.c").write_text(text.replace("NAME_RESTRICT", "").replace("NAME_VECTOR", ""))
    x.astype(np.float32).tofile(folder / "numbers")
    run_in = build(folder, *STRICT, "-Wno-error=unused-function", *flags, files=("main.c",))
    subprocess.run([str(run_in)], cwd=folder, check=True, timeout=60)
    return np.fromfile(folder / "results", np.float32)


@pytest.mark.parametrize("flags", ["-O2", "-O3 -march=native -ffp-contract=fast"])
@pytest.mark.parametrize("name", ERRORS)
def test_the_error_is_within_what_is_stated(name: str, flags: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    wide = np.exp(random.uniform(-40, 4.7, 60_000)) * random.choice([-1, 1], 60_000)
    x = np.concatenate([wide, np.linspace(-12, 12, 60_001)]).astype(np.float32)
    with np.errstate(over="ignore"):
        exact = EXACT[name](x.astype(np.float64))
    counted = (np.abs(exact) >= 1e-37) & (np.abs(exact) < 3e38)
    found = compute(name, x, tmp_path, *flags.split())[counted].astype(np.float64)
    unit = np.spacing(np.abs(exact[counted]).astype(np.float32)).astype(np.float64)
    worst = (np.abs(found - exact[counted]) / unit).max()
    assert 0.4 < worst <= ERRORS[name], worst


@pytest.mark.parametrize("name", ERRORS)
def test_limits_and_what_is_not_a_number(name: str, tmp_path: Path) -> None:
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 200.0, -200.0], np.float32)
    found = compute(name, x, tmp_path, "-O2")
    expected = {
        "exp": [np.inf, 0, np.nan, 1, 1, np.inf, 0], "tanh": [1, -1, np.nan, 0, 0, 1, -1],
        "sigmoid": [1, 0, np.nan, 0.5, 0.5, 1, 0],
    }[name]  # fmt: skip
    found[np.abs(found) < 1e-36] = 0  # below the smallest normal number, or just above it
    np.testing.assert_array_equal(found, np.array(expected, np.float32))


def test_only_what_is_called_is_written() -> None:
    text = functions(["tanh", "product8"])
    assert "NAME_tanh" in text
    assert "NAME_product8" in text
    assert "NAME_exp(" not in text
    assert "NAME_product32" not in text


def test_what_comes_from_the_c_library_is_named() -> None:
    assert needs_library(["tanh", "exp", "add"]) == []
    assert needs_library(["sqrt", "softplus"]) == ["expf", "log1pf", "sqrtf"]
