"""The command line: one thin file per command, for parsing only; the work is in the library.

No module of this room imports torch; a command does so inside its body, by way of the library. So
``recur --help`` and every mistyped line are answered before torch would have been loaded.
"""

from __future__ import annotations

from recur.cli.app import main as main

__all__ = ["main"]
