"""Build command of the core and the stock cells for this processor, for work on the core itself.

    python -m recur.compiler.build FOLDER [--sanitize]      then run anything with RECUR_LIBRARIES=FOLDER

``--sanitize`` compiles with the address and undefined-behaviour sanitizers (``make sanitize``).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from recur.compiler import manifest
from recur.compiler.generate import main as generate
from recur.compiler.toolchain import CELL_SET, HEADERS, compile_library, instruction_set

_SANITIZE = ("-fsanitize=address,undefined", "-fno-omit-frame-pointer", "-g1", "-O1")


def main(arguments: Sequence[str] | None = None) -> int:
    """Compile everything, several files at a time."""
    parser = argparse.ArgumentParser(prog="python -m recur.compiler.build", description=str(__doc__).split("\n\n")[0])
    parser.add_argument("folder", type=Path, help="the output folder")
    parser.add_argument(
        "--sanitize", action="store_true", help="compile with the address and undefined-behaviour sanitizers"
    )
    options = parser.parse_args(arguments)
    extra = _SANITIZE if options.sanitize else ()
    target, best = options.folder, instruction_set()
    # removed first, so that no mixture of old and new libraries is loaded
    (target / manifest.NAME).unlink(missing_ok=True)
    generate(str(target / "source"))
    cells = CELL_SET.get(best, best)
    jobs = [(HEADERS / "core.cpp", target / best / "core.so", best, ("-fopenmp", *extra))]
    jobs += [(path, target / cells / f"{path.stem}.so", cells, extra) for path in (target / "source").glob("*.cpp")]
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        list(workers.map(lambda job: compile_library(*job), jobs))
    manifest.write(target, target / "source" / manifest.LISTING)
    return 0


if __name__ == "__main__":
    sys.exit(main())
