"""Gestures on a microcontroller: a phase for each sample of a movement, and its program for a Cortex-M4.

    python gesture.py FOLDER    with a1_va3.csv and a3_va3.csv of Gesture Phase Segmentation (UCI)

32 velocities and accelerations of hands and wrists are read at each frame of a video; the phases are rest (D),
preparation (P), stroke (S), hold (H) and retraction (R). Of each four segments of 128 frames one is held out.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import device
import numpy as np

import recur

VIDEOS, SEGMENT, EVERY, COLUMNS = ("a1", "a3"), 128, 4, 32


def video(folder: Path, name: str) -> tuple[np.ndarray, list[str]]:
    """Return the samples (T, 32) and the phase of each."""
    rows = [line.split(",") for line in (folder / f"{name}_va3.csv").read_text().splitlines()[1:]]
    return np.array([row[:-1] for row in rows], np.float32), [row[-1] for row in rows]


def main(folder: Path, *, emulate: bool) -> tuple[float, float]:
    """Return the accuracy on held-out segments on the device, and that of the most frequent phase."""
    rows: dict[str, list[Any]] = {"phase": [], "segment": [], **{f"x{n}": [] for n in range(COLUMNS)}}
    held_out, truth = [], []
    for name in VIDEOS:
        series, phases = video(folder, name)
        for number, start in enumerate(range(0, len(phases), SEGMENT)):
            part, labels = series[start : start + SEGMENT], phases[start : start + SEGMENT]
            if number % EVERY == 0:
                held_out.append(part)
                truth += labels
                continue
            rows["phase"] += labels
            rows["segment"] += [f"{name} {number}"] * len(labels)
            for n in range(COLUMNS):
                rows[f"x{n}"] += part[:, n].tolist()
    model = recur.fit(rows, "synced", input=[f"x{n}" for n in range(COLUMNS)], target="phase", group="segment",
                      bidirectional=False, cell="gru", hidden_size=16, epochs=12, lr=3e-2, batch_size=8, seed=1,
                      progress=False)  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        exported = model.export_c(Path(place, "c"), int8=True)
        said = device.answers(exported.folder, "gesture.c", held_out, emulate=emulate)
    right = sum(one == other for one, other in zip(said, truth, strict=True)) / len(truth)
    majority = Counter(truth).most_common(1)[0][1] / len(truth)
    print(f"{right:.1%} of {len(truth)} samples are right on the device, {majority:.1%} by the most frequent phase")
    print(f"{exported.flash:,} bytes of constants (flash), {exported.ram:,} bytes for the state (RAM)")
    return right, majority


if __name__ == "__main__":
    main(Path(sys.argv[1]), emulate=device.emulator() is not None)
