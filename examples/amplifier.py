"""An audio effect: a network learns an amplifier from a recording of its input and output, and runs as C in blocks.

The amplifier is computed: a clipper between a high-pass and a low-pass. The error of a sound that was not learned from
is the error-to-signal ratio, sum (y - y')^2 / sum y^2; it is trained on behind a filter (Wright et al. 2019).
"""

import subprocess
import tempfile
from pathlib import Path

import numpy as np

import recur
from recur.export.c.proof import c_compiler

RATE, SEGMENT = 48_000, 480
MAIN = """#include <stdio.h>
#include <time.h>
#include "model.h"
int main(void) {
  static struct model_state state;
  static float x[64], y[64];
  clock_t start, spent = 0;
  int count;
  model_reset(&state);
  while ((count = (int)fread(x, sizeof *x, 64, stdin)) > 0) {
    start = clock(), model_run(&state, x, count, y), spent += clock() - start;
    fwrite(y, sizeof *y, (size_t)count, stdout);
  }
  return fprintf(stderr, "%g", (double)spent / CLOCKS_PER_SEC) < 0;
}"""


def recording(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a second of plucked notes, and what the amplifier makes of them."""
    random, t = np.random.default_rng(seed), np.arange(RATE // 4) / RATE
    notes = [sum(np.sin(2 * np.pi * random.uniform(80, 400) * k * t) / k for k in (1, 2, 3)) for _ in range(4)]
    x, high, low = np.concatenate([0.4 * note * np.exp(-4 * t) for note in notes]), 0.0, 0.0
    y = np.empty_like(x)
    for at, sample in enumerate(x):
        high += 0.02 * (sample - high)
        y[at] = low = low + 0.4 * (np.tanh(3 * (sample - high) + 0.2) - low)
    return x, y


def main() -> float:
    """Learn from one second; return the error-to-signal ratio of another, computed in C."""
    (x, y), (other, target) = recording(1), recording(2)
    rows = {"x": x.tolist(), "y": y.tolist(), "segment": [t // SEGMENT for t in range(len(x))]}
    model = recur.fit(rows, "synced", input="x", target="y", group="segment", bidirectional=False, hidden_size=12,
                      loss="esr", epochs=20, batch_size=8, lr=1e-2, seed=1, progress=False)  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        place = model.export_c(Path(folder, "c")).folder
        (place / "main.c").write_text(MAIN)
        flags = ["-O3", "-march=native", "-ffp-contract=fast"]
        subprocess.run([*c_compiler(), *flags, "main.c", "model.c", "-o", "effect"], cwd=place, check=True)
        said = subprocess.run([place / "effect"], input=other.astype("f4").tobytes(), capture_output=True, check=True)
    error = float(np.square(np.frombuffer(said.stdout, "f4") - target).sum() / np.square(target).sum())
    print(f"error-to-signal ratio {error:.4f}, {1 / float(said.stderr):.0f} times as fast as the sound plays")
    return error


if __name__ == "__main__":
    main()
