"""The command ``recur``, which is also ``python -m recur``."""

from __future__ import annotations

import sys

_INTERRUPTED = 130  # as in cli.output, whose import may be what was interrupted


def main() -> int:
    """Run the command line of this process; Ctrl-C while it is still being imported ends it without a traceback."""
    try:
        from recur.cli import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("stopped: interrupted\n")
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
