"""The command line: one thin file per command, for parsing only; the work is in the library.

No module here imports torch; a command does so inside its body, through the library. ``recur --help`` and mistyped
commands therefore answer without loading torch.
"""

from __future__ import annotations

from recur.cli.app import main as main

__all__ = ["main"]
