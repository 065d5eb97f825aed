"""An exported network with a program for a Cortex-M4, run in an emulator; without its compiler, on this machine.

The emulator (qemu-arm) runs programs of Linux: linux_calls.c is the system that such a program expects. On a board the
program is the same, with the board's own start-up code, and reads its sensor in place of standard input.
"""

import shutil
import subprocess
from pathlib import Path

import numpy as np

from recur.export.c.proof import c_compiler

HERE = Path(__file__).parent
ARM = ("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-nostartfiles", "-Wl,-e,begin", str(HERE / "linux_calls.c"))


def emulator() -> str | None:
    """Return the program that runs those of a Cortex-M, where it and the compiler are installed."""
    return shutil.which("qemu-arm") if shutil.which(ARM[0]) else None


def answers(exported: Path, program: str, rows: list[np.ndarray], *, emulate: bool) -> list[str]:
    """Build a program of this folder with an exported network; return the lines that it prints for rows of numbers."""
    compiler = ARM if emulate else c_compiler()
    sources = [str(HERE / program), "model.c", "-I.", "-O2", "-std=c99", "-o", "program"]
    subprocess.run([*compiler, *sources], cwd=exported, check=True, timeout=120)
    sent = b"".join(np.int32(len(row)).tobytes() + row.astype("<f4").tobytes() for row in rows)
    words = [str(emulator())] if emulate else []
    ended = subprocess.run([*words, exported / "program"], input=sent, capture_output=True, check=True, timeout=120)
    return ended.stdout.decode().split()
