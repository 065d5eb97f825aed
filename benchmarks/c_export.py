"""One step of an exported network in C with the same network in RTNeural, the best of its builds.

    RTNEURAL=/sources/of/RTNeural python -m benchmarks.c_export

An LSTM or GRU with a readout of one number. Both programs get the same weights and inputs; nothing is timed whose
answers differ. ``XSIMD`` names the ``include`` folder of xsimd, for RTNeural's build with it. Without RTNEURAL our
times are printed alone. Times are of blocks of 64 steps, as of audio: the median, and the 99.9th percentile.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks import rtneural
from recur.codecs import NumbersCodec
from recur.config import Config
from recur.export import export_c
from recur.export.c.proof import c_compiler
from recur.modes.synced import Synced

SHAPES = ((1, 8), (1, 16), (1, 24), (1, 40), (1, 64), (1, 128), (128, 128))
CELLS = ("lstm", "gru")
STEPS, BLOCK = 1024, 64
CLOSE = 1e-3  # RTNeural's functions are approximations
OURS = ("-std=c99", "-O3", "-march=native", "-ffp-contract=fast")

MAIN = """
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "model.h"
static float x[STEPS * MODEL_INPUTS], y[STEPS];
static double times[ROUNDS * STEPS / BLOCK];
static int order(const void *a, const void *b) {
  return *(const double *)a < *(const double *)b ? -1 : *(const double *)a > *(const double *)b;
}
int main(int count, char **words) {
  static struct model_state state;
  FILE *file = count == 2 ? fopen(words[1], "rb") : 0;
  int round, first, t, n = 0;
  if (file == 0 || fread(x, sizeof x, 1, file) != 1) return 1;
  for (round = 0; round < ROUNDS; ++round) {
    model_reset(&state);
    for (first = 0; first < STEPS; first += BLOCK) {
      struct timespec begin, end;
      clock_gettime(CLOCK_MONOTONIC, &begin);
      for (t = first; t < first + BLOCK; ++t) model_step(&state, x + t * MODEL_INPUTS, y + t);
      clock_gettime(CLOCK_MONOTONIC, &end);
      times[n++] = ((end.tv_sec - begin.tv_sec) + 1e-9 * (end.tv_nsec - begin.tv_nsec)) / BLOCK;
    }
  }
  qsort(times, n, sizeof *times, order);
  printf("%g %g", times[n / 2], times[n - 1 - n / 1000]);
  for (t = STEPS - BLOCK * (STEPS / BLOCK); t < 32; ++t) printf(" %.9g", y[t]);
  return 0;
}
"""


@dataclass(frozen=True)
class Figures:
    """Seconds of one step."""

    median: float
    worst: float


def network(cell: str, inputs: int, hidden: int) -> Synced:
    """A network without scales, whose weights are drawn."""
    random = np.random.default_rng(0)
    codecs = []
    for count in (inputs, 1):
        codec = NumbersCodec(sequence=True, columns=[f"c{n}" for n in range(count)]).fit(
            [random.normal(size=(9, count))]
        )
        codec.mean, codec.deviation = np.zeros_like(codec.mean), np.ones_like(codec.deviation)
        codecs.append(codec)
    torch.manual_seed(0)
    return Synced(*codecs, Config.of(cell=cell, hidden_size=hidden, bidirectional=False, engine="eager").model)


def weights(mode: Synced, cell: str) -> np.ndarray:
    """The weights in the order of RTNeural."""
    p = {name: value.detach().numpy() for name, value in mode.stack.layer.gather(0).items()}
    biases = [p["b"]] if cell == "lstm" else [p["b_x"], p["b_h"]]
    readout = mode.output.readout
    arrays = rtneural.keras(cell.upper(), p["W_xh"], p["W_hh"], *biases)
    arrays += [readout.weight.detach().numpy(), readout.bias.detach().numpy()]
    return np.concatenate([np.ascontiguousarray(array).ravel() for array in arrays]).astype(np.float32)


def rounds_of(inputs: int, hidden: int) -> int:
    """Enough for the percentile, and below a second."""
    return max(80, min(4000, int(2e8 / (4 * hidden * (inputs + hidden)) / STEPS)))


def prepare(folder: Path, cell: str, inputs: int, hidden: int) -> Path:
    """Write and compile one network, with its weights and inputs for the other library; return the program."""
    name = f"{cell}_{inputs}_{hidden}"
    mode = network(cell, inputs, hidden)
    weights(mode, cell).tofile(folder / f"{name}.weights")
    random = np.random.default_rng(1)
    random.normal(size=(STEPS, inputs)).astype(np.float32).tofile(folder / f"{name}.inputs")
    export_c(mode, folder / name)
    text = MAIN.replace("ROUNDS", str(rounds_of(inputs, hidden))).replace("STEPS", str(STEPS))
    (folder / name / "main.c").write_text(text.replace("BLOCK", str(BLOCK)))
    command = [*c_compiler(), *OURS, "-D_POSIX_C_SOURCE=199309L", "main.c", "model.c", "-o", "program"]
    subprocess.run(command, cwd=folder / name, check=True, timeout=300)
    return folder / name / "program"


def ours(program: Path, inputs: Path) -> tuple[Figures, np.ndarray]:
    """Times and first answers of our program."""
    said = subprocess.run([program, inputs], capture_output=True, text=True, check=True, timeout=300).stdout.split()
    return Figures(float(said[0]), float(said[1])), np.array(said[2:], float)


def theirs(program: Path, folder: Path) -> dict[str, tuple[Figures, np.ndarray]]:
    """Times and first answers of every network in one build of RTNeural."""
    said = subprocess.run(
        [program, folder, str(STEPS), "150"], capture_output=True, text=True, check=True, timeout=900
    ).stdout
    rows = [line.split() for line in said.splitlines()]
    return {row[0]: (Figures(float(row[1]), float(row[2])), np.array(row[3:], float)) for row in rows}


def report(folder: Path, programs: dict[str, Path], peers: dict[str, Path]) -> None:
    """Print the table."""
    others = {name: theirs(program, folder) for name, program in peers.items()}
    ratios = []
    print(f"{'cell':<6}{'shape':<10}{'ours ns':>9}{'p99.9':>9}{'RTNeural':>10}{'p99.9':>9}  {'build':<7}{'ratio':>6}")
    for name, program in programs.items():
        cell, inputs, hidden = name.split("_")
        mine, answers = ours(program, folder / f"{name}.inputs")
        line = f"{cell:<6}{inputs + '->' + hidden:<10}{1e9 * mine.median:>9.1f}{1e9 * mine.worst:>9.1f}"
        if others:
            for build, figures in others.items():
                gap = np.abs(figures[name][1] - answers).max() / np.abs(answers).max()
                if not gap < CLOSE:
                    raise SystemExit(f"{name}: RTNeural ({build}) differs by {gap:.2g}: nothing is timed")
            best = min(others, key=lambda build: others[build][name][0].median)
            other = others[best][name][0]
            ratios.append(other.median / mine.median)
            line += f"{1e9 * other.median:>10.1f}{1e9 * other.worst:>9.1f}  {best:<7}{ratios[-1]:>6.2f}"
        print(line)
    if ratios:
        print(f"geometric mean of the ratios: {math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}")


def main() -> None:
    """Prepare everything, then time it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="keep the programs there, and only time those that it has")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = words.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        listing = folder / "prepared"
        if not listing.exists():
            for cell in CELLS:
                for inputs, hidden in SHAPES:
                    prepare(folder, cell, inputs, hidden)
            if rtneural.sources():
                rtneural.compile_builds(Path(__file__).with_name("rtneural.cpp"), folder, "rtneural")
            listing.touch()
        programs = {
            f"{cell}_{x}_{h}": folder / f"{cell}_{x}_{h}" / "program" for cell in CELLS for x, h in SHAPES
        }  # fmt: skip
        peers = {
            name: folder / f"rtneural_{name}" for name in rtneural.BUILDS if (folder / f"rtneural_{name}").exists()
        }
        report(folder, programs, peers)


if __name__ == "__main__":
    main()
