"""Our layers against their rivals: proved equal first, then timed side by side."""

from pathlib import Path

ROOT = Path(__file__).parent.parent  # where ``python -m benchmarks...`` is run, also as a child process
