"""Our layers compared with others: first their results, then their times."""

from pathlib import Path

ROOT = Path(__file__).parent.parent  # the working directory of child processes
