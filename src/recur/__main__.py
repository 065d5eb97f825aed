"""``python -m recur`` is the command ``recur``."""

from __future__ import annotations

import sys

from recur.cli import main

if __name__ == "__main__":
    sys.exit(main())
