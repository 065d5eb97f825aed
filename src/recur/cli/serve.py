"""``recur serve``: trained networks over HTTP."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from recur.cli.output import note
from recur.errors import ConfigError, require

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


def serve(
    *run: Path,
    host: Annotated[str, Parameter(show_default=True)] = "127.0.0.1",
    port: Annotated[int, Parameter(show_default=True)] = 8000,
    threads: int | None = None,
    sessions: int | None = None,
    idle: float | None = None,
    seconds: float | None = None,
) -> None:
    """Serve trained networks: a page to look into them, and an API.

    Parameters
    ----------
    run
        Run folders that `recur train` wrote; requests name them by the folder's name.
    host
        Address to listen on; 0.0.0.0 lets other machines in.
    port
        Port to listen on.
    threads
        CPU threads that compute.
    sessions
        Sessions open at once.
    idle
        Seconds after which an unused session goes.
    seconds
        Time that an answer may take.
    """
    if not run:
        raise ConfigError("no network to serve was named", hint="recur serve RUN")
    uvicorn = require("uvicorn", "serve")
    require("fastapi", "serve")
    import torch

    import recur
    from recur.serve import Limits, create_app

    if threads is not None:
        torch.set_num_threads(threads)
    names = [folder.resolve().name for folder in run]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ConfigError(f'two of the runs are called "{min(twice)}"', hint="rename a folder")
    given: dict[str, Any] = {"sessions": sessions, "idle": idle, "seconds": seconds}
    limits = Limits(**{name: value for name, value in given.items() if value is not None})
    app = create_app(
        {name: recur.load(folder) for name, folder in zip(names, run, strict=True)},
        limits,
        hosts=LOOPBACK if host in LOOPBACK else None,
    )
    note(f"serving {', '.join(names)} at http://{host}:{port}  (the API: http://{host}:{port}/docs; Ctrl-C stops)")
    sys.stderr.flush()
    # Ctrl-C is how a server is meant to end
    with suppress(KeyboardInterrupt):
        uvicorn.run(app, host=host, port=port, log_level="warning")
    note("stopped")
